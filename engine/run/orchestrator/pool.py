"""Runs the same work on many items in threads: a cap, results in the items' order, one stop for all.

Threads, because the work is waiting for other programs.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

from engine.adapters.process import ctrl_c_waits
from engine.errors import failure

Item = TypeVar("Item")
Value = TypeVar("Value")

MOST = 10  # the design's cap, whatever the rules say
_TICK_S = 0.1  # so that the main thread notices a Ctrl-C


def run_all(
    items: Sequence[Item],
    work: Callable[[Item], Value],
    parallelism: int,
    cancel: threading.Event | None = None,
) -> tuple[Value, ...]:
    """`work(item)` for every item, at most `parallelism` at once.

    A failure of one item is a value that `work` returns: it fails alone. What `work` raises (a bug, or an error that
    ends everything) or a Ctrl-C sets `cancel`, lets what is under way end, begins nothing more, and is raised.

    Raises:
        EngineError: ENG452, `cancel` was set.
    """
    stop = cancel or threading.Event()

    def begin(item: Item) -> Value:
        if stop.is_set():  # a thread may take the next item before the pool is told to drop it
            raise failure("ENG452", program="the run")
        return work(item)

    threads = ThreadPoolExecutor(max(1, min(parallelism, MOST)), thread_name_prefix="pool")
    try:
        with ctrl_c_waits():  # a thread that is started and not counted yet would not be waited for
            futures = [threads.submit(begin, item) for item in items]
        waiting = set(futures)
        while waiting and not stop.is_set():
            done, waiting = wait(waiting, _TICK_S, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
    except BaseException:
        stop.set()
        raise
    finally:
        threads.shutdown(wait=True, cancel_futures=True)
    if stop.is_set():
        raise failure("ENG452", program="the run")
    return tuple(future.result() for future in futures)
