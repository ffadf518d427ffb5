"""The order of a whole source, drawn: Mermaid, DOT, JSON, and lines for a terminal.

Arrows go as things are applied: to whoever waits. Only paths and services stand in drawings, which are of letters and
digits; what somebody has written is in the JSON and in lines.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from engine.core.resources.order import Edge, Order, Why
from engine.core.resources.survey import Part, Survey

FORMAT = "interlock.graph/v1"


class Drawing(NamedTuple):
    """What is drawn: resources by state key, and edges among them."""

    parts: Mapping[str, Part]
    edges: Mapping[Edge, Why]
    names: Mapping[Edge, Why]
    circles: tuple[tuple[str, ...], ...]  # in which nobody can be first

    @property
    def in_circles(self) -> set[Edge]:
        """The edges of circles."""
        return {edge for one in self.circles for edge in zip(one, (*one[1:], one[0]), strict=True)}

    def path(self, key: str) -> str:
        """What a person calls a resource."""
        return self.parts[key].path


def drawing(survey: Survey, order: Order, environment: str | None) -> Drawing:
    """Of one environment, or of all."""
    parts = {
        part.state_key: part
        for part in survey.parts.values()
        if part.state_key and environment in (None, part.environment)
    }
    circles = tuple(one for one in (*order.hard, *order.loose) if set(one) <= parts.keys())
    return Drawing(parts, _among(order.because, parts), _among(order.names, parts), circles)


def _among(edges: Mapping[Edge, Why], parts: Collection[str]) -> Mapping[Edge, Why]:
    return {edge: why for edge, why in edges.items() if edge[0] in parts and edge[1] in parts}


def to_json(found: Drawing) -> dict[str, Any]:
    """Everything that is known; `from` waits for `to`, or only names it."""
    circles = found.in_circles
    rows = [
        *((edge, why, "depends_on" if why.explicit else "reference") for edge, why in found.edges.items()),
        *((edge, why, "name") for edge, why in found.names.items()),
    ]
    return {
        "format": FORMAT,
        "resources": [
            {"path": part.path, "environment": part.environment, "state_key": key} for key, part in found.parts.items()
        ],
        "edges": [
            {
                "from": found.path(node),
                "to": found.path(other),
                "kind": kind,
                "text": why.text,
                "file": why.file,
                "line": why.line,
                "circular": (node, other) in circles,
            }
            for (node, other), why, kind in rows
        ],
        "circles": [[found.path(key) for key in one] for one in found.circles],
    }


def mermaid(found: Drawing) -> Iterator[str]:
    """Lines that GitHub draws in a code block of `mermaid`."""
    ids = {key: f"r{number}" for number, key in enumerate(found.parts, 1)}
    circles = found.in_circles
    yield "flowchart LR"
    for key, name in ids.items():
        yield f'  {name}["{found.path(key)}"]'
    for (node, other), why in found.edges.items():
        arrow = "==>" if (node, other) in circles else "-->"
        yield f"  {ids[other]} {arrow}{'|depends_on|' if why.explicit else ''} {ids[node]}"
    for node, other in found.names:
        yield f"  {ids[other]} -.-> {ids[node]}"


def change(after: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """The same of one change, by path; `after`: what each of its resources waits for."""
    ids = {path: f"r{number}" for number, path in enumerate(after, 1)}
    yield "flowchart LR"
    for path, name in ids.items():
        yield f'  {name}["{path}"]'
    for path, others in after.items():
        yield from (f"  {ids[other]} --> {ids[path]}" for other in others if other in ids)


def dot(found: Drawing) -> Iterator[str]:
    """Lines for Graphviz."""
    circles = found.in_circles
    yield "digraph resources {"
    yield "  rankdir=LR; node [shape=box];"
    for key in found.parts:
        yield f'  "{found.path(key)}";'
    for (node, other), why in found.edges.items():
        shown = [*(["label=depends_on"] if why.explicit else []), *(["color=red"] if (node, other) in circles else [])]
        yield f'  "{found.path(other)}" -> "{found.path(node)}"{_attributes(shown)};'
    for node, other in found.names:
        yield f'  "{found.path(other)}" -> "{found.path(node)}" [style=dashed];'
    yield "}"


def _attributes(shown: list[str]) -> str:
    return f" [{', '.join(shown)}]" if shown else ""


def lines(found: Drawing) -> Iterator[str]:
    """Each resource, and below it what it waits for and why."""
    waits: dict[str, list[tuple[str, Why]]] = {}
    for (node, other), why in found.edges.items():
        waits.setdefault(node, []).append((other, why))
    for key, part in found.parts.items():
        yield part.path
        for other, why in waits.get(key, ()):
            where = f"{why.file}:{why.line}" if why.line else why.file
            yield f"  waits for {found.path(other)}  ({where} {'says so' if why.explicit else f'names `{why.text}`'})"


DRAWINGS = {"lines": lines, "mermaid": mermaid, "dot": dot}
