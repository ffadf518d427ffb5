"""Does the same work on many nodes in threads, each after all that it waits for: a cap, one stop for all.

Threads, because the work is waiting for other programs. What to begin next `core/schedule/queue` says; nobody waits in
a thread for room, so what hangs on the longest way is never behind something that only sits there.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from engine.adapters.process import ctrl_c_waits
from engine.core.schedule.graph import Graph, Node
from engine.core.schedule.queue import Ready
from engine.errors import failure

if TYPE_CHECKING:
    from engine.run.orchestrator.room import Share

Item = TypeVar("Item")
Value = TypeVar("Value")

MOST = 10  # the design's cap, whatever the rules say
_TICK_S = 0.1  # so that the main thread notices a Ctrl-C, and room that another run has left


class Skipped(NamedTuple, Generic[Node]):
    """What was not begun, and the node whose failure is the reason."""

    because: Node
    fail_fast: bool = False  # it does not wait for that one: nothing was to begin after the first failure


class Order(NamedTuple, Generic[Node]):
    """In which order, and how much at once. Each part of it has its plain form."""

    weight: Callable[[Node], float] = lambda _: 1.0  # about how many seconds a node takes
    parallelism: int = MOST
    room: "Share[Node] | None" = None
    fail_fast: bool = False  # after the first failure nothing more begins


def run_all(
    items: Sequence[Item],
    work: Callable[[Item], Value],
    parallelism: int,
    cancel: threading.Event | None = None,
) -> tuple[Value, ...]:
    """`work(item)` for every item, in their order: a graph in which nobody waits. Raises as `run_graph`."""
    nodes = Graph(tuple(range(len(items))), {})
    done = run_graph(nodes, lambda node: work(items[node]), Order(parallelism=parallelism), cancel=cancel)
    values = (done[node] for node in nodes.nodes)
    return tuple(value for value in values if not isinstance(value, Skipped))


def run_graph(
    graph: Graph[Node],
    work: Callable[[Node], Value],
    order: Order[Node],
    *,
    failed: Callable[[Value], bool] = lambda _: False,
    skipped: Callable[[Node, Skipped[Node]], None] = lambda _, __: None,
    cancel: threading.Event | None = None,
) -> Mapping[Node, Value | Skipped[Node]]:
    """`work(node)` for every node, each after all that it waits for has ended, and has not `failed`.

    A failure of one node is a value that `work` returns: what waits for it is skipped (`skipped` is told, in the
    calling thread), everything else goes on. What `work` raises (a bug, or an error that ends everything) or a Ctrl-C
    sets `cancel`, lets what is under way end, begins nothing more, and is raised.

    Raises:
        EngineError: ENG452, `cancel` was set.
        ValueError: some nodes wait for each other.
    """
    stop = cancel or threading.Event()
    inside = _Inside(order.room)
    ready = Ready(graph, order.weight)
    most = max(1, min(order.parallelism, MOST))
    found: dict[Node, Value | Skipped[Node]] = {}
    running: dict[Future[Value], Node] = {}

    def begin(node: Node) -> Value:
        try:
            if stop.is_set():
                raise failure("ENG452", program="the run")
            return work(node)
        finally:
            inside.leave(node)

    def skip(node: Node, why: Skipped[Node]) -> None:
        found[node] = why
        skipped(node, why)

    def ended(future: Future[Value]) -> None:
        node = running.pop(future)
        value = found[node] = future.result()
        is_bad = failed(value)
        for other in ready.done(node, ok=not is_bad):
            skip(other, Skipped(node))
        for other in ready.stop() if is_bad and order.fail_fast else ():
            skip(other, Skipped(node, fail_fast=True))

    threads = ThreadPoolExecutor(most, thread_name_prefix="pool")
    try:
        while len(found) < len(graph.nodes) and not stop.is_set():
            with ctrl_c_waits():  # a thread that is started and not counted yet would not be waited for
                while len(running) < most and not stop.is_set() and (node := ready.take(inside.enter)) is not None:
                    running[threads.submit(begin, node)] = node
            if not running:  # others have all the room
                stop.wait(_TICK_S)
            for future in wait(running, _TICK_S, return_when=FIRST_COMPLETED).done:
                ended(future)
    except BaseException:
        stop.set()
        raise
    finally:
        threads.shutdown(wait=True)
        inside.leave_all()
    if stop.is_set():
        raise failure("ENG452", program="the run")
    return found


class _Inside(Generic[Node]):
    """The places that one graph has in a room, each given back once."""

    def __init__(self, room: "Share[Node] | None") -> None:
        self._room, self._nodes = room, set[Node]()

    def enter(self, node: Node) -> bool:
        if self._room is None:
            return True
        if not self._room.enter(node):
            return False
        self._nodes.add(node)
        return True

    def leave(self, node: Node) -> None:
        if self._room and node in self._nodes:
            self._nodes.discard(node)
            self._room.leave(node)

    def leave_all(self) -> None:
        """Those for which no thread could be started."""
        for node in tuple(self._nodes):
            self.leave(node)
