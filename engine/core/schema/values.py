"""What was meant by a value of another type: how to write it, held to the schema before it is told."""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any

from jsonschema import Draft202012Validator

from engine.core.schema import conditions, moved, shapes
from engine.core.schema.failure import Failure, Path
from engine.core.schema.mends import form, items
from engine.core.schema.said import EACH, types
from engine.core.source import Document
from engine.names import choice, closest

_TRUTHS = ("yes", "on", "true", "no", "off", "false")
NOTHING = ("none", "nothing", "no", "null", "empty", "off", "false", "never")  # ways to say `none`


# What `true` may have been meant to say.
NO_CONDITION: Mapping[str, str] = {
    "if": "write `always()`, or leave it out: then it runs where nothing before it has failed",
    "when": "leave it out: then it always applies",
}


def is_item(error: Failure) -> Callable[[object], bool]:
    """Would a value be one of the list that is wanted?"""
    listed = error.resolved(error.schema.get("items", {}))
    validator = Draft202012Validator({**listed, "$defs": error.defs})
    return lambda value: bool(validator.is_valid(value))


def of_another_type(error: Failure, document: Document) -> str:
    """How to write a value that is of another type than wanted, where it would be right."""
    value, wanted = error.found, types(error)
    listed = error.resolved(error.schema.get("items", {}))
    if "enum" in error.schema:
        return f"one of: {choice([str(one) for one in error.schema['enum']])}"
    if "array" in wanted:
        return _as_list(error, value, listed, document)
    if "object" in wanted:
        return _as_mapping(error, value, document)
    if wanted == ["boolean"] and not isinstance(value, str):
        return "write true or false"
    if "boolean" in wanted and isinstance(value, str):
        word = {"yes": "true", "on": "true", "true": "true"}.get(value.lower(), "false")
        return f"write {word}, without quotes" if value.lower() in _TRUTHS else "write true or false, without quotes"
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return f"write `{value[0]}`, without brackets"
    if is_condition(error) and isinstance(value, list | dict):
        return conditions.joined(str(error.path[-1]), value)
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        if error.path and isinstance(error.path[-1], int):
            return "leave the inner brackets out"
        if "pattern" not in error.schema:
            return f'write one text: "{" ".join(value)}"'
        in_row = len(error.path) > 1 and isinstance(error.path[-2], int)
        return f"name one of them: {choice(value)}" + (", and write a row of its own for each other" if in_row else "")
    if isinstance(value, dict) and (said := moved.of_gates(error, value)):
        return said
    if isinstance(value, dict) and len(value) == 1:
        name, inside = next(iter(value.items()))
        if inside is None and form(name, error.schema) == name:
            return f"leave the `:` out: `{name}`"
        is_text = "pattern" not in error.schema and name in ("body", "content", "message", "msg", "text", "value")
        if isinstance(inside, str) and (is_text or form(inside, error.schema) == inside):
            return f"write `{inside}`, without `{name}:`"
        text = ":".join(map(str, *value.items()))
        return f"write `{text}`, without a space" if form(text, error.schema) == text else ""
    if "integer" in wanted and isinstance(value, str) and value.lower() in shapes.NUMBERS:
        return f"write {shapes.NUMBERS.index(value.lower())}"
    if "integer" in wanted and isinstance(value, str) and (number := _NUMBER.match(value.strip().lower())):
        bare, unit = value.strip() == number[1], ", without a unit" if number[2] else ""
        return f"leave the quotes out: {number[1]}" if bare else f"write {number[1]}{unit}"
    if "integer" in wanted and isinstance(value, list) and len(value) == 1 and isinstance(value[0], int):
        return f"write {value[0]}, without brackets"
    return "write a whole number" if wanted == ["integer"] else ""


def is_condition(error: Failure) -> bool:
    """Is it an expression that is wanted?"""
    return str(error.schema.get("description", "")).startswith("a strict JMESPath")


def alike(errors: Iterable[Failure], document: Document) -> tuple[dict[Path, str], set[Path]]:
    """Items of a list that are texts where mappings are wanted: one mistake, made to each of them.

    What to write for all of them, by the path of the first, and the paths of the others.
    """
    texts = [e for e in errors if e.rule == "type" and isinstance(e.found, str) and e.wanted == "object"]
    first: dict[Path, str] = {}
    others: set[Path] = set()
    for _, listed in groupby((e for e in texts if e.path and isinstance(e.path[-1], int)), lambda e: e.path[:-1]):
        items = list(listed)
        ways = [_ONE_WAY.fullmatch(of_another_type(error, document)) for error in items]
        if items[1:] and all(ways):
            first[items[0].path] = f"write `{', '.join(way[1] for way in ways if way)}`"
            others |= {error.path for error in items[1:]}
    return first, others


_ONE_WAY = re.compile(r"write `([^`]+)`")


_NUMBER = re.compile(r"(?:(?:>=|≥|=|at least|min\.?|v) ?)?(\d+)(?:\+| or more| ?([a-z]+))?$")


