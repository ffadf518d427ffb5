"""Lines of a file's patch, which comments stand at."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


class Line(NamedTuple):
    """One line below a hunk's first: its numbers in the old file (LEFT) and the new one (RIGHT), null in the other."""

    position: int  # counted from the first hunk's line on
    left: int | None
    right: int | None
    start: int  # where its hunk begins


def lines(patch: str) -> Iterator[Line]:
    """Every line of the patch, in order."""
    left = right = start = 0
    for position, text in enumerate(patch.split("\n") if patch else ()):
        hunk = _HUNK.match(text)
        if hunk:
            left, right, start = int(hunk[1]), int(hunk[2]), position
        elif not text.startswith("\\"):  # "No newline at end of file" is no line
            old, new = not text.startswith("+"), not text.startswith("-")
            yield Line(position, left if old else None, right if new else None, start)
            left, right = left + old, right + new


def at(patch: str, *, line: int | None = None, side: str = "RIGHT", position: int | None = None) -> Line | None:
    """The line with this number on this side, or at this position; None if the patch does not show it."""
    for each in lines(patch):
        if position is not None:
            if each.position == position:
                return each
        elif line is not None and (each.left if side == "LEFT" else each.right) == line:
            return each
    return None


def hunk(patch: str, line: Line) -> str:
    """The patch from the hunk's first line up to this one."""
    return "\n".join(patch.split("\n")[line.start : line.position + 1])
