"""What is told while it goes: the newest of it, with a pause between, and whoever speaks is not kept waiting."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

PAUSE_S = 5.0  # between two updates of a comment; GitHub slows down who writes faster

Value = TypeVar("Value")


class Newest(Generic[Value]):
    """Hands on what it hears from a thread of its own: only the newest, and each a pause after the one before."""

    def __init__(self, tell: Callable[[Value], None], pause_s: float, ended: threading.Event | None = None) -> None:
        self._tell, self._pause_s = tell, pause_s
        self._heard: list[Value] = []
        self._new = threading.Event()
        self._ended = ended or threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)
        self._thread.start()

    def hear(self, value: Value) -> None:
        """Takes it and returns at once, whoever calls."""
        with self._lock:
            self._heard[:] = [value]
        self._new.set()

    def end(self) -> None:
        """Nothing is handed on any more, when this returns; what was heard last is for whoever comes after us."""
        self._ended.set()
        self._new.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._new.wait()
            if self._ended.wait(self._pause_s):
                return
            self._new.clear()
            with self._lock:
                newest = self._heard[-1]
            self._tell(newest)
