"""Terms as nested closures: each judges its own operands strictly, and guesses nothing.

The common shapes (a path, a comparison with a text) have a short way; whatever leaves it goes on to find out what is
wrong and where.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.expressions import conditions, steps, types
from engine.core.expressions.conditions import Compile, Evaluate
from engine.core.expressions.model import Scope
from engine.core.expressions.standard import UnanswerableError
from engine.core.expressions.terms import Term, usage
from engine.errors import EngineError, failure


def compiled(term: Term) -> Evaluate:
    """The closure that evaluates `term`."""
    return _COMPILE[term.kind](term, compiled)


def condition(term: Term) -> Evaluate:
    """The same, for a place where only true or false will do."""
    return conditions.judged(term, compiled)


def _literal(term: Term, _: Compile) -> Evaluate:
    value = term.value
    return lambda _node, _scope: value


def _current(_: Term, __: Compile) -> Evaluate:
    return lambda node, _scope: node


def _default(term: Term, compiled: Compile) -> Evaluate:
    path, value = steps.soft(term.children[0], compiled), compiled(term.children[1])

    def default(node: Any, scope: Scope) -> Any:
        found = path(node, scope)
        return value(node, scope) if found is None else found

    return default


def _present(term: Term, compiled: Compile) -> Evaluate:
    path = steps.soft(term.children[0], compiled)
    return lambda node, scope: path(node, scope) is not None


def _expref(term: Term, compiled: Compile) -> Evaluate:
    body = compiled(term.children[0])
    return lambda _node, scope: lambda value: body(value, scope)


def _define(term: Term, compiled: Compile) -> Evaluate:
    body = compiled(term.children[0])
    return lambda _node, scope: body(scope, scope)


def _call(term: Term, compiled: Compile) -> Evaluate:
    function, facts = term.value, term.value.facts
    ask, name = function.call, function.name
    wanted = [p.rstrip("?.") for p in function.parameters]
    wanted += wanted[-1:] * (len(term.children) - len(wanted))
    arguments = [
        (compiled(a), None if a.kind == "literal" else types.acceptor(types.declared(w)))
        for a, w in zip(term.children, wanted, strict=False)
    ]

    def refused(position: int, value: Any) -> EngineError:
        argument = term.children[position]
        return failure(
            "ENG112", argument.place,
            name=name, wanted=wanted[position], number=position + 1, subject=argument.subject, found=types.said(value),
            usage=f"`{usage(function)}`",
        )  # fmt: skip

    def call(node: Any, scope: Scope) -> Any:
        for fact in facts:
            if fact not in scope:
                raise failure("ENG130", term.place, name=fact)
        values = [a(node, scope) for a, _ in arguments]
        for i, (_, accepts) in enumerate(arguments):
            if accepts is not None and not accepts(values[i]):
                raise refused(i, values[i])
        try:
            return ask(scope, *values)
        except UnanswerableError as e:
            reason = str(e)
        except (LookupError, TypeError, AttributeError):
            reason = "the facts do not have the shape that schemas/facts.schema.json declares"
        except (ArithmeticError, ValueError):
            reason = "the numbers are too large"
        except RecursionError:
            reason = "the document is nested too deeply"
        raise failure("ENG133", term.place, name=name, reason=reason, usage=f"`{usage(function)}`")

    return call


_COMPILE: Mapping[str, Callable[[Term, Compile], Evaluate]] = {
    "literal": _literal,
    "current": _current,
    "root": steps.root,
    "field": steps.field,
    "index": steps.index,
    "slice": steps.cut,
    "bind": steps.bind,
    "project": steps.project,
    "values": steps.project,
    "filter": steps.project,
    "list": steps.items_of,
    "hash": steps.fields_of,
    "not": conditions.negation,
    "and": conditions.conjunction,
    "or": conditions.disjunction,
    "compare": conditions.comparison,
    "order": conditions.ordering,
    "default": _default,
    "present": _present,
    "expref": _expref,
    "define": _define,
    "call": _call,
}
