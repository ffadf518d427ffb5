"""A section whose name is missing: what stands in it is read as part of what is above, or is no YAML at all.

Tried out, and told only where the file is right in all its parts once the name is there. Runs on files that are wrong.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from engine.core import schema
from engine.core.source import is_yaml, load_yaml
from engine.errors import EngineError, Place, Problem, problem
from engine.names import choice

_LARGEST = 100_000  # characters; each try reads all of them
_MOST_ROWS = 8  # that are tried
# The sections of a file, by its schema.
_SECTIONS = {
    "approvers-config": ("groups",),
    "deployment-rules": (
        "sources",
        "environments",
        "define",
        "events",
        "approvals",
        "gates",
        "overrides",
        "commands",
        "protect",
        "pipelines",
    ),
    "spec": ("actions",),
    "trusted-keys": ("keys",),
}


def headless(content: bytes, file: str, name: str, problems: Sequence[Problem]) -> Problem | None:
    """The one problem that these are, if the name of a section is all that is missing from a file of schema `name`."""
    text = content.decode("utf-8", "replace")
    if name not in _SECTIONS or len(text) > _LARGEST:
        return None
    lines = text.split("\n")
    free = [one for one in _SECTIONS[name] if not any(line.startswith(f"{one}:") for line in lines)]
    told = [one.place.line - 1 for one in problems if one.place and one.place.line]
    if len(problems) > 1 and (deep := _too_deep(lines, told, free, name, file)):
        return deep
    rows = dict.fromkeys(row for at in dict.fromkeys(told) for row in _rows(lines, at)) if free else {}
    for at in islice(rows, _MOST_ROWS):
        if fitting := _fitting(lines, at, free, name):
            row = lines[at].rstrip()
            place = Place(file, at + 1, len(row) - len(row.lstrip()) + 1, len(row.lstrip()), row)
            hint = f"write {choice([f'`{one}:`' for one in fitting])} in a line of its own above this one"
            return problem("ENG041", place, hint=hint, name=" or ".join(fitting), about="")
    return None


def _too_deep(lines: Sequence[str], told: Sequence[int], free: Sequence[str], name: str, file: str) -> Problem | None:
    """The name of a section that stands further in than others, alone or with what is in it."""
    near = dict.fromkeys(at for row in told for at in (row, row - 1) if 0 <= at < len(lines))
    for at in islice(near, _MOST_ROWS):
        line = lines[at]
        section, here = line.strip().partition(":")[0], _indent(line)
        if section not in free or here <= 0 or line.strip().partition(":")[2].strip(" ").partition("#")[0]:
            continue
        end = next((n for n in range(at + 1, len(lines)) if 0 <= _indent(lines[n]) <= here), len(lines))
        for last in dict.fromkeys((at + 1, end)):
            moved = [one[here:] if at <= n < last and one[:here].isspace() else one for n, one in enumerate(lines)]
            if schema.is_valid(name, _data(moved)):
                place = Place(file, at + 1, here + 1, len(section), line.rstrip())
                more = f", and the lines up to {last} as much less" if last > at + 1 else ""
                reason = f"`{section}` is a section, and stands further in than the others"
                return problem("ENG024", place, reason=reason, hint=f"indent it by 0 spaces{more}")
    return None


def _data(lines: Sequence[str]) -> Any:
    """What lines say; None where they are no YAML."""
    text = "\n".join(lines)
    try:
        return load_yaml(text.encode(), "").data if is_yaml(text) else None
    except EngineError:
        return None


def _rows(lines: Sequence[str], near: int) -> Iterator[int]:
    """Where a section may begin: the row that a problem is in, and what follows it."""
    indents = [_indent(line) for line in lines]
    step = next((indent for indent in indents if indent > 0), 0)
    above = (at for at in range(min(near, len(lines) - 1), -1, -1) if indents[at] == step)
    below = (at for at in range(near + 1, len(lines)) if indents[at] >= 0)
    rows = [next(above, -1), next(below, -1)]
    yield from (at for at in rows if at >= 0 and step and indents[at] == step)


def _indent(line: str) -> int:
    """Of what says something; -1 of an empty line and of a comment."""
    bare = line.lstrip(" ")
    return len(line) - len(bare) if bare.strip() and not bare.startswith("#") else -1


def _fitting(lines: Sequence[str], at: int, free: Sequence[str], name: str) -> list[str]:
    """The sections whose name makes the file right, in a line of its own above that row."""
    data = _data((*lines[:at], f"{free[0]}:", *lines[at:]))
    if not isinstance(data, dict):
        return []
    held = data.pop(free[0])
    return [one for one in free if schema.is_valid(name, {**data, one: held})]
