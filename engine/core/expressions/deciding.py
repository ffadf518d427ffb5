"""Which conditions decided an expression: those without which it would have come out otherwise.

`a && b` that is false has shown nothing of `b` where `a` is false, too. So all sides are asked here, needed or not, and
each is turned over alone: if that changes the answer, it has decided. A `define` is one condition where it is used, and
an expression of its own. For coverage alone; built when first asked for.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from engine.core.expressions.closures import condition
from engine.core.expressions.model import Part, Scope
from engine.core.expressions.terms import Term
from engine.errors import EngineError

_Values: TypeAlias = Mapping[str, bool | None]  # by text; None: it cannot be told


def parts(term: Term) -> tuple[Part, ...]:
    """The conditions that `term` is joined of, and those of its defines; none where nothing is joined."""
    found = [Part(owner, leaf.text) for owner, whole in _wholes(term, "") for leaf in _leaves(whole)]
    return tuple(dict.fromkeys(found))


def decider(term: Term) -> Callable[[Scope], frozenset[tuple[Part, bool]]]:
    """Of a scope: which parts have decided, each with what it said."""
    built: list[list[tuple[str, Term, dict[str, Callable[[Scope], bool | None]]]]] = []

    def decided(scope: Scope) -> frozenset[tuple[Part, bool]]:
        if not built:
            built.append([(o, w, {t.text: _asked(t) for t in _leaves(w)}) for o, w in _wholes(term, "")])
        return frozenset(
            found
            for owner, whole, leaves in built[0]
            for found in _decided(owner, whole, {text: ask(scope) for text, ask in leaves.items()})
        )

    return decided


def _decided(owner: str, whole: Term, values: _Values) -> Iterator[tuple[Part, bool]]:
    answer = _value(whole, values)
    for text, value in values.items():
        if value is not None and _value(whole, {**values, text: not value}) is not answer:
            yield Part(owner, text), value


def _wholes(term: Term, owner: str) -> Iterator[tuple[str, Term]]:
    """Expressions that join conditions, each with the define that it is."""
    if any(one.kind in ("and", "or") for one in _joints(term)):
        yield owner, term
    for leaf in _leaves(term):
        if leaf.kind == "define":
            yield from _wholes(leaf.children[0], str(leaf.value))


def _joints(term: Term) -> Iterator[Term]:
    if term.kind in ("and", "or", "not"):
        yield term
        for child in term.children:
            yield from _joints(child)


def _leaves(term: Term) -> Iterator[Term]:
    if term.kind in ("and", "or", "not"):
        for child in term.children:
            yield from _leaves(child)
    else:
        yield term


def _asked(term: Term) -> Callable[[Scope], bool | None]:
    run = condition(term)

    def value(scope: Scope) -> bool | None:
        try:
            return run(scope, scope) is True
        except EngineError:
            return None

    return value


def _value(term: Term, values: _Values) -> bool | None:
    """As it is evaluated: from the left, until one decides."""
    if term.kind == "not":
        inner = _value(term.children[0], values)
        return None if inner is None else not inner
    if term.kind not in ("and", "or"):
        return values[term.text]
    decisive = term.kind == "or"
    for child in term.children:
        value = _value(child, values)
        if value is None or value is decisive:
            return value
    return not decisive
