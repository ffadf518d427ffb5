"""A plan told to people: how many of what, and each change as a diff with Terraform's signs."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from engine.core import exact
from engine.core.exact import Json
from engine.core.plan.mask import hidden, mark_at, marks
from engine.core.plan.model import Change, Path, at, changes, true_paths
from engine.core.plan.told import Line, Summary
from engine.core.redact import CHANGED, HIDDEN, Redactor
from engine.printable import in_line

__all__ = ["Line", "Summary", "diff", "summarise"]

_SIGNS = {"create": "+", "update": "~", "delete": "-", "replace": "-/+", "read": "<=", "forget": "#", "no-op": " "}
_WORDS = {
    "create": "will be created",
    "update": "will be changed",
    "delete": "will be DELETED",
    "replace": "will be REPLACED (deleted and created again)",
    "read": "will be read while applying",
    "forget": "will be forgotten: it stays, and nobody manages it",
    "no-op": "stays as it is",
}
_FORGETS = "will be REPLACED (created again; the old one stays, and nobody manages it)"
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_LATER = " -> (known after apply)"


def summarise(plan: dict[str, Json]) -> Summary:
    """Counts of the plan's changes; data sources are not counted.

    Raises:
        EngineError: not a complete plan in a form that is known.
    """
    verbs = ["delete" if c.verb == "forget" else c.verb for c in changes(plan) if c.mode == "managed"]
    return Summary(*(verbs.count(verb) for verb in Summary._fields))


class _Leaf(NamedTuple):
    """The end of a path into a value."""

    value: Json
    marks: Json = None
    document: bool = False  # inside a document, where null is something


def diff(change: Change, hide: Redactor) -> tuple[Line, ...]:
    """`change` as lines that begin with +, -, ~ or a blank: all that differs, with the secrets in its values hidden.

    What differs is decided before anything is hidden: two values that look alike then are a change all the same.
    """
    words = _FORGETS if "forget" in change.actions[-2:] and change.verb == "replace" else _WORDS[change.verb]
    lines = [Line(f"{_SIGNS[change.verb]} {in_line(change.address)} {words}")]
    if change.previous_address:
        lines.append(Line(f"    # moved from {in_line(change.previous_address)}"))
    if change.importing is not None:
        by = change.importing.get("id") or change.importing.get("identity") or "what is not known yet"
        lines.append(Line("    # imported from ", (_shown(_Leaf(by), hide),)))
    below = [*_differences(change, hide)]
    return (*lines, *(below or _nothing(change)))


def _differences(change: Change, hide: Redactor) -> Iterator[Line]:
    forced = {path[0] for path in change.replace_paths if path}
    secret = marks(change)
    before, after = _leaves(change.before, secret), _leaves(change.after, secret)
    unknown = set(true_paths(change.unknown))
    later = {top for path in before if (top := _top(path, unknown)) is not None}
    # A value that will be known later takes the place of all that was below it.
    before = {path: leaf for path, leaf in before.items() if _top(path, unknown) is None}
    before |= {path: _Leaf(at(change.before, path), mark_at(secret, path)) for path in later}
    paths = sorted(before.keys() | after.keys(), key=_order)
    different = {path: (before.get(path), after.get(path)) for path in paths if path not in later}
    different = {path: sides for path, sides in different.items() if not _same(*sides)}
    told = {path[:n] for path in (*later, *unknown, *_loud(different)) for n in range(len(path))}
    for path in paths:
        note = "  # forces replacement" if path and path[0] in forced else ""
        if path in later:
            yield Line(f"~   {_name(path)} = ", (_shown(before[path], hide),), _LATER + note)
        # Outside of documents null is what is not there: told only where nothing else tells that something is.
        elif path in different and not (_quiet(*different[path]) and told & {path, path[:-1]}):
            yield _line(path, *different[path], hide, note)
    more = len(unknown - later)
    if more:
        yield Line(f"    # {more} more known after apply")


def _nothing(change: Change) -> Iterator[Line]:
    """An update without a line says why it has none."""
    if change.verb == "update":
        same = exact.same(change.before, change.after)
        yield Line(f"    # {'no value' if same else 'only how a document is written'} changes")


def _line(path: Path, was: _Leaf | None, will: _Leaf | None, hide: Redactor, note: str) -> Line:
    name = _name(path)
    if was is None or will is None:
        there = was or will
        assert there is not None
        return Line(f"{'+' if was is None else '-'}   {name} = ", (_shown(there, hide),), note)
    old, new = _shown(was, hide), _shown(will, hide)
    return Line(f"~   {name} = ", (old, CHANGED if new == old else new), note)


def _shown(leaf: _Leaf, hide: Redactor) -> str:
    shown = hidden(leaf.value, leaf.marks, hide)
    is_mark = shown in (HIDDEN, CHANGED) and shown != leaf.value  # somebody may write our marks into a value
    return str(shown) if is_mark else _value(shown)


def _same(was: _Leaf | None, will: _Leaf | None) -> bool:
    return was is not None and will is not None and exact.same(was.value, will.value)


def _quiet(was: _Leaf | None, will: _Leaf | None) -> bool:
    """Null on one side, and nothing on the other."""
    leaf = was or will
    return (was is None or will is None) and leaf is not None and leaf.value is None and not leaf.document


def _loud(different: dict[Path, tuple[_Leaf | None, _Leaf | None]]) -> Iterator[Path]:
    return (path for path, sides in different.items() if not _quiet(*sides))


def _top(path: Path, unknown: set[Path]) -> Path | None:
    """Which of `unknown` takes the place of what stands at `path`."""
    return next((path[:n] for n in range(len(path) + 1) if path[:n] in unknown), None)


def _leaves(value: Json, secret: Json) -> dict[Path, _Leaf]:
    return dict(_flat(value, secret)) if value not in (None, {}) else {}


def _flat(value: Json, secret: Json, path: Path = (), documents: int = 0) -> Iterator[tuple[Path, _Leaf]]:
    """Each leaf with its path, the empty and null ones, too; a text that is a JSON document is opened."""
    opened = value
    if isinstance(value, str) and secret is not True and documents < exact.DOCUMENTS:
        opened = exact.document(value) or value
    inside = documents + (opened is not value)
    if secret is True and value is not None:
        yield path, _Leaf(value, True, bool(documents))
    elif isinstance(opened, (dict, list)) and opened:
        steps: Iterable[tuple[str | int, Json]] = opened.items() if isinstance(opened, dict) else enumerate(opened)
        for step, item in steps:
            yield from _flat(item, mark_at(secret, (step,)), (*path, step), inside)
    else:
        yield path, _Leaf(value, None, bool(documents))


def _order(path: Path) -> list[tuple[bool, int, str]]:
    """Names by alphabet, list items by number."""
    return [(True, step, "") if isinstance(step, int) else (False, 0, step) for step in path]


def _name(path: Path) -> str:
    if not path:
        return "(everything)"  # a resource that is sensitive as a whole
    return "".join(f"[{step}]" if isinstance(step, int) else f".{_key(step)}" for step in path)[1:]


def _key(key: str) -> str:
    return key if _PLAIN.fullmatch(key) else _value(key)


def _value(value: Json) -> str:
    """One line, whatever the value holds."""
    return "".join(c if c.isprintable() else _escaped(c) for c in exact.dumps(value))


def _escaped(character: str) -> str:
    """As JSON writes what nobody would see, or what redraws the line: left out, two values would look alike."""
    return exact.escaped(character)
