"""The text of an event as plain JSON values, or a refusal. Strict, because anybody who can push may have written it.

`core/source` reads JSON with the place of every value; an event needs none of that and is read on every start, so
this uses the C scanner of the standard library and looks the result over once.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from engine.errors import Place, failure

LIMIT = 25 * 1024 * 1024  # GitHub sends no larger payload (docs: webhook payload cap)
DEPTH = 64  # GitHub's own payloads nest 8 deep
VALUES = 1_000_000  # of 25 bytes each on average in the largest payload; each takes a hundred once it is read
_DEEP = f"it nests deeper than {DEPTH} levels"
_WHOLE = 2**53  # beyond it two readers of one number may disagree (RFC 8259 §6)

Body: TypeAlias = Mapping[str, Any]


class _RefusedError(ValueError):
    """Raised inside the scanner's hooks, where the place is not known."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    once = set[str]()
    for key, _ in pairs:
        if key in once:
            raise _RefusedError(f"the key {shown(key)} stands twice in one object")
        once.add(key)
    return found


def _whole(text: str) -> int:
    # The length first: turning a million digits into a number takes quadratic time.
    if len(text) > 17 or abs(value := int(text)) > _WHOLE:
        raise _RefusedError(f"the number {text[:20]}… is beyond 2^53" if len(text) > 20 else f"{text} is beyond 2^53")
    return value


def _fraction(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _RefusedError(f"the number {text[:20]} is too large")
    return value


def _constant(text: str) -> float:
    raise _RefusedError(f"`{text}` is not JSON")


def read_body(data: bytes, file: str) -> Body:
    """The object that `data` holds.

    Raises:
        EngineError: empty, too large, not UTF-8, not JSON, a key twice, too deep, not an object (ENG150-ENG154).
    """
    if len(data) > LIMIT:
        raise failure("ENG151", Place(file), limit=LIMIT // (1024 * 1024))
    if not data.strip():
        raise failure("ENG150", Place(file))
    try:
        text = data.decode("utf-8-sig")  # Windows editors leave a byte order mark
        _count(text)
        value = json.loads(
            text, object_pairs_hook=_unique, parse_int=_whole, parse_float=_fraction, parse_constant=_constant
        )
        _look_over(value)
    except json.JSONDecodeError as error:
        raise failure("ENG152", Place(file, error.lineno, error.colno), reason=_sentence(error.msg)) from None
    except UnicodeDecodeError as error:
        raise failure("ENG152", Place(file), reason=f"byte {error.start + 1} is not UTF-8") from None
    except UnicodeEncodeError:
        raise failure("ENG152", Place(file), reason="a string holds half of a surrogate pair") from None
    except (_RefusedError, RecursionError) as error:
        reason = error if isinstance(error, _RefusedError) else _DEEP
        raise failure("ENG153", Place(file), reason=reason) from None
    if not isinstance(value, dict):
        raise failure("ENG154", Place(file), found=_type_name(value))
    return value


def _count(text: str) -> None:
    """Raises _RefusedError: more values than a payload has, told before they take their memory."""
    if _separators(text) >= VALUES:  # some may stand in texts
        outside = "".join(re.split(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', text, flags=re.DOTALL))
        if _separators(outside) >= VALUES:
            raise _RefusedError(f"it holds more than {VALUES:,} values")


def _separators(text: str) -> int:
    return text.count(",") + text.count("[") + text.count("{")


def _look_over(value: object) -> None:
    """One pass, level by level: nesting, and strings that UTF-8 cannot hold (`canonical` would fail on them later)."""
    level: list[Any] = [value]
    for _ in range(DEPTH):
        below: list[Any] = []
        for item in level:
            if type(item) is dict:
                for key in item:
                    if not key.isascii():
                        key.encode()
                below += item.values()
            elif type(item) is list:
                below += item
            elif type(item) is str and not item.isascii():
                item.encode()
        if not below:
            return
        level = below
    raise _RefusedError(_DEEP)


def _sentence(message: str) -> str:
    return message[:1].lower() + message[1:]


_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "a string"),
    (int, "a number"),
    (float, "a number"),
    (list, "a list"),
    (dict, "an object"),
)


def shown(value: object) -> str:
    """`value` for a message: cropped, and nothing in it can end the line."""
    if isinstance(value, str):
        return f"""`"{value[:40].encode("unicode_escape").decode()}{"…" if len(value) > 40 else ""}"`"""
    return f"`{value}`" if type(value) is int else _type_name(value)


def _type_name(value: object) -> str:
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "null")
