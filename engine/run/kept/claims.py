"""What only one run may do at a time, as merging into a branch: claimed in the store, and given back at its end.

A claim says whose it is. One that was left behind is taken over by whoever can tell that its owner is at work no more:
a process that goes on with the owner's run, one of the same executor, or anybody once the owner's journal has ended or
is another's. Of an owner of whom nobody can tell, only time tells; so whoever holds a claim looks once more whether it
is still theirs before the one thing that it was for. What may take longer than that time is claimed by `locked`, which
says again and again that its owner is alive.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, NamedTuple

from engine.adapters.pauses import pauses
from engine.adapters.storage.port import Item, Store, Version
from engine.core.kept import record
from engine.core.moment import later
from engine.errors import EngineError, failure
from engine.run.kept.write import put

if TYPE_CHECKING:
    from engine.run.kept.journal import Journal

LOST_S = 1800  # after which a claim is nobody's any more: what it is for takes seconds, or it is renewed
RENEWED_S = 60.0
_LONGEST = 500  # characters of what a claim is for
_LOOKS, _FIRST_S, _LONGEST_S = 12, 0.1, 5.0  # about half a minute


class Claim(NamedTuple):
    """One that this process has."""

    store: Store
    key: str
    version: Version
    waited: bool  # somebody else had it before, and may have changed what was known
    since: str

    def check(self) -> None:
        """Nothing, if it is still ours.

        Raises:
            EngineError: ENG621.
        """
        item = self.store.get(self.key)
        if item is None or item.version != self.version:
            raise failure("ENG621", what=self.key)


@contextmanager
def claimed(store: Store, key: str, journal: "Journal", now: str, cancel: Event) -> Iterator[Claim]:
    """Nobody else has `key` until the end of the block.

    Raises:
        EngineError: ENG620, somebody else has it and does not give it back; the store fails.
    """
    claim = _take(store, key, journal, now, cancel)
    try:
        yield claim
    finally:
        with suppress(EngineError):  # what is left behind is found to be so, and what was done is done
            store.delete(key, claim.version)


class Locks:
    """Claims that are kept for as long as the work takes. Thread-safe."""

    def __init__(self, store: Store, journal: "Journal", now: Callable[[], str]) -> None:
        """`now` is asked for each of them: the time may be another's."""
        self._store, self._journal, self._now = store, journal, now
        self._claims: list[Claim] = []
        self._turn, self._ended = Lock(), Event()

    def take(self, keys: Iterable[str]) -> None:
        """Each, in one order for all, so that no two runs wait for one another; nobody is waited for at all.

        Raises:
            EngineError: ENG742, somebody else has one of them, and none is kept; the store fails.
        """
        try:
            for key in sorted(set(keys)):
                claim = _try(self._store, key, self._journal, self._now())
                if isinstance(claim, Item):
                    said = record.decode("claim", claim.data, key)
                    raise failure("ENG742", what=key, who=said["who"], since=said["since"])
                self._claims.append(claim)
        except EngineError:
            self.release()
            raise
        Thread(target=self._stay, daemon=True).start()

    def has(self, key: str) -> bool:
        """Is it one of them?"""
        with self._turn:
            return any(claim.key == key for claim in self._claims)

    def check(self, key: str | None = None) -> None:
        """Nothing, if all of them, or the one of `key`, are still ours.

        Raises:
            EngineError: ENG621; the store fails.
        """
        with self._turn:
            for claim in self._claims:
                if key in (None, claim.key):
                    claim.check()

    def renew(self) -> None:
        """Say that their owner is alive. What cannot be said now is tried again; what is lost, `check` finds out."""
        with self._turn:
            for number, claim in enumerate(self._claims):
                with suppress(EngineError):
                    if put(self._store, claim.key, _mine(self._journal, claim.since, self._now()), claim.version):
                        stands = self._store.get(claim.key)
                        assert stands is not None
                        self._claims[number] = claim._replace(version=stands.version)

    def release(self) -> None:
        """Give them back; what is not given back is found to be left behind."""
        self._ended.set()
        with self._turn:
            for claim in self._claims:
                with suppress(EngineError):
                    self._store.delete(claim.key, claim.version)
            self._claims.clear()

    def _stay(self) -> None:
        while not self._ended.wait(RENEWED_S):
            self.renew()


@contextmanager
def locked(store: Store, keys: Iterable[str], journal: "Journal", now: Callable[[], str]) -> Iterator[Locks]:
    """Nobody else has any of `keys` until the end of the block, however long it takes.

    Raises:
        EngineError: ENG742, somebody else has one; the store fails.
    """
    locks = Locks(store, journal, now)
    locks.take(keys)
    try:
        yield locks
    finally:
        locks.release()


class Held(NamedTuple):
    """One of several."""

    locks: Locks
    key: str

    def check(self) -> None:
        """Nothing, if it is still ours.

        Raises:
            EngineError: ENG621; the store fails.
        """
        self.locks.check(self.key)


@contextmanager
def held(locks: Locks | None, store: Store, key: str, journal: "Journal", now: Callable[[], str]) -> Iterator[Held]:
    """Nobody else has `key` until the end of the block: `locks` have it already, or it is claimed by itself.

    Raises:
        EngineError: ENG742, somebody else has it; the store fails.
    """
    if locks is not None and locks.has(key):
        yield Held(locks, key)
        return
    with locked(store, [key], journal, now) as own:
        yield Held(own, key)


def is_alive(store: Store, key: str, now: str) -> bool:
    """Has somebody said so within the time after which a claim is nobody's any more?

    Raises:
        EngineError: ENG193, ENG194, ENG196, it is no claim; the store fails.
    """
    item = store.get(key)
    return item is not None and not _is_old(record.decode("claim", item.data, key)["at"], now)


def _is_old(at: str, now: str) -> bool:
    try:
        return later(at, LOST_S) <= now
    except ValueError:
        return False


def _mine(journal: "Journal", since: str, now: str) -> bytes:
    me, run = journal.writer, journal.identity
    return record.encode("claim", owner=me.id, run=run.key, who=me.who, why=str(run)[:_LONGEST], since=since, at=now)


def _try(store: Store, key: str, journal: "Journal", now: str) -> "Claim | Item":
    """It, or the one that somebody else has."""
    waited = False
    while True:
        item = store.get(key)
        if item is not None and not _is_free(item, journal, now):
            return item
        waited = waited or item is not None
        if put(store, key, _mine(journal, now, now), item.version if item else None):
            stands = store.get(key)
            assert stands is not None
            return Claim(store, key, stands.version, waited, now)


def _take(store: Store, key: str, journal: "Journal", now: str, cancel: Event) -> Claim:
    tries, waited = pauses(_LOOKS, _FIRST_S, _LONGEST_S), False
    while True:
        found = _try(store, key, journal, now)
        if isinstance(found, Claim):
            return found._replace(waited=found.waited or waited)
        waited, pause = True, next(tries, None)
        if pause is None or cancel.wait(pause):
            said = record.decode("claim", found.data, key)
            raise failure("ENG620", what=key, who=said["who"], since=said["since"])


def _is_free(item: Item, journal: "Journal", now: str) -> bool:
    """Is its owner certainly at work no more?"""
    said = record.decode("claim", item.data, item.key)
    is_mine = said["run"] == journal.identity.key  # whoever had that run has it no more: the journal says so
    if is_mine or journal.writer.is_executor_of(said["owner"]):
        return True
    return _is_old(said["at"], now) or not journal.is_at_work(said["run"], said["owner"])
