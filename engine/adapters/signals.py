"""SIGTERM and Ctrl-C as calls in a thread of their own: none comes unheard, and none stops us half-way.

A handler of Python's runs between two steps of the main thread, and fails us in two ways. One that takes a lock
(`Event.set` does) waits for ever where that thread holds it. And one whose signal came just before that thread began to
wait for a lock runs when something else wakes it: of 117 sandboxes on a busy machine four never ended. So the handler
does nothing, and what is heard is the byte that Python writes as soon as a signal comes, whatever any thread does.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_NUMBERS = (signal.SIGTERM, signal.SIGINT)
_READ = 64


def _nothing() -> None:
    pass


@contextmanager
def ending(first: Callable[[], object] = _nothing, again: Callable[[], object] = _nothing) -> Iterator[threading.Event]:
    """In the block the first signal calls `first`, every other one `again`; an event that is set before `first` is.

    Both raise nothing. In another thread than the main one nothing is heard: whoever has that one decides.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    heard, hears = os.pipe()
    os.set_blocking(hears, False)

    def listen() -> None:
        while numbers := os.read(heard, _READ):
            for _ in filter(_NUMBERS.__contains__, numbers):
                is_first = not asked.is_set()
                asked.set()
                (first if is_first else again)()

    thread = threading.Thread(target=listen, name="signals", daemon=True)
    thread.start()
    wakes = signal.set_wakeup_fd(hears, warn_on_full_buffer=False)
    handlers = {number: signal.signal(number, lambda *_: None) for number in _NUMBERS}
    try:
        yield asked
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakes)
        os.close(hears)
        thread.join()
        os.close(heard)
