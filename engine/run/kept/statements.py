"""Statements about one pull request, in a store: each has the next number, and none is ever altered or taken away.

Whoever puts a number first has it, so two validations at once both stand, and the higher number is the verdict. The
number is part of what is signed, so a place that was lost means signing again. Whoever may write to the store can keep
a verdict away, but not make one: what is missing, altered or put elsewhere is an error, and only a tail that was cut
off (or a store of yesterday) cannot be told from what was never signed.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from engine.adapters.storage.port import Store
from engine.core.canonical import canonical
from engine.core.kept import keys, record
from engine.core.moment import later
from engine.core.repository import same_repository
from engine.core.signature import LARGEST, Signer, TrustedKeys, sign
from engine.core.verdict.about import SKEW_S
from engine.core.verdict.check import Believed, once_believed
from engine.core.verdict.check import read as believe
from engine.errors import EngineError, failure
from engine.run.kept import numbered
from engine.run.kept.write import put

MOST = 1000  # statements about one pull request


class Series(NamedTuple):
    """Whose statements."""

    origin: str
    repo: str
    pr: int

    @property
    def prefix(self) -> str:
        """What their keys begin with."""
        return keys.statements(self.origin, self.repo, self.pr)

    def __str__(self) -> str:
        return f"{self.repo}#{self.pr}"


class Signed(NamedTuple):
    """What was put."""

    statement: Mapping[str, Any]
    envelope: bytes


def read(store: Store, series: Series, trusted: TrustedKeys) -> list[Believed]:
    """All of them, the first one first.

    Raises:
        EngineError: ENG195 one is missing; ENG193, ENG194, ENG196 one is not what was signed under its number.
    """
    return [_at(store, series, number, trusted) for number in range(1, _last(store, series) + 1)]


def one(store: Store, series: Series, number: int, trusted: TrustedKeys) -> Believed:
    """The one of that number.

    Raises:
        EngineError: ENG195 there is none; ENG193, ENG194, ENG196 it is not what was signed under its number.
    """
    return _at(store, series, number, trusted)


def add(
    store: Store,
    series: Series,
    run: str,
    now: str,
    trusted: TrustedKeys,
    signer: Signer,
    make: Callable[[int, str, Iterator[Mapping[str, Any]]], Mapping[str, Any]],
    check: Callable[[], None],
) -> Signed:
    """Sign the statement that `make` makes with the next number, and put it.

    `make` is handed the number, the moment of signing, and the verdicts before it, the latest one first, as far as
    there are keys to believe them by (`trusted` may be empty). `check` is asked last before each try, and raises where
    nothing is to be put.

    Raises:
        EngineError: ENG197 there are too many; ENG198 somebody else was always first; ENG199 the clock is behind that
            of the last one; the last one is not believed; the store fails.
    """
    for _ in range(numbered.TRIES):
        number = _last(store, series) + 1
        if number > MOST:
            raise failure("ENG197", number=number - 1, subject=series)
        earlier = _backwards(store, series, number - 1, trusted) if trusted else iter(())
        moment, earlier = _moment(series, now, earlier)
        statement = make(number, moment, earlier)
        envelope = sign(canonical(statement), signer)
        if len(envelope) > LARGEST:
            raise failure("ENG196", key=f"the statement about {series}", limit=LARGEST)
        if trusted:  # a number is not taken by what nobody will believe
            believe(envelope, trusted, moment)
        data = record.encode("statement", run=run, envelope=json.loads(envelope))
        check()
        if put(store, keys.numbered(series.prefix, number), data):
            return Signed(statement, envelope)
    raise failure("ENG198", tries=numbered.TRIES, subject=series)


def _moment(series: Series, now: str, earlier: Iterator[Mapping[str, Any]]) -> tuple[str, Iterator[Mapping[str, Any]]]:
    """When it is signed: never before the statement that it follows, though clocks may differ a little."""
    last = next(earlier, None)
    if last is None:
        return now, earlier
    then: str = last["confirmed_at"]
    if then > later(now, SKEW_S):
        raise failure("ENG199", subject=series, then=then, now=now)
    return max(now, then), _again(last, earlier)


def _again(first: Mapping[str, Any], rest: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    yield first
    yield from rest


def _backwards(store: Store, series: Series, last: int, trusted: TrustedKeys) -> Iterator[Mapping[str, Any]]:
    """As far as they say since when: whoever has stolen a key can write any date, so one that was revoked ends it."""
    for number in range(last, 0, -1):
        one = _at(store, series, number, trusted)
        if trusted[one.key_id].revoked:
            return
        yield one.verdict


def _last(store: Store, series: Series) -> int:
    """The highest number; 0 where there is none yet.

    Raises:
        EngineError: ENG193 something else stands among them, ENG195 one is missing.
    """
    return numbered.last(
        store, series.prefix, MOST, lambda number: failure("ENG195", subject=series, number=number), "a statement"
    )


def _at(store: Store, series: Series, number: int, trusted: TrustedKeys) -> Believed:
    key = keys.numbered(series.prefix, number)
    item = store.get(key)
    if item is None:
        raise failure("ENG195", subject=series, number=number)
    envelope = canonical(record.decode("statement", item.data, key)["envelope"])
    try:
        believed = once_believed(envelope, trusted, key)
    except EngineError as error:
        raise _refused(key, error.problems[0].message) from None
    verdict = believed.verdict
    is_theirs = (verdict["origin"], verdict["pr"], verdict["sequence"]) == (series.origin, series.pr, number)
    if not is_theirs or not same_repository(verdict["repo"], series.repo):
        subject = f"{verdict['origin']} run, {verdict['repo']}#{verdict['pr']}, number {verdict['sequence']}"
        raise _refused(key, f"it was signed for another place ({subject})")
    return believed


def _refused(key: str, reason: str) -> EngineError:
    return failure("ENG193", key=key, reason=reason, hint=record.WAY_OUT["statement"])
