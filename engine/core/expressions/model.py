"""What the rest of the engine sees of an expression. Imports neither parser nor checker."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

from engine.errors import Place

Scope: TypeAlias = Mapping[str, Any]  # root name → value: facts, `event` (in events only), `outputs` (in actions only)


class Kind(Enum):
    """What an expression must yield."""

    BOOLEAN = "boolean"  # `when`, `require`, `reject`, `if`
    VALUE = "value"  # a whole `${…}`: keeps its type
    TEXT = "text"  # text with `${…}` in it


class Trace(NamedTuple):
    """How an expression came to its value: one node per `&&`, `||`, `!` and `define`, one leaf per condition."""

    text: str  # the source of this node
    value: Any  # what it yielded; meaningless when `error` is set
    error: str = ""
    facts: tuple[tuple[str, Any], ...] = ()  # (path, value) that this leaf read: ("pr.base.ref", "dev")
    children: tuple["Trace", ...] = ()


class Part(NamedTuple):
    """One of several conditions that `&&` and `||` join."""

    define: str  # in which; empty: in the expression itself
    text: str


def _none(_: Scope) -> frozenset[tuple[Part, bool]]:
    return frozenset()


class Expression(NamedTuple):
    """A checked expression, ready to be evaluated any number of times."""

    text: str
    kind: Kind
    place: Place
    needs: frozenset[str]  # root names it may read: paths, functions and expanded defines together
    paths: tuple[str, ...]  # dotted paths it reads, in order of appearance
    evaluate: Callable[[Scope], Any]  # raises EngineError (ENG1xx, with the column) instead of guessing
    trace: Callable[[Scope], Trace]  # the same value with its causes; never raises
    parts: tuple[Part, ...] = ()  # that are joined; none where there is one condition only
    decided: Callable[[Scope], frozenset[tuple[Part, bool]]] = _none  # which of them, and what they said; never raises
