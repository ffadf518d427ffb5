"""Checked expressions from text: the one door for rules, inputs and messages."""

from collections.abc import Callable
from typing import Any

from engine.core.expressions import types
from engine.core.expressions.check import check
from engine.core.expressions.closures import compiled, condition
from engine.core.expressions.conditions import Evaluate
from engine.core.expressions.deciding import decider, parts
from engine.core.expressions.interpolate import Piece, pieces
from engine.core.expressions.model import Expression, Kind, Scope
from engine.core.expressions.needs import needs, paths, written
from engine.core.expressions.snippet import Snippet
from engine.core.expressions.terms import SPECIAL, Language, Term
from engine.core.expressions.trace import text_tracer, tracer
from engine.errors import EngineError, Errors, Place, Problem, failure

__all__ = ["Language", "check_defines", "compile_expression", "compile_text"]


def compile_expression(text: str, kind: Kind, place: Place, language: Language) -> Expression:
    """A condition (`Kind.BOOLEAN`) or a value from `text`, which starts at `place`.

    Raises:
        EngineError: every problem of the text, with its column.
    """
    return _expression(Snippet(text, place), kind, language)


def compile_text(text: str, place: Place, language: Language) -> Expression | str:
    """A text of the rules: literal, or with `${…}`. One `${…}` that is the whole text keeps the type of its value.

    Raises:
        EngineError: every problem of the text, with its column.
    """
    found = pieces(text, place)
    if all(isinstance(p, str) for p in found):
        return "".join(p for p in found if isinstance(p, str))
    if len(found) == 1 and isinstance(found[0], Snippet):
        return _expression(found[0], Kind.VALUE, language)
    return _text(text, place, found, language)


def check_defines(language: Language) -> tuple[Problem, ...]:
    """What is wrong with the defines themselves; `language.roots` should be every name that any position knows."""
    errors = Errors()
    for name, text in language.defines.items():
        place = language.define_places.get(name, Place("define"))
        if name in language.functions or name in SPECIAL:
            errors.add("ENG121", place, name=name)
        elif not (name.isascii() and name.isidentifier()):
            errors.add("ENG122", place, name=name)
        else:
            try:
                check(Snippet(text, place), language, errors, within=(name,))
            except EngineError as e:
                errors.extend(e.problems)
    return errors.problems


def _expression(snippet: Snippet, kind: Kind, language: Language) -> Expression:
    errors = Errors()
    boolean = kind is Kind.BOOLEAN
    term = _checked(snippet, language, errors, boolean)
    errors.check()
    assert term is not None
    run: Evaluate = condition(term) if boolean else compiled(term)
    return Expression(
        text=snippet.text,
        kind=kind,
        place=snippet.at(0, len(snippet.text)),
        needs=needs(term),
        paths=tuple(written(p) for p in paths(term)),
        evaluate=lambda scope: run(scope, scope),
        trace=tracer(term, boolean),
        parts=parts(term) if boolean else (),
        decided=decider(term),
    )


def _checked(snippet: Snippet, language: Language, errors: Errors, boolean: bool = False) -> Term | None:
    try:
        return check(snippet, language, errors, boolean)
    except EngineError as e:
        errors.extend(e.problems)
        return None


def _text(text: str, place: Place, found: list[Piece], language: Language) -> Expression:
    errors = Errors()
    checked = [p if isinstance(p, str) else _checked(p, language, errors) for p in found]
    terms = [t for t in checked if isinstance(t, Term)]
    for term in terms:
        if not term.type.kinds & types.SCALAR.kinds:
            from engine.core.expressions import meant

            errors.add("ENG125", term.place, hint=meant.shown(term), subject=term.subject, found=term.type)
    errors.check()
    runs = [p if isinstance(p, str) else _scalar(p) for p in checked if p is not None]

    def evaluate(scope: Scope) -> str:
        return "".join(r if isinstance(r, str) else r(scope) for r in runs)

    return Expression(
        text=text,
        kind=Kind.TEXT,
        place=place,
        needs=frozenset[str]().union(*(needs(t) for t in terms)),
        paths=tuple(dict.fromkeys(written(p) for t in terms for p in paths(t))),
        evaluate=evaluate,
        trace=text_tracer(text, terms, evaluate),
    )


def _scalar(term: Term) -> Callable[[Scope], str]:
    run = compiled(term)

    def text(scope: Scope) -> str:
        value: Any = run(scope, scope)
        if isinstance(value, str):
            return value
        if value is True or value is False:
            return "true" if value else "false"
        if isinstance(value, int | float):
            return repr(value)
        raise failure("ENG125", term.place, subject=term.subject, found=types.said(value))

    return text
