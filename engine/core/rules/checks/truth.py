"""Conditions that are always true, or never, as far as their literals show it.

What is compared with literals becomes a variable whose values are these literals and one other; numbers also have what
lies beside them. Everything else is true or false as it likes. If no assignment makes a difference, that is said of the
largest part of the expression for which it holds. A proof over all states is no business of lint's.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import combinations, product
from math import prod
from operator import eq, ge, gt, le, lt, ne
from typing import Any, NamedTuple, TypeAlias

from engine.core.expressions.parse import Node
from engine.core.expressions.snippet import Snippet, code
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
_OTHERWISE = {"and_expression": ("or_expression", "||"), "or_expression": ("and_expression", "&&")}
_PATH = re.compile(r"[a-z_]{1,40}(?:\.[a-z_]{1,40}){1,8}")
_SIGNS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
# Texts of two of these are never equal.
_WORLDS: Mapping[str, Collection[str]] = {
    "commit": ("sha", "head_sha", "base_sha", "commit_id", "before", "after"),
    "repository": ("repo", "full_name"),
    "login": ("login",),
    "time": ("updated_at", "submitted_at", "created_at", "signed_at", "confirmed_at", "merged_at", "same_since"),
    "branch": ("ref", "branch", "base_ref", "head_ref"),
}
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
            other = _written(right, text)
            if name == other:
                return lambda _: kind in ("eq", "lte", "gte")
            unlike = _worlds(name) and _worlds(other) and _worlds(name) != _worlds(other)
            return (lambda _: kind == "ne") if unlike and kind in ("eq", "ne") else None
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
            if left.children[0].kind == "literal" and isinstance(left.children[0].value, str | list):
                size = len(left.children[0].value)
                return lambda _: bool(_HOLDS[kind](size, wanted))
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


def _worlds(path: str) -> str:
    """What a path names, by its end; empty where it may be anything."""
    end = path.rpartition(".")[2]
    return next((world for world, ends in _WORLDS.items() if end in ends and path != end), "")


def truths(subject: Subject) -> Iterator[Problem]:
    """Conditions, and parts of them, that are always true or never."""
    written = {entry.name: entry.data for entry in subject.draft.sections["define"]}
    # one that is constant is said where it stands, not wherever it is used
    defines = {n: t for n, t in written.items() if (found := tree(t)) and not any(_constant(found, t, {}))}
    for text, place, whole in conditions(subject):
        for node, value in _constant(whole, text, defines):
            at = Snippet(text, place).at(node.start, node.end)
            part = " ".join(text[node.start : node.end].split())
            said, hint = part if len(part) <= 100 else part[:99] + "…", _meant(node, text, defines)
            yield problem("ENG897" if value else "ENG896", at, hint=hint, text=said)
        yield from _one_sided(Snippet(text, place), whole)
        yield from _twice(text, Snippet(text, place), whole)


def _meant(node: Node, text: str, defines: Mapping[str, str]) -> str:
    """How two conditions were meant that exclude each other, or of which one always holds; empty where nobody knows."""
    for one in nodes(node):
        if one.kind == "literal" and isinstance(one.value, str) and _PATH.fullmatch(one.value):
            return f"leave the quotes out: `{one.value}`"
    pairs = [pair for pair in combinations(node.children, 2) if node.kind in _OTHERWISE]
    ways: list[str] = []
    for pair in pairs:
        if any(_value(one, text, defines) is not None for one in pair):
            continue
        both = node._replace(children=pair)
        if _value(both, text, defines) is None:
            continue
        kind, sign = _OTHERWISE[node.kind]
        first, second = pair
        if _value(both._replace(kind=kind), text, defines) is None:
            joined = f"{text[first.start : first.end]} {sign} {text[second.start : second.end]}"
            ways.append(f"join them by `{sign}`" if len(pairs) == 1 else f"write {code(f'({joined})')}")
        turned = (first._replace(value=second.value), second._replace(value=first.value))
        ordered = all(one.kind == "comparator" and one.value in _ORDER for one in pair)
        if ordered and _value(both._replace(children=turned), text, defines) is None:
            ways.insert(0, f"exchange {_exchanged(pair)}")
        break
    return ", or ".join(ways)


def _exchanged(pair: tuple[Node, ...]) -> str:
    """What of two limits stands in the other's place: their values, if the later one comes first, or their signs."""
    limits = []
    for one in pair:
        left, right = one.children
        when = left.children[0].value if left.kind == "function_expression" and left.children else right.value
        limits.append(when if isinstance(when, str | int | float) else "")
    if type(limits[0]) is type(limits[1]) and limits[0] > limits[1]:  # type: ignore[operator]
        return "the two times" if isinstance(limits[0], str) else f"`{limits[0]}` and `{limits[1]}`"
    return f"the signs `{_SIGNS[pair[0].value]}` and `{_SIGNS[pair[1].value]}`"


def _one_sided(snippet: Snippet, whole: Node) -> Iterator[Problem]:
    """Two times of one clock that are both asked from the same side: one of them says nothing."""
    for node in nodes(whole):
        for pair in combinations(node.children, 2) if node.kind == "and_expression" else ():
            after = [_HOLDS[one.value](1, 0) for one in pair if _is_of_clock(one)]
            if len(after) == 2 and after[0] is after[1]:
                timed = sorted(pair, key=lambda one: str(one.children[0].children[0].value), reverse=not after[0])
                idle, other = (snippet.part(one.start, one.end).replace("`0`", "0") for one in timed)
                sign, what = ("<", "end") if after[0] else (">=", "beginning")
                hint = f"write `{sign}` in the one that is the {what} of the window, or leave this one out"
                at = snippet.at(timed[0].start, timed[0].end)
                yield problem("ENG897", at, hint=hint, text=f"{idle}` beside `{other}")


def _is_of_clock(node: Node) -> bool:
    """Is it a comparison of how long ago a certain time was with a number?"""
    if node.kind != "comparator" or node.value not in _ORDER or node.children[1].kind != "literal":
        return False
    asked = node.children[0]
    return (
        asked.kind == "function_expression" and asked.value == "seconds_since" and asked.children[0].kind == "literal"
    )


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
