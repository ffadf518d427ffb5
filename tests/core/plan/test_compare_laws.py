"""Laws of comparing: nothing that was not approved is ever taken for approved."""

from hypothesis import given
from hypothesis import strategies as st

from engine.core.plan.compare import compare
from tests.core.plan.test_compare import KEY, a_fresh, rows
from tests.support.plans import a_change

VALUES = st.dictionaries(st.sampled_from("abc"), st.text("xyz0", max_size=6) | st.integers(0, 2), max_size=3)


@st.composite
def some_changes(draw):
    names = draw(st.lists(st.sampled_from([f"aws_x.n{n}" for n in range(6)]), unique=True))
    return [a_change("create", None, draw(VALUES), address=name) for name in names]


def compared(fresh, approved, done):
    return compare(fresh, KEY, approved, done, same_module=True)


@given(some_changes(), some_changes())
def test_what_is_left_and_nothing_odd_is_exactly_what_is_planned(fresh, approved):
    found = compared(a_fresh(*fresh), rows(*approved), ())
    planned = {row["address"]: row["digest"] for row in rows(*fresh)}
    wanted = {row["address"]: row["digest"] for row in rows(*approved)}
    assert (found.odd == ()) is (planned == wanted)
    assert found.left.items() <= planned.items() & wanted.items()


@given(some_changes(), st.data())
def test_any_part_of_it_may_be_done_and_the_rest_is_left(approved, data):
    some = data.draw(st.lists(st.sampled_from(approved), unique_by=lambda one: one["address"])) if approved else []
    digests = [row["digest"] for row in rows(*some)]
    left = [one for one in approved if one not in some]
    found = compared(a_fresh(*left), rows(*approved), digests)
    assert found.odd == ()
    assert set(found.done) == {one["address"] for one in some}
    assert set(found.left) == {one["address"] for one in left}


@given(some_changes(), some_changes(), st.dictionaries(st.sampled_from(["aws_x.n0", "aws_x.n1"]), VALUES))
def test_whatever_has_become_known_a_change_of_known_values_is_itself_or_nothing(fresh, approved, prior):
    for done in (None, [row["digest"] for row in rows(*approved)][:2]):
        found = compared(a_fresh(*fresh, prior=prior), rows(*approved), done)
        planned = {row["address"]: row["digest"] for row in rows(*fresh)}
        assert all(planned[name] == digest for name, digest in found.left.items())


@given(some_changes())
def test_what_is_done_is_never_done_again(approved):
    found = compared(a_fresh(*approved), rows(*approved), [row["digest"] for row in rows(*approved)])
    assert found.left == {}
    assert [one.why for one in found.odd] == ["again"] * len(approved)
