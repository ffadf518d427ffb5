"""A plan told to people: how many of what, and each change as a diff with Terraform's signs."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from engine.core.plan.mask import CHANGED
from engine.core.plan.model import Change, Path, at, changes, true_paths
from engine.core.redact import HIDDEN, Json
from engine.printable import in_line

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
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_LATER, _ABSENT = object(), object()


class Summary(NamedTuple):
    """How many Terraform resources a plan would create, update, replace and delete (or forget: nobody manages it)."""

    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0

    def __str__(self) -> str:
        parts = [f"{number} to {verb}" for verb, number in self._asdict().items() if number]
        return ", ".join(parts) or "no changes"


def summarise(plan: dict[str, Json]) -> Summary:
    """Counts of the plan's changes; data sources are not counted.

    Raises:
        EngineError: not a complete plan in a form that is known.
    """
    verbs = ["delete" if c.verb == "forget" else c.verb for c in changes(plan) if c.mode == "managed"]
    return Summary(*(verbs.count(verb) for verb in Summary._fields))


def diff(change: Change) -> str:
    """`change` as lines that begin with +, -, ~ or a blank. Give it a change of a masked plan: it hides nothing."""
    lines = [f"{_SIGNS[change.verb]} {in_line(change.address)} {_WORDS[change.verb]}"]
    if change.previous_address:
        lines.append(f"    # moved from {in_line(change.previous_address)}")
    if change.import_id:
        lines.append(f"    # imported from {_value(change.import_id)}")
    forced = {path[0] for path in change.replace_paths if path}
    before, after = dict(_flat(change.before)), dict(_flat(change.after))
    unknown = list(true_paths(change.unknown))
    for path in unknown:  # a value that will be known later takes the place of all that was below it
        if any(_below(old, path) for old in before):
            value = at(change.before, path)
            before = {old: was for old, was in before.items() if not _below(old, path)} | {path: value}
            after[path] = _LATER
    for path in sorted(before.keys() | after.keys(), key=_order):
        line = _line(path, before.get(path, _ABSENT), after.get(path, _ABSENT))
        if line:
            lines.append(f"{line}{'  # forces replacement' if path and path[0] in forced else ''}")
    later = sum(1 for path in unknown if path not in after)
    if later:
        lines.append(f"    # {later} more known after apply")
    return "\n".join(lines)


def _line(path: Path, was: object, will: object) -> str | None:
    if was == will and type(was) is type(will):  # to Python, True is 1
        return None
    name = _name(path)
    if was is _ABSENT:
        return f"+   {name} = {_value(will)}"
    if will is _ABSENT:
        return f"-   {name} = {_value(was)}"
    return f"~   {name} = {_value(was)} -> {_value(will)}"


def _flat(value: Json, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Each leaf that is something, with its path; a text that is a JSON document is opened."""
    opened = _opened(value)
    if isinstance(opened, dict) and opened:
        for key, item in opened.items():
            yield from _flat(item, (*path, key))
    elif isinstance(opened, list) and opened:
        for n, item in enumerate(opened):
            yield from _flat(item, (*path, n))
    elif value is not None and value not in ({}, []):
        yield path, value


def _opened(value: Json) -> Json:
    """The document in a text; the text itself where it is none, or says a thing twice (its readers might differ)."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            found: Json = json.loads(value, object_pairs_hook=_unique)
        except (ValueError, RecursionError):
            return value
        return found
    return value


def _unique(pairs: list[tuple[str, Json]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _below(path: Path, top: Path) -> bool:
    return path[: len(top)] == top


def _order(path: Path) -> list[tuple[bool, int, str]]:
    """Names by alphabet, list items by number."""
    return [(True, step, "") if isinstance(step, int) else (False, 0, step) for step in path]


def _name(path: Path) -> str:
    if not path:
        return "(everything)"  # a resource that is sensitive as a whole
    return "".join(f"[{step}]" if isinstance(step, int) else f".{_key(step)}" for step in path)[1:]


def _key(key: str) -> str:
    return key if _PLAIN.fullmatch(key) else _value(key)


def _value(value: object) -> str:
    """One line, whatever the value holds."""
    if value is _LATER:
        return "(known after apply)"
    if value in (HIDDEN, CHANGED):
        return str(value)
    return "".join(c if c.isprintable() else _escaped(c) for c in json.dumps(value, ensure_ascii=False))


def _escaped(character: str) -> str:
    """As JSON writes what nobody would see, or what redraws the line: left out, two values would look alike."""
    return json.dumps(character)[1:-1]
