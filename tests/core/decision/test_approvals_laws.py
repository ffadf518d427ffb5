"""Counting people: nobody twice, nobody wasted."""

from hypothesis import given
from hypothesis import strategies as st

from engine.core.decision.approvals import assign

people = st.sets(st.integers(1, 5), max_size=4)
demands = st.lists(st.tuples(st.integers(1, 2), people), min_size=1, max_size=3)


@given(demands)
def test_nobody_is_counted_twice_and_only_the_eligible(asked):
    given_ = assign([need for need, _ in asked], [eligible for _, eligible in asked])
    everybody = [person for those in given_ for person in those]
    assert len(everybody) == len(set(everybody))
    for (need, eligible), those in zip(asked, given_, strict=True):
        assert len(those) <= need
        assert set(those) <= eligible


def best(places: list[set[int]]) -> int:
    """The most places that distinct people can fill, by trying everything."""
    if not places:
        return 0
    first, *rest = places
    return max([best(rest), *(1 + best([place - {person} for place in rest]) for person in first)])


@given(demands)
def test_as_many_places_are_filled_as_can_be(asked):
    given_ = assign([need for need, _ in asked], [eligible for _, eligible in asked])
    assert sum(map(len, given_)) == best([eligible for need, eligible in asked for _ in range(need)])


@given(demands, st.integers(1, 5))
def test_one_more_eligible_person_fills_no_fewer_places(asked, person):
    needs, eligible = [need for need, _ in asked], [those for _, those in asked]
    more = [eligible[0] | {person}, *eligible[1:]]
    assert sum(map(len, assign(needs, more))) >= sum(map(len, assign(needs, eligible)))
