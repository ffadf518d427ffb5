"""From runs to the queue, and from what came of a turn back to the run and its delivery (`intake` is before it).

The queue holds a few turns more than can go at once, and the rest waits here, where a source with a thousand pull
requests gets as many turns as one with three. Every step may be cut off and done again: a run is named after its
delivery, a turn after its run, and what is written twice is written once.

| what came of a turn | then |
|---|---|
| its end | the row says so, and its deliveries |
| somebody else was at work on a resource (ENG742) | another run of it, after 5 s, 10 s, … 5 min, for a day |
| GitHub, the store or Terraform failed | the same run, after 15 s, 30 s, … 15 min, twelve times |
| the process ended | the same run, at once, and where it was; from the third time on alone, and after four poisoned |
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from engine.adapters import clock
from engine.core.moment import later
from engine.errors import EngineError, ExitCode, failure
from engine.service import log
from engine.service.carrier import End, Live
from engine.service.fair import PER_HOUR, Door, Rate, fair
from engine.service.intake import SAYS, Intake, Sifting
from engine.service.runs import LONGEST_S, PENDING, Run, Runs

if TYPE_CHECKING:
    from engine.service.delivery import State
    from engine.service.inbox import Inbox

POISON = 4  # turns in a row that ended the process
_SUSPECT = 2  # as many, and it goes alone from then on: it may have been another that ended it
FAILURES = 12  # turns that ended without an outcome: more than an hour and a half
_LOCKED_FOR_S = 86_400  # after which whoever holds the lock is asked by sweep, not by us
_ALL = 1_000_000
_AHEAD = 2  # turns in the queue for each place, so that none is empty while we look


class Queues(Protocol):
    """What starts turns."""

    def enqueue(self, key: str, group: str) -> None:
        """To be started, when it is its turn."""

    def pending(self) -> set[str]:
        """The keys that have not ended."""


class Carries(Protocol):
    """Carries runs out, each in the thread that asks."""

    def carry(self, run: Run, /) -> End:
        """One turn."""

    def live(self) -> Sequence[Live]:
        """Those that go."""


class Places(NamedTuple):
    """What is between."""

    inbox: "Inbox"
    runs: Runs
    carrier: Carries
    sift: Sifting
    parallelism: int
    now: Callable[[], str] = clock.now
    per_hour: int = PER_HOUR  # runs that deliveries of one source begin; what is above waits
    moves: Callable[[], None] = lambda: None  # said by `step` while it waits: it does not hang
    ended: Callable[[], None] = lambda: None  # said after each turn: there may be something to do for `step`


class Dispatcher:
    """`step` is for one thread, `work` for those of the queue."""

    def __init__(self, places: Places) -> None:
        self._inbox, self._runs, self._carrier, sift, self._parallelism, self._now, per_hour, *told = places
        self._moves, self._ended = told
        self._intake = Intake(self._inbox, self._runs, sift, self._now, self._settle)
        self._rate = Rate(self._runs, per_hour)
        self._queue: Queues | None = None
        self._ending = threading.Event()
        self._stepping: int | None = None  # the thread that calls `step`
        self._door = Door()
        self._handed: dict[str, str] = {}  # key → group, of what this process has handed to the queue

    def begin(self, queue: Queues) -> None:
        """Go on where the last process was: what the queue has lost is handed to it again.

        Raises:
            EngineError: ENG788.
        """
        self._queue = queue
        pending = queue.pending()
        for run in self._runs.find(PENDING, limit=_ALL):
            if _key(run) in pending:
                self._handed[_key(run)] = run.group
            elif run.state == "running":
                self._runs.set(run.run, state="queued", turn=run.turn + 1)
        of_runs = [*self._inbox.find(state="queued", limit=_ALL), *self._inbox.find(state="running", limit=_ALL)]
        for delivery in of_runs:
            found = self._runs.get(delivery.run)
            if found is None:
                self._inbox.mark([delivery.id], "waiting")
            elif found.state not in PENDING:
                self._inbox.mark([delivery.id], SAYS.get(found.state, "done"), reason=found.reason)

    def step(self) -> int:
        """Everything that can be done now; how much there was.

        Raises:
            EngineError: the rules do not load, the store fails, or the disk does; nothing is lost.
        """
        self._stepping = threading.get_ident()
        self._heed()
        return self._intake.take() + self._feed()

    @property
    def stuck(self) -> Mapping[str, str]:
        """Sources of which all waits, and why."""
        return self._intake.stuck

    def add(self, run: Run, body: bytes) -> None:
        """A run of that event, of any thread. Raises as `Intake.add` does."""
        self._intake.add(run, body)

    def end(self, why: EngineError) -> None:
        """Begin nothing more; what goes ends before its next action, and is handed over."""
        self._ending.set()
        for live in self._carrier.live():
            live.stop.ask(why)

    def work(self, key: str) -> None:
        """One turn, in a thread of the queue's."""
        try:
            run = self._turn(key)
            if run is not None:
                with self._door.opened(alone=run.tries >= _SUSPECT):
                    self._work(run)  # which looks once more: it may have waited for long
        except EngineError as error:
            log.error("a turn could not be begun, and is handed out again", key=key, reason=error)
        except Exception as error:  # noqa: BLE001 - the boundary of a turn: it is in nobody's hand, and handed out again
            log.error("a bug ended a turn, which is handed out again", key=key, reason=type(error).__name__)
        finally:
            self._ended()

    def abandon(self) -> None:
        """The process ends, because it was told to: that is not the fault of what goes."""
        for live in self._carrier.live():
            with suppress(EngineError):
                self._runs.set(live.run.run, tries=0)

    def _turn(self, key: str) -> Run | None:
        """None: it has ended, or has another turn by now."""
        name, _, turn = key.rpartition(".")
        run = self._runs.get(name)
        return run if run is not None and run.state in PENDING and str(run.turn) == turn else None

    def _work(self, run: Run) -> None:
        name = run.run
        if self._ending.is_set():
            return self._settle(run, End(None, reason="the engine ends", again="handed over"))
        if run.tries >= POISON:
            why = f"it ended the worker {run.tries} times in a row; its log says how far it came"
            log.error("a run is poisoned, and not tried again", run=run.run, subject=run.subject)
            return self._settle(run, End("poisoned", int(ExitCode.BUG), why))
        begun = {"state": "running", "tries": run.tries + 1, "started_at": run.started_at or self._now(), "reason": ""}
        if not self._until_kept(lambda: self._runs.begin(name, run.turn, begun)):
            return  # somebody has cancelled it meanwhile, or a newer head came; or we end
        self._mark(run, "running", "")
        log.info("a run begins", run=name, subject=run.subject, event=run.event, turn=run.turn)
        began = time.monotonic()
        end = self._carrier.carry(run)
        seconds = time.monotonic() - began
        self._until_kept(lambda: self._settle(self._runs.get(name) or run, end, seconds))

    def _heed(self) -> None:
        """What people want to end, and what a newer head has overtaken."""
        for run in self._runs.asked():
            why = f"{run.asked_by} has cancelled it"
            live = next((one for one in self._carrier.live() if one.run.run == run.run), None)
            if live is not None:
                live.stop.ask(failure("ENG785", reason=why), now=True)
            elif run.state == "queued":
                self._settle(run, End("cancelled", int(ExitCode.STALE), why))
        overtaken = self._intake.newer
        for live in self._carrier.live() if overtaken else ():
            newer = overtaken.get(live.run.group)
            if newer and live.run.row < newer.row and live.run.head not in ("", newer.head) and live.only_validates:
                live.stop.ask(failure("ENG789", head=newer.head), now=True)
        if overtaken:
            groups = {run.group for run in self._runs.find(PENDING, limit=_ALL)}
            self._intake.newer = {group: newer for group, newer in overtaken.items() if group in groups}

    def _feed(self) -> int:
        """Hand turns to the queue: one of a group, each source in its turn."""
        assert self._queue is not None
        counts, live = self._runs.counts(), {one.run.run for one in self._carrier.live()}
        lying = self._runs.find(("running",), limit=_ALL) if counts.get("running", 0) > len(live) else []
        if self._ending.is_set() or not (counts.get("queued") or lying):
            return 0
        pending = self._queue.pending()
        for run in lying:
            if run.run not in live and _key(run) not in pending:  # its turn has ended, and it has not
                self._runs.begin(run.run, run.turn, {"state": "queued", "turn": run.turn + 1})
        due = self._runs.due(self._now())  # after that look: what has ended since then has another turn, or none
        for number, run in enumerate(due):
            if _key(run) in self._handed and _key(run) not in pending:  # it could not even be begun
                due[number] = run._replace(turn=run.turn + 1)
                self._runs.set(run.run, turn=run.turn + 1)
        self._handed = {key: group for key, group in self._handed.items() if key in pending}
        room = self._parallelism * _AHEAD - len(pending)
        chosen = [] if room <= 0 else list(fair(self._rate.within(due, self._now()), self._handed.values(), room))
        for run in chosen:
            self._queue.enqueue(_key(run), run.group)
            self._handed[_key(run)] = run.group
        return len(chosen)

    def _settle(self, run: Run, end: End, seconds: float = 0.0) -> None:
        """Write down what came of it."""
        now = self._now()
        said = {"state": end.state or "again", "exit": end.exit_code, "reason": end.reason}
        if end.state is None:
            end = self._another(run, end, now)
        if end.state is not None:
            state = end.state
            self._until_kept(
                lambda: self._runs.end(run.run, state, end.exit_code, reason=end.reason, tries=0, ended_at=now)
            )
            self._mark(run, SAYS.get(state, "done"), end.reason)
        log.info("a run has ended its turn", run=run.run, subject=run.subject, seconds=round(seconds, 2), **said)

    def _another(self, run: Run, end: End, now: str) -> End:
        """Another turn, later; or its end, where there were enough."""
        values: dict[str, Any] = {"tries": 0, "reason": end.reason}
        if end.again == "locked":
            if later(run.queued_at, _LOCKED_FOR_S) <= now:
                return End("done", end.exit_code, end.reason)
            values |= {"locks": run.locks + 1, "not_before": later(now, min(5 * 2**run.locks, 300))}
        elif end.again == "failed":
            if run.failures + 1 >= FAILURES:
                return End("failed", end.exit_code, end.reason)
            values |= {"failures": run.failures + 1, "not_before": later(now, min(15 * 2**run.failures, LONGEST_S))}
        self._until_kept(lambda: self._runs.set(run.run, state="queued", turn=run.turn + 1, **values))
        self._mark(run, "queued", end.reason)
        return end

    def _mark(self, run: Run, state: "State", reason: str) -> None:
        if run.delivery:
            self._until_kept(lambda: self._inbox.mark([run.delivery], state, run=run.run, reason=reason))

    def _until_kept(self, change: Callable[[], object]) -> object:
        """A full disk is waited for: what has happened must be written before anything else happens to that run.

        What the change says; None: we end before it could be written.
        """
        pause, told = 0.1, False
        while True:
            try:
                return change()
            except (EngineError, OSError, sqlite3.Error) as error:
                if not told:
                    log.error("what came of a run cannot be written yet", reason=error)
                told = True
            if threading.get_ident() == self._stepping:
                self._moves()
            if self._ending.wait(pause):
                return None  # the next process comes upon the same end: the journal tells it
            pause = min(pause * 2, 10.0)


def _key(run: Run) -> str:
    return f"{run.run}.{run.turn}"
