"""Signals come to whoever waits, whatever the main thread is doing."""

import signal
import threading

import pytest

from engine.adapters.signals import ending

WAIT_S = 30
NUMBERS = [signal.SIGTERM, signal.SIGINT]


@pytest.fixture
def beside():
    """A thread that does nothing."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    yield thread
    over.set()
    thread.join()


@pytest.mark.parametrize("number", NUMBERS)
def test_one_that_the_main_thread_does_not_see_is_heard(beside, number):
    """It waits for a lock already when Python notes that there is something to do: nothing else would wake it."""
    with ending() as asked:
        signal.pthread_kill(beside.ident, number)
        assert asked.wait(WAIT_S)


@pytest.mark.parametrize("number", NUMBERS)
def test_what_is_called_may_take_what_the_main_thread_holds(number):
    lock, over = threading.Lock(), threading.Event()

    def first():
        with lock:
            over.set()

    with ending(first) as asked:
        with lock:
            signal.raise_signal(number)
            assert asked.wait(WAIT_S)
        assert over.wait(WAIT_S)


def test_every_other_one_is_another_word():
    said: list[str] = []
    both = threading.Event()

    def again():
        said.append("again")
        both.set()

    with ending(lambda: said.append("first"), again) as asked:
        signal.raise_signal(signal.SIGTERM)
        assert asked.wait(WAIT_S)
        signal.raise_signal(signal.SIGINT)
        assert both.wait(WAIT_S)
    assert said == ["first", "again"]


def test_afterwards_all_is_as_it_was():
    before = [signal.getsignal(number) for number in NUMBERS]
    wakes = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(wakes)
    with ending() as asked:
        pass
    assert [signal.getsignal(number) for number in NUMBERS] == before
    assert signal.set_wakeup_fd(wakes) == wakes
    assert not asked.is_set()
    assert "signals" not in {thread.name for thread in threading.enumerate()}


def test_in_another_thread_nothing_is_heard():
    before, seen = signal.getsignal(signal.SIGTERM), []

    def work():
        with ending():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
