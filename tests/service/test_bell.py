"""Who waits is woken by whoever rings, and no later; nobody who rings ever waits."""

import os
import signal
import threading
import time

from engine.service.bell import Bell

LONG = 60.0  # that nobody is to wait: the test fails by its length


def test_it_was_rung_before_anybody_waited():
    bell = Bell()
    for _ in range(3):
        bell.ring()
    assert bell.wait(LONG)
    assert not bell.wait(0), "all of them were one"


def test_another_thread_rings():
    bell = Bell()
    threading.Timer(0.05, bell.ring).start()
    assert bell.wait(LONG)


def test_a_handler_of_signals_rings_in_the_thread_that_waits():
    """An Event's lock would be held by the very thread that the handler has interrupted."""
    bell = Bell()
    before = signal.signal(signal.SIGUSR1, lambda *_: bell.ring())
    try:
        for _ in range(50):
            threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGUSR1)).start()
            assert bell.wait(LONG)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_whoever_rings_never_waits():
    """More than a pipe holds."""
    bell = Bell()
    began = time.monotonic()
    for _ in range(70_000):
        bell.ring()
    assert time.monotonic() - began < LONG
    assert bell.wait(0)
