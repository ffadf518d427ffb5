"""How a run is ended before its end: by whoever carries it out, in words that its report has.

It ends between two actions, never within a line of its journal. What is under way is waited for, or told to stop; then
what it comes to is not written down either, so that whoever goes on with the run does it again, or looks at the world.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import EngineError

HANDED_OVER = "ENG786"  # not the end of it: another process goes on


class Stop:
    """Whether a run is to be ended, and why. Thread-safe; asked twice, the first reason stands."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._why: EngineError | None = None
        self._now = False
        self._flags: list[threading.Event] = []

    def ask(self, why: EngineError, *, now: bool = False) -> None:
        """It is to end before its next action; `now`: what is under way is to stop as well, as at its deadline."""
        with self._lock:
            self._why = self._why or why
            self._now = self._now or now
            for flag in self._flags if now else ():
                flag.set()

    @property
    def why(self) -> EngineError | None:
        """What it was asked with; None: it was not."""
        return self._why

    def check(self) -> None:
        """Nothing, if it may go on.

        Raises:
            EngineError: what it was asked with.
        """
        if self._why is not None:
            raise self._why

    @contextmanager
    def reaches(self, flag: threading.Event) -> Iterator[None]:
        """`flag` is set when what is under way is to stop, until the end of the block."""
        with self._lock:
            self._flags.append(flag)
            if self._now:
                flag.set()
        try:
            yield
        finally:
            with self._lock:
                self._flags.remove(flag)


NEVER = Stop()  # nobody asks it: of a command, which Ctrl-C ends
