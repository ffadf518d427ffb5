"""Reading from a document: paths, indices, projections and filters, where anything missing is an error with its place.

The handlers are given `compiled`, the table's own function, for the terms below theirs.
"""

from typing import Any

from engine.core.expressions import types
from engine.core.expressions.conditions import Compile, Evaluate, judged
from engine.core.expressions.model import Scope
from engine.core.expressions.snippet import quoted
from engine.core.expressions.terms import Term
from engine.errors import EngineError, failure


def root(term: Term, _compiled: Compile) -> Evaluate:
    """A fact; one that is not in the scope is an error, however it is asked for."""
    name = term.value

    def read(_node: Any, scope: Scope) -> Any:
        try:
            return scope[name]
        except KeyError:
            raise failure("ENG130", term.place, name=name) from None

    return read


def field(term: Term, compiled: Compile) -> Evaluate:
    """A field of something; a path from a fact takes no closure per step."""
    names: list[str] = []
    base = term
    while base.kind == "field":
        names.append(base.value)
        base = base.children[0]
    names.reverse()
    if base.kind == "root":
        return _path(term, base.value, names)
    if base.kind == "current" and len(names) == 1:
        name = names[0]

        def of_item(node: Any, _scope: Scope) -> Any:
            try:
                return node[name]
            except (KeyError, TypeError):
                raise _missing(term, node, name) from None

        return of_item
    before, last = compiled(term.children[0]), names[-1]

    def step(node: Any, scope: Scope) -> Any:
        value = before(node, scope)
        try:
            return value[last]
        except (KeyError, TypeError):
            raise _missing(term, value, last) from None

    return step


def _path(term: Term, root: str, names: list[str]) -> Evaluate:
    """`pr.base.ref`: no closure per step."""

    def why(scope: Scope) -> EngineError:
        steps = [term]
        while steps[-1].kind == "field":
            steps.append(steps[-1].children[0])
        if root not in scope:
            return failure("ENG130", steps[-1].place, name=root)
        value = scope[root]
        for step in steps[-2::-1]:
            if not isinstance(value, dict) or step.value not in value:
                return _missing(step, value, step.value)
            value = value[step.value]
        raise AssertionError("the path is there")

    if len(names) == 1:
        (first,) = names

        def path1(_node: Any, scope: Scope) -> Any:
            try:
                return scope[root][first]
            except (KeyError, TypeError):
                raise why(scope) from None

        return path1
    if len(names) == 2:
        first, second = names

        def path2(_node: Any, scope: Scope) -> Any:
            try:
                return scope[root][first][second]
            except (KeyError, TypeError):
                raise why(scope) from None

        return path2

    def path(_node: Any, scope: Scope) -> Any:
        try:
            value = scope[root]
            for name in names:
                value = value[name]
            return value
        except (KeyError, TypeError):
            raise why(scope) from None

    return path


def _missing(term: Term, value: Any, wanted: object) -> EngineError:
    """Why the last step of `term` cannot be taken from `value`."""
    if type(value) is {"field": dict, "index": list}.get(term.kind):
        return failure("ENG131", term.place, subject=quoted(term.text), text=term.text)
    name = {"field": f"field `{wanted}`", "index": f"item [{wanted}]", "slice": "slice"}[term.kind]
    return _no_step(term, term.children[0], value, name)


def _no_step(term: Term, base: Term, value: Any, wanted: str) -> EngineError:
    way = "the document does not have the shape it should"
    if value is None:
        way = f"ask `present({base.text})` first" if base.kind != "current" else "the list has a null in it"
    return failure("ENG123", term.place, subject=base.subject, found=types.said(value), wanted=wanted, way=way)


def index(term: Term, compiled: Compile) -> Evaluate:
    """`a[0]`, `a[-1]`"""
    before, number = compiled(term.children[0]), term.value

    def run(node: Any, scope: Scope) -> Any:
        value = before(node, scope)
        if type(value) is list and -len(value) <= number < len(value):
            return value[number]
        raise _missing(term, value, number)

    return run


def cut(term: Term, compiled: Compile) -> Evaluate:
    """`a[1:3]`"""
    before, part = compiled(term.children[0]), slice(*term.value)

    def run(node: Any, scope: Scope) -> Any:
        value = before(node, scope)
        if type(value) is list:
            return value[part]
        raise _missing(term, value, term.value)

    return run


def bind(term: Term, compiled: Compile) -> Evaluate:
    """`a.[b, c]`, `a | length(@)`: something built from a value."""
    base, body = compiled(term.children[0]), compiled(term.children[1])
    return lambda node, scope: body(base(node, scope), scope)


def items_of(term: Term, compiled: Compile) -> Evaluate:
    """`[a, b]`; of null there are none, where JMESPath makes null of all."""
    items = [compiled(c) for c in term.children]

    def run(node: Any, scope: Scope) -> list[Any]:
        if node is None:
            raise _no_step(term, term._replace(kind="current"), node, "parts")
        return [i(node, scope) for i in items]

    return run


def fields_of(term: Term, compiled: Compile) -> Evaluate:
    """`{x: a, y: b}`; of null there are none."""
    fields = [(name, compiled(c)) for name, c in zip(term.value, term.children, strict=True)]

    def run(node: Any, scope: Scope) -> dict[str, Any]:
        if node is None:
            raise _no_step(term, term._replace(kind="current"), node, "parts")
        return {name: f(node, scope) for name, f in fields}

    return run


def _items(term: Term, compiled: Compile) -> Evaluate:
    """What a projection goes over."""
    base, first = compiled(term.children[0]), term.children[0]
    wanted: Any = dict if term.kind == "values" else list
    name = "values `.*`" if term.kind == "values" else "items"

    def items(node: Any, scope: Scope) -> Any:
        value = base(node, scope)
        if type(value) is not wanted:
            raise _no_step(term, first, value, name)
        if term.kind == "values":  # in the order of names: a replayed document may have been written in another
            return [value[k] for k in sorted(value)]
        return value

    return items


def project(term: Term, compiled: Compile) -> Evaluate:
    """`a[*].b`, `a.*.b`, `a[?c].b`; a null among the results is an error, where JMESPath leaves it out."""
    items, each = _items(term, compiled), compiled(term.children[1])
    keep = judged(term.children[2], compiled) if term.kind == "filter" else None

    def run(node: Any, scope: Scope) -> Any:
        values = items(node, scope)
        if keep is not None:
            values = [v for v in values if keep(v, scope)]
        result = [each(v, scope) for v in values]
        if None in result:
            raise failure("ENG132", term.place, subject=quoted(term.text))
        return result

    return run


def soft(term: Term, compiled: Compile) -> Evaluate:
    """The value of a path, None when a step is missing. A fact that is not there stays an error, a wrong type too."""
    steps: list[Term] = []
    base = term
    while base.kind in ("field", "index"):
        steps.append(base)
        base = base.children[0]
    steps.reverse()
    start = compiled(base)

    def run(node: Any, scope: Scope) -> Any:
        value = start(node, scope)
        for step in steps:
            if value is None:
                return None
            wanted = step.value
            if type(wanted) is str and type(value) is dict:
                value = value.get(wanted)
            elif type(wanted) is int and type(value) is list:
                value = value[wanted] if -len(value) <= wanted < len(value) else None
            else:
                raise _missing(step, value, wanted)
        return value

    return run