def _as_list(error: Failure, value: object, listed: Mapping[str, Any], document: Document) -> str:
    fits = is_item(error)
    if isinstance(value, str):
        value = value.strip("()[]")
        both = value.split(" and ")
        if both[1:] and error.path and error.path[-1] == "from" and all(map(fits, both)):
            return f"write `all: {shapes.flow([{'from': [one]} for one in both])}` for `from`: each of them has to"
        if said := moved.of_everybody(error, value):
            return said
        if value.lower() in NOTHING:
            return "leave it out, or write `[]`" if "minItems" not in error.schema else ""
        if "enum" in listed and not fits(value):
            known = [str(one) for one in listed["enum"]]
            several = [one for one in re.split(r"[\s,;|]+", value) if one]
            if several[1:] and set(several) <= set(known):
                return f"write a list: [{', '.join(several)}]"
            near = closest(value, known)
            return near or f"write a list of some of: {choice([str(one) for one in listed['enum']])}"
        if listed.get("type") == "object" and (whole := _as_mapping(error._replace(schema=listed), value, document)):
            return whole.replace("write `", "write a list: `[").removesuffix("`") + "]`"
        if value.lower() in EACH:
            is_all = error.path[-1:] == ("types",)  # of an event
            return "leave `types` out: then all count" if is_all else "name each of them, in a list"
        several = items(value, _of_text(error, listed))
        if not several and re.search(r"[*&!%@`#,:\[\]{}'\"]", value) and fits(value):
            return f'write a list: ["{value}"]'
        return f"write a list: [{', '.join(several)}]" if several else ""
    if isinstance(value, dict):
        if value and all(one is None or one is True for one in value.values()) and all(map(fits, value)):
            return f"write a list: [{', '.join(value)}]"
        if said := moved.by_number(error, value, document):
            return said
        pairs = [f"{key}:{one}" for key, one in value.items()]
        if ":" in listed.get("pattern", "") and pairs and all(map(fits, pairs)):
            return f"write a list: [{', '.join(pairs)}]"
        name, inside = next(iter(value.items()), ("", None))
        if len(value) == 1 and isinstance(inside, list) and inside and all(map(fits, inside)):
            whole = f"{error.path[-1]}.{name}" if error.path else ""
            names = error.resolved(_parent(error).get("propertyNames", {})).get("examples", ())
            return f"write `{whole}:`" if whole in names else f"write `{shapes.flow(inside)}`, without `{name}:`"
        for key, one in value.items():  # named by a key, as elsewhere: its name belongs into it
            alone = [name["required"][0] for name in listed.get("oneOf", ()) if set(name) == {"required"}]
            absent = [name for name in listed.get("required", ()) if not isinstance(one, dict) or name not in one]
            absent = absent or alone[:1]
            if len(absent) == 1 and isinstance(one, dict) and fits({absent[0]: key, **one}):
                return f"write a list of items that say what they are: `- {{{absent[0]}: {key}, …}}`"
        if said := _reshaped(error, value, listed):
            return said
        if fits(value):
            return "put `[` and `]` around it, or `- ` before it"
        return "write a list: begin each of its items with `- `"
    return ""


def _reshaped(error: Failure, value: Mapping[str, Any], listed: Mapping[str, Any]) -> str:
    """The list that a mapping has in another form."""
    fits, schema = is_item(error), {**error.schema}
    name, one = next(iter(value.items()), ("", None))
    if len(value) == 1 and not fits(value) and shapes.fits(one, schema, error.root):
        return f"write `{shapes.flow(one)}`" if error.path else f"leave `{name}:` out: the file is the list itself"
    if value and (form := moved.named_by_key(error, value, listed)):
        return f"write `{form}`"
    if not fits(value) and (form := shapes.written(value, schema, error.root)):
        return f"write {form}"
    return ""


def _parent(error: Failure) -> Mapping[str, Any]:
    """What the schema says of the section that a value stands in."""
    found: Mapping[str, Any] = error.root.get("properties", {}).get(error.path[0], {}) if len(error.path) == 2 else {}
    return found


