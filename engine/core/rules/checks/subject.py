"""What a check is handed, and the shape of its row."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from engine.core.declare import Catalog
from engine.core.expressions.model import Expression
from engine.core.expressions.parse import Node, parse
from engine.core.expressions.snippet import Snippet
from engine.core.rules.draft import Draft, Entry, Key, PipelineEntry
from engine.core.rules.model import Input
from engine.errors import EngineError, Place, Problem, problem
from engine.names import closest, either


class Subject(NamedTuple):
    """Rules that are being judged. Only sound units are in them."""

    draft: Draft
    catalog: Catalog
    expressions: Sequence[tuple[Entry, Expression]]  # those that compiled, with their units
    inputs: Mapping[Key, Mapping[str, Input]]  # of each action that compiled

    def gates_of(self, pipeline: PipelineEntry) -> list[str]:
        """A pipeline's own gates, then those of its actions."""
        own = pipeline.entry.data.get("gates")
        protected = {e.name: e.data for e in self.draft.sections["protect"]}
        theirs = [gate for step in pipeline.steps for gate in protected.get(step.data["uses"], ())]
        return list(dict.fromkeys([*(own if isinstance(own, list) else ()), *theirs]))


class Check(NamedTuple):
    """One question. Its code says what a yes is: rules that do not load (exit 2), or a finding (exit 1)."""

    code: str
    find: Callable[[Subject], Iterable[Problem]]
    # Of a finding: what has to be whole for it, and the errors (by how their codes begin) that it may follow from.
    reads: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def unknown(code: str, name: str, known: Collection[str], place: Place) -> Iterator[Problem]:
    """A problem if `name` is none of those that are known (a set or a mapping: it is asked for every name there is)."""
    if name not in known:
        yield problem(code, place, hint=closest(name, known), name=name, known=either(known))


def tree(text: str) -> Node | None:
    """The syntax tree of an expression; None when it has none, which has been reported where it stands."""
    try:
        return parse(Snippet(text, Place("")))
    except EngineError:
        return None


def nodes(node: Node | None) -> Iterator[Node]:
    """A tree's nodes, itself first."""
    if node is not None:
        yield node
        for child in node.children:
            yield from nodes(child)


def compared(node: Node) -> Iterator[tuple[str, Node, Node]]:
    """The texts that a comparison, `in` or `contains` holds against a value: each, its literal, and the value."""
    if node.kind not in ("comparator", "function_expression") or len(node.children) != 2:
        return
    if node.kind == "function_expression" and (node.value not in ("in", "contains") or _is_searched(node)):
        return
    for literal, other in (node.children, node.children[::-1]):
        if other.kind not in ("literal", "multi_select_list"):
            yield from ((value, one, other) for value, one in literal_texts(literal))


def _is_searched(node: Node) -> bool:
    """Does `contains` look for a text in another, where a part of it is enough?"""
    where, what = node.children
    if node.value != "contains" or where.kind == "multi_select_list":
        return False
    if where.kind == "literal":
        return isinstance(where.value, str)
    listed = any("projection" in one.kind for one in nodes(where))
    return not listed and what.kind == "literal" and isinstance(what.value, str)


def literal_texts(node: Node) -> Iterator[tuple[str, Node]]:
    """The texts of a literal, or of a list of them, each with the literal that it stands in."""
    for one in node.children if node.kind == "multi_select_list" else (node,):
        values = one.value if isinstance(one.value, list) else [one.value]
        if one.kind == "literal":
            yield from ((value, one) for value in values if isinstance(value, str))


def calls(text: str) -> set[str]:
    """The names of the functions that an expression calls."""
    return {str(node.value) for node in nodes(tree(text)) if node.kind == "function_expression"}
