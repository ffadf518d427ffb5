"""The process that does the work: dispatcher and clock in its main thread, runs in the queue's, and an end in order.

    python -m engine.service.worker '{"controller": "/srv/controller", "state_dir": "/var/lib/interlock", …}'

It lives as long as whoever started it: the end of its standard input is their last word, and each word before wakes it.
SIGTERM: nothing more begins, what goes ends before its next action and is handed to the next process; what takes longer
than `grace_s` is cut off, as by `kill -9`, which every action survives. A second SIGTERM cuts off at once. What
applies, applies on by itself.
"""

import json
import os
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.adapters import clock, files, process, settings, signals
from engine.adapters.storage.named import Reused
from engine.core.moment import later
from engine.errors import EngineError, ExitCode, failure
from engine.service import log, ticks
from engine.service.bell import Bell
from engine.service.bound import Sources
from engine.service.carrier import Carrier
from engine.service.database import Database
from engine.service.dispatch import Dispatcher, Places
from engine.service.fair import PER_HOUR
from engine.service.inbox import Inbox
from engine.service.queue import Queue
from engine.service.runs import FILE, Runs, RunState
from engine.service.sifting import Sifted, sift

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store
    from engine.core.rules.model import Rules
    from engine.service.delivery import Delivery

READY, MOVES = "ready", "moves"  # lines on standard output: once, and then by each round of the loop
LOCK, ALIVE, AHEAD = "worker.lock", "worker.json", "clock-ahead"
_LOCK_S = 10.0  # for the worker of before, which may still be ending
_IDLE_S, _BUSY_S, _TROUBLE_S = 0.5, 0.0, 5.0  # unless it is woken: by what came, and by what has ended
_MOVES_S, _ALIVE_S, _TIDY_S, _MINUTE_S = 1.0, 5.0, 3600.0, 60.0
_QUEUE_KEPT_S = 86_400  # rows of what has ended: only `runs` is shown
_OVER: tuple[RunState, ...] = ("done", "superseded")  # what nobody has go on
_ALL = 1_000_000
_WORDS = 4096  # bytes
_LEAST_FREE = 2 * 1024 * 1024 * 1024  # bytes of the disk, or a twentieth of a small one
_ROOM = 32 * 1024 * 1024  # bytes of the disk without which no delivery is asked for: one has 25 MB at the most
_SEEN_S = 90 * 86_400  # that a body is known again


class Working(NamedTuple):
    """What the worker is told; the rest it reads from its environment."""

    controller: str
    state_dir: str
    parallelism: int = 4
    retention_s: int = 30 * 86_400
    grace_s: float = 20.0
    strikes: bool = True  # once a minute; else somebody else starts the `every:` rows
    level: str = "info"
    per_hour: int = PER_HOUR  # runs of deliveries that a source begins


