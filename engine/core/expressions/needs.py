"""Which facts an expression may read, and which paths in them: decided from its terms, before anything is fetched."""

from collections.abc import Iterable
from enum import Enum
from functools import cache
from typing import TypeAlias

from engine.core.declare import Function
from engine.core.expressions.terms import Term, walk


class Every(Enum):
    """A step to all parts at once."""

    ITEM = "[*]"
    VALUE = ".*"


Path: TypeAlias = tuple["str | int | Every", ...]


def needs(term: Term) -> frozenset[str]:
    """Names of the facts that evaluating `term` can touch."""
    found: set[str] = set()
    for t in walk(term):
        if t.kind == "root":
            found.add(t.value)
        elif t.kind == "call":
            found.update(t.value.facts)
    return frozenset(found)


def paths(term: Term) -> tuple[Path, ...]:
    """What `term` reads, in order of appearance; not a list beside the parts of its items that were read."""
    read: dict[Path, None] = {}
    _use(term, (), read)
    return tuple(p for p in read if not any(len(o) > len(p) and o[: len(p)] == p for o in read))


def written(path: Path) -> str:
    """`reviews[*].user.login`"""
    text = ""
    for step in path:
        if isinstance(step, Every):
            text += step.value
        elif isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step if step.isascii() and step.isidentifier() else f'"{step}"'
            text += f".{name}" if text else name
    return text


@cache
def _declared(path: str) -> Path:
    """A path in a function's row: names, `[*]` and `.*` only."""
    steps: list[str | int | Every] = []
    for part in path.split("."):
        name = part.removesuffix("[*]")
        steps.append(Every.VALUE if name == "*" else name)
        if name != part:
            steps.append(Every.ITEM)
    return tuple(steps)


def _use(term: Term, here: Path, read: dict[Path, None]) -> None:
    path = _walk(term, here, read)
    while path[-1:] == (Every.ITEM,):
        path = path[:-1]
    if path:
        read[path] = None


def _all(terms: Iterable[Term], here: Path, read: dict[Path, None]) -> None:
    for term in terms:
        _use(term, here, read)


def _walk(term: Term, here: Path, read: dict[Path, None]) -> Path:
    """Where the value of `term` is; empty when it is a new value, whose parts have been read."""
    kind, children = term.kind, term.children
    if kind == "root":
        return (term.value,)
    if kind == "current":
        return here
    if kind in ("field", "index"):
        base = _walk(children[0], here, read)
        return base and (*base, term.value)
    if kind == "slice":
        return _walk(children[0], here, read)
    if kind in ("project", "values", "filter"):
        base = _walk(children[0], here, read)
        item = base and (*base, Every.VALUE if kind == "values" else Every.ITEM)
        _all(children[2:], item, read)
        return _walk(children[1], item, read)
    if kind == "bind":
        return _walk(children[1], _walk(children[0], here, read), read)
    if kind == "define":
        return _walk(children[0], (), read)
    if kind == "call":
        _call(term, here, read)
    else:
        _all(children, here, read)
    return ()


def _call(term: Term, here: Path, read: dict[Path, None]) -> None:
    function: Function = term.value
    read.update(dict.fromkeys(_declared(p) for p in function.paths))
    arguments = [c for c in term.children if c.kind != "expref"]
    listed = _walk(arguments[0], here, {}) if arguments else ()
    _all(arguments, here, read)
    for child in term.children:
        if child.kind == "expref":
            _all(child.children, listed and (*listed, Every.ITEM), read)
