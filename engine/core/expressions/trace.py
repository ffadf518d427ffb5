"""Why an expression came out as it did: the conditions that were asked, and the facts that each of them saw.

Short circuits are kept: what was not needed for the answer is not in the tree. Built when first asked for, because
most expressions are never explained.
"""

from collections.abc import Callable, Sequence
from typing import Any

from engine.core.expressions.closures import compiled, condition
from engine.core.expressions.conditions import Evaluate
from engine.core.expressions.model import Scope, Trace
from engine.core.expressions.needs import Every, Path, paths, written
from engine.core.expressions.terms import Term
from engine.errors import EngineError

Tracer = Callable[[Scope], Trace]


def tracer(term: Term, boolean: bool) -> Tracer:
    """The explanation of `term`, as a condition or as a value."""
    built: list[Tracer] = []

    def trace(scope: Scope) -> Trace:
        if not built:
            built.append(_tracer(term, boolean))
        return built[0](scope)

    return trace


def text_tracer(text: str, terms: Sequence[Term], evaluate: Callable[[Scope], str]) -> Tracer:
    """The explanation of a text: one child per `${…}`."""
    parts = [tracer(t, False) for t in terms]

    def trace(scope: Scope) -> Trace:
        value, error = _try(lambda _, s: evaluate(s), scope)
        return Trace(text, value, error, (), tuple(p(scope) for p in parts))

    return trace


def _try(run: Evaluate, scope: Scope) -> tuple[Any, str]:
    try:
        return run(scope, scope), ""
    except EngineError as e:
        return None, e.problems[0].message


def _tracer(term: Term, boolean: bool) -> Tracer:
    if term.kind in ("and", "or"):
        return _junction(term, term.kind == "or")
    if term.kind == "not":
        return _wrapped(term, _tracer(term.children[0], True), lambda value: not value)
    if term.kind == "define":
        return _wrapped(term, _tracer(term.children[0], boolean), lambda value: value)
    return _leaf(term, condition(term) if boolean else compiled(term))


def _leaf(term: Term, run: Evaluate) -> Tracer:
    text, read = term.text, [(written(p), p) for p in paths(term)]

    def trace(scope: Scope) -> Trace:
        value, error = _try(run, scope)
        seen = tuple((name, found[0]) for name, path in read if (found := _look(scope, path)))
        return Trace(text, value, error, seen)

    return trace


def _wrapped(term: Term, inner: Tracer, result: Callable[[Any], Any]) -> Tracer:
    text = term.text

    def trace(scope: Scope) -> Trace:
        child = inner(scope)
        return Trace(text, None if child.error else result(child.value), child.error, (), (child,))

    return trace


def _junction(term: Term, decisive: bool) -> Tracer:
    text, operands = term.text, [_tracer(c, True) for c in term.children]

    def trace(scope: Scope) -> Trace:
        children: list[Trace] = []
        for operand in operands:
            children.append(operand(scope))
            if children[-1].error or children[-1].value is decisive:
                break
        last = children[-1]
        return Trace(text, last.value, last.error, (), tuple(children))

    return trace


def _look(value: Any, path: Path) -> tuple[Any] | None:
    """What is there, wrapped; None: nothing. Shows only what is present, as it judges nothing."""
    for i, step in enumerate(path):
        if isinstance(step, Every):
            items = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
            return ([found[0] for v in items if (found := _look(v, path[i + 1 :]))],)
        try:
            value = value[step]
        except (LookupError, TypeError):
            return None
    return (value,)
