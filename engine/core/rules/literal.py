"""Does a literal input fit an action's declared schema? A few keywords, read as they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.core.declare import Schema
from engine.core.expressions.model import Expression, Kind
from engine.core.schema.said import names

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def misfit(value: object, schema: Schema) -> str:
    """What is expected instead of `value`; empty when it fits. What a `${…}` yields is judged when it is known."""
    if isinstance(value, Expression):
        fits = value.kind is Kind.VALUE or "string" in _types(schema)
        return "" if fits else _expected(_types(schema))
    types = _types(schema)
    if not any(_is(value, name) for name in types):
        return _expected(types)
    allowed: Sequence[Any] | None = schema.get("enum")
    if allowed is not None and value not in allowed:
        return "one of " + ", ".join(str(v) for v in allowed)
    if isinstance(value, int | float):
        if value < schema.get("minimum", value):
            return f"at least {schema['minimum']}"
        if value > schema.get("maximum", value):
            return f"at most {schema['maximum']}"
    if isinstance(value, list):
        wrong = next((w for item in value if (w := misfit(item, schema.get("items", {})))), "")
        return f"items that are {wrong}" if wrong else ""
    return ""


def _types(schema: Schema) -> list[str]:
    types: str | list[str] = schema.get("type", list(_TYPES))
    return [types] if isinstance(types, str) else types


def _expected(types: Sequence[str]) -> str:
    return " or ".join(names(name) for name in types if name != "null" or len(types) == 1)


def _is(value: object, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])
