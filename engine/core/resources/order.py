"""Which resource waits for which: by what they name of one another, and by `depends_on`.

Only whom AWS would miss is waited for, and of a circle only whoever is not there yet: what has been made already need
not be made first. So two buckets that log to one another can be changed, but not begun, in one change.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from engine.core.resources.index import Index
from engine.core.resources.references import Path
from engine.core.resources.services import ORDER as WAITS
from engine.core.resources.survey import Part, Survey
from engine.core.schedule.graph import Graph

Edge: TypeAlias = tuple[str, str]  # state keys: who waits, for whom


class Why(NamedTuple):
    """What makes one resource wait for another, or only name it."""

    text: str  # as it stands there
    file: str
    line: int  # of the entry that says it; 0: not known
    path: Path = ()  # in the values of the resource that says it
    in_document: bool = False

    @property
    def explicit(self) -> bool:
        """Has somebody asked for it in so many words?"""
        return self.path[:1] == (WAITS,)


class Order(NamedTuple):
    """Of a whole source, by state key."""

    graph: Graph[str]  # nothing in it goes in a circle
    because: Mapping[Edge, Why]  # of each edge that was found, those of circles too
    names: Mapping[Edge, Why]  # ... and of what is named and not waited for
    hard: tuple[tuple[str, ...], ...] = ()  # circles that cannot be begun, or that somebody has asked for
    loose: tuple[tuple[str, ...], ...] = ()  # circles among what is there already: in whichever order


def order(survey: Survey, index: Index, new: Collection[str] = (), touched: Collection[str] = ()) -> Order:
    """Make it, by state keys: `new` is what is not there yet, as far as that is known; circles go through `touched`."""
    because: dict[Edge, Why] = {}
    names: dict[Edge, Why] = {}
    nodes = dict.fromkeys(part.state_key for part in survey.parts.values() if part.state_key)
    for part in survey.parts.values():
        for edge, why, orders in _of(part, survey, index):
            (because if orders else names).setdefault(edge, why)
    whole = _graph(tuple(nodes), because)
    hard, loose, gone = [], [], set[Edge]()
    for knot in whole.knots():
        inside = _inside(whole, knot)
        weak = {edge for edge in inside if not because[edge].explicit and edge[1] not in new}
        rest = _graph(knot, inside - weak)
        left = list(rest.knots())
        hard += [_circle(rest, one, touched) for one in left]
        if weak and not left:
            loose.append(_circle(whole, knot, touched))
        gone |= weak.union(*(_inside(rest, one) for one in left))
    kept = {edge: why for edge, why in names.items() if edge not in because}
    return Order(whole.without(gone), because, kept, tuple(hard), tuple(loose))


def with_destroyed(made: Order, before: Order, destroyed: Collection[str]) -> Order:
    """The same, where what is destroyed waits for whatever has referred to it `before`."""
    waits = [(other, node) for node, other in before.graph.edges() if other in set(destroyed)]
    if not waits and set(destroyed) <= set(made.graph.nodes):
        return made
    nodes = dict.fromkeys((*made.graph.nodes, *destroyed, *(node for edge in waits for node in edge)))
    after = {node: set(others) for node, others in made.graph.after.items()}
    for node, other in waits:
        after.setdefault(node, set()).add(other)
    graph = Graph(tuple(nodes), {node: frozenset(others) for node, others in after.items()})
    because = {**made.because, **{edge: before.because[edge[1], edge[0]] for edge in waits}}
    return made._replace(graph=graph, because=because)


def _of(part: Part, survey: Survey, index: Index) -> Iterator[tuple[Edge, Why, bool]]:
    """What one resource refers to; what it says of itself is no reference."""
    if part.said is None:
        return
    for number, text in enumerate(part.said.waits_for):
        other = survey.at(text)
        if other is not None and other.environment == part.environment:
            yield (part.state_key, other.state_key), Why(text, part.tfvars, 0, (WAITS, number)), True
    for one in part.said.refers:
        for other in index.defining(index.name(one, part), part):
            if other.state_key != part.state_key and other.environment == part.environment:
                why = Why(one.text, part.tfvars, one.line, one.path, one.document)
                yield (part.state_key, other.state_key), why, one.orders


def _graph(nodes: tuple[str, ...], edges: Iterable[Edge]) -> Graph[str]:
    after: dict[str, set[str]] = {}
    for node, other in edges:
        after.setdefault(node, set()).add(other)
    return Graph(nodes, {node: frozenset(others) for node, others in after.items()})


def _inside(graph: Graph[str], knot: Collection[str]) -> set[Edge]:
    among = set(knot)
    return {(node, other) for node in knot for other in graph.after.get(node, ()) if other in among}


def _circle(graph: Graph[str], knot: tuple[str, ...], touched: Collection[str]) -> tuple[str, ...]:
    found = graph.circle(next((node for node in knot if node in touched), knot[0]))
    assert found is not None, "a knot is made of circles"
    return found
