"""What stands where the module wants something else: how it is called, and how to write what was meant."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from engine.core.resources import documents
from engine.core.resources.tfvars import Json
from engine.core.resources.types import Attribute, Many, Primitive, Record, Type, describe

_WORDS = {
    "true": ("yes", "on", "true", "enabled", "enable", "1", "active", "y", "t"),
    "false": ("no", "off", "false", "disabled", "disable", "0", "suspended", "none", "n", "f"),
}
_POLICY = frozenset(("Version", "Statement", "Id"))
_PAIR = re.compile(r"([A-Za-z][\w-]*) *[=:] *([^=:\"]+)")


@lru_cache(maxsize=256)  # as many records as a module has
def takes(attributes: tuple[str, ...]) -> Mapping[str, str]:
    """Of an object's attributes those that name a file → the one that takes its text."""
    return dict(documents.references(attributes))


@lru_cache(maxsize=256)
def _names(attributes: tuple[str, ...]) -> frozenset[str]:
    return frozenset((*attributes, *takes(attributes)))


def attributes_of(type_: Type) -> frozenset[str]:
    """What an entry of a map may have."""
    match type_:
        case Many("map", Record(attributes)):
            return _names(tuple(attributes))
    return frozenset()


def elsewhere(
    name: str, value: Json, attributes: Mapping[str, Attribute], above: Sequence[Mapping[str, Attribute]]
) -> tuple[str, str]:
    """Where an attribute belongs that is not known here: into which other one, if so, and what to do."""
    inner = [outer for outer, one in attributes.items() if isinstance(one.type, Record) and name in one.type.attributes]
    if len(inner) == 1:
        return inner[0], f"it stands in another one: `{inner[0]} = {{ {name} = … }}`"
    if isinstance(value, dict) and value and _names(tuple(attributes)).issuperset(value):
        return "", f"write what is in it without `{name} = {{ … }}` around it"
    if any(name in _names(tuple(one)) for one in above):
        return "", "write it outside of these braces: it is an attribute of what they belong to"
    return "", ""


def remedy(value: Json, type_: Type, name: str) -> str:
    """How to write the value of `name` that is of another type, as what it was meant to be."""
    single = _single(value)
    is_document = isinstance(value, dict) and (len(value) > 1 or not _POLICY.isdisjoint(value))
    if is_document and isinstance(type_, Primitive) and (file := _file_of(name)):
        return f'write it as JSON in a file beside this one, and name that: `{file} = "….json"`'
    match type_:
        case Primitive() | Record() if isinstance(value, list) and _is_like(single, type_):
            return "remove the brackets"
        case Primitive("bool") if isinstance(single, bool):
            return f"write {str(single).lower()}, without the braces"
        case Primitive("bool") if value in (0, 1):
            return f"write {'true' if value else 'false'}"
        case Many("list" | "set", Primitive("string")) if isinstance(value, str):
            return f'write `["{value:.60}"]`'
        case Many("list" | "set", Record()) if isinstance(value, dict):
            return "put `[ … ]` around it"
        case Many("map", Primitive()) if isinstance(value, list | str) and (pairs := _pairs(value)):
            return f"write `{{ {pairs} }}`"
        case Many("map", item) if isinstance(value, list):
            return f"write `{{ name = {'…' if isinstance(item, Primitive) else '{ … }'} }}`, a name for each"
        case Primitive("string") if isinstance(value, int | float):
            return "write it in quotes"
        case Primitive("string") if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
            return "write what is in it, without this level around it"
        case Primitive("bool") if isinstance(value, str):
            word = next((right for right, words in _WORDS.items() if value.strip().casefold() in words), "")
            return f"write {word}, without quotes" if word else "write true or false"
        case Primitive() if isinstance(value, str):
            number = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*([A-Za-z]*)", value.strip())
            without = "quotes and unit" if number and number[2] else "quotes"
            return f"write {number[1]}, without {without}" if number else "write a number"
        case Record(attributes) if isinstance(value, str) and (only := _only(attributes)):
            return f'write `{{ {only} = "{value:.60}" }}`'
        case Many("list" | "set", _):
            return "write `[ … ]`"
        case Many("map", _) | Record():
            return "write `{ … }`"
        case _:
            return f"write {describe(type_)}"


def _file_of(name: str) -> str:
    """The attribute that names the file of a document, of that or of the one for its text; empty: of neither."""
    return documents.beside(name) if documents.takes(name) else name if documents.names_file(name) else ""


def _only(attributes: Mapping[str, Attribute]) -> str:
    """The attribute that an object has to have, if it is one, and a text."""
    needed = [name for name, one in attributes.items() if not one.optional]
    return needed[0] if len(needed) == 1 and attributes[needed[0]].type == Primitive("string") else ""


def _is_like(value: Json, type_: Type) -> bool:
    return value is not None and isinstance(value, dict) is isinstance(type_, Record)


def _single(value: Json) -> Json:
    """What a list or an object of one has in it."""
    items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return items[0] if len(items) == 1 else None


def _pairs(items: list[Json] | str) -> str:
    """Of tags as AWS's own tools write them, `[{ Key = "Team", Value = "data" }]` or `Team=data`, as a map has them."""
    found = []
    for item in items.split(",") if isinstance(items, str) else items:
        if isinstance(item, str) and (pair := _PAIR.fullmatch(item.strip())):
            found.append(f'{pair[1]} = "{pair[2]}"')
            continue
        folded = {str(key).casefold(): one for key, one in item.items()} if isinstance(item, dict) else {}
        if folded.keys() != {"key", "value"}:
            return ""
        found.append(f'{folded["key"]} = "{folded["value"]}"')
    return ", ".join(found)[:200]


def called(value: Json) -> str:
    """What a value is, in a person's words."""
    if isinstance(value, bool):
        return str(value).lower()
    for kinds, text in (((str,), "a string"), ((int, float), "a number"), ((list,), "a list"), ((dict,), "an object")):
        if isinstance(value, kinds):
            return text
    return "null"
