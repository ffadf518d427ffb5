"""What has happened to a pull request, oldest first: out of the audit trail, what its page has said, and deliveries.

The trail is read once and then only its new batches, so a page does not read all of it again; and a long one from its
end, as far as whoever looks can wait, and on at the next look. It is shown as it stands; whether it is whole is for
`engine audit verify` to say.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.audit import chain, record
from engine.core.kept import keys
from engine.errors import EngineError, Problem

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store
    from engine.core.audit.record import Record
    from engine.core.kept.board import Step

_MOST = 100_000  # records that are remembered; about 60 MB
_SHOWN = 300  # events of one pull request
_BATCHES = 512  # that are read between two looks at the clock
_PATIENCE_S = 1.0
_AT_ONCE = 16  # requests: a bucket answers each after some milliseconds
_DECIDED = ("decision",)  # said again each time that somebody looks: only a change of it is an event


class Event(NamedTuple):
    """One thing that has happened."""

    at: str
    kind: str  # a word of the trail (`approval`, `merge`, …), `page` or `delivery`
    outcome: str
    text: str
    who: str = ""  # a login; empty: the engine, or nobody knows
    key: str = ""  # the state key that it is about
    run: str = ""

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return self._asdict()


class Line(NamedTuple):
    """What is remembered of a record: details are left out, and there are many."""

    subject: str
    event: Event


class Timeline(NamedTuple):
    """The events of one pull request."""

    events: tuple[Event, ...]
    is_whole: bool = True  # False: there may be earlier ones
    problem: Problem | None = None  # the trail cannot be read: these are what was read of it before


class Trail:
    """The audit trail, read again and again, and of it only what is new. Safe with threads."""

    def __init__(self, store: "Store", most: int = _MOST, *, patience_s: float = _PATIENCE_S) -> None:
        """Reads nothing yet; of what it reads it remembers so many records. Each look at it takes so long at most."""
        self._store, self._most, self._patience_s, self._lock = store, most, patience_s, Lock()
        self._lines: deque[Line] = deque(maxlen=most)
        self._last = ""
        self._earlier: list[str] = []  # batches that are not read yet: all before those that are
        self._is_cut = False  # what came before is forgotten

    def of(self, repo: str, pr: int) -> Timeline:
        """What the trail says of a pull request. Raises nothing: a store that fails is told of."""
        subject = f"{repo.lower()}#{pr}"
        with self._lock:
            problem = None
            try:
                self._read_on()
            except EngineError as error:
                problem = error.problems[0]
            events = tuple(line.event for line in self._lines if line.subject == subject)
            return Timeline(events, not (self._earlier or self._is_cut), problem)

    def _read_on(self) -> None:
        until = time.monotonic() + self._patience_s
        new = list(self._store.list(keys.AUDIT, after=self._last))
        if len(new) > _BATCHES:  # nobody has looked for long: what is newest first
            self._earlier, new = list(self._store.list(keys.AUDIT)), []
            self._lines.clear()
            self._last, self._is_cut = self._earlier[-1], False
        read = self._read(new)
        self._is_cut |= len(self._lines) + len(read) > self._most
        self._lines.extend(read)
        self._last = new[-1] if new else self._last
        while self._earlier and not self._is_cut:
            read = self._read(self._earlier[-_BATCHES:])
            del self._earlier[-_BATCHES:]
            room = self._most - len(self._lines)
            self._lines.extendleft(reversed(read[-room:] if room else []))
            self._is_cut = len(read) > room
            if time.monotonic() >= until:
                break
        if self._is_cut:
            self._earlier.clear()

    def _read(self, batches: Sequence[str]) -> list[Line]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            items = list(pool.map(self._store.get, batches))
        return [line for item in items if item for line in _lines(item.data)]


def _lines(data: bytes) -> Iterator[Line]:
    for line in data.split(b"\n"):
        try:
            if line and not chain.is_head(line):
                one = record.read(line)
                if one.said.subject:
                    yield Line(one.said.subject, _event(one))
        except (ValueError, RecursionError):  # whoever verifies the trail is told; here it is passed over
            continue


def _event(one: "Record") -> Event:
    said = one.said
    login = (said.actor or {}).get("login")
    who = login if isinstance(login, str) else ""
    return Event(one.time, said.what, said.outcome, said.why, who, said.key or "", one.run)


def of(trail: Timeline, steps: "Sequence[Step]", deliveries: Iterable[Event] = ()) -> Timeline:
    """All of it in the order of time, without what is only said again."""
    pages = [Event(step.at, "page", "", step.line, key=step.head) for step in steps]
    found = sorted((*deliveries, *trail.events, *pages), key=lambda event: event.at)
    events = tuple(_changes(found))
    whole = trail.is_whole and len(events) <= _SHOWN
    return trail._replace(events=events[-_SHOWN:], is_whole=whole)


def _changes(found: Iterable[Event]) -> Iterator[Event]:
    before: dict[str, Event] = {}
    for event in found:
        about = event.text.partition(":")[0]
        if event.kind in _DECIDED:
            last = before.get(about)
            if last and (last.outcome, last.text) == (event.outcome, event.text):
                continue
            before[about] = event
        yield event
