"""A section whose name is missing: what stands in it is read as part of what is above, or is no YAML at all.

Tried out, and told only where the file is right in all its parts once the name is there. Runs on files that are wrong.
"""

from collections.abc import Iterator, Sequence

from engine.core import schema
from engine.core.source import load_yaml
from engine.errors import EngineError, Place, Problem, problem
from engine.names import choice

_LARGEST = 100_000  # characters; each try reads all of them
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
    first = min((one.place.line for one in problems if one.place and one.place.line), default=0) - 1
    text = content.decode("utf-8", "replace")
    if first < 0 or name not in _SECTIONS or len(text) > _LARGEST:
        return None
    lines = text.split("\n")
    for at in _rows(lines, first):
        if fitting := [one for one in _SECTIONS[name] if _is_right(lines, at, one, name)]:
            row = lines[at].rstrip()
            place = Place(file, at + 1, len(row) - len(row.lstrip()) + 1, len(row.lstrip()), row)
            hint = f"write {choice([f'`{one}:`' for one in fitting])} in a line of its own above this one"
            return problem("ENG041", place, hint=hint, name=" or ".join(fitting), about="")
    return None


def _rows(lines: Sequence[str], first: int) -> Iterator[int]:
    """Where a section may begin: the row that the first problem is in, and what follows it."""
    indents = [_indent(line) for line in lines]
    step = next((indent for indent in indents if indent > 0), 0)
    above = (at for at in range(min(first, len(lines) - 1), -1, -1) if indents[at] == step)
    below = (at for at in range(first + 1, len(lines)) if indents[at] >= 0)
    rows = [next(above, -1), next(below, -1)]
    yield from (at for at in rows if at >= 0 and step and indents[at] == step)


def _indent(line: str) -> int:
    """Of what says something; -1 of an empty line and of a comment."""
    bare = line.lstrip(" ")
    return len(line) - len(bare) if bare.strip() and not bare.startswith("#") else -1


def _is_right(lines: Sequence[str], at: int, section: str, name: str) -> bool:
    if any(line.startswith(f"{section}:") for line in lines):
        return False
    mended = "\n".join((*lines[:at], f"{section}:", *lines[at:]))
    try:
        return schema.is_valid(name, load_yaml(mended.encode(), "").data)
    except EngineError:
        return False
