"""A directed graph of what waits for what. Its nodes are any values; whoever makes it says what they mean.

Everything here is linear in nodes and edges, needs no recursion, and gives the same answer whatever the hashes are.
"""

from collections.abc import Collection, Hashable, Iterator, Mapping
from typing import Generic, NamedTuple, TypeVar

Node = TypeVar("Node", bound=Hashable)


class Graph(NamedTuple, Generic[Node]):
    """Nodes in an order that answers keep, and what each of them waits for."""

    nodes: tuple[Node, ...]
    after: Mapping[Node, frozenset[Node]]  # a node waits for these, all of them among `nodes`; none: not in here

    def edges(self) -> Iterator[tuple[Node, Node]]:
        """Each (who waits, for what), in the order of the nodes."""
        place = self._places()
        for node in self.nodes:
            for other in sorted(self.after.get(node, ()), key=place.__getitem__):
                yield node, other

    def cycle(self) -> tuple[Node, ...] | None:
        """A shortest circle of the first nodes that wait for one another, each for the next, the last for the first."""
        return next((self.circle(knot[0]) for knot in self.knots()), None)

    def in_order(self) -> Iterator[Node]:
        """The nodes, each after all that it waits for; those of a circle one after another."""
        for component in self._components(frozenset(self.nodes)):
            yield from component

    def knots(self) -> Iterator[tuple[Node, ...]]:
        """The groups of nodes that all wait for one another, each after the groups that it waits for."""
        for component in self._components(frozenset(self.nodes)):
            if len(component) > 1 or component[0] in self.after.get(component[0], ()):
                yield component

    def circle(self, node: Node) -> tuple[Node, ...] | None:
        """A shortest way from a node back to itself; None where there is none."""
        place = self._places()
        came_from: dict[Node, Node] = {}
        layer = [node]
        while layer:
            further: list[Node] = []
            for one in layer:
                for other in sorted(self.after.get(one, ()), key=place.__getitem__):
                    if other == node:
                        return _way(node, one, came_from)
                    if other not in came_from:
                        came_from[other] = one
                        further.append(other)
            layer = further
        return None

    def reversed(self) -> "Graph[Node]":
        """Whoever was waited for waits: the order in which things are taken down."""
        found: dict[Node, set[Node]] = {}
        for node, others in self.after.items():
            for other in others:
                found.setdefault(other, set()).add(node)
        return Graph(self.nodes, {node: frozenset(others) for node, others in found.items()})

    def without(self, edges: Collection[tuple[Node, Node]]) -> "Graph[Node]":
        """The same where these (who waits, for what) do not wait."""
        gone: dict[Node, set[Node]] = {}
        for node, other in edges:
            gone.setdefault(node, set()).add(other)
        left = {node: others - gone.get(node, frozenset()) for node, others in self.after.items()}
        return Graph(self.nodes, {node: others for node, others in left.items() if others})

    def restricted(self, nodes: Collection[Node]) -> "Graph[Node]":
        """Only these nodes, in their order here; who waited through what is left out, waits still."""
        among = frozenset(nodes)
        kept = tuple(node for node in self.nodes if node in among)
        beyond: dict[Node, frozenset[Node]] = {}  # of a node that is left out: the kept ones that it waits for
        for component in self._components(frozenset(self.nodes) - among):
            found: set[Node] = set()
            for node in component:
                for other in self.after.get(node, ()):
                    found |= {other} if other in among else beyond.get(other, frozenset())
            beyond.update(dict.fromkeys(component, frozenset(found)))
        after = {}
        for node in kept:
            waits = [{other} if other in among else beyond[other] for other in self.after.get(node, ())]
            if waits:
                after[node] = frozenset().union(*waits)
        return Graph(kept, {node: others for node, others in after.items() if others})

    def _places(self) -> dict[Node, int]:
        return {node: number for number, node in enumerate(self.nodes)}

    def _components(self, among: frozenset[Node]) -> Iterator[tuple[Node, ...]]:
        """The strongly connected components of some nodes (Tarjan), each after all that it waits for."""
        place = self._places()
        index: dict[Node, int] = {}
        lowest: dict[Node, int] = {}
        path: list[Node] = []
        open_: set[Node] = set()
        for start in self.nodes:
            if start not in among or start in index:
                continue
            work = [(start, self._next(start, among, place))]
            index[start] = lowest[start] = len(index)
            path.append(start)
            open_.add(start)
            while work:
                node, others = work[-1]
                other = next(others, None)
                if other is None:
                    work.pop()
                    if work:
                        above = work[-1][0]
                        lowest[above] = min(lowest[above], lowest[node])
                    if lowest[node] == index[node]:
                        component = [path.pop()]
                        while component[-1] != node:
                            component.append(path.pop())
                        open_.difference_update(component)
                        yield tuple(sorted(component, key=place.__getitem__))
                elif other not in index:
                    index[other] = lowest[other] = len(index)
                    path.append(other)
                    open_.add(other)
                    work.append((other, self._next(other, among, place)))
                elif other in open_:
                    lowest[node] = min(lowest[node], index[other])

    def _next(self, node: Node, among: frozenset[Node], place: Mapping[Node, int]) -> Iterator[Node]:
        return iter(sorted((o for o in self.after.get(node, ()) if o in among), key=place.__getitem__))


def _way(node: Node, last: Node, came_from: Mapping[Node, Node]) -> tuple[Node, ...]:
    found = [last]
    while found[-1] != node:
        found.append(came_from[found[-1]])
    return tuple(reversed(found))
