"""What only one run may do at a time, as merging into a branch: claimed in the store, and given back at its end.

A claim says whose it is. One that was left behind is taken over by whoever can tell that its owner is at work no more:
a process that goes on with the owner's run, one of the same executor, or anybody once the owner's journal has ended or
is another's. Of an owner of whom nobody can tell, only time tells; so whoever holds a claim looks once more whether it
is still theirs before the one thing that it was for.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

from engine.adapters.pauses import pauses
from engine.adapters.storage.port import Item, Store, Version
from engine.core.kept import record
from engine.core.moment import later
from engine.errors import EngineError, failure
from engine.run.kept.write import put

if TYPE_CHECKING:
    from engine.run.kept.journal import Journal

LOST_S = 1800  # after which a claim is nobody's any more: what it is for takes seconds
_LOOKS, _FIRST_S, _LONGEST_S = 12, 0.1, 5.0  # about half a minute


class Claim(NamedTuple):
    """One that this process has."""

    store: Store
    key: str
    version: Version
    waited: bool  # somebody else had it before, and may have changed what was known

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


def _take(store: Store, key: str, journal: "Journal", now: str, cancel: Event) -> Claim:
    me = journal.writer
    mine = record.encode("claim", owner=me.id, run=journal.identity.key, who=me.who, at=now)
    tries, waited = pauses(_LOOKS, _FIRST_S, _LONGEST_S), False
    while True:
        item = store.get(key)
        if item is None or _is_free(item, journal, now):
            waited = waited or item is not None
            if put(store, key, mine, item.version if item else None):
                stands = store.get(key)
                assert stands is not None
                return Claim(store, key, stands.version, waited)
            continue
        waited, pause = True, next(tries, None)
        if pause is None or cancel.wait(pause):
            said = record.decode("claim", item.data, key)
            raise failure("ENG620", what=key, who=said["who"], since=said["at"])


def _is_free(item: Item, journal: "Journal", now: str) -> bool:
    """Is its owner certainly at work no more?"""
    said = record.decode("claim", item.data, item.key)
    is_mine = said["run"] == journal.identity.key  # whoever had that run has it no more: the journal says so
    if is_mine or journal.writer.is_executor_of(said["owner"]):
        return True
    try:
        is_old = later(said["at"], LOST_S) <= now
    except ValueError:
        is_old = False
    return is_old or not journal.is_at_work(said["run"], said["owner"])
