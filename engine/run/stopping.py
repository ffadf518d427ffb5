"""How a run is ended before its end: by whoever carries it out, in words that its report has.

It ends between two actions, never within a line of its journal. What is under way is waited for, or told to stop; then
what it comes to is not written down either, so that whoever goes on with the run does it again, or looks at the world.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.errors import EngineError

if TYPE_CHECKING:
    import threading

HANDED_OVER = "ENG786"  # not the end of it: another process goes on


class Unstopped:
    """Of a run that nobody ends so: of a command, which Ctrl-C ends."""

    why: EngineError | None = None  # what it was asked with; None: it was not

    def check(self) -> None:
        """Nothing, if it may go on.

        Raises:
            EngineError: what it was asked with.
        """
        if self.why is not None:
            raise self.why

    @contextmanager
    def reaches(self, _flag: "threading.Event") -> Iterator[None]:
        """The flag is set when what is under way is to stop, until the end of the block."""
        yield


class Stop(Unstopped):
    """Whether a run is to be ended, and why. Thread-safe; asked twice, the first reason stands."""

    def __init__(self) -> None:
        import threading  # an event that starts nothing needs none

        self._lock = threading.Lock()
        self._now = False
        self._flags: list[threading.Event] = []

    def ask(self, why: EngineError, *, now: bool = False) -> None:
        """It is to end before its next action; `now`: what is under way is to stop as well, as at its deadline."""
        with self._lock:
            self.why = self.why or why
            self._now = self._now or now
            for flag in self._flags if now else ():
                flag.set()

    @contextmanager
    def reaches(self, flag: "threading.Event") -> Iterator[None]:
        """As above."""
        with self._lock:
            self._flags.append(flag)
            if self._now:
                flag.set()
        try:
            yield
        finally:
            with self._lock:
                self._flags.remove(flag)


NEVER = Unstopped()
