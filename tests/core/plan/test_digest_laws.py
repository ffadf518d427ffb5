"""Laws of the digest, for any values that JSON can hold."""

import copy

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.core.plan.digest import change_set_digest
from tests.support.plans import a_change, a_plan

KEY = b"k" * 32
leaves = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(min_size=1, max_size=5), values, max_size=4)
verbs = st.sampled_from(["create", "update", "delete"])


@st.composite
def rows(draw):
    verb = draw(verbs)
    before = None if verb == "create" else draw(objects)
    after = None if verb == "delete" else draw(objects)
    return a_change(verb, before, after, address=f"aws_x.this[{draw(st.integers(0, 99))}]")


def shuffled(value, draw):
    """The same value with its keys in another order."""
    if isinstance(value, dict):
        keys = draw(st.permutations(list(value)))
        return {key: shuffled(value[key], draw) for key in keys}
    return [shuffled(item, draw) for item in value] if isinstance(value, list) else value


def paths(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    yield path
    for step, item in items:
        yield from paths(item, (*path, step))


@given(st.lists(rows(), max_size=4, unique_by=lambda r: r["address"]), st.data())
@settings(max_examples=100, deadline=None)
def test_no_order_counts(found, data):
    plan = a_plan(*found)
    other = shuffled(plan, data.draw)
    other["resource_changes"] = data.draw(st.permutations(other["resource_changes"]))
    assert change_set_digest(plan, KEY) == change_set_digest(other, KEY)


@given(rows(), values, st.data())
@settings(max_examples=300, deadline=None)
def test_any_change_of_one_value_counts(row, new, data):
    other = copy.deepcopy(row)
    sides = [side for side in ("before", "after") if row["change"][side] is not None]
    side = data.draw(st.sampled_from(sides))
    path = data.draw(st.sampled_from([p for p in paths(row["change"][side]) if p] or [()]))
    assume(path)
    target = other["change"][side]
    for step in path[:-1]:
        target = target[step]
    assume(repr(target[path[-1]]) != repr(new))
    target[path[-1]] = new
    assume(path not in {("tags",), ("tags_all",)})
    assert change_set_digest(a_plan(row), KEY) != change_set_digest(a_plan(other), KEY)


@given(rows(), st.text(min_size=1, max_size=5), values)
@settings(max_examples=100, deadline=None)
def test_being_unknown_counts(row, name, value):
    """Terraform leaves unknown values out of `after`, and marks where they will be."""
    assume(row["change"]["after"] is not None and name not in row["change"]["after"])
    unknown, known = copy.deepcopy(row), copy.deepcopy(row)
    unknown["change"]["after_unknown"] = {name: True}
    known["change"]["after"][name] = value
    assert len({change_set_digest(a_plan(r), KEY) for r in (row, unknown, known)}) == 3


@given(rows(), st.binary(min_size=32, max_size=40), st.binary(min_size=32, max_size=40))
@settings(max_examples=50, deadline=None)
def test_the_key_counts(row, one, other):
    assume(one != other)
    assert change_set_digest(a_plan(row), one) != change_set_digest(a_plan(row), other)
