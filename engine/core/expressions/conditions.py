"""Conditions: `!`, `&&`, `||` take only true and false, `==` only like and like, `<` only numbers."""

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from engine.core.expressions import types
from engine.core.expressions.model import Scope
from engine.core.expressions.standard import equal
from engine.core.expressions.terms import Term
from engine.errors import failure

Evaluate: TypeAlias = Callable[[Any, Scope], Any]  # (current node, scope) → value
Compile: TypeAlias = Callable[[Term], Evaluate]

_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
# Terms whose closures yield true or false and nothing else.
_BOOLEAN = frozenset({"compare", "order", "and", "or", "not", "present"})
_NUMBERS = frozenset({int, float})
_SCALARS = frozenset({str, int, float, bool})


def judged(term: Term, compiled: Compile) -> Evaluate:
    """The closure of `term` in a place where only true or false will do."""
    run = compiled(term)
    if term.kind in _BOOLEAN or (term.kind == "literal" and term.type.only("boolean")):
        return run

    def checked(node: Any, scope: Scope) -> bool:
        value = run(node, scope)
        if value is True or value is False:
            return value
        raise failure("ENG113", term.place, subject=term.subject, found=types.said(value))

    return checked


def negation(term: Term, compiled: Compile) -> Evaluate:
    """`!a`"""
    operand = judged(term.children[0], compiled)
    return lambda node, scope: not operand(node, scope)


def conjunction(term: Term, compiled: Compile) -> Evaluate:
    """`a && b && …`"""
    operands = [judged(c, compiled) for c in term.children]
    if len(operands) == 2:
        left, right = operands
        return lambda node, scope: left(node, scope) and right(node, scope)

    return lambda node, scope: all(operand(node, scope) for operand in operands)


def disjunction(term: Term, compiled: Compile) -> Evaluate:
    """`a || b || …`"""
    operands = [judged(c, compiled) for c in term.children]
    if len(operands) == 2:
        left, right = operands
        return lambda node, scope: left(node, scope) or right(node, scope)

    return lambda node, scope: any(operand(node, scope) for operand in operands)


def comparison(term: Term, compiled: Compile) -> Evaluate:
    """`a == b` and `a != b`."""
    first, second = term.children
    left, right, wanted = compiled(first), compiled(second), term.value == "=="
    may_be_null = first.type.nullable, second.type.nullable

    def slow(a: Any, b: Any) -> bool:
        """Anything but two scalars of one type."""
        for value, null_allowed, side in ((a, may_be_null[0], first), (b, may_be_null[1], second)):
            if value is None and not null_allowed:
                raise failure("ENG134", side.place, subject=side.subject, text=side.text)
        if a is None or b is None:
            return (a is b) is wanted
        if types.kind(a) == types.kind(b):
            return equal(a, b) is wanted
        raise failure(
            "ENG114", second.place,
            left=first.subject, left_type=types.said(a), right=second.subject, right_type=types.said(b),
        )  # fmt: skip

    if second.kind == "literal" and type(second.value) in _SCALARS:
        literal, class_ = second.value, type(second.value)

        def with_literal(node: Any, scope: Scope) -> bool:
            value = left(node, scope)
            if type(value) is class_:
                return (value == literal) is wanted
            return slow(value, literal)

        return with_literal

    def compare(node: Any, scope: Scope) -> bool:
        a, b = left(node, scope), right(node, scope)
        class_ = type(a)
        if class_ is type(b) and class_ in _SCALARS:
            return (a == b) is wanted
        return slow(a, b)

    return compare


def ordering(term: Term, compiled: Compile) -> Evaluate:
    """`a < b` and its like."""
    first, second = term.children
    left, right, ordered = compiled(first), compiled(second), _ORDER[term.value]

    def order(node: Any, scope: Scope) -> bool:
        a, b = left(node, scope), right(node, scope)
        if type(a) in _NUMBERS and type(b) in _NUMBERS:
            return ordered(a, b)
        side, value = (second, b) if type(a) in _NUMBERS else (first, a)
        raise failure("ENG115", side.place, subject=side.subject, found=types.said(value))

    return order