class Worker:
    """All of it; `run` is for the main thread."""

    def __init__(self, working: Working, environ: Mapping[str, str]) -> None:
        """Raises EngineError: ENG787 another one has that state, ENG788, ENG002; a setting that is none."""
        self._working, self._given = working, environ
        self._ended, self._cut, self._bell = threading.Event(), threading.Event(), Bell()
        self._lock = _alone(working.state_dir)
        self._values = settings.read(environ)
        self.inbox = Inbox(os.path.join(working.state_dir, FILE))
        self.runs = Runs(working.state_dir)
        self._sources = Sources(Database(os.path.join(working.state_dir, FILE), ""))
        self._stores = Reused()
        self._carrier = Carrier(self.runs, working.controller, self._environ, self._stores)
        self.dispatcher = Dispatcher(
            Places(
                self.inbox,
                self.runs,
                self._carrier,
                self._sift,
                working.parallelism,
                self._now,
                working.per_hour,
                _say_it_moves,
                self._bell.ring,
            )
        )
        self._since = clock.now()
        self._trouble = ""
        self._lost_at, self._looked = 0.0, ""  # when to look for what was lost; the moment of the last time

    def run(self, ready: Callable[[], None]) -> None:
        """Work until `end` is called.

        Raises:
            EngineError: ENG788, the queue cannot be opened.
        """
        queue = Queue(self._working.state_dir, self._working.parallelism, self.dispatcher.work)
        self.dispatcher.begin(queue)
        import_all()
        log.info("the worker works", parallelism=self._working.parallelism)
        ready()
        for what, work in (
            ("the clock starts nothing", self._strike),
            ("nobody looks for lost deliveries", self._look_for_lost),
        ):
            threading.Thread(target=self._each_minute, args=(what, work), name=what, daemon=True).start()
        moved = alive = tidy = 0.0
        while not self._ended.is_set():
            pause = self._step()
            now = time.monotonic()
            if now - moved >= _MOVES_S:
                moved = now
                _say_it_moves()
            if now - alive >= _ALIVE_S:
                alive = now
                self._say_alive()
            if now - tidy >= _TIDY_S or not tidy:
                tidy = now
                self._alone("what is old cannot be removed", lambda: self._tidy(queue))
            self._bell.wait(pause)
        self._finish()

    def end(self) -> None:
        """The first time in order, the second at once."""
        (self._cut if self._ended.is_set() else self._ended).set()
        self._bell.ring()

    def wake(self) -> None:
        """Something has come: of any thread."""
        self._bell.ring()

    def _each_minute(self, what: str, work: Callable[[], object]) -> None:
        """In a thread of its own, never beside itself, and by no clock that somebody can set."""
        while not self._ended.wait(_MINUTE_S):
            self._alone(what, work)

    def _strike(self) -> None:
        if not self._working.strikes:
            return
        rules, store = self._rules(), self._store()
        if started := ticks.strike(rules, store, self.runs, self.dispatcher.add, self._now):
            log.info("the clock has struck", started=started)

    def _look_for_lost(self) -> None:
        """What GitHub could not hand over is sent again: all that it still has once, later what is newer than that."""
        if shutil.disk_usage(self._working.state_dir).free < _ROOM:
            self._lost_at = 0.0  # what could not be kept is not sent in vain: its attempts are counted
        elif self._values.app is not None and self._lost_at <= time.monotonic():
            self._have_lost_ones_sent()

    def _have_lost_ones_sent(self) -> None:
        from engine.adapters.github.deliveries import as_app
        from engine.service import lost

        now = self._now()
        looked = min(self._looked, now)  # which a clock that was wrong may have said
        since = later(looked, -lost.RECENT_S) if looked else later(now, -lost.EVERYTHING_S)
        found = lost.sweep(as_app(self._given), self.inbox, since, now, lambda: not self._ended.is_set())
        self._looked, self._lost_at = now, time.monotonic() + (0 if found.soon else lost.USUAL_S)
        if found.again or found.given_up:
            log.warning("deliveries were lost", sent_again=len(found.again), given_up=len(found.given_up))

    def _step(self) -> float:
        """How long to wait before the next one."""
        try:
            done = self.dispatcher.step()
        except Exception as error:  # noqa: BLE001 - one step fails, the next one comes: nobody is there to start us again
            is_bug = not isinstance(error, EngineError | OSError | sqlite3.Error)
            said = f"ENG999 a bug in the engine: {type(error).__name__}" if is_bug else log.said(error)
            if said != self._trouble:  # once, not every five seconds for a night
                log.error("what waits cannot be looked at; it stays where it is", reason=said)
            self._trouble = said
            return _TROUBLE_S
        if self._trouble:
            log.info("what waited is looked at again")
        self._trouble = ""
        return _BUSY_S if done else _IDLE_S

    def _alone(self, what: str, work: Callable[[], object]) -> None:
        try:
            work()
        except EngineError as error:
            log.error(what, reason=error)
        except Exception as error:  # noqa: BLE001 - as above
            log.error(f"a bug: {what}", reason=type(error).__name__)

    def _finish(self) -> None:
        """Wait for what ends in order, no longer than the grace; the rest is as if we had been killed."""
        self.dispatcher.end(failure("ENG786"))
        until = time.monotonic() + self._working.grace_s
        while self._carrier.live() and time.monotonic() < until and not self._cut.is_set():
            self._bell.wait(0.05)
        left = [live.run.run for live in self._carrier.live()]
        log.info("the worker ends", cut_off=", ".join(left) or None)
        self.dispatcher.abandon()

    def _sift(self, waiting: "Any") -> Sifted:
        from engine.core.events.ours import Us

        rules = self._rules()
        arrived: list[Delivery] = [one for one, _ in waiting]
        bound = self._sources.bind(rules, self._store(), arrived)
        return sift(waiting, rules, bound, Us(self._values.app, self._values.bot))

    def _rules(self) -> "Rules":
        from engine.run import trusted

        return trusted.load_rules(self._working.controller)

    def _store(self) -> "Store":
        return self._stores(self._values.store)

    def _environ(self) -> Mapping[str, str]:
        """With the clock of a sandbox, which may have been put forward since."""
        if not self._values.emulator:
            return self._given
        try:
            ahead = files.fetch(os.path.join(self._working.state_dir, AHEAD), 40).decode()
        except OSError:
            return self._given
        return {**self._given, "ENGINE_CLOCK_AHEAD_S": ahead.strip()}

    def _now(self) -> str:
        return clock.ahead(settings.clock_ahead_s(self._environ()))()

    def _say_alive(self) -> None:
        said = {
            "pid": os.getpid(),
            "since": self._since,
            "at": clock.now(),
            "running": [live.run.run for live in self._carrier.live()],
            "parallelism": self._working.parallelism,
            "trouble": log.plain(self._trouble or "; ".join(self._stuck())),
        }
        with suppress(EngineError):  # a full disk: nobody hears of us for a while
            files.write(os.path.join(self._working.state_dir, ALIVE), json.dumps(said).encode())

    def _stuck(self) -> list[str]:
        return [f"all that {repo} sends waits: {why}" for repo, why in sorted(self.dispatcher.stuck.items())]

    def _tidy(self, queue: Queue) -> None:
        """Forget what has been kept long enough."""
        now = clock.now()
        before = later(now, -self._working.retention_s)
        for run in self.runs.prune(before):
            shutil.rmtree(self.runs.folder(run), ignore_errors=True)
            _say_it_moves()
        self._make_room()
        removed = self.inbox.prune(before, later(now, -max(_SEEN_S, self._working.retention_s)))
        log.debug("what is old was removed", deliveries=removed, turns=queue.forget(later(now, -_QUEUE_KEPT_S)))

    def _make_room(self) -> None:
        """Where the disk is nearly full, what the oldest runs have made goes before its time. Their rows stay, and so
        does whatever may go on."""
        removed = 0
        for run in reversed(self.runs.find(_OVER, limit=_ALL) if self._is_nearly_full() else []):
            folder = self.runs.folder(run.run)
            if os.path.isdir(folder):
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
                if not self._is_nearly_full():
                    break
        if removed:
            log.warning("the disk was nearly full: what the oldest runs have made was removed", runs=removed)

    def _is_nearly_full(self) -> bool:
        disk = shutil.disk_usage(self._working.state_dir)
        return disk.free < min(_LEAST_FREE, disk.total // 20)


def import_all() -> None:
    """What the first run would wait for."""
    from importlib import import_module

    for name in (
        "engine.run.handle",
        "engine.run.opening",
        "engine.adapters.github.forge",
        "engine.core.decision.gates",
    ):
        import_module(name)


def _alone(state_dir: str) -> int:
    """The lock on the state, held until this process ends, however it ends."""
    path = os.path.join(state_dir, LOCK)
    with files.failing("ENG002", path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        if not files.take(handle, _LOCK_S):
            os.close(handle)
            raise failure("ENG787", directory=state_dir)
    return handle


def main(argv: "list[str]") -> int:
    """The process; its standard error is whoever started us."""
    working = Working(**json.loads(argv[0]))
    os.umask(0o077)
    log.start(working.state_dir, "worker", os.environ, level=working.level, readable=bool(argv[1:]))
    try:
        worker = Worker(working, os.environ)
        with signals.ending(worker.end, worker.end):
            threading.Thread(target=_until_left, args=(worker,), name="parent", daemon=True).start()
            worker.run(_say_ready)
    except EngineError as error:
        log.error("the worker cannot work", reason=error)
        return error.exit_code
    return ExitCode.DONE


def _say_ready() -> None:
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    os.set_blocking(sys.stdout.fileno(), False)  # nobody who does not listen is to make us hang


def _say_it_moves() -> None:
    with suppress(OSError):
        os.write(sys.stdout.fileno(), f"{MOVES}\n".encode())


def _until_left(worker: Worker) -> None:
    """Whoever started us is gone, however: nobody would tell us to end, and the next one waits for our lock."""
    while os.read(sys.stdin.fileno(), _WORDS):  # each of them says that something has come
        worker.wake()
    try:
        worker.dispatcher.abandon()
    finally:  # whatever it meets: nobody else would end us
        _die(ExitCode.INTERRUPTED)


def _die(code: int) -> None:
    """At once, with all programs that end with us: no thread of ours is to see them end."""
    process.end_all()
    os._exit(code)


if __name__ == "__main__":
    try:
        _die(main(sys.argv[1:]))
    except BaseException:  # noqa: BLE001 - the last boundary: what we started ends with us
        log.error("a bug in the worker")
        _die(ExitCode.BUG)
