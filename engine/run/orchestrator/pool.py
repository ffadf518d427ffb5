"""Runs the same work on many items in threads: a cap, one failing alone, results in the items' order, one stop for all.

Threads, because the work is waiting for other programs.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Generic, NamedTuple, TypeVar

from engine.errors import EngineError

Item = TypeVar("Item")
Value = TypeVar("Value")

MOST = 10  # the design's cap, whatever the rules say
_TICK_S = 0.1  # so that the main thread notices a Ctrl-C


class Outcome(NamedTuple, Generic[Item, Value]):
    """What became of one item: a value, an error of its own, or neither: it was never begun (`cancel`)."""

    item: Item
    value: Value | None = None
    error: EngineError | None = None
    begun: bool = True


def run_all(
    items: Sequence[Item],
    work: Callable[[Item, threading.Event], Value],
    parallelism: int,
    cancel: threading.Event | None = None,
    progress: Callable[[Outcome[Item, Value]], None] | None = None,
) -> tuple[Outcome[Item, Value], ...]:
    """Do `work(item, cancel)` for every item, at most `parallelism` at once; `progress` is told of each as it ends.

    Once `cancel` is set nothing new begins, and `work` is expected to end soon. An EngineError is that item's outcome.
    Anything else that is raised (a bug, Ctrl-C) stops the others in the same way and is raised when they have ended.
    """
    stop = cancel or threading.Event()
    outcomes: dict[int, Outcome[Item, Value]] = {}

    def one(item: Item) -> Outcome[Item, Value]:
        if stop.is_set():
            return Outcome(item, begun=False)
        try:
            return Outcome(item, work(item, stop))
        except EngineError as error:
            return Outcome(item, error=error)

    with ThreadPoolExecutor(max(1, min(parallelism, MOST)), thread_name_prefix="pool") as threads:
        waiting: dict[Future[Outcome[Item, Value]], int] = {
            threads.submit(one, item): n for n, item in enumerate(items)
        }
        try:
            while waiting:
                done, _ = wait(waiting, _TICK_S, return_when=FIRST_COMPLETED)
                for future in sorted(done, key=waiting.__getitem__):
                    outcome = future.result()
                    outcomes[waiting.pop(future)] = outcome
                    if progress:
                        progress(outcome)
        except BaseException:
            stop.set()  # leaving the `with` block waits for those under way
            raise
    return tuple(outcomes[n] for n in range(len(items)))
