"""JSON read so that nothing of it is lost: numbers to the last digit, no key twice, a bounded depth.

Python's reader makes a `float` of every number with a point (0.1 and 0.1000000000000000000001 are one to it), keeps the
last of two equal keys, and goes as deep as its stack; whoever walks over the value afterwards goes less deep.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias, TypeGuard

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

DEPTH = 100  # levels of a plan; the AWS provider's deepest schemas come to about 50
DOCUMENT_DEPTH = 50  # levels of a document inside a text
DOCUMENTS = 3  # documents in one another; together with the plan's own levels, what half of Python's stack allows
_LONGEST = 4000  # digits of a number; Python writes no integer of more than 4,300


class TooMuchError(ValueError):
    """Python reads it, but nobody could pass it on: too deep, too long, no number, a key twice; the text says which."""


class Number(float):
    """A number that no `float` holds; equal only to what has the same digits."""

    __hash__ = float.__hash__

    def __new__(cls, text: str) -> "Number":
        """Of the text that JSON has for it."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    text: str

    def __eq__(self, other: object) -> bool:
        return _is_number(other) and digits(self) == digits(other)

    def __ne__(self, other: object) -> bool:  # `float` has one of its own
        return not self == other

    def __repr__(self) -> str:
        return self.text


def loads(data: str | bytes, depth: int = DEPTH, *, to_the_digit: bool = True) -> Json:
    """A JSON value, at most `depth` levels deep; its numbers `to_the_digit`, or as a `float` has them.

    Raises:
        ValueError: no JSON. TooMuchError: too deep, a key twice, or a number that nobody could pass on.
    """
    text = data if isinstance(data, str) else data.decode(json.detect_encoding(data))  # `json.loads` lets halves pass
    try:
        found: Json = _read(text, _decimal if to_the_digit else _float)
    except RecursionError as error:
        raise TooMuchError(_too_deep(depth)) from error
    if not _is_within(found, depth):
        raise TooMuchError(_too_deep(depth))
    if "\\ud" in text.lower():
        json.dumps(found, ensure_ascii=False).encode()  # half a character: UnicodeEncodeError is a ValueError
    return found


def document(text: str) -> dict[str, Json] | list[Json] | None:
    """The object or list that a text holds; None where it holds none, or one that its readers may read in two ways."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        found = _read(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, (dict, list)) and _is_within(found, DOCUMENT_DEPTH) else None


def dumps(value: Json) -> str:
    """JSON on one line, each number with all its digits."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {dumps(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(dumps, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def escaped(text: str) -> str:
    """As JSON writes it in ASCII, without the quotes."""
    return json.dumps(text)[1:-1]


def digits(number: float) -> str:
    """The same text for numbers that are equal, another for all others: `-12e-1` for -1.20."""
    mantissa, _, exponent = (number.text if isinstance(number, Number) else repr(number)).lower().partition("e")
    whole, _, part = mantissa.lstrip("-").partition(".")
    figures = (whole + part).lstrip("0")
    kept = figures.rstrip("0")
    if not kept:
        return "0"
    power = int(exponent or 0) - len(part) + len(figures) - len(kept)
    return f"{'-' if mantissa.startswith('-') else ''}{kept}e{power}"


def plain(value: Json) -> Json:
    """`value` without numbers: equal exactly when the values are, and safe to compare and to write.

    Texts get a mark in front, so that none can be spelt like a number.

    Raises:
        ValueError: NaN or infinity, which JSON does not have.
    """
    if isinstance(value, str):
        return "'" + value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if _is_number(value):
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{value} is no number of JSON")
        return "#" + digits(value)
    return value


def same(one: Json, other: Json) -> bool:
    """Are they equal? 1 and 1.0 are, 1 and true are not."""
    return plain(one) == plain(other)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _decimal(text: str) -> float:
    number = Number(_short(text))
    if not math.isfinite(number):  # then it has no part behind the point: an integer, which Python holds in full
        mantissa, _, power = digits(number).partition("e")
        if int(power) > _LONGEST:
            raise TooMuchError(f"the number {text[:20]} has more than {_LONGEST} digits")
        return int(mantissa + "0" * int(power))
    rounded = float(text)
    return rounded if digits(rounded) == digits(number) else number


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise TooMuchError(f"{text[:20]} is too large a number")
    return number


def _integer(text: str) -> int:
    return int(_short(text))


def _constant(text: str) -> Json:
    raise TooMuchError(f"{text} is no number of JSON")


def _short(text: str) -> str:
    if len(text) > _LONGEST:
        raise TooMuchError(f"a number has {len(text)} digits; the limit is {_LONGEST}")
    return text


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise TooMuchError("a key is there twice")
    return found


def _read(text: str, decimal: Callable[[str], float] = _decimal) -> Json:
    found: Json = json.loads(
        text, parse_float=decimal, parse_int=_integer, parse_constant=_constant, object_pairs_hook=_unique
    )
    return found


def _is_within(value: Json, depth: int) -> bool:
    """Level by level: a walk that calls itself would end where this is meant to stop it."""
    level = [value]
    for _ in range(depth):
        level = [item for outer in level for item in _inside(outer) if isinstance(item, (dict, list))]
        if not level:
            return True
    return False


def _inside(value: Json) -> Iterable[Json]:
    return value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()


def _too_deep(depth: int) -> str:
    return f"it is nested deeper than {depth} levels"
