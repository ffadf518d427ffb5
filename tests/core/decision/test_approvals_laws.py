"""Counting people: nobody twice, nobody wasted, and enough whoever is taken away."""

from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.assignment import TooMany, assign, withstands
from engine.core.decision.approvals import judge
from engine.core.decision.people import EXCLUDABLE
from engine.core.outcome import Outcome
from engine.core.rules.model import Approvals
from tests.support.facts import GROUPS, OLD, approve, commit, document, person

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


class Wanted(NamedTuple):
    need: int
    eligible: frozenset[int]


wanted = st.builds(Wanted, st.integers(1, 2), st.frozensets(st.integers(1, 7), max_size=7))
ways = st.lists(st.lists(wanted, min_size=1, max_size=3), min_size=1, max_size=4)


def filled(way: list[Wanted], gone: tuple[int, ...] = ()) -> bool:
    return best([set(w.eligible) - set(gone) for w in way for _ in range(w.need)]) == sum(w.need for w in way)


@given(ways, st.integers(0, 3))
def test_what_withstands_is_what_holds_whichever_people_are_taken_away(asked, taken):
    everybody = sorted({person for way in asked for w in way for person in w.eligible})
    losses = list(combinations(everybody, min(taken, len(everybody))))
    assert withstands(asked, taken) == all(any(filled(way, gone) for way in asked) for gone in losses)


@given(ways, st.integers(1, 3))
def test_what_withstands_more_losses_withstands_fewer(asked, taken):
    assert not withstands(asked, taken) or withstands(asked, taken - 1)


def test_several_ways_together_withstand_what_none_does_alone():
    """One of two, one of the two others: whoever goes, one way is left."""
    asked = [[Wanted(1, frozenset({1}))], [Wanted(1, frozenset({2}))]]
    assert withstands(asked, 1)
    assert not any(withstands([way], 1) for way in asked)


def test_a_thousand_approvers_and_unknown_contributors_are_no_work():
    everybody = frozenset(range(1000))
    asked = [[Wanted(2, everybody), Wanted(1, everybody)], [Wanted(3, everybody)]]
    assert withstands(asked, 997)
    assert not withstands(asked, 998)


def test_what_takes_too_many_tries_is_said_to():
    """64 ways of single people, whom nobody shares: every subset of them would have to be tried."""
    pairs = [[Wanted(1, frozenset({n})), Wanted(1, frozenset({100 + n // 2}))] for n in range(60)]
    with pytest.raises(TooMany):
        withstands(pairs, 20)


def tree(
    need: int = 0, names: Iterable[str] = (), any_: Iterable[Approvals] = (), all_: Iterable[Approvals] = ()
) -> Approvals:
    return Approvals(need, tuple(sorted(names)), tuple(any_), tuple(all_), "verdict", EXCLUDABLE, "changes_requested")


leaves = st.builds(tree, st.integers(1, 2), st.sets(st.sampled_from(sorted(GROUPS)), min_size=1, max_size=2))
trees = st.recursive(
    leaves,
    lambda parts: (
        st.builds(tree, any_=st.lists(parts, min_size=1, max_size=3))
        | st.builds(tree, all_=st.lists(parts, min_size=1, max_size=3))
    ),
    max_leaves=4,
)


@given(trees, st.sets(st.sampled_from(["ann", "bob", "cid", "dan", "lea", "eve"])), st.integers(0, 2))
def test_a_gate_with_unknown_contributors_holds_whichever_of_the_approvers_they_are(asked, who, unknown):
    reviews = [approve(name) for name in sorted(who)]
    strangers = [commit(author=f"{n}@example.com", sha=OLD) for n in range(unknown)]
    found = judge(asked, document(reviews=reviews, commits=[*strangers, commit()])).outcome
    losses = combinations([person(name)["id"] for name in sorted(who)], min(unknown, len(who)))
    without = [judge(asked, document(reviews=reviews), gone).outcome for gone in losses]
    assert (found is Outcome.PASS) == all(outcome is Outcome.PASS for outcome in without)
    assert found in (Outcome.PASS, Outcome.PENDING)
