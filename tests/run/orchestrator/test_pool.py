"""Many items at once: the cap, the order, one failing alone, one stop for all."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from engine.core.schedule.graph import Graph
from engine.errors import EngineError
from engine.run.orchestrator.pool import MOST, Order, Skipped, run_all, run_graph
from engine.run.orchestrator.room import Room, Share


def test_values_come_in_the_order_of_the_items_not_of_their_ends():
    def work(n):
        time.sleep(0.05 if n == 0 else 0)
        return n * n

    assert run_all(range(5), work, 5) == (0, 1, 4, 9, 16)


@pytest.mark.parametrize(("asked", "allowed"), [(1, 1), (3, 3), (100, MOST), (0, 1)])
def test_no_more_run_at_once_than_allowed(asked, allowed):
    lock, now, most, all_there = threading.Lock(), [0], [0], threading.Event()

    def work(_):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
            if now[0] >= allowed:
                all_there.set()
        all_there.wait(60)
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
    out, _ = engine.communicate(timeout=60)
    assert out == b"[True, True, True]\n"


TEN = Graph(tuple(range(10)), {3: frozenset([1]), 4: frozenset([1, 2]), 5: frozenset([4]), 9: frozenset([5, 8])})


def ran(graph, fails=(), order=None, **more):
    """What it came to, what was begun in which order, and what was told as skipped."""
    begun, told = [], []

    def work(node):
        begun.append(node)
        return node not in fails

    found = run_graph(graph, work, order or Order(), failed=lambda well: not well,
                      skipped=lambda node, why: told.append((node, why.because)), **more)  # fmt: skip
    return found, begun, told


def test_each_waits_for_what_it_comes_after():
    found, begun, told = ran(TEN)
    assert (set(found), set(found.values()), told) == (set(TEN.nodes), {True}, [])
    assert all(begun.index(other) < begun.index(node) for node, others in TEN.after.items() for other in others)


@pytest.mark.parametrize("bad", TEN.nodes)
def test_one_of_ten_fails_and_only_what_waits_for_it_is_skipped(bad):
    gone = {0: [], 1: [3, 4, 5, 9], 2: [4, 5, 9], 3: [], 4: [5, 9], 5: [9], 6: [], 7: [], 8: [9], 9: []}[bad]
    found, begun, told = ran(TEN, [bad])
    assert sorted(told) == [(node, bad) for node in gone]
    assert sorted(begun) == [node for node in TEN.nodes if node not in gone]
    assert {node: value for node, value in found.items() if value is not True} == {
        bad: False, **dict.fromkeys(gone, Skipped(bad)),
    }  # fmt: skip


def test_fail_fast_begins_nothing_after_the_first_failure():
    found, begun, told = ran(TEN, [0], Order(weight=lambda node: 0.0 if node else 100.0, parallelism=1, fail_fast=True))
    assert begun == [0]
    assert told == [(node, 0) for node in TEN.nodes if node]
    assert found == {0: False, **{node: Skipped(0, fail_fast=True) for node in TEN.nodes if node}}


def test_what_takes_longest_begins_first():
    assert ran(Graph((0, 1, 2), {}), order=Order(weight=float, parallelism=1))[1] == [2, 1, 0]


def at_once(order, runs=1):
    """How many were at work at once, at most, all runs together; and how many ended."""
    lock, now, most, ended = threading.Lock(), [0], [0], []

    def work(node):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.01)
        with lock:
            now[0] -= 1
            ended.append(node)

    threads = [threading.Thread(target=lambda: run_graph(TEN, work, order)) for _ in range(runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return most[0], len(ended)


def test_there_is_no_more_at_work_than_there_is_memory_whoever_runs():
    room = Room(2)
    assert at_once(Order(room=Share(room, lambda _: "1", 10)), runs=3) == (2, 30)
    assert room.enter("1", 1), "all that was taken was given back"


def test_an_account_has_its_own_cap_and_others_are_not_behind_it():
    room, both = Room(9), threading.Barrier(2)
    accounts = {node: "a" if node < 9 else "b" for node in range(10)}
    seen = []

    def work(node):
        seen.append(node)
        if node in (0, 9):
            both.wait(60)  # the last one is at work beside the first one

    run_graph(Graph(tuple(range(10)), {}), work, Order(room=Share(room, accounts.__getitem__, 1)))
    assert sorted(seen) == list(range(10))
    assert at_once(Order(room=Share(room, lambda _: "a", 1))) == (1, 10)


def test_whoever_waits_for_room_can_be_cancelled():
    room, cancel = Room(0), threading.Event()
    threading.Timer(0.05, cancel.set).start()
    with pytest.raises(EngineError) as caught:
        ran(TEN, order=Order(room=Share(room, lambda _: "a", 1)), cancel=cancel)
    assert caught.value.problems[0].code == "ENG452"


def test_room_is_given_back_whatever_happens():
    room = Room(3)

    def work(node):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_graph(TEN, work, Order(room=Share(room, lambda _: "a", 3)))
    assert [room.enter("a", 3) for _ in range(4)] == [True, True, True, False]


def test_two_runs_on_graphs_that_overlap_do_not_wait_for_each_other_for_ever():
    room, there = Room(1), Graph((1, 2), {1: frozenset([2])})
    here = Graph((1, 2), {2: frozenset([1])})
    done = []
    threads = [
        threading.Thread(target=lambda one=one: done.append(ran(one, order=Order(room=Share(room, str, 1)))[1]))
        for one in (here, there)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == [[1, 2], [2, 1]]
