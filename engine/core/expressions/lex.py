"""The tokens of JMESPath, each with its columns.

Also closes what stock JMESPath lets through in literals (JSON with repeated keys, NaN, bare words in backticks) and
bounds their depth and the length of the whole.
"""

import json
from typing import Any, NamedTuple, NoReturn

from engine.errors import EngineError, Place, failure

MAX_LENGTH = 4096  # below the 4,300 digits at which Python refuses to read an integer
MAX_DEPTH = 64

# What people write who think in another language → what JMESPath wants.
_MEANT = {
    "and": "write `&&`",
    "or": "write `||`",
    "not": "write `!(…)`",
    "in": "write `in(value, list)`",
    "is": "write `==`",
    "=": "write `==`",
    "&": "write `&&`",
    "!": "write `!=` to compare, `!(…)` to negate",
    "$": "leave out `${` and `}`: this is an expression already",
    "?": "filters look like `list[?condition]`",
    "+": "there is no arithmetic; compare, or count with `length(…)`",
    "-": "there is no arithmetic; compare, or count with `length(…)`",
    "/": 'quote names that hold other characters: `"a/b"`',
    "%": "there is no arithmetic; compare, or count with `length(…)`",
    "~": "match text with `glob(text, pattern)`",
}


class Snippet(NamedTuple):
    """The text of one expression and where it starts; `outer` is the value in the file that it is a part of."""

    text: str
    place: Place
    outer: str = ""
    offset: int = 0  # of `text` in `outer`

    def at(self, start: int, end: int) -> Place:
        """The place of `text[start:end]` in the file."""
        place = self.place
        outer = self.outer or self.text
        start, end = self.offset + start, self.offset + end
        column = _column(place, outer, start)
        return place._replace(column=column, length=max(1, end - start)) if column else place

    def part(self, start: int, end: int) -> str:
        """`text[start:end]` on one line."""
        return " ".join(self.text[start:end].split())

    def wrong(self, start: int, end: int, reason: str = "") -> EngineError:
        """`text[start:end]` does not parse."""
        reason = reason or f"{quoted(self.part(start, end))} is not expected here"
        return failure("ENG101", self.at(start, end), reason=reason, hint=_MEANT.get(self.text[start:end].lower(), ""))


def quoted(text: str) -> str:
    """`text` in backticks, unless it has its own."""
    return text if "`" in text else f"`{text}`"


_ESCAPE_OF = {"'": "'", '"': "\\"}  # what begins an escape inside these quotes of YAML
_ESCAPED = {"x": 4, "u": 6, "U": 10}  # how long one is, by its second character; two characters otherwise


def _column(place: Place, text: str, offset: int) -> int:
    """Column of `text[offset]`; 0 when it is not on the line that `place` names."""
    if not place.column or "\n" in text:
        return 0
    before, source = place.column - 1, place.excerpt
    if not source:
        return place.column + offset
    found = source.find(text, before)
    if found >= 0:
        return found + offset + 1
    escape = _ESCAPE_OF.get(source[before : before + 1])
    if escape is None:
        return 0
    at = before + 1
    for _ in range(offset):
        escaped = source[at] == escape if at < len(source) else False
        at += _ESCAPED.get(source[at + 1 : at + 2], 2) if escaped else 1
    return at + 1 if at < len(source) else 0


class Token(NamedTuple):
    """A symbol is its own kind; the others are name, quoted (a name), number, literal, word (no JSON) and end."""

    kind: str
    value: Any
    start: int
    end: int


_SPACE = " \t\n\r"
_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
_PAIRS = frozenset({"[?", "[]", "&&", "||", "==", "!=", "<=", ">="})
_SYMBOLS = ".*[],:@(){}|&<>!"
_QUOTES = "'\"`"


def tokens(snippet: Snippet) -> list[Token]:
    """The tokens of `snippet`, the last of them `end`.

    Raises:
        EngineError: ENG100-102, with the column.
    """
    text, at = snippet.text, 0
    if not text.strip(_SPACE):
        raise failure("ENG100", snippet.at(0, 0))
    if len(text) > MAX_LENGTH:
        raise failure("ENG102", snippet.at(0, 0), what=f"{len(text)} characters long", limit=MAX_LENGTH)
    found: list[Token] = []
    while at < len(text):
        start, first = at, text[at]
        value: Any = None
        at += 1
        if first in _SPACE:
            continue
        if first in _LETTERS:
            at = _after(_LETTERS + _DIGITS, text, at)
            kind, value = "name", text[start:at]
        elif (kind := text[start : at + 1]) in _PAIRS:
            at += 1
        elif first in _SYMBOLS:
            kind = first
        elif first in _QUOTES:
            kind, value, at = _quotation(snippet, start)
        else:
            at = _after(_DIGITS, text, at)
            if text[at - 1] not in _DIGITS or first not in "-0123456789":
                raise snippet.wrong(start, start + 1)
            kind, value = "number", int(text[start:at])
        found.append(Token(kind, value, start, at))
    found.append(Token("end", None, at, at))
    return found


def _after(characters: str, text: str, at: int) -> int:
    """Where the first of other characters is, from `at` on."""
    return len(text) - len(text[at:].lstrip(characters))


def closing(text: str, start: int) -> int:
    """Where the quote closes that opens at `start`; -1: nowhere. A backslash takes the next character with it."""
    quote, at = text[start], start + 1
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == quote:
            return at
        at += 1
    return -1


def _quotation(snippet: Snippet, start: int) -> tuple[str, Any, int]:
    """Kind and value of the token in quotes that opens at `start`, and where it ends."""
    text, quote = snippet.text, snippet.text[start]
    end = closing(text, start)
    if end < 0:
        raise snippet.wrong(start, start + 1, f"the {quote} that opens here is never closed")
    inside = text[start + 1 : end].replace("\\" + quote, quote) if quote != '"' else text[start : end + 1]
    if quote == "'":
        return "literal", inside, end + 1
    try:
        value = _JSON.decode(inside)
        if _nested(value) > MAX_DEPTH:
            raise RecursionError
    except RecursionError:
        raise snippet.wrong(start, start + 1, "the JSON here is nested too deeply") from None
    except _RefusedError as error:
        raise snippet.wrong(start, start + 1, str(error)) from None
    except json.JSONDecodeError as error:
        if quote == '"':
            reason = error.msg.split(":")[0].removesuffix(" at").lower()
            raise snippet.wrong(start, start + 1, f"{reason} in this name") from None
        return "word", inside.strip(), end + 1  # refused by `check`, which knows how to mend it
    return ("quoted" if quote == '"' else "literal"), value, end + 1


class _RefusedError(Exception):
    """JSON that Python reads and the specification does not."""


def _no_constant(name: str) -> NoReturn:
    raise _RefusedError(f"`{name}` is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise _RefusedError(f"{digits} is too large a number")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _RefusedError("a key is there twice")
    return value


_JSON = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_unique)


def _nested(value: Any) -> int:
    """Levels of lists and objects inside each other."""
    levels, layer = 0, [value]
    while layer := [v for v in layer if isinstance(v, list | dict)]:
        levels += 1
        layer = [p for v in layer for p in (v.values() if isinstance(v, dict) else v)]
    return levels
