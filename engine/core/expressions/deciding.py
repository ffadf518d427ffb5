"""Which conditions decided an expression: those without which it would have come out otherwise.

`a && b` that is false has shown nothing of `b` where `a` is false, too. So all sides are asked here, needed or not, and
each is turned over alone: if that changes the answer, it has decided. A `define` is one condition where it is used, and
an expression of its own; so is what stands in a filter (`[?…]`), asked of each item. For coverage alone; built when
first asked for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from engine.core.expressions.closures import compiled, condition
from engine.core.expressions.conditions import Evaluate
from engine.core.expressions.model import Part, Scope
from engine.core.expressions.terms import Term
from engine.errors import EngineError

_JOINING = ("and", "or", "not")
_Ask: TypeAlias = Callable[[Any, Scope], bool | None]
_Values: TypeAlias = Mapping[str, bool | None]  # by text; None: it cannot be told


def parts(term: Term) -> tuple[Part, ...]:
    """The conditions that `term` is joined of, and those of its defines; none where nothing is joined."""
    found = [Part(whole.owner, leaf.text) for whole in _wholes(term, "") for leaf in _leaves(whole.term)]
    return tuple(dict.fromkeys(found))


def decider(term: Term) -> Callable[[Scope], frozenset[tuple[Part, bool]]]:
    """Of a scope: which parts have decided, each with what it said."""
    built: list[list[tuple[_Whole, dict[str, _Ask]]]] = []

    def decided(scope: Scope) -> frozenset[tuple[Part, bool]]:
        if not built:
            built.append([(w, {t.text: _asked(t) for t in _leaves(w.term)}) for w in _wholes(term, "")])
        return frozenset(
            found
            for whole, leaves in built[0]
            for item in whole.items(scope)
            for found in _decided(whole.owner, whole.term, {text: ask(item, scope) for text, ask in leaves.items()})
        )

    return decided


def _decided(owner: str, whole: Term, values: _Values) -> Iterator[tuple[Part, bool]]:
    answer = _value(whole, values)
    for text, value in values.items():
        if value is not None and _value(whole, {**values, text: not value}) is not answer:
            yield Part(owner, text), value


class _Whole(NamedTuple):
    """An expression that joins conditions, or that a filter asks of each item of a list."""

    owner: str  # the define that it is in
    term: Term
    listed: Evaluate | None = None  # of a filter: the list

    def items(self, scope: Scope) -> Sequence[Any]:
        """What it is asked of."""
        if self.listed is None:
            return (scope,)
        try:
            found = self.listed(scope, scope)
        except EngineError:
            return ()
        return found if isinstance(found, list | tuple) else ()


def _wholes(term: Term, owner: str) -> Iterator[_Whole]:
    if any(one.kind in ("and", "or") for one in _joints(term)):
        yield _Whole(owner, term)
    for leaf in _leaves(term):
        yield from _inside(leaf, owner)


def _inside(term: Term, owner: str) -> Iterator[_Whole]:
    """The filters of a condition, and the conditions of its defines."""
    if term.kind == "define":
        yield from _wholes(term.children[0], str(term.value))
        return
    if term.kind == "filter" and not _reads_an_item(term.children[0]):
        yield _Whole(owner, term.children[2], compiled(term.children[0]))
    for child in term.children:
        yield from _inside(child, owner)


def _reads_an_item(term: Term) -> bool:
    """Is it of an item of another list, so that it is no list by itself?"""
    return term.kind == "current" or any(map(_reads_an_item, term.children))


def _joints(term: Term) -> Iterator[Term]:
    if term.kind in _JOINING:
        yield term
        for child in term.children:
            yield from _joints(child)


def _leaves(term: Term) -> Iterator[Term]:
    if term.kind in _JOINING:
        for child in term.children:
            yield from _leaves(child)
    else:
        yield term


def _asked(term: Term) -> _Ask:
    run = condition(term)

    def value(node: Any, scope: Scope) -> bool | None:
        try:
            return run(node, scope) is True
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
