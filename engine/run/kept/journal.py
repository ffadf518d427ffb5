"""The journal of one run in a store: written by whoever owns the run, and refused to whoever did.

A line that was asked for and whose answer was lost is looked up: an owner has a name that nobody else has, so what
stands there is theirs or it is not. Who has failed to write a line writes no other: what came next would say that
nothing is missing.
"""

from collections.abc import Mapping
from threading import Lock
from typing import Any

from engine.adapters.storage.port import Store
from engine.core.kept.journal import Entry, Identity, Kind, Line, Past, line_key, prefix
from engine.errors import EngineError, failure
from engine.run.kept.owner import Owner
from engine.run.kept.write import put

_TRIES = 20  # takeovers in a row that another one may win


class Journal:
    """Safe to use from any number of threads. Every method but `past` raises EngineError when nothing is kept any more:
    ENG572 somebody else has taken the run over, ENG573 it cannot be believed, or what the store says.
    """

    def __init__(self, store: Store, identity: Identity, owner: Owner, key: bytes | None) -> None:
        """Reads the lines.

        Raises:
            EngineError: ENG573, ENG574.
        """
        self.identity = identity
        self._store, self._owner, self._key = store, owner, key
        self._lock = Lock()
        self._lost: EngineError | None = None
        self._past = self._read()

    @property
    def start(self) -> Mapping[str, Any] | None:
        """What its first line says; None: the run was never begun."""
        return self._past.start

    @property
    def finish(self) -> Mapping[str, Any] | None:
        """What its last line says; None: the run has not ended."""
        return self._past.finish

    @property
    def stopped(self) -> str | None:
        """The action that it stopped before, for another job to go on."""
        return self._past.stopped

    @property
    def reached(self) -> str | None:
        """The action that it stopped before last, whoever has gone on since."""
        return self._past.reached

    @property
    def lines(self) -> int:
        """How many there are."""
        return self._past.lines

    @property
    def writer(self) -> Owner:
        """Who writes it now: this process."""
        return self._owner

    def is_at_work(self, run: str, owner: str) -> bool:
        """May this owner of another run (the key of its identity) still be at work on it, as far as its lines say?"""
        past = Past(run, self._key)
        try:
            for at, data in _lines(self._store, run):
                past.follow(at, data)
        except EngineError:
            return True  # nobody can tell
        return past.finish is None and past.stopped is None and past.owner in ("", owner)

    @property
    def owner(self) -> str:
        """Who has it, for a person."""
        return str(self._past.who)

    @property
    def is_of_this_executor(self) -> bool:
        """Was it begun by an earlier process of the executor that this one is?"""
        return self._owner.is_executor_of(self._past.owner)

    def past(self, action: str, item: str = "") -> Entry:
        """What is past of an action, or of one item of it."""
        with self._lock:
            return self._past.of(action, item)

    def begin_run(self, said: Mapping[str, Any]) -> None:
        """The first line."""
        self._append("start", {**self.identity._asdict(), "who": self._owner.who, **said})

    def take(self, why: str) -> None:
        """This process goes on with it, whoever had it."""
        for left in reversed(range(_TRIES)):
            try:
                return self._append("take", {"who": self._owner.who, "why": why})
            except EngineError as error:
                if error.problems[0].code != "ENG572" or not left:
                    raise
                self._past, self._lost = self._read(), None

    def begin(self, action: str, item: str = "", *, inputs: str) -> None:
        """It is about to be done, with inputs of that digest."""
        self._append("begin", {"action": action, "item": item, "inputs": inputs})

    def end(self, action: str, item: str = "", *, said: Mapping[str, Any]) -> None:
        """It was done; `said` is JSON, without secrets."""
        self._append("end", {"action": action, "item": item, **said})

    def stop(self, before: str) -> None:
        """Another job goes on from that action."""
        self._append("stop", {"before": before})

    def finish_run(self, said: Mapping[str, Any]) -> None:
        """The last line."""
        self._append("finish", said)

    def copy(self) -> tuple[bytes, ...]:
        """All lines, as they are in the store."""
        return tuple(data for _, data in _lines(self._store, self.identity.key))

    def _append(self, kind: Kind, said: Mapping[str, Any]) -> None:
        with self._lock:
            if self._lost:
                raise self._lost
            at, data = self._past.next(Line(kind, self._owner.id, said))
            try:
                self._put(at, data)
            except EngineError as error:
                self._lost = error
                raise
            self._past.follow(at, data)

    def _put(self, at: str, data: bytes) -> None:
        if not put(self._store, at, data):
            raise failure("ENG572", run=self.identity, owner=self._read().who)

    def _read(self) -> Past:
        past = Past(self.identity.key, self._key)
        for at, data in _lines(self._store, self.identity.key):
            past.follow(at, data)
        return past


def fill(store: Store, run: str, lines: tuple[bytes, ...]) -> None:
    """Put the lines of a journal that another job has handed over where those of `run` stand.

    Raises:
        EngineError: ENG576, others stand there, or more: the hand-over is not the last one of this run.
    """
    for number, data in enumerate(lines, 1):
        at = line_key(run, number)
        if not put(store, at, data):
            raise failure("ENG576", reason=f"its line {number} is not the one in the store")
    if len(_lines(store, run)) != len(lines):
        raise failure("ENG576", reason="the run has gone on since it was written")


def _lines(store: Store, run: str) -> list[tuple[str, bytes]]:
    found = []
    for at in store.list(prefix(run)):
        if item := store.get(at):
            found.append((at, item.data))
    return found
