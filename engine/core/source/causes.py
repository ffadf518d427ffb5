"""Why a text is not YAML: the mend that a person would make, tried out.

A parser says where it was lost, which may be lines below the mistake and in its own words. Each mend changes what
people's mistakes call for; the first after which the parser comes to the end, or else further on, is the cause. What is
wrong further on is looked for in the mended text. Runs only on texts that are wrong.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple, TypeAlias

from engine.core.source import brackets, layout, marks, quotes
from engine.core.source.mends import Mend, Mended

_MARKER = re.compile(r"(<{7}|\|{7}|={7}|>{7})(?: |$)")
_LINES_UP = 40  # an open quote is found at the next one, seldom further
_MOST_TRIES = 150  # for one mistake; each is a parse
_MOST_READ = 10_000_000  # characters, in all tries
_LARGEST = 200_000  # characters that are parsed again and again
_LONGEST_LINE = 2_000  # characters; no person has written a longer one
_MOST_WHOLE = 6  # mends that make YAML of a text, of which one may fit
_MOST_PAIRS = 3  # of mends of which the first alone helps nothing
_MOST_MISTAKES = 5  # whoever made more has written something else

Lost: TypeAlias = Callable[[str], int | None]  # the line, from 0, where the parser is lost; None: it is not
Fits: TypeAlias = Callable[[str], bool]  # does a text that is YAML say what a file of its kind may say?

# In this order, as a line that one of the first mends explains is not looked at by the others.
_FAR: tuple[Mended, ...] = (quotes.unclosed,)  # told from the first line on
_NEAR: tuple[tuple[Mended, ...], ...] = (
    (
        marks.block_of_hcl,
        marks.section_of_toml,
        marks.tabs,
        marks.diff,
        layout.stray,
        *marks.LINES,
        quotes.unopened,
        quotes.misplaced,
        quotes.calls,
        *brackets.ALL,
        quotes.items,
        layout.two_in_line,
        quotes.bare,
    ),
    (layout.holder,),
    (layout.beside,),
    (layout.out_of_line,),
    (layout.slightly,),
    (layout.together,),
    (layout.goes_on,),
    (layout.among,),
    (layout.next_line,),
    (layout.no_colon,),
    (layout.full,),
    (layout.indented,),
    (layout.stranger,),
)


class Mistaken(NamedTuple):
    """What is wrong with a text, and what it was meant to be."""

    mends: tuple[Mend, ...]
    text: str | None  # None: that is not known, so that what else it says is not to be looked at


def causes(text: str, lost_at: int, lost: Lost, fits: Fits) -> Mistaken:
    """The mistakes that make the parser lose itself, first in line `lost_at`; none where no mend of ours helps."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if found := _MARKER.match(line):
            reason = f"`{found[1]}` marks a merge conflict that nobody has settled"
            hint = "keep one side of it and remove all its markers"
            return Mistaken((Mend(number, 0, len(line), {}, reason, hint),), None)
    tries = min(_MOST_TRIES, _MOST_READ // len(text)) if len(text) <= _LARGEST else 0
    made: list[Mend] = []
    at: int | None = lost_at
    while at is not None and len(made) < _MOST_MISTAKES:
        mend, at = _best(lines, at, lost, fits, tries)
        if mend is None:
            break
        made.append(mend)
        lines = _mended(lines, mend)
    if at is None and made:
        return Mistaken(tuple(made), "\n".join(lines) if all(mend.sure for mend in made) else None)
    return Mistaken(tuple(made[:1]), None)


def _best(
    lines: list[str], lost_at: int, lost: Lost, fits: Fits, most: int, *, alone: bool = False
) -> tuple[Mend | None, int | None]:
    """The first mend after which the whole text can be read and fits, else can be read, else is read furthest.

    With where it leads. Where none does, one of a quote after which another one of the same text does.
    """
    best, furthest = None, lost_at
    quoted: list[Mend] = []
    whole: list[Mend] = []
    for mend in islice(_tries(lines, lost_at), most):
        if whole and not mend.sure:
            continue
        at = lost(mended := "\n".join(_mended(lines, mend)))
        if at is None:
            if alone or fits(mended):
                return mend, None
            whole.append(mend)
            if len(whole) == _MOST_WHOLE:
                break
        elif at > max(furthest, *mend.lines):
            best, furthest = mend, at
        elif at > max(mend.lines) and mend.is_quote:
            quoted.append(mend)
    if whole:
        return whole[0], None
    for mend in quoted[:_MOST_PAIRS] if best is None and not alone else ():
        at = lost("\n".join(tried := _mended(lines, mend)))
        if at is not None and _best(tried, at, lost, fits, most, alone=True)[0]:
            return mend, at
    return best, furthest


def _mended(lines: list[str], mend: Mend) -> list[str]:
    mended = lines[:]
    for number, line in mend.lines.items():
        mended[number] = line
    return mended


def _tries(lines: list[str], lost_at: int) -> Iterator[Mend]:
    before = range(min(lost_at, len(lines) - 1), max(lost_at - _LINES_UP, -1), -1)
    near = [number for number in before if len(lines[number]) <= _LONGEST_LINE]
    for number in reversed(near):
        for mended in _FAR:
            yield from mended(lines, number)
    for together in _NEAR:
        for number in near:
            for mended in together:
                yield from mended(lines, number)
