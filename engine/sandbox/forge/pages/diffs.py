"""A patch as rows: unified, or both sides beside each other."""

import re
from typing import NamedTuple

from engine.printable import printable

LARGE = 400  # changed lines of a file from which on it is shown alone
MOST = 3000  # rows of a file
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)", re.DOTALL)


class Line(NamedTuple):
    """One line of a patch: `kind` is hunk, same, del, ins or note; numbers are None where a side has none."""

    kind: str
    old: int | None
    new: int | None
    text: str


class Pair(NamedTuple):
    """The two sides of one row; either may be missing. A hunk's head is on both."""

    left: Line | None
    right: Line | None


def rows(patch: str, most: int = MOST) -> list[Line]:
    """The lines of a patch that begins with its first hunk (as GitHub's `patch` does); at most `most`."""
    made: list[Line] = []
    old = new = left = right = 0
    for text in patch.split("\n"):
        if len(made) >= most:
            made.append(Line("note", None, None, "The rest of this file's changes is not shown here."))
            break
        head = _HUNK.match(text) if left <= 0 and right <= 0 else None
        if head:
            old, left = int(head[1]), int(head[2] or 1)
            new, right = int(head[3]), int(head[4] or 1)
            made.append(Line("hunk", None, None, printable(text)))
        elif text.startswith("\\"):
            made.append(Line("note", None, None, "No newline at the end of the file"))
        elif text.startswith("-") and left > 0:
            made.append(Line("del", old, None, printable(text[1:])))
            old, left = old + 1, left - 1
        elif text.startswith("+") and right > 0:
            made.append(Line("ins", None, new, printable(text[1:])))
            new, right = new + 1, right - 1
        elif left > 0 and right > 0:
            made.append(Line("same", old, new, printable(text[1:])))
            old, new, left, right = old + 1, new + 1, left - 1, right - 1
    return made


def split(lines: list[Line]) -> list[Pair]:
    """Both sides beside each other: what went next to what came in its place."""
    made: list[Pair] = []
    gone: list[Line] = []
    came: list[Line] = []

    def flush() -> None:
        for number in range(max(len(gone), len(came))):
            made.append(
                Pair(gone[number] if number < len(gone) else None, came[number] if number < len(came) else None)
            )
        gone.clear()
        came.clear()

    for line in lines:
        if line.kind == "del":
            if came:
                flush()
            gone.append(line)
        elif line.kind == "ins":
            came.append(line)
        else:
            flush()
            made.append(Pair(line, line))
    flush()
    return made
