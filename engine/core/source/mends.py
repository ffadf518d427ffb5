"""What a mend of a text is, and what those who look for one ask about its lines."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

CLOSED: Mapping[str, str] = {"[": "]", "{": "}"}
OPENED: Mapping[str, str] = {close: opened for opened, close in CLOSED.items()}
SHOWN = 40  # characters of a line in a remedy


class Mend(NamedTuple):
    """What somebody did, and the lines as they should be. Lines and columns are counted from 0."""

    line: int
    column: int
    length: int
    lines: Mapping[int, str]
    reason: str
    hint: str
    code: str = "ENG024"
    is_quote: bool = False  # does it close a quote, so that what follows is read otherwise?
    sure: bool = True  # do the mended lines say what was meant, if they can be read?


Lines: TypeAlias = Sequence[str]
Mended: TypeAlias = Callable[[Lines, int], Iterator[Mend]]  # what may be wrong with a line, by its number

_KEYED = re.compile(r" *(?:- +)*[\"']?[\w.-]+[\"']?:(?: |$)")


def says(line: str) -> bool:
    """Is there more in it than a comment?"""
    return bool(line.strip()) and not line.lstrip().startswith("#")


def margin(line: str) -> int:
    """How many spaces it begins with."""
    return len(line) - len(line.lstrip(" "))


def is_keyed(line: str) -> bool:
    """Does it begin with a name and its colon?"""
    return _KEYED.match(line) is not None


def around(lines: Lines, number: int) -> tuple[str, str]:
    """The lines before and after this one that say something."""
    above = next((lines[n] for n in range(number - 1, -1, -1) if says(lines[n])), "")
    return above, next((lines[n] for n in range(number + 1, len(lines)) if says(lines[n])), "")


def comment_of(line: str) -> int:
    """Where the comment of a line begins, or where the line ends; what is in quotes is no comment."""
    at, quote = 0, ""
    while at < len(line):
        character = line[at]
        if quote:
            if character == "\\" and quote == '"':
                at += 1
            elif character == quote:
                quote = ""
        elif character in "\"'" and (line[:at].rstrip(" ")[-1:] in ("", ":", ",", "[", "{", "-")):
            quote = character
        elif character == "#" and line[at - 1 : at] in ("", " "):
            return at
        at += 1
    return len(line)
