"""Words for what a schema wants and what stands there."""

import json

from engine.core.schema.failure import Failure, Path
from engine.core.source import Document
from engine.errors import Place

EACH = ("all", "any", "anybody", "anyone", "each", "every", "everybody", "everyone")  # ways to name nobody
_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


def names(types: str | list[str]) -> str:
    """Types, as people call them."""
    return " or ".join(_TYPES[t] for t in ([types] if isinstance(types, str) else types))


def kind(value: object) -> str:
    """What a value is."""
    kinds = (bool, "boolean"), (dict, "object"), (list, "array"), (str, "string"), (int, "integer"), (float, "number")
    return _TYPES[next((name for kind, name in kinds if isinstance(value, kind)), "null")]


def shown(value: object) -> str:
    """A value, as it is written; of a long one the beginning."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"


def about(error: Failure) -> str:
    """What the schema says the value is for: the best remedy there is."""
    return str(error.schema.get("description", "")) or "see the schema"


def of_container(document: Document, path: Path) -> Place:
    """For something that is missing inside: the container's name if it has one, else its beginning."""
    named = bool(path) and isinstance(path[-1], str)
    return document.place(*path, key=named)


def types(error: Failure) -> list[str]:
    """The types that are wanted."""
    wanted: str | list[str] = error.wanted
    return [wanted] if isinstance(wanted, str) else wanted
