"""Conditions that are always true, or never, as far as their literals show it.

What is compared with literals becomes a variable whose values are these literals and one other; numbers also have what
lies beside them. Everything else is true or false as it likes. If no assignment makes a difference, that is said of the
largest part of the expression for which it holds. A proof over all states is no business of lint's.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from math import prod
from operator import eq, ge, gt, le, lt, ne
from typing import Any, NamedTuple, TypeAlias

from engine.core.expressions.parse import Node
from engine.core.expressions.snippet import Snippet
from engine.core.rules.checks.literals import conditions, epoch
from engine.core.rules.checks.subject import Check, Subject, nodes, tree
from engine.errors import Problem, problem

_MOST = 4_096  # assignments that are tried; of more nothing is said
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {"lt": lt, "lte": le, "gt": gt, "gte": ge}
_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {**_ORDER, "eq": eq, "ne": ne}
_TURNED = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}
# What was before now, whatever it is of.
_PAST = (
    "updated_at",
    "submitted_at",
    "created_at",
    "signed_at",
    "confirmed_at",
    "merged.at",
    "merged_at",
    "same_since",
)
_LOGIC = ("and_expression", "or_expression", "not_expression")
_DEEPEST = 16  # defines within defines

Values: TypeAlias = Mapping[str, Any]
Formula: TypeAlias = Callable[[Values], bool]


class _Other:
    """A value that no literal names."""


_OTHER = _Other()


class _Reading(NamedTuple):
    """What an expression depends on: variable → the values that make a difference, by how they are written."""

    domains: dict[str, dict[str, Any]]
    defines: Mapping[str, str]

    def may_be(self, name: str, *values: Any) -> None:
        """`values` make a difference to this variable."""
        self.domains.setdefault(name, {}).update((repr(value), value) for value in values)

    def formula(self, node: Node, text: str, depth: int = 0) -> Formula:
        """The value of a condition, given the values of its variables."""
        if node.kind in _LOGIC:
            parts = [self.formula(child, text, depth) for child in node.children]
            if node.kind == "not_expression":
                return lambda values: not parts[0](values)
            joined = all if node.kind == "and_expression" else any
            return lambda values: joined(part(values) for part in parts)
        if node.kind == "literal" and isinstance(node.value, bool):
            return lambda _: bool(node.value)
        inner = self.defines.get(node.value) if node.kind == "function_expression" else None
        if inner is not None and not node.children and depth < _DEEPEST and (found := tree(inner)):
            return self.formula(found, inner, depth + 1)
        return self._comparison(node, text) or self._free(_written(node, text))

    def _free(self, name: str) -> Formula:
        self.may_be(name, True, False)
        return lambda values: values[name] is True

    def _comparison(self, node: Node, text: str) -> Formula | None:
        if len(node.children) != 2:
            return None
        (left, right), kind = node.children, node.value
        if node.kind == "function_expression" and kind in ("in", "contains"):
            value, listed = (left, right) if kind == "in" else (right, left)
            return self._one_of(value, listed, text)
        if node.kind != "comparator":
            return None
        if left.kind == "literal":
            left, right, kind = right, left, _TURNED.get(kind, kind)
        name = _written(left, text)
        if right.kind != "literal":
            if name != _written(right, text):
                return None
            return lambda _: kind in ("eq", "lte", "gte")
        wanted = right.value
        if kind in _ORDER:
            return self._ordered(left, name, kind, wanted)
        if isinstance(wanted, list | dict):
            return None
        if left.kind == "literal":
            return lambda _: (left.value == wanted) is (kind == "eq")
        if isinstance(wanted, bool):
            self.may_be(name, True, False)
        elif isinstance(wanted, int | float):
            return self._ordered(left, name, kind, wanted)
        else:
            self.may_be(name, wanted, _OTHER)
        return lambda values: (values[name] == wanted) is (kind == "eq")

    def _one_of(self, value: Node, listed: Node, text: str) -> Formula | None:
        items = listed.children if listed.kind == "multi_select_list" else ()
        found = [item.value for item in items] if items else listed.value if listed.kind == "literal" else None
        if not isinstance(found, list) or any(item.kind != "literal" for item in items) or value.kind == "literal":
            return None
        texts = [item for item in found if isinstance(item, str)]
        name = _written(value, text)
        self.may_be(name, _OTHER, *texts)
        return lambda values: values[name] in texts

    def _ordered(self, left: Node, name: str, kind: str, wanted: Any) -> Formula | None:
        if isinstance(wanted, bool) or not isinstance(wanted, int | float):
            return None
        least, shift = float("-inf"), 0.0
        if left.kind == "function_expression" and left.value == "length":
            least = 0
        elif left.kind == "function_expression" and left.value == "seconds_since":
            (when,) = left.children
            begin = epoch(when.value) if when.kind == "literal" and isinstance(when.value, str) else None
            if begin is not None:
                name, shift = "now", begin  # two windows of one clock
            elif when.kind == "field" and when.value == "now":
                return lambda _: bool(_HOLDS[kind](0, wanted))
            elif name.removesuffix(")").endswith(_PAST):
                least = 0
            else:
                return None
        limit = wanted + shift
        self.may_be(name, *(one for one in (limit - 1, limit, limit + 1) if one >= least))
        holds = _HOLDS[kind]
        return lambda values: isinstance(values[name], int | float) and holds(values[name], limit)


def _written(node: Node, text: str) -> str:
    """One spelling of a value, without the parentheses around it."""
    written = "".join(text[node.start : node.end].split())
    while written[:1] == "(" and written[-1:] == ")":
        written = written[1:-1]
    return written


def truths(subject: Subject) -> Iterator[Problem]:
    """Conditions, and parts of them, that are always true or never."""
    written = {entry.name: entry.data for entry in subject.draft.sections["define"]}
    # one that is constant is said where it stands, not wherever it is used
    defines = {n: t for n, t in written.items() if (found := tree(t)) and not any(_constant(found, t, {}))}
    for text, place, whole in conditions(subject):
        for node, value in _constant(whole, text, defines):
            at = Snippet(text, place).at(node.start, node.end)
            part = " ".join(text[node.start : node.end].split())
            yield problem("ENG897" if value else "ENG896", at, text=part if len(part) <= 100 else part[:99] + "…")
        yield from _twice(text, Snippet(text, place), whole)


def _twice(text: str, snippet: Snippet, whole: Node) -> Iterator[Problem]:
    """What `&&` or `||` joins with itself: one of the two was to be something else."""
    for node in nodes(whole):
        if node.kind in ("and_expression", "or_expression"):
            seen: set[str] = set()
            for child in node.children:
                written = _written(child, text)
                if written in seen:
                    sign = "&&" if node.kind == "and_expression" else "||"
                    part = snippet.part(child.start, child.end)
                    yield problem("ENG976", snippet.at(child.start, child.end), text=part, sign=sign)
                seen.add(written)


def _constant(node: Node, text: str, defines: Mapping[str, str]) -> Iterator[tuple[Node, bool]]:
    """The largest parts that have one value."""
    if node.kind in (*_LOGIC, "comparator") or (node.kind == "literal" and isinstance(node.value, bool)):
        value = _value(node, text, defines)
        if value is not None:
            yield node, value
            return
    if node.kind in _LOGIC:
        for child in node.children:
            yield from _constant(child, text, defines)


def _value(node: Node, text: str, defines: Mapping[str, str]) -> bool | None:
    """True or false where all assignments come to it; None: they differ, or are too many."""
    reading = _Reading({}, defines)
    formula = reading.formula(node, text)
    names, domains = list(reading.domains), [list(d.values()) for d in reading.domains.values()]
    if prod(map(len, domains)) > _MOST or any(_is_reference(n) for n in nodes(node)):
        return None
    first: bool | None = None
    for values in product(*domains):
        found = formula(dict(zip(names, values, strict=True)))
        if first is not None and found is not first:
            return None
        first = found
    return first


def _is_reference(node: Node) -> bool:
    return node.kind == "expref"


CHECKS = (Check("ENG896", truths),)
