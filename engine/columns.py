"""Text in the columns of a terminal: how wide it is, wrapped, and a line of source around what is meant in it."""

from collections.abc import Iterator
from typing import NamedTuple

from engine.printable import COLOURS, PLAIN, printable

NARROWEST = 40  # below that words alone are wider
_TAB = "    "  # where a tab stops depends on what stands before it; ours is as wide everywhere
_CUT = "…"
_BEFORE = 3  # of what is cropped, one part of so many stands before the mistake


def wide(text: str) -> int:
    """Columns of a terminal: two for a letter of Chinese, none for an accent by itself, nor for our colours."""
    if PLAIN in text:
        for code in (PLAIN, *COLOURS.values()):
            text = text.replace(code, "")
    return len(text) if text.isascii() else sum(map(_wide, text))


def _wide(character: str) -> int:
    from unicodedata import category, east_asian_width

    if category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def wrapped(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """Lines of at most `width` columns (0: as it comes), words whole; `first` and `rest` stand before them."""
    rest = first if rest is None else rest
    lines, line, is_empty = list[str](), first, True
    for word in text.split(" "):
        if is_empty:
            line, is_empty = line + word, False
        elif not width or wide(line) + 1 + wide(word) <= width:
            line = f"{line} {word}"
        else:
            lines.append(line.rstrip(" "))
            line, is_empty = rest + word, not word
    return [*lines, line]


def fitted(text: str, width: int) -> str:
    """Lines as they are; those wider than `width` (0: none is) go on below, a little deeper than they began."""
    if not width:
        return text
    lines = []
    for line in text.split("\n"):
        if wide(line) <= width:
            lines.append(line)
        else:
            bare = line.lstrip(" ")
            indent = " " * (len(line) - len(bare))
            lines += wrapped(bare, width, indent, indent + "  ")
    return "\n".join(lines)


class Excerpt(NamedTuple):
    """A line of source as it is shown, and in which columns of it (from 0) the mistake stands."""

    text: str
    start: int
    length: int


def excerpt(line: str, at: int, length: int, width: int) -> Excerpt:
    """As much of `line` as fits into `width` columns around the `length` characters from `at` (from 0)."""
    before, marked, after = (_shown(part) for part in (line[:at], line[at : at + length], line[at + length :]))
    start, size, whole = wide(before), max(1, wide(marked)), before + marked + after
    if wide(whole) <= width:
        return Excerpt(whole, start, size)
    left = 0 if start + size < width else max(0, start - width // _BEFORE)
    text = "".join(_between(whole, left, left + width))
    return Excerpt(text, start - left, min(size, width - (start - left)))


def _shown(part: str) -> str:
    return printable(part).replace("\n", "\\n").replace("\t", _TAB)


def _between(text: str, left: int, right: int) -> Iterator[str]:
    """What stands in these columns, a sign where something is cut off; of a wide letter cut in half, a space."""
    if left:
        yield _CUT
    column, cut = 0, wide(text) > right
    inner = range(left + bool(left), right - cut)
    for character in text:
        size = _wide(character)
        if column in inner and column + max(size, 1) - 1 in inner:
            yield character
        elif column in inner or (size > 1 and column + size - 1 in inner):
            yield " "
        column += size
    if cut:
        yield _CUT
