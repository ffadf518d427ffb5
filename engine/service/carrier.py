"""One turn of one run: `run/handle` in a thread, in a directory of its own, and what came of it.

Each run is an executor of its own, as each job of CI is: its file lies beside what it makes, so whoever finds a run
that a killed process had begun goes on with it, and never with what another thread of this process has in hand.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from engine.adapters import clock, files
from engine.core.outcome import Outcome
from engine.errors import EngineError, ExitCode, failure
from engine.run.stopping import HANDED_OVER, Stop
from engine.service import log, steps
from engine.service.runs import LOG, LOG_LIMIT, STEPS, Run, Runs, RunState

if TYPE_CHECKING:
    from engine.adapters.storage.named import Opened
    from engine.core.decision.decided import Decision
    from engine.core.report.model import Report
    from engine.core.report.progress import Step
    from engine.run.handled import Again, Handled

EVENT, OUT, EXECUTOR = "event.json", "out", "executor"
CANCELLED, SUPERSEDED, LOCKED = "ENG785", "ENG789", "ENG742"
_WIDTH = 100
_PHASE_S = 1.0  # how often the row says how far it is
_NOTHING_BEGUN = "ENG578"
_MOVED_ON = ("ENG552", "ENG575")
_ENDS: Mapping[str, RunState] = {CANCELLED: "cancelled", SUPERSEDED: "superseded"}


class End(NamedTuple):
    """What came of a turn."""

    state: RunState | None  # None: it is to have another turn
    exit_code: int | None = None
    reason: str = ""
    again: str = ""  # why it is: `locked`, `failed`, `handed over`


class Live:
    """A run that goes, as this process knows it. Thread-safe."""

    def __init__(self, run: Run) -> None:
        self.run, self.stop = run, Stop()
        self._lock = threading.Lock()
        self._uses: frozenset[str] | None = None

    def decided(self, uses: Iterable[str]) -> None:
        """These actions it has by now."""
        with self._lock:
            self._uses = (self._uses or frozenset()) | frozenset(uses)

    @property
    def only_validates(self) -> bool:
        """Does it plan, or has it not decided yet? What acts on the pull request is never broken off."""
        with self._lock:
            return self._uses is None or validates(self._uses)


def validates(uses: Iterable[str]) -> bool:
    """Do these actions ask what a change would do, and do nothing of it?"""
    uses = frozenset(uses)
    return "terraform.plan" in uses and not uses & {"terraform.apply", "github.merge"}


class Carrier:
    """Carries runs out, each in the thread that asks."""

    def __init__(
        self, runs: Runs, controller: str, environ: Callable[[], Mapping[str, str]], stores: "Opened | None" = None
    ) -> None:
        """`environ` is asked before each turn, `stores` for the store of each: else each opens one of its own."""
        self._runs, self._controller, self._environ, self._stores = runs, controller, environ, stores
        self._lock = threading.Lock()
        self._live: dict[str, Live] = {}

    def live(self) -> list[Live]:
        """Those that go."""
        with self._lock:
            return list(self._live.values())

    def carry(self, run: Run) -> End:
        """One turn. Raises nothing: what nobody expected is an end too, and is in the log."""
        live = Live(run)
        with self._lock:
            self._live[run.run] = live
        try:
            with log.about(run=run.run, delivery=run.delivery):
                return self._carried(live)
        finally:
            with self._lock:
                del self._live[run.run]

    def _carried(self, live: Live) -> End:
        try:
            handled = self._handled(live)
        except EngineError as error:
            return _broken(live.stop.why or error)  # what failed may have failed because of that
        except (OSError, MemoryError) as error:  # no room, no memory, no more files: it passes, or somebody sees to it
            log.error("the machine ended the run's turn")
            return _broken(live.stop.why or failure("ENG860", reason=str(error) or type(error).__name__))
        except Exception as error:  # noqa: BLE001 - the boundary of a turn: the others go on, and the log has where
            log.error("a bug in the engine ended the run")
            return End("failed", int(ExitCode.BUG), f"ENG999 a bug in the engine: {type(error).__name__}")
        return _ended(handled)

    def _handled(self, live: Live) -> "tuple[Handled | Again, ...]":
        from engine.adapters import settings
        from engine.run import opening, results
        from engine.run.handle import handle
        from engine.run.request import Asked, Going, Request, Watcher

        run, folder = live.run, self._runs.folder(live.run.run)
        event = os.path.join(folder, EVENT)
        environ = self._environ()
        values = settings.read(environ)
        with results.directory(os.path.join(folder, OUT)) as out, _writing(self._runs, run) as (say, stepped):
            going = Going(run.engine, resume=bool(run.resume), executor=os.path.join(folder, EXECUTOR))
            request = Request(
                event=files.read(event),
                event_file=event,
                event_name=run.event,
                repo=None,
                controller=self._controller,
                out=out,
                pipeline=None,
                asked=Asked(),
                going=going,
            )
            watcher = Watcher(self._decided(live, say), say, _shown(say), lambda _: None, live.stop, stepped)
            ports = opening.ports(
                values, run.engine, out, opening.github(values, _nobody, environ), environ, self._stores
            )
            _claim(out, run)
            try:
                return handle(request, values, ports, watcher)
            except EngineError as error:
                if not (run.resume and error.problems[0].code == _NOTHING_BEGUN):
                    raise
                return handle(request._replace(going=going._replace(resume=False)), values, ports, watcher)

    def _decided(self, live: Live, say: "Say") -> "Callable[[Decision], None]":
        def decided(decision: "Decision") -> None:
            from engine.core.report import explanation

            names = ", ".join(one.name for one in decision.pipelines)
            live.decided(action.uses for one in decision.pipelines for action in one.actions)
            self._runs.set(live.run.run, pipeline=names)
            if decision.outcome is Outcome.PASS:
                say(f"{names}: every gate has passed")
            else:
                say(explanation.render(decision, lambda text, _: text))

        return decided


Say: TypeAlias = Callable[[str], None]


def _claim(out: str, run: Run) -> None:
    from engine.core.canonical import digest
    from engine.run import results

    results.claim(out, digest([run.engine]))


def _nobody(_: object) -> None:
    """Nobody asks."""


def _shown(say: Say) -> "Callable[[Report], None]":
    def show(report: "Report") -> None:
        from engine.core.report import terminal

        say(terminal.render(report, colour=False, width=_WIDTH))

    return show


@contextmanager
def _writing(runs: Runs, run: Run) -> "Iterator[tuple[Say, Callable[[Step], None]]]":
    """Takes what the run says, into its log and the last of it into its row, and how far its resources are."""
    folder = runs.folder(run.run)
    told = 0.0

    def say(text: str) -> None:
        nonlocal told
        lines = [line for line in log.plain(text).split("\n") if line.strip()]
        logged(lines)
        if lines and time.monotonic() - told >= _PHASE_S:
            told = time.monotonic()
            with suppress(EngineError):
                runs.set(run.run, phase=lines[-1].strip()[:300])

    def stepped(step: "Step") -> None:
        kept([steps.said(step)])
        if line := step.line():
            say(line)

    with _appending(os.path.join(folder, LOG)) as logged, _appending(os.path.join(folder, STEPS)) as kept:
        yield say, stepped


@contextmanager
def _appending(file: str) -> Iterator[Callable[[Iterable[str]], None]]:
    """Adds lines to a file, each with the moment. A full disk loses lines, and no more; so does whoever says more than
    anybody reads."""
    lock = threading.Lock()
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    room = LOG_LIMIT - os.fstat(handle).st_size

    def add(lines: Iterable[str]) -> None:
        nonlocal room
        at = clock.now()
        data = "".join(f"{at} {line}\n" for line in lines).encode(errors="replace")
        with lock:
            if len(data) > room:
                data, room = (f"{at} (it says more than is kept)\n".encode() if room >= 0 else b""), -1
            else:
                room -= len(data)
            with suppress(OSError):
                os.write(handle, data)

    try:
        yield add
    finally:
        os.close(handle)


def _broken(error: EngineError) -> End:
    first = error.problems[0]
    said = f"{first.code} {first.message}"
    if first.code == HANDED_OVER:
        return End(None, reason=said, again="handed over")
    if first.code in _ENDS:
        return End(_ENDS[first.code], int(ExitCode.STALE), first.message)
    if error.exit_code is ExitCode.STALE and first.code in _MOVED_ON:
        return End("superseded", int(error.exit_code), said)
    if error.exit_code is ExitCode.EXECUTOR:
        return End(None, int(error.exit_code), said, again="failed")
    return End("failed", int(error.exit_code), said)


def _ended(handled: "Sequence[Handled | Again]") -> End:
    """A run that met somebody else at work has ended, and nothing was done. One that nobody could decide is tried again
    where a lookup failed; where everything was found and does not fit together, it is so the next time, too."""
    from engine.run.handled import exit_code

    code = int(exit_code(handled))
    own = [one for one in handled if not one.child]
    if why := next((why for one in own for why in _locks(one)), ""):
        return End(None, code, why, again="locked")
    for one in own:
        outcome = one.to_json().get("outcome")
        if outcome == Outcome.ERROR.value:
            why = str(one.to_json().get("because", ""))
            return End(None, code, why, again="failed") if one.passes else End("failed", code, why)
    return End("done", code)


def _locks(one: "Handled | Again") -> Iterator[str]:
    said: Any = one.to_json()
    for ran in said.get("ran", ()):
        for broken in ran.get("broken", ()):
            if broken.get("code") == LOCKED:
                yield str(broken.get("message", LOCKED))
