"""Values that can be read, and hardly say what was meant: quotes on one side only, a text that a comment cuts off."""

import re
from typing import NamedTuple

_CUT = re.compile(r" +(#(?:[0-9]+(?![\w.])|\$\{).*)$")  # `PR #5`, `#${pr.number}`; whoever comments leaves a space
_OPENING, _CLOSING = "\u201c\u201e\u2018\u201d\u2019", "\u201d\u201c\u2019"
_ALONE = re.compile(r" \"[A-Za-z]")
_ANCHOR = re.compile(r"&([\w.-]+)")


class Doubt(NamedTuple):
    """What is odd about a value: from `at` on in its line."""

    at: int
    length: int
    reason: str
    hint: str


def doubt(value: str, line: str, begin: int, end: int, text: str) -> Doubt | None:
    """What a value without quotes was hardly meant to be; it stands in `line` from `begin` to `end`, all in `text`."""
    quote, whole = value[-1:], end - begin
    if quote and quote in "\"'" and value.count(quote) == 1 and (quote == '"' or value[-2:] != "s'"):
        reason = f"the {quote} at the end closes what no {quote} opens, so it is part of the text"
        return Doubt(begin, whole, reason, f"write {quote}{value}")
    if value.count('"') == 1 and _ALONE.search(value):
        return Doubt(begin, whole, "a quote opens in this text and is never closed", "close it, or remove it")
    if value[:1] in _OPENING and quote in _CLOSING and len(value) > 1:
        reason = "these quotes are those of a word processor, so they are part of the text"
        return Doubt(begin, whole, reason, f'write "{value[1:-1]}"')
    if found := _CUT.match(line, end):
        reason = f"a comment begins here, so what is read is `{value}`"
        said = f"{line[begin:end]}{found[0]}".rstrip()
        shown = f'"{said}"' if '"' not in said else "the whole text"
        return Doubt(found.start(1), len(found[1]), reason, f"put the text in quotes: {shown}")
    anchor = _ANCHOR.match(line, begin)
    if anchor and f"*{anchor[1]}" not in text:
        reason = f"`{anchor[0]}` is a name for aliases, which nothing uses, and no part of the value"
        return Doubt(begin, len(anchor[0]), reason, f'remove it, or put it in quotes: "{line[begin:end]}"')
    return None
