"""One run as a process: started as GitHub Actions starts a job, its log kept while it goes, its end as it was."""

import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from engine.adapters import files, process

LOG_LIMIT = 1024 * 1024  # bytes of a log; the end says most
_TELL_S = 0.2  # how often what is new in the log is told
_GRACE_S = 10.0  # between asking a run to end and ending it
_LOOK_S = 0.05
_SUPERVISOR = os.path.join(os.path.dirname(__file__), "supervisor.py")


class Place(NamedTuple):
    """The directory of one run, and what is in it."""

    folder: str

    @property
    def event(self) -> str:
        """The payload, as it came."""
        return os.path.join(self.folder, "event.json")

    @property
    def out(self) -> str:
        """`--out`."""
        return os.path.join(self.folder, "out")

    @property
    def summary(self) -> str:
        """GITHUB_STEP_SUMMARY."""
        return os.path.join(self.folder, "summary.md")

    @property
    def output(self) -> str:
        """GITHUB_OUTPUT."""
        return os.path.join(self.folder, "output")

    @property
    def executor(self) -> str:
        """ENGINE_EXECUTOR: each run is an executor of its own, as each job of CI is."""
        return os.path.join(self.folder, "executor")

    @property
    def pid(self) -> str:
        """The number of the engine's process."""
        return os.path.join(self.folder, "pid")

    def is_begun(self) -> bool:
        """Has it come to a decision? Then there is something to go on with."""
        return os.path.exists(os.path.join(self.out, "decision.json"))

    def summed_up(self) -> str:
        """What it has written for the page, or nothing."""
        try:
            return files.fetch(self.summary, LOG_LIMIT).decode(errors="replace")
        except OSError:
            return ""


class Tell(NamedTuple):
    """Who is told while it goes."""

    started: Callable[[int], None]  # the process's number
    log: Callable[[str], None]  # all that it has said so far


class Job:
    """A run that goes. `end` may be called from another thread."""

    def __init__(self, words: Sequence[str], place: Place, environ: Mapping[str, str]) -> None:
        """Start `engine WORDS…` in its directory.

        Raises:
            ProcessError: it cannot be started.
        """
        for file in (place.summary, place.output):
            files.put(file, b"")
        files.remove(place.pid)
        self._place = place
        argv = [sys.executable, "-I", "-S", _SUPERVISOR, place.pid, sys.executable, "-m", "engine.cli.main", *words]
        self._child = process.start(argv, place.folder, environ, True, "install Python")

    def follow(self, tell: Tell, before: str = "") -> int:
        """Wait for its end; as `subprocess` has it: -9 when it was killed by signal 9. Its log follows on `before`."""
        log = bytearray(before.encode())
        selector = selectors.DefaultSelector()
        for stream in (self._child.stdout, self._child.stderr):
            assert stream is not None
            selector.register(stream, selectors.EVENT_READ)
        told, known = time.monotonic(), len(log)
        started = False
        while selector.get_map():
            if not started and (pid := self._pid()):
                started = True
                tell.started(pid)
            for key, _ in selector.select(_LOOK_S):
                data = os.read(key.fd, process.CHUNK)
                if not data:
                    selector.unregister(key.fileobj)
                log += data
                del log[:-LOG_LIMIT]
            if len(log) != known and time.monotonic() - told >= _TELL_S:
                told, known = time.monotonic(), len(log)
                tell.log(log.decode(errors="replace"))
            if process.has_ended(self._child, 0) and not selector.select(0):
                break
        process.has_ended(self._child, _GRACE_S)
        selector.close()
        process.kill(self._child)
        tell.log(log.decode(errors="replace"))
        return self._child.returncode

    def end(self) -> None:
        """Ask it to end, as Ctrl-C does; whoever follows it sees that it has."""
        if not process.has_ended(self._child, 0):
            self._child.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it now, with all that it has started: its supervisor sees the end of its input."""
        assert self._child.stdin is not None
        self._child.stdin.close()

    def _pid(self) -> int:
        try:
            return int(files.fetch(self._place.pid))
        except (OSError, ValueError):
            return 0
