"""Many items at once: the cap, the order, one failing alone, one stop for all."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from engine.errors import EngineError
from engine.run.orchestrator.pool import MOST, run_all


def test_values_come_in_the_order_of_the_items_not_of_their_ends():
    def work(n):
        time.sleep(0.05 if n == 0 else 0)
        return n * n

    assert run_all(range(5), work, 5) == (0, 1, 4, 9, 16)


@pytest.mark.parametrize(("asked", "allowed"), [(1, 1), (3, 3), (100, MOST), (0, 1)])
def test_no_more_run_at_once_than_allowed(asked, allowed):
    lock, now, most = threading.Lock(), [0], [0]

    def work(_):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.02)
        with lock:
            now[0] -= 1

    run_all(range(allowed * 3), work, asked)
    assert most[0] == allowed


def test_cancelling_begins_nothing_more_and_lets_the_others_end():
    cancel, ended, begun = threading.Event(), [], []

    def work(n):
        begun.append(n)
        cancel.set()
        time.sleep(0.1)
        ended.append(n)

    with pytest.raises(EngineError) as caught:
        run_all(range(50), work, 2, cancel)
    assert caught.value.problems[0].code == "ENG452"
    assert sorted(begun) == sorted(ended)
    assert len(begun) < 10


def test_an_exception_stops_the_others_and_is_raised():
    cancel, begun = threading.Event(), []

    def work(n):
        begun.append(n)
        if n == 0:
            raise ZeroDivisionError
        cancel.wait(5)

    with pytest.raises(ZeroDivisionError):
        run_all(range(50), work, 2, cancel)
    assert cancel.is_set()
    assert len(begun) < 10


def test_nothing_to_do_is_no_work():
    assert run_all([], lambda n: n, 4) == ()


def test_ctrl_c_reaches_the_work():
    script = """
import threading
from engine.run.orchestrator.pool import run_all
cancel, under_way = threading.Event(), threading.Barrier(4)
told = []
def work(n):
    under_way.wait()
    told.append(cancel.wait(30))
def announce():
    under_way.wait()
    print("ready", flush=True)
threading.Thread(target=announce).start()
try:
    run_all(range(9), work, 3, cancel)
except KeyboardInterrupt:
    print(told, flush=True)
"""
    engine = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=dict(os.environ))
    assert engine.stdout is not None
    assert engine.stdout.readline() == b"ready\n"  # three items are being worked on, the other six wait
    engine.send_signal(signal.SIGINT)
    out, _ = engine.communicate(timeout=30)
    assert out == b"[True, True, True]\n"
