"""Checked syntax: what `check` makes of a tree, and what `compile`, `needs` and `trace` read.

Names are resolved here: a field is a fact or a step from a value, a call is a function, a special form or an expanded
`define`. Every term knows its static type and its text.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from engine.core.declare import Function, Schema
from engine.core.expressions.snippet import Snippet, quoted
from engine.core.expressions.types import Defs, Type
from engine.errors import Place

_NONE: Mapping[str, Any] = {}


class Language(NamedTuple):
    """What an expression may name in one position."""

    functions: Mapping[str, Function]
    roots: Mapping[str, Schema]  # visible names with what they hold
    defines: Mapping[str, str] = _NONE
    definitions: Defs = _NONE  # what `#/$defs/…` means in `roots`; a root's own `$defs` come first
    define_places: Mapping[str, Place] = _NONE  # where each define stands, when that is known
    lost: frozenset[str] = frozenset()  # defines that are there and could not be read
    anywhere: frozenset[str] = frozenset()  # names that are visible in some position


class Term(NamedTuple):
    """One node. `kind` says what `value` and `children` are:

    root (name), current, literal (value), field (name; base), index (number; base), slice ((start, stop, step); base),
    project, values (base, each), filter (base, each, condition), bind (base, body), list (items), hash (names; values),
    compare, order (operator; two), and, or, not (operands), call (Function; arguments), expref (body),
    default (path, value), present (path), define (name; body).
    """

    kind: str
    type: Type
    snippet: Snippet
    start: int
    end: int
    value: Any = None
    children: tuple["Term", ...] = ()

    @property
    def text(self) -> str:
        """Its source, on one line."""
        return self.snippet.part(self.start, self.end)

    @property
    def subject(self) -> str:
        """What a message calls it."""
        return quoted(self.text) if self.kind != "current" else "the item"

    @property
    def place(self) -> Place:
        """Where that is."""
        return self.snippet.at(self.start, self.end)


SPECIAL = {
    "default": ("default(path, value)", "The path's value; where the path is missing or null, `value`."),
    "present": ("present(path)", "Is the path there, and not null?"),
}


def usage(function: Function) -> str:
    """`glob(string, string|array[string])`"""
    return f"{function.name}({', '.join(function.parameters)})"


def walk(term: Term) -> Iterator[Term]:
    """This term and all below it, in the order of the text."""
    stack = [term]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(top.children))
