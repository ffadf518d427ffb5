"""What each pull request waits for, in a store: one record of each, numbered, of which only the newest stays.

A record is never altered, so whoever has read one needs not read it again: 1,000 pull requests are one list of keys and
the records that are new in it. Nothing is decided by them.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.kept import board, keys, record
from engine.core.kept.board import Entry, Kept
from engine.errors import EngineError, Problem, failure
from engine.run.kept.numbered import TRIES
from engine.run.kept.write import put

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store

_STEPS = 100  # that are kept of what a page has said
_LARGEST = 256 * 1024  # bytes of a record; of a larger one, or one too deep, the causes of its gates are left out
_AT_ONCE = 16  # requests: a bucket answers each after some milliseconds
_FRESH_S = 1.0
_LISTS = 3  # in one reading, while records are replaced


def keep(store: "Store", entry: Entry, gates: Sequence[Mapping[str, Any]]) -> bool:
    """From now on this is what it waits for, unless something newer is known. Has anything changed?

    Raises:
        EngineError: ENG621, others write there all the time; the store fails.
    """
    for _ in range(TRIES):
        found = _found(store, entry.repo, entry.pr)
        last = max(found.values(), default=0)
        before = _before(store, found)
        if before and entry.at < before.entry.at:
            return False
        kept = board.follows(before, entry, gates, _STEPS)
        if kept is None:
            _forget(store, (key for key, number in found.items() if number != last))
            return False
        prefix = keys.board(entry.repo, entry.pr, ended=entry.stage == "ended")
        if put(store, keys.numbered(prefix, last + 1), _encoded(kept)):
            _forget(store, found)
            return True
    raise failure("ENG621", what=keys.board(entry.repo, entry.pr))


def get(store: "Store", repo: str, pr: int) -> Kept | None:
    """All that is kept of a pull request; None: nothing that can be read.

    Raises:
        EngineError: the store fails.
    """
    return _before(store, _found(store, repo, pr))


def _found(store: "Store", repo: str, pr: int) -> dict[str, int]:
    """Its records: key → number."""
    prefixes = (keys.board(repo, pr), keys.board(repo, pr, ended=True))
    return {key: number for prefix in prefixes for key in store.list(prefix) if (number := _number(key)) is not None}


def _number(key: str) -> int | None:
    digits = key.rpartition(".")[2]
    return int(digits) if digits.isdecimal() and digits.isascii() else None


def _before(store: "Store", found: Mapping[str, int]) -> Kept | None:
    newest = max(found, key=lambda key: found[key], default=None)
    item = store.get(newest) if newest else None
    try:
        return _decoded(item.data, item.key) if item else None
    except EngineError:  # the next one takes its place
        return None


def _forget(store: "Store", old: "Iterator[str] | Mapping[str, int]") -> None:
    for key in old:
        item = store.get(key)
        if item is not None:
            store.delete(key, item.version)


def _encoded(kept: Kept) -> bytes:
    data = record.encode("board", **board.to_fields(kept))
    if len(data) <= _LARGEST and _entry(data, keys.board(kept.entry.repo, kept.entry.pr)):  # causes can nest too deep
        return data
    bare = tuple({**gate, "causes": []} for gate in kept.gates)
    return record.encode("board", **board.to_fields(kept._replace(gates=bare)))


def _decoded(data: bytes, key: str) -> Kept:
    said = record.decode("board", data, key)
    try:
        kept = board.of_fields(said, _number(key) or 0)
    except ValueError as error:
        raise failure("ENG193", key=key, reason=error, hint=record.WAY_OUT["board"]) from None
    if not key.startswith((keys.board(kept.entry.repo, kept.entry.pr), _ended(kept.entry))):
        raise failure("ENG193", key=key, reason="it is about another pull request", hint=record.WAY_OUT["board"])
    return kept


def _ended(entry: Entry) -> str:
    return keys.board(entry.repo, entry.pr, ended=True)


class Reading(NamedTuple):
    """The board at a moment."""

    entries: tuple[Entry, ...]  # of pull requests that have not ended, in the order of their keys
    unreadable: tuple[str, ...] = ()  # keys of what is no such record
    problem: Problem | None = None  # the store does not answer: this is what was there before


class Board:
    """Reads the board again and again, and of it only what is new. Safe with threads."""

    def __init__(
        self, store: "Store", *, fresh_s: float = _FRESH_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`fresh_s`: for so long what was read is shown without asking the store."""
        self._store, self._fresh_s, self._clock, self._lock = store, fresh_s, clock, Lock()
        self._known: dict[str, Entry | None] = {}  # by key; None: it cannot be read
        self._last: Reading = Reading(())
        self._until = float("-inf")

    def read(self) -> Reading:
        """What every pull request waits for now. Raises nothing: a store that fails is told of."""
        with self._lock:
            if self._clock() >= self._until:
                try:
                    self._last = self._anew()
                except EngineError as error:
                    self._last = self._last._replace(problem=error.problems[0])
                self._until = self._clock() + self._fresh_s
            return self._last

    def _anew(self) -> Reading:
        for _ in range(_LISTS):
            # In the order of their numbers, so the last one of a pull request is its newest.
            newest = {key.rpartition(".")[0]: key for key in self._store.list(keys.BOARD)}
            fresh = [key for key in newest.values() if key not in self._known]
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                items = list(pool.map(self._store.get, fresh))
            read = {item.key: _entry(item.data, item.key) for item in items if item}
            known = self._known | read
            self._known = {key: known[key] for key in newest.values() if key in known}
            if all(items):  # else a newer one came meanwhile
                break
        entries = tuple(entry for entry in self._known.values() if entry is not None)
        return Reading(entries, tuple(key for key, entry in self._known.items() if entry is None))


def _entry(data: bytes, key: str) -> Entry | None:
    try:
        return _decoded(data, key).entry
    except EngineError:
        return None
