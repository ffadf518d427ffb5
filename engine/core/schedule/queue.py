"""What may begin now: of all that waits for nothing any more, first what the longest way still hangs on.

Pure, so that a thousand graphs are played through without a thread. Waves with a barrier after each would take half as
long again (`benchmarks/schedule.py`), since everybody waits for the slowest of a wave.
"""

from collections.abc import Callable, Collection, Mapping
from heapq import heapify, heappop, heappush
from typing import Generic

from engine.core.schedule.graph import Graph, Node


class Ready(Generic[Node]):
    """The nodes of a graph on their way: waiting, ready, begun, ended. Not safe with threads."""

    def __init__(self, graph: Graph[Node], weight: Callable[[Node], float] = lambda _: 1.0) -> None:
        """`weight`: about how many seconds a node takes; wrong guesses cost time and nothing else.

        Raises:
            ValueError: some of them wait for each other.
        """
        self._followers = followers(graph)
        self._place = {node: place for place, node in enumerate(graph.nodes)}
        self._waits = {node: len(graph.after.get(node, ())) for node in graph.nodes}
        rest = longest(graph, weight)
        self._rank = {node: (-rest[node], place) for node, place in self._place.items()}
        self._heap = [(self._rank[node], node) for node in graph.nodes if not self._waits[node]]
        heapify(self._heap)
        self._open = dict.fromkeys(graph.nodes)  # neither begun nor skipped

    def take(self, may: Callable[[Node], bool] = lambda _: True) -> Node | None:
        """Begin the first ready one that `may` begin; None: none can now."""
        passed = []
        found = None
        while self._heap:
            entry = heappop(self._heap)
            node = entry[1]
            if node not in self._open:  # skipped
                continue
            if may(node):
                del self._open[node]
                found = node
                break
            passed.append(entry)
        for entry in passed:
            heappush(self._heap, entry)
        return found

    def done(self, node: Node, *, ok: bool) -> tuple[Node, ...]:
        """A node has ended. Where it is not `ok`, all that waits for it, however far, is skipped: these."""
        if not ok:
            return self._skip(_beyond(node, self._followers))
        for follower in self._followers[node]:
            self._waits[follower] -= 1
            if not self._waits[follower] and follower in self._open:
                heappush(self._heap, (self._rank[follower], follower))
        return ()

    def stop(self) -> tuple[Node, ...]:
        """Nothing more begins: everything that has not is skipped, in the order of the graph."""
        return self._skip(self._open)

    def _skip(self, nodes: Collection[Node]) -> tuple[Node, ...]:
        skipped = sorted((node for node in nodes if node in self._open), key=self._place.__getitem__)
        for node in skipped:
            del self._open[node]
        return tuple(skipped)


def followers(graph: Graph[Node]) -> dict[Node, list[Node]]:
    """Who waits for each node, in the order of the graph."""
    found: dict[Node, list[Node]] = {node: [] for node in graph.nodes}
    for node in graph.nodes:
        for other in graph.after.get(node, ()):
            found[other].append(node)
    return found


def longest(graph: Graph[Node], weight: Callable[[Node], float]) -> dict[Node, float]:
    """How long the longest way is from the start of each node to the end of the last that waits for it.

    Raises:
        ValueError: some of them wait for each other.
    """
    found, after = dict[Node, float](), followers(graph)
    for node in reversed(_in_order(graph, after)):
        found[node] = weight(node) + max((found[one] for one in after[node]), default=0.0)
    return found


def critical(graph: Graph[Node], seconds: Mapping[Node, float]) -> tuple[Node, ...]:
    """The way that takes longest, from its first node to its last: with any number of workers it takes that long."""
    rest, after = longest(graph, lambda node: seconds.get(node, 0.0)), followers(graph)
    starts = (node for node in graph.nodes if not graph.after.get(node))
    node = max(starts, key=rest.__getitem__, default=None)  # the first one of those that are equal
    way = []
    while node is not None:
        way.append(node)
        node = max(after[node], key=rest.__getitem__, default=None)
    return tuple(way)


def _in_order(graph: Graph[Node], after: Mapping[Node, list[Node]]) -> list[Node]:
    waits = {node: len(graph.after.get(node, ())) for node in graph.nodes}
    found = [node for node in graph.nodes if not waits[node]]
    for node in found:  # grows while it is read
        for follower in after[node]:
            waits[follower] -= 1
            if not waits[follower]:
                found.append(follower)
    if len(found) < len(graph.nodes):
        raise ValueError("some of them wait for each other")
    return found


def _beyond(node: Node, after: Mapping[Node, list[Node]]) -> dict[Node, None]:
    found = dict.fromkeys(after[node])
    for one in (todo := list(found)):
        for follower in after[one]:
            if follower not in found:
                found[follower] = None
                todo.append(follower)
    return found
