"""Distinct people in all the places that are to be filled, and whether that holds when some of them are taken away.

A way is a list of demands that must hold together, each so many people of those eligible for it; nobody fills two
places. Pure counting: what a person or a demand is does not matter here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

MOST_TRIED = 20_000  # assignments; about a second


class Demand(Protocol):
    """So many people of these."""

    @property
    def need(self) -> int:
        """At least 1."""

    @property
    def eligible(self) -> frozenset[int]:
        """By id."""


class TooMany(Exception):  # noqa: N818 - nothing went wrong, it would only take too long
    """More cases than can be tried."""


def assign(needs: Sequence[int], eligible: Sequence[Iterable[int]]) -> list[list[int]]:
    """Give each demand up to its need of people, nobody twice, as many places filled as can be."""
    places = [demand for demand, need in enumerate(needs) for _ in range(need)]
    wanted = [sorted(set(ids)) for ids in eligible]
    place_of: dict[int, int] = {}  # by person
    person_at: dict[int, int] = {}  # by place

    def fill(start: int) -> None:
        """Find somebody free, straight away or by moving others on, each to a place that can have them too."""
        asked: dict[int, int] = {}  # person → the place that wants them
        looked_at: set[int] = set()  # demands: places of one want the same people
        waiting = [start]
        for place in waiting:
            if places[place] in looked_at:
                continue
            looked_at.add(places[place])
            for person in wanted[places[place]]:
                if person in asked:
                    continue
                asked[person] = place
                if person not in place_of:
                    move(person, asked)
                    return
                waiting.append(place_of[person])

    def move(free: int, asked: Mapping[int, int]) -> None:
        person: int | None = free
        while person is not None:
            place = asked[person]
            place_of[person] = place
            moved, person = person, person_at.get(place)
            person_at[place] = moved

    for place in range(len(places)):
        fill(place)
    return [sorted(p for p, place in place_of.items() if places[place] == demand) for demand in range(len(needs))]


def withstands(ways: Sequence[Sequence[Demand]], taken: int) -> bool:
    """Is some way filled, whichever `taken` people are not there? It need not be the same way each time.

    One way alone is quickly told: people can be found for all places exactly when every set of demands has as many
    eligible people as it needs together (Hall), so they can be found without any `taken` of them exactly when every
    set has `taken` more. That is so when each single demand could need `taken` more and all would still be filled.

    Where only several ways together may withstand, we play the opponent: to break what is filled now, somebody who
    fills a place of it has to go, so it is enough to try those people, and of people who are eligible for the same
    demands one. Exact; checked against trying every subset.

    Raises:
        TooMany: that would take too many tries.
    """
    kinds = _kinds(ways)
    if len(kinds) <= taken:  # a push of ten thousand unknown authors is no work
        return False
    if any(_has_spare(way, taken) for way in ways):
        return True
    if len(ways) == 1 or not taken:
        return False
    tried, seen, waiting = 0, set[frozenset[int]](), [frozenset[int]()]
    while waiting:
        gone = waiting.pop()
        tried += len(ways)
        filled = next((people for way in ways if (people := _filled(way, gone)) is not None), None)
        if filled is None:
            return False
        if tried > MOST_TRIED:
            raise TooMany
        if len(gone) < taken:
            more = {gone | {person} for person in _one_of_each(filled, kinds, gone)} - seen
            seen |= more
            waiting += sorted(more, key=sorted)
    return True


def spared(needs: Sequence[int], taken: int) -> list[list[int]]:
    """The needs once for each demand, in which that one needs `taken` more."""
    return [[need + taken * (at == place) for at, need in enumerate(needs)] for place in range(len(needs))]


def _has_spare(way: Sequence[Demand], taken: int) -> bool:
    eligible = [demand.eligible for demand in way]
    return all(len(demand.eligible) >= demand.need + taken for demand in way) and all(
        sum(map(len, assign(more, eligible))) == sum(more) for more in spared([demand.need for demand in way], taken)
    )


def _filled(way: Sequence[Demand], gone: frozenset[int]) -> frozenset[int] | None:
    """Who fills the places of `way`; None when they cannot be filled."""
    found = assign([demand.need for demand in way], [demand.eligible - gone for demand in way])
    if any(len(those) < demand.need for demand, those in zip(way, found, strict=True)):
        return None
    return frozenset(person for those in found for person in those)


def _kinds(ways: Sequence[Sequence[Demand]]) -> dict[int, tuple[bool, ...]]:
    """What each person is eligible for: those of whom that is the same can stand for one another."""
    demands = [demand for way in ways for demand in way]
    everybody = sorted(frozenset[int]().union(*(demand.eligible for demand in demands)))
    return {person: tuple(person in demand.eligible for demand in demands) for person in everybody}


def _one_of_each(filled: frozenset[int], kinds: Mapping[int, tuple[bool, ...]], gone: frozenset[int]) -> Iterator[int]:
    wanted = {kinds[person] for person in filled}
    for person, kind in kinds.items():
        if kind in wanted and person not in gone:
            wanted.remove(kind)
            yield person