def _of_text(error: Failure, listed: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a union what it says of texts."""
    branches = [error.resolved(one) for one in listed.get("anyOf", (listed,))]
    return next((one for one in branches if "pattern" in one), listed)


def _as_mapping(error: Failure, value: object, document: Document) -> str:
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        return _as_entries(error, value, document)
    if error.path and error.path[-1] == "with" and isinstance(value, str | list):
        return _as_inputs(error, value if isinstance(value, list) else [value], document)
    if isinstance(value, int) and (form := shapes.lacking(value, error.schema, error.root)):
        return f"write `{form}`"
    needed: list[str] = list(error.schema.get("required", ()))
    alone = [one["required"][0] for one in error.schema.get("oneOf", ()) if set(one) == {"required"}]
    if "require" in alone and isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return f'write `{{require: "{conditions.all_of(value)}"}}`'
    shown = ", ".join(f"{name}: …" for name in needed)
    if isinstance(value, bool | float):
        shown = shown or "".join(f"{name}: …" for name in alone[:1])
        return f"write `{{{shown}}}`" if shown else ""
    if not isinstance(value, str | list | int) or str(value).lower() in (*NOTHING, *EACH):
        return ""
    if value == [] and "required" not in error.schema:
        return "leave it out, or write `{}`"
    if error.path and error.path[-1] in error.schema.get("properties", {}):
        return f"indent it deeper: `{error.path[-1]}` belongs to what stands above it"
    known = error.schema.get("properties", {})
    value = value[0] if isinstance(value, list) and len(value) == 1 and len(needed) == 1 else value
    for name in sorted((*needed, *alone, *known), key=lambda one: value not in error.part(one).get("examples", ())):
        fits = Draft202012Validator({**error.part(name), "$defs": error.defs}).is_valid
        rest = "".join(f", {one}: …" for one in needed if one != name)
        is_example = value in error.part(name).get("examples", ())
        if rest and name not in needed and not is_example:
            continue
        if (is_example or name in (needed or alone)) and not isinstance(value, list) and fits(value):
            return f"write `{{{name}: {value}{rest}}}`" if needed else f'write `{{{name}: "{value}"}}`'
        listed = value if isinstance(value, list) else [value]
        if fits(listed):
            return f"write `{{{name}: [{', '.join(map(str, listed))}]{rest}}}`"
    if form := shapes.written(value, error.schema, error.root):
        return f"write {form}"
    if isinstance(value, list) and value and (form := _of_names(error, value)):
        return f"say of each what belongs to it: `{form}`"
    return f"write `{{{shown}}}`" if shown else ""


def _of_names(error: Failure, names: list[Any]) -> str:
    """A list of names, where a mapping says something of each."""
    each = error.resolved(error.schema.get("additionalProperties") or {})
    wanted = error.resolved(error.schema.get("propertyNames", {}))
    within = {"array": "[…]", "object": "{…}"}.get(str(each.get("type")), "")
    are_names = all(isinstance(name, str) and shapes.fits(name, wanted, error.root) for name in names)
    return f"{{{', '.join(f'{name}: {within}' for name in names)}}}" if within and wanted and are_names else ""


def _as_entries(error: Failure, value: list[Mapping[str, Any]], document: Document) -> str:
    """A list of mappings where one mapping is wanted: its items are entries, or say in a key what they are called."""
    place = document.place(*error.path)
    if place.excerpt[place.column - 1 : place.column] == "[":
        whole = {name: one for entry in value for name, one in entry.items()}
        if len(value) == 1 or (len(whole) == sum(map(len, value)) and shapes.fits(whole, error.schema, error.root)):
            return "write `{` and `}` for `[` and `]`"
    numbers = {name: one for entry in value for name, one in entry.items()}
    if len(numbers) == len(value) and (form := shapes.written(shapes.by_count(numbers), error.schema, error.root)):
        return f"write {form}"
    if form := moved.by_name(error, value) or shapes.written(value, error.schema, error.root):
        return form if form.startswith("name each") else f"write {form}"
    entry = error.resolved(error.schema.get("additionalProperties") or {})
    named = [name for name in _NAMING if all(isinstance(one.get(name), str) for one in value)]
    if named and named[0] not in entry.get("properties", {}):
        rest = [f"{key}: …" for key in value[0] if key != named[0]]
        return f"begin each with its name, and no `-`: `{value[0][named[0]]}: {{{', '.join(rest)}}}`"
    return "leave the `-` out: what is wanted is a mapping, and no list"


_NAMING = ("name", "id", "key", "gate", "environment", "command", "action", "group")


_LEFT = re.compile(r"\$\{outputs\.(\w+)(?:\.(\w+))?\}$")


def _as_inputs(error: Failure, values: list[Any], document: Document) -> str:
    """Values in the place of the inputs of an action."""
    step: Any = document.data
    for one in error.path[:-1]:
        step = step[one]
    uses = step.get("uses")
    inputs = error.inputs.get(uses, {}) if isinstance(uses, str) else {}
    wanted = [name for name, is_needed in inputs.items() if is_needed] or list(inputs)
    if not wanted:
        return f"leave it out: `{uses}` has no inputs" if uses in error.inputs else ""
    if values[1:]:
        left = [(_LEFT.match(one) if isinstance(one, str) else None) for one in values]
        names = [next((one for one in said.groups() if one in wanted), "") if said else "" for said in left]
        if all(names) and len({*names}) == len(names):
            return f"write `{shapes.flow(dict(zip(names, values, strict=True)))}`"
    if len(values) != 1 or not isinstance(values[0], str):
        return f"say which input is which: `{{{', '.join(f'{name}: …' for name in wanted)}}}`"
    value = values[0]
    text = f'"{value}"' if "$" in value else value
    ways = choice([f"`{{{name}: {text}}}`" for name in wanted])
    return f"say which input it is: {ways}" if wanted[1:] else f"write {ways}"
