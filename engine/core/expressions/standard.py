"""JMESPath's own functions, typed and total. Order never depends on how a document was written down.

What differs from the specification: equality is JSON's (`true` is not `1`), objects are read in the order of their
keys so that a replayed decision has the same bytes, and `to_number` takes JSON numbers only.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.core.declare import Function
from engine.core.expressions.model import Scope
from engine.core.expressions.types import kind

Key = Callable[[Any], Any]


class UnanswerableError(Exception):
    """A function was asked what it cannot know; the caller adds the place."""


def equal(left: Any, right: Any) -> bool:
    """JSON's equality at any depth: `true` is not `1`, `1` is `1.0`."""
    pairs = [(left, right)]
    while pairs:
        a, b = pairs.pop()
        found = kind(a)
        if found != kind(b):
            return False
        if found == "array":
            if len(a) != len(b):
                return False
            pairs += zip(a, b, strict=True)
        elif found == "object":
            if a.keys() != b.keys():
                return False
            pairs += [(v, b[k]) for k, v in a.items()]
        elif a != b:
            return False
    return True


def member(value: Any, values: Sequence[Any]) -> bool:
    """Is `value` one of `values`?"""
    return any(equal(value, v) for v in values)


def _contains(_: Scope, subject: Any, value: Any) -> bool:
    if isinstance(subject, str):
        if not isinstance(value, str):
            raise UnanswerableError("only a text can be part of a text")
        return value in subject
    return member(value, subject)


def _sum(_: Scope, numbers: list[Any]) -> Any:
    total = sum(numbers)
    if isinstance(total, float) and not math.isfinite(total):
        raise OverflowError
    return total


def _average(scope: Scope, numbers: list[Any]) -> Any:
    return _sum(scope, numbers) / len(numbers) if numbers else None


def _to_number(_: Scope, value: Any) -> Any:
    if kind(value) == "number":
        return value
    if not isinstance(value, str) or not value or value[-1] not in "0123456789" or value[0] not in "-0123456789":
        return None
    import json

    try:
        number = json.loads(value)
    except ValueError:
        return None
    return number if kind(number) == "number" and math.isfinite(number) else None


def _to_string(_: Scope, value: Any) -> str:
    if isinstance(value, str):
        return value
    import json

    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _merge(_: Scope, *objects: Mapping[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in objects:
        merged.update(part)
    return merged


def _keyed(values: list[Any], key: Key) -> list[tuple[Any, int]]:
    keys = [key(v) for v in values]
    _same_order(keys)
    return [(k, i) for i, k in enumerate(keys)]


def _same_order(keys: list[Any]) -> None:
    kinds = {kind(k) for k in keys}
    if kinds - {"string"} and kinds - {"number"}:
        raise UnanswerableError("only numbers or only texts can be put in order")


def _sort(_: Scope, values: list[Any]) -> list[Any]:
    _same_order(values)
    return sorted(values)


def _extreme(choose: Callable[..., Any]) -> Callable[..., Any]:
    def call(_: Scope, values: list[Any]) -> Any:
        _same_order(values)
        return choose(values) if values else None

    return call


def _extreme_by(choose: Callable[..., Any]) -> Callable[..., Any]:
    def call(_: Scope, values: list[Any], key: Key) -> Any:
        keyed = _keyed(values, key)
        return values[choose(keyed, key=lambda pair: pair[0])[1]] if keyed else None

    return call


def _sort_by(_: Scope, values: list[Any], key: Key) -> list[Any]:
    return [values[i] for _, i in sorted(_keyed(values, key))]


_ORDERED = "array[number]|array[string]"
_KEY = "expref[number|string]"
STANDARD = (
    Function("abs", lambda _, n: abs(n), ("number",), "number",
        "The number without its sign."),
    Function("avg", _average, ("array[number]",), "number|null",
        "The mean; null of an empty list."),
    Function("ceil", lambda _, n: math.ceil(n), ("number",), "number",
        "The next whole number up."),
    Function("contains", _contains, ("string|array", "any"), "boolean",
        "Does the list hold the value, or the text the text?"),
    Function("ends_with", lambda _, text, end: text.endswith(end), ("string", "string"), "boolean",
        "Does the text end so?"),
    Function("floor", lambda _, n: math.floor(n), ("number",), "number",
        "The next whole number down."),
    Function("join", lambda _, glue, texts: glue.join(texts), ("string", "array[string]"), "string",
        "The texts with the first argument between them."),
    Function("keys", lambda _, o: sorted(o), ("object",), "array[string]",
        "The names of the fields, sorted."),
    Function("length", lambda _, v: len(v), ("string|array|object",), "number",
        "How many characters, items or fields."),
    Function("map", lambda _, each, values: [each(v) for v in values], ("expref", "array"), "array[@1]",
        "The expression's value for each item; keeps nulls."),
    Function("max", _extreme(max), (_ORDERED,), "@1[]|null",
        "The largest; null of an empty list."),
    Function("max_by", _extreme_by(max), ("array", _KEY), "@1[]|null",
        "The item with the largest key; null of an empty list."),
    Function("merge", _merge, ("object...",), "object",
        "One object with all fields; later ones win."),
    Function("min", _extreme(min), (_ORDERED,), "@1[]|null",
        "The smallest; null of an empty list."),
    Function("min_by", _extreme_by(min), ("array", _KEY), "@1[]|null",
        "The item with the smallest key; null of an empty list."),
    Function("not_null", lambda _, *values: next((v for v in values if v is not None), None), ("any...",), "@*",
        "The first argument that is not null."),
    Function("reverse", lambda _, v: v[::-1], ("string|array",), "@1",
        "Backwards."),
    Function("sort", _sort, (_ORDERED,), "@1",
        "Numbers or texts in order."),
    Function("sort_by", _sort_by, ("array", _KEY), "@1",
        "In the order of the key; equal ones stay as they were."),
    Function("starts_with", lambda _, text, start: text.startswith(start), ("string", "string"), "boolean",
        "Does the text start so?"),
    Function("sum", _sum, ("array[number]",), "number",
        "All together; 0 of an empty list."),
    Function("to_array", lambda _, v: v if isinstance(v, list) else [v], ("any",), "array",
        "A list as it is, anything else as a list of one."),
    Function("to_number", _to_number, ("any",), "number|null",
        "A number as it is, the number that a text spells, else null."),
    Function("to_string", _to_string, ("any",), "string",
        "A text as it is, anything else as JSON."),
    Function("type", lambda _, v: kind(v), ("any",), "'null'|'boolean'|'number'|'string'|'array'|'object'",
        "The JSON type of the value."),
    Function("values", lambda _, o: [o[k] for k in sorted(o)], ("object",), "array",
        "The values of the fields, in the order of their names."),
)  # fmt: skip
