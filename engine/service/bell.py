"""Wakes the one thread that waits for it, rung by any other and by handlers of signals."""

import os
import select
from contextlib import suppress

_MOST = 4096  # rings that are heard as one


class Bell:
    """Takes no lock: a handler of signals may interrupt the very thread that waits, and would wait for itself then."""

    def __init__(self) -> None:
        self._heard, self._rung = os.pipe()
        for end in (self._heard, self._rung):
            os.set_blocking(end, False)
        self._poll = select.poll()
        self._poll.register(self._heard, select.POLLIN)

    def ring(self) -> None:
        """Whoever waits, or waits next, waits no longer."""
        with suppress(BlockingIOError):  # it has been rung more often than anybody has to hear
            os.write(self._rung, b".")

    def wait(self, seconds: float) -> bool:
        """No longer than that. Was it rung since the last time?"""
        if not self._poll.poll(seconds * 1000):
            return False
        with suppress(BlockingIOError):
            os.read(self._heard, _MOST)
        return True
