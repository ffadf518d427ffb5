"""The ledger in a store: entries of a state key by number, and beside them what a pull request was tried on.

That word is put before the entry, so every entry is found by its pull request; a word alone says nothing.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from engine.adapters.storage.port import Item, Store
from engine.core.canonical import canonical
from engine.core.kept import keys, record
from engine.core.kept.ledger import Entry, out_of_place, read, statement
from engine.core.moment import later
from engine.core.repository import same_repository
from engine.core.signature import Signer, TrustedKeys, in_force, sign
from engine.core.verdict.about import SKEW_S
from engine.errors import EngineError, failure
from engine.run.kept import numbered
from engine.run.kept.write import put

MOST = 100_000  # entries of one state key
_ONE_BY_ONE, _AT_ONCE = 4, 16  # entries that are asked for one after another; more are by so many threads

Make = Callable[[int, tuple[Entry, ...]], Mapping[str, Any]]


def entries(store: Store, key: str, trusted: TrustedKeys) -> tuple[Entry, ...]:
    """All entries of a state key, the first one first.

    Raises:
        EngineError: ENG711 one is missing; ENG193, ENG194, ENG196 one is not what was signed for its place; the store
            fails.
    """
    return _series(store, keys.ledger(key), trusted)


def of_pull(store: Store, pr: int, trusted: TrustedKeys) -> Iterator[Entry]:
    """The entries of a pull request, in whatever repository, resource by resource.

    Raises:
        EngineError: as `entries`.
    """
    for place in list(store.list(keys.tried(pr))):
        said = _word(store, place)
        if keys.tried(said["pr"], said["repository"], said["key"]) != place:
            raise _refused("tried", place, "it was said of something else")
        yield from (
            entry
            for entry in entries(store, said["key"], trusted)
            if entry.said["pr"] == pr and same_repository(entry.said["repository"]["name"], said["repository"])
        )


def every(store: Store, trusted: TrustedKeys) -> Iterator[Entry]:
    """All entries that there are, resource by resource.

    Raises:
        EngineError: as `entries`.
    """
    for prefix, _ in groupby(list(store.list(keys.LEDGER)), lambda place: place.rpartition("/")[0] + "/"):
        yield from _series(store, prefix, trusted)


def add(store: Store, signer: Signer, trusted: TrustedKeys, make: Make, key: str) -> Entry:
    """Sign what `make` makes with the next number, and put it: `make` is handed that number, and the entries before.

    Number, key, what it follows, and a time that is not before that of the last one, are put in here. What the last
    entry says already is not said again: the same run may not know that it has.

    Raises:
        EngineError: ENG710 it says what cannot be, ENG712 there are too many tries,
            ENG713 somebody else was always first, ENG714 the clock is behind; the signer is not
            trusted for that now; as `entries`.
    """
    for _ in range(numbered.TRIES):
        earlier = entries(store, key, trusted)
        before = earlier[-1] if earlier else None
        number = len(earlier) + 1
        if number > MOST:
            raise failure("ENG712", number=number - 1, key=key)
        said = {**make(number, earlier), "number": number, "key": key, "before": before.digest if before else None}
        said["time"] = moment(before, said["time"])
        if before is not None and _is_again(said, before):
            return before
        envelope = sign(canonical(statement(said)), signer)
        new = read(envelope, trusted)  # a number is not taken by what nobody will believe
        in_force(trusted[new.key_id], said["time"], "ledger entry")
        repo, pr = said["repository"]["name"], said["pr"]
        if pr is not None:
            put(store, keys.tried(pr, repo, key), record.encode("tried", key=key, repository=repo, pr=pr))
        data = record.encode("ledger", run=said["run"], envelope=json.loads(envelope))
        if put(store, keys.numbered(keys.ledger(key), number), data):
            return new
    raise failure("ENG713", tries=numbered.TRIES, key=key)


def check_signer(key: str, trusted: TrustedKeys, now: str) -> None:
    """Nothing, if an entry that this key signs will be believed: better nothing done than nothing said of it.

    Raises:
        EngineError: ENG271, ENG272, ENG273, ENG274.
    """
    if key not in trusted:
        raise failure("ENG271", key=key)
    if "audit" not in trusted[key].purposes:
        raise failure("ENG274", key=key, purpose="audit", purposes=", ".join(trusted[key].purposes))
    in_force(trusted[key], now, "ledger entry")


def check_next(earlier: Sequence[Entry], key: str, trusted: TrustedKeys, now: str) -> None:
    """Nothing, if an entry can follow on these that this key signs now.

    Raises:
        EngineError: as `check_signer`; ENG714, the clock is behind.
    """
    check_signer(key, trusted, now)
    moment(earlier[-1] if earlier else None, now)


def _is_again(said: Mapping[str, Any], before: Entry) -> bool:
    own = dict.fromkeys(("number", "before", "time"))
    return not before.revoked and canonical({**said, **own}) == canonical({**before.said, **own})


def moment(before: Entry | None, now: str) -> str:
    """When an entry is signed: never before the one that it follows, though clocks may differ a little.

    Raises:
        EngineError: ENG714, they differ by more. Whoever is about to do something asks before, not when it is done.
    """
    if before is None or before.revoked:
        return now
    then: str = before.said["time"]
    if then > later(now, SKEW_S):
        raise failure("ENG714", key=before.key, then=then, now=now)
    return max(now, then)


def _series(store: Store, prefix: str, trusted: TrustedKeys) -> tuple[Entry, ...]:
    def missing(number: int) -> EngineError:
        return failure("ENG711", series=f"entries of the ledger below {prefix}", number=number)

    number = numbered.last(store, prefix, MOST, missing, "a ledger entry")
    places = [keys.numbered(prefix, each) for each in range(1, number + 1)]
    found: list[Entry] = []
    for place, item in zip(places, _items(store, places), strict=True):
        entry = _entry(item, place, trusted)
        before = found[-1] if found else None
        if keys.ledger(entry.key) != prefix:
            raise _refused("ledger", place, f"it was signed as number {entry.number} of {entry.key}")
        if reason := out_of_place(entry, entry.key, before):
            raise _refused("ledger", place, reason)
        found.append(entry)
    return tuple(found)


def _items(store: Store, places: Sequence[str]) -> Sequence[Item | None]:
    if len(places) <= _ONE_BY_ONE:
        return [store.get(place) for place in places]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(store.get, places))


def _entry(item: Item | None, place: str, trusted: TrustedKeys) -> Entry:
    if item is None:
        raise _refused("ledger", place, "it was taken away just now")
    kept = record.decode("ledger", item.data, place)
    try:
        entry = read(canonical(kept["envelope"]), trusted, place)
    except EngineError as error:
        raise _refused("ledger", place, error.problems[0].message) from None
    if kept["run"] != entry.said["run"]:
        raise _refused("ledger", place, "it was signed by another run")
    return entry


def _word(store: Store, place: str) -> dict[str, Any]:
    item = store.get(place)
    if item is None:
        raise _refused("tried", place, "it was taken away just now")
    return record.decode("tried", item.data, place)


def _refused(kind: str, key: str, reason: str) -> EngineError:
    return failure("ENG193", key=key, reason=reason, hint=record.WAY_OUT[kind])
