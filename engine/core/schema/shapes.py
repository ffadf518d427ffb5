"""Where in a schema something would be right: a key in another mapping, a value in another form.

Each guess is held to the schema before it is told, so that what is told is right when it is done.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator

Path: TypeAlias = tuple[str | int, ...]
Schema: TypeAlias = Mapping[str, Any]

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_LONGEST = 120  # characters of a value that is shown as it should be


def resolved(schema: Schema, root: Schema) -> Schema:
    """What its `$ref` leads to."""
    found: Schema = root.get("$defs", {}).get(schema.get("$ref", "").removeprefix("#/$defs/"), schema)
    return found


def at(root: Schema, path: Path) -> list[Schema]:
    """What the schema says of the value at `path`: each branch of a union for itself; empty where it says nothing."""
    found = [root]
    for step in path:
        found = [below for one in found for below in _below(one, step, root)]
    return found


def _below(schema: Schema, step: str | int, root: Schema) -> Iterator[Schema]:
    for part in (resolved(one, root) for one in (schema, *schema.get("anyOf", ()), *schema.get("oneOf", ()))):
        if isinstance(step, int):
            child = part.get("items")
        else:
            child = part.get("properties", {}).get(step, part.get("additionalProperties"))
        if isinstance(child, Mapping):
            yield resolved(child, root)


def fits(value: object, schema: Schema, root: Schema) -> bool:
    """Is the value what the schema says?"""
    return Draft202012Validator({**schema, "$defs": root.get("$defs", {})}).is_valid(value)


def flow(value: object) -> str:
    """A value as one writes it in a line of YAML; `…` for what is long."""
    text = _flow(value)
    return text if len(text) <= _LONGEST else "…"


def _flow(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    plain = isinstance(value, str) and _PLAIN.fullmatch(value) and value not in ("true", "false", "null")
    return str(value) if plain else json.dumps(value, ensure_ascii=False)


def reshaped(value: object, schema: Schema, root: Schema) -> Any:
    """The value in the form that is wanted, if it holds all that is wanted; None: it cannot be told.

    `ann` and `[ann]`, `[ann]` and `{users: [ann]}`, `@ann @acme/web` and `{users: [ann], teams: [acme/web]}`.
    """
    return next((form for form in _forms(value, schema, root) if fits(form, schema, root)), None)


def written(value: object, schema: Schema, root: Schema) -> str:
    """That form as one writes it, in quotes of ours; `any` and `all` both, where either would do. Empty: none does."""
    one = reshaped(value, schema, root)
    if one is None:
        return ""
    names = [name for name in schema.get("properties", {}) if isinstance(one, dict) and one == {name: value}]
    others = [{name: value} for name in schema.get("properties", {}) if names and name not in names]
    return " or ".join(f"`{flow(form)}`" for form in (one, *(other for other in others if fits(other, schema, root))))


def _forms(value: object, schema: Schema, root: Schema) -> Iterator[Any]:
    yield value
    if isinstance(value, list) and len(value) == 1 and not {"pattern", "enum"}.isdisjoint(schema):
        yield value[0]
    if isinstance(value, dict):
        yield from (*(value.values() if len(value) == 1 else ()), by_count(value))
    if isinstance(value, str | dict):
        yield [value]
    said = _words(value)
    words = [word for word in said if word not in ("and", "or")]
    if words:
        yield from (_counted(said), words, _sorted(words, schema, root))
    for name in schema.get("properties", {}):
        yield {name: value}
        yield {name: [value]}
        yield from ([{name: words}] if words else ())


def by_count(value: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """`{security: 2, ciso: 1}`"""
    if not all(type(one) is int for one in value.values()):
        return None
    return [{"count": number, "from": [name]} for name, number in value.items()]


NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_BETWEEN = ("a", "an", "any", "approval", "approvals", "approvers", "at", "by", "from", "least", "of", "or", "people")


def _counted(words: list[str]) -> dict[str, Any] | None:
    """`2 from security or ciso`, `one of reviewers`"""
    words = [word.lower().removesuffix("x") if word[:1].isdigit() else word for word in words]
    numbers = [int(word) if word.isdecimal() else NUMBERS.index(word.lower()) for word in words
               if word.isdecimal() or word.lower() in NUMBERS]  # fmt: skip
    names = [word for word in words if not (word.isdecimal() or word.lower() in (*NUMBERS, *_BETWEEN, "and"))]
    if numbers[1:] or len(names) == len(words):
        return None
    many = {"count": numbers[0]} if numbers else {}
    return {"all": [{**many, "from": [name]} for name in names]} if "and" in words else {**many, "from": names}


def _words(value: object) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    words = [word for one in listed if isinstance(one, str) for word in re.split(r"[\s,;]+", one)]
    return [word.removeprefix("@") for word in words if word]


def _sorted(words: Iterable[str], schema: Schema, root: Schema) -> dict[str, list[str]] | None:
    """Each word in the list that it fits: logins in one, teams in another."""
    found: dict[str, list[str]] = {}
    for word in words:
        lists = ((name, _items(part, root)) for name, part in schema.get("properties", {}).items())
        name = next((name for name, item in lists if item and fits(word, item, root)), "")
        if not name:
            return None
        found.setdefault(name, []).append(word)
    return found


def _items(part: Schema, root: Schema) -> Schema | None:
    part = resolved(part, root)
    item = part.get("items")
    return resolved(item, root) if isinstance(item, Mapping) else None


def lacking(value: object, schema: Schema, root: Schema) -> str:
    """The mapping with this value in it and the names of what else it needs: `{count: 2, from: …}`; empty: none has."""
    for name, part in schema.get("properties", {}).items():
        if not fits(value, resolved(part, root), root):
            continue
        errors = [*Draft202012Validator({**schema, "$defs": root.get("$defs", {})}).iter_errors({name: value})]
        missing = [error.message.split("'")[1] for error in errors if error.validator == "required"]
        if missing:
            return f"{{{name}: {flow(value)}, {', '.join(f'{one}: …' for one in missing)}}}"
    return ""


def inside(found: Mapping[str, Any], names: Iterable[str], schema: Schema, root: Schema) -> str:
    """The one key that is not there yet and that all these, which nobody knows here, would fit into."""
    held = {name: found[name] for name in names}
    for name, referred in schema.get("properties", {}).items():
        part = resolved(referred, root)
        if held and name not in found and _has(held, part, root) and fits(held, part, root):
            return str(name)
    return ""


def _has(names: Iterable[str], schema: Schema, root: Schema) -> bool:
    """Does it name them all, or are they names of mappings, such as those of gates? Anything else fits by chance."""
    of_each = schema.get("additionalProperties")
    named = isinstance(of_each, Mapping) and resolved(of_each, root).get("type") == "object"
    return named or set(names) <= schema.get("properties", {}).keys()


def deeper(found: Mapping[str, Any], name: str, schema: Schema, root: Schema) -> str:
    """The key beside it that this one belongs into."""
    for other, part in schema.get("properties", {}).items():
        holder = found.get(other)
        if isinstance(holder, Mapping) and name not in holder:
            wanted = resolved(part, root).get("properties", {}).get(name)
            if wanted and fits(found[name], resolved(wanted, root), root):
                return str(other)
    return ""


def further_out(data: Any, path: Path, name: str, root: Schema) -> tuple[str, bool]:
    """The nearest key above beside which this one belongs, and whether it is there already; empty: none."""
    holders = [data]
    for step in path[:-1]:
        holders.append(holders[-1][step])
    value = holders[-1][path[-1]][name] if path else None
    for above in range(len(path) - 1, -1, -1):
        holder, beside = holders[above], path[above]
        for schema in at(root, path[:above]) if isinstance(holder, Mapping) else ():
            wanted = schema.get("properties", {}).get(name)
            if wanted and fits(value, resolved(wanted, root), root):
                return str(beside), name in holder
    return "", False


def sibling_list(path: Path, value: object, root: Schema) -> str:
    """Of a team among logins: the list beside it that it fits. A name alone may be a login, or a team's without its
    organisation."""
    if len(path) < 2 or not isinstance(value, str) or "/" not in value:
        return ""
    for schema in at(root, path[:-2]):
        for name, part in schema.get("properties", {}).items():
            item = _items(part, root)
            if name != path[-2] and item and fits(value.removeprefix("@"), item, root):
                return f"it belongs under `{name}`: `{name}: [{value.removeprefix('@')}]`"
    return ""


def swapped(path: Path, value: object, root: Schema) -> str:
    """Of an item that does not fit: should it be the key, and the key the item?"""
    if len(path) < 2 or not isinstance(value, str) or not isinstance(path[-2], str):
        return ""
    for schema in at(root, path[:-2]):
        names = resolved(schema.get("propertyNames", {}), root)
        item = _items(schema.get("additionalProperties", {}), root) if schema.get("additionalProperties") else None
        known = names.get("examples", ())
        if item and value in known and path[-2] not in known and fits(path[-2], item, root):
            return f"the other way round: `{value}: [{path[-2]}]`"
    return ""
