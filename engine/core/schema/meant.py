"""What was meant by a key or a value that does not fit: guesses, each held to the schema before it is told."""

import re
from collections.abc import Callable, Mapping
from difflib import SequenceMatcher
from itertools import islice, takewhile
from typing import Any

from jsonschema import Draft202012Validator

from engine.core.schema import foreign
from engine.core.schema.failure import Failure, strange
from engine.core.schema.mends import form, items
from engine.core.source import Document
from engine.names import choice, closest

MOST_UNKNOWN = 100  # keys of one mapping: whoever wrote more has another mapping in mind


# What other tools call it, and what is called so by us in one mapping or another.
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "account_id": ("account",),
    "action": ("uses", "types", "require"),
    "actions": ("types",),
    "activity_types": ("types",),
    "all_of": ("all",),
    "and": ("all",),
    "any_of": ("any",),
    "bypass": ("overrides",),
    "checks": ("gates",),
    "conditions": ("gates", "when"),
    "approvers": ("from", "approvals"),
    "condition": ("when", "if", "require"),
    "cron": ("every",),
    "default": ("otherwise",),
    "deny": ("reject",),
    "depends_on": ("needs",),
    "description": ("message",),
    "extends": ("include",),
    "exceptions": ("overrides",),
    "files": ("include", "owns"),
    "env": ("environments",),
    "envs": ("environments",),
    "filter": ("when", "if"),
    "groups": ("from",),
    "if": ("when",),
    "import": ("include",),
    "imports": ("include",),
    "inputs": ("with",),
    "job": ("run",),
    "keep": ("newest",),
    "locals": ("define",),
    "jobs": ("pipelines", "actions"),
    "members": ("users",),
    "min": ("count",),
    "msg": ("message",),
    "name": ("id", "pipeline", "repo"),
    "next": ("then",),
    "needs_approval": ("approvals",),
    "on": ("event", "events"),
    "one_of": ("any",),
    "or": ("any",),
    "owners": ("owns", "from"),
    "paths": ("owns",),
    "path": ("owns",),
    "pipeline": ("run",),
    "pull_request_rules": ("gates",),
    "repository": ("repo",),
    "required": ("require", "count"),
    "reviewers": ("from", "approvals"),
    "rules": ("gates",),
    "schedule": ("every",),
    "steps": ("actions",),
    "teams": ("from",),
    "timeouts": ("limits",),
    "triggers": ("events",),
    "ttl": ("expires",),
    "unless": ("reject",),
    "url": ("repo",),
    "type": ("types",),
    "user": ("login",),
    "users": ("from",),
    "variables": ("define",),
    "vars": ("define",),
    "workflow": ("run", "pipelines"),
    "workflows": ("include", "pipelines"),
    "when": ("if",),
    "with_inputs": ("with",),
}


def keys(error: Failure) -> dict[str, str]:
    """Unknown key → the known one that it was meant to be; of the first only, as they are told."""
    known = error.schema.get("properties", {})
    free = {name: None for name in known if name not in error.found}  # in the order of the schema
    missing = [name for name in error.schema.get("required", ()) if name in free]
    found: dict[str, str] = {}
    for name in islice((n for n in error.found if n not in known), MOST_UNKNOWN):
        alias = next((one for one in _ALIASES.get(name, ()) if one in free), "")
        near = closest(name, free).removeprefix("did you mean `").removesuffix("`?")
        near = near if near in free and (_is_sure(name, near) or not foreign.elsewhere(error, name)) else ""
        alias = alias or next((one for one in free if name in error.part(one).get("examples", ())), "")
        if meant := alias or ("" if foreign.remark(error, name) else near or _only(error, missing, name)):
            found[name] = meant
    return found


def _is_sure(name: str, near: str) -> bool:
    """Is it rather this name, misspelt, than that of another mapping, spelt well?"""
    return SequenceMatcher(a=near, b=name).ratio() >= _SURE


_SURE = 0.85


def _only(error: Failure, missing: list[str], name: str) -> str:
    """The one key that is missing, where the value of the one that is too many is one of its own."""
    if len(missing) != 1 or len(strange(error)) != 1:
        return ""
    value, wanted = error.found[name], {**error.part(missing[0]), "$defs": error.defs}
    has_shape = isinstance(value, dict | list | int) and not isinstance(value, bool)
    fits = has_shape and Draft202012Validator(wanted).is_valid(value)
    return str(missing[0]) if fits or (isinstance(value, str) and value and form(value, wanted)) else ""


def place_of_key(error: Failure, document: Document, name: str, wanted: Mapping[str, str]) -> str:
    """Where an unknown key belongs, if it is a known one in the wrong place or form; `wanted` has the guesses."""
    known = error.schema.get("properties", {})
    begin, blank, rest = name.partition(" ")
    if blank and begin in known and error.found[name] is None:
        return f"write `{begin}: {rest}`: a colon belongs after the name"
    begin, colon, rest = name.partition(":")
    if colon and begin in known:
        return f"write `{begin}: {rest}`: a space belongs after the colon"
    if twin := next((one for one in error.found if one in known and one.lower() == name.lower()), ""):
        return f"`{twin}` is here already: keep one of the two"
    value = error.found[name]
    if value is None and len(error.found) == 1 and error.path and isinstance(error.path[-1], int):
        return f"leave the `:` out: `- {name}`"
    if key := next((one for one in known if name in error.part(one).get("examples", ())), ""):
        beside = ", and what it holds beside that" if value else ""
        return f"write `{key}: {name}`{beside}"
    in_item = error.path and isinstance(error.path[-1], int)
    absent = [one for one in error.schema.get("required", ()) if not isinstance(value, dict) or one not in value]
    if (
        in_item
        and len(error.found) == 1
        and isinstance(value, dict)
        and len(absent) == 1
        and value.keys() <= known.keys()
    ):
        return f"its name belongs into it: `{{{absent[0]}: {name}, {', '.join(f'{one}: …' for one in value)}}}`"
    if error.path and not in_item and isinstance(value, dict) and value and value.keys() <= known.keys():
        return f"it stands in `{error.path[-1]}`: indent it as that, if it is another one"
    if step := _input(error, name):
        return step
    return of_the_top(error, document, name) or (name not in wanted and _not_here(error, name)) or ""


def _input(error: Failure, name: str) -> str:
    """What to do with an input of an action that stands beside `with:`."""
    uses = error.found.get("uses")
    is_input = isinstance(uses, str) and name in error.inputs.get(uses, ())
    return f"`{name}` is an input of `{uses}`: write `with: {{{name}: …}}`" if is_input else ""


def _not_here(error: Failure, name: str) -> str:
    """What there is instead, where it belongs, or which of several it may have been."""
    free = [one for one in error.schema.get("properties", {}) if one not in error.found]
    near = closest(name, free)
    several = near if "` or `" in near else ""
    return foreign.remark(error, name) or several or foreign.elsewhere(error, name) or near


def of_the_top(error: Failure, document: Document, name: str) -> str:
    """What to do with a section of the file that stands inside another one."""
    if error.path and name in error.root.get("properties", {}) and name not in document.data:
        return f"it stands in `{error.path[0]}`: begin `{name}:` in the first column"
    return ""


def hollow(error: Failure, document: Document) -> list[str]:
    """The keys below an empty name that belong in it and stand beside it."""
    if error.rule != "type" or error.found is not None or "object" not in error.wanted or not error.path:
        return []
    holder: Any = document.data
    for step in error.path[:-1]:
        holder = holder[step]
    if not isinstance(holder, dict):
        return []
    names = list(holder)
    after = names[names.index(error.path[-1]) + 1 :]
    return list(takewhile(error.schema.get("properties", {}).__contains__, after))


_TRUTHS = ("yes", "on", "true", "no", "off", "false")
NOTHING = ("nothing", "no", "null", "empty", "off", "false", "never")  # ways to say `none`


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
    value, wanted = error.found, _types(error)
    listed = error.resolved(error.schema.get("items", {}))
    if "enum" in error.schema:
        return f"one of: {choice([str(one) for one in error.schema['enum']])}"
    if "array" in wanted:
        return _as_list(error, value, listed, document)
    if "object" in wanted:
        return _as_mapping(error, value, document)
    if "boolean" in wanted and isinstance(value, str):
        word = {"yes": "true", "on": "true", "true": "true"}.get(value.lower(), "false")
        return f"write {word}, without quotes" if value.lower() in _TRUTHS else "write true or false, without quotes"
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return f"write `{value[0]}`, without brackets"
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        in_row = len(error.path) > 1 and isinstance(error.path[-2], int)
        return f"name one of them: {choice(value)}" + (", and write a row of its own for each other" if in_row else "")
    if isinstance(value, dict) and len(value) == 1:
        name, inside = next(iter(value.items()))
        if inside is None and form(name, error.schema) == name:
            return f"leave the `:` out: `{name}`"
        text = ":".join(map(str, *value.items()))
        return f"write `{text}`, without a space" if form(text, error.schema) == text else ""
    if "integer" in wanted and isinstance(value, str) and (number := re.match(r"\s*(\d+)\s*[A-Za-z]*\s*$", value)):
        return (
            f"leave the quotes out: {number[1]}" if value.strip() == number[1] else f"write {number[1]}, without a unit"
        )
    return ""


def _as_list(error: Failure, value: object, listed: Mapping[str, Any], document: Document) -> str:
    fits = is_item(error)
    if isinstance(value, str):
        if "enum" in listed and not fits(value):
            near = closest(value, map(str, listed["enum"]))
            return near or f"write a list of some of: {choice([str(one) for one in listed['enum']])}"
        if listed.get("type") == "object" and (whole := _as_mapping(error._replace(schema=listed), value, document)):
            return whole.replace("write `", "write a list: `[").removesuffix("`") + "]`"
        several = items(value, _of_text(error, listed))
        if not several and re.search(r"[*&!%@`#,:\[\]{}'\"]", value) and fits(value):
            return f'write a list: ["{value}"]'
        return f"write a list: [{', '.join(several)}]" if several else ""
    if isinstance(value, dict):
        if value and all(one is None for one in value.values()) and all(map(fits, value)):
            return f"write a list: [{', '.join(value)}]"
        pairs = [f"{key}:{one}" for key, one in value.items()]
        if pairs and all(map(fits, pairs)):
            return f"write a list: [{', '.join(pairs)}]"
        name, inside = next(iter(value.items()), ("", None))
        if len(value) == 1 and isinstance(inside, list) and inside and all(map(fits, inside)):
            whole = f"{error.path[-1]}.{name}" if error.path else ""
            names = error.resolved(_parent(error).get("propertyNames", {})).get("examples", ())
            return f"write `{whole}:`" if whole in names else f"write the list itself, without `{name}:`"
        for key, one in value.items():  # named by a key, as elsewhere: its name belongs into it
            alone = [name["required"][0] for name in listed.get("oneOf", ()) if set(name) == {"required"}]
            absent = [name for name in listed.get("required", ()) if not isinstance(one, dict) or name not in one]
            absent = absent or alone[:1]
            if len(absent) == 1 and isinstance(one, dict) and fits({absent[0]: key, **one}):
                return f"write a list of items that say what they are: `- {{{absent[0]}: {key}, …}}`"
        return "put `[` and `]` around it" if fits(value) else "write a list: begin each of its items with `- `"
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
    if not isinstance(value, str | list | int) or isinstance(value, bool):
        return ""
    if error.path and error.path[-1] in error.schema.get("properties", {}):
        return f"indent it deeper: `{error.path[-1]}` belongs to what stands above it"
    if error.path and error.path[-1] == "with" and isinstance(value, str):
        return _as_inputs(error, value, document)
    needed: list[str] = list(error.schema.get("required", ()))
    alone = [one["required"][0] for one in error.schema.get("oneOf", ()) if set(one) == {"required"}]
    for name in (*needed, *alone, *error.schema.get("properties", {})):
        fits = Draft202012Validator({**error.part(name), "$defs": error.defs}).is_valid
        rest = "".join(f", {one}: …" for one in needed if one != name)
        if rest and name not in needed:
            continue
        if name in (needed or alone) and not isinstance(value, list) and fits(value):
            return f"write `{{{name}: {value}{rest}}}`" if needed else f'write `{{{name}: "{value}"}}`'
        listed = value if isinstance(value, list) else [value]
        if fits(listed):
            return f"write `{{{name}: [{', '.join(map(str, listed))}]{rest}}}`"
    shown = ", ".join(f"{name}: …" for name in needed)
    return f"write `{{{shown}}}`" if shown else ""


def _as_entries(error: Failure, value: list[Mapping[str, Any]], document: Document) -> str:
    """A list of mappings where one mapping is wanted: its items are entries, or say in a key what they are called."""
    place = document.place(*error.path)
    if place.excerpt[place.column - 1 : place.column] == "[" and len(value) == 1:
        return "write `{` and `}` for `[` and `]`"
    entry = error.resolved(error.schema.get("additionalProperties") or {})
    named = [name for name in _NAMING if all(isinstance(one.get(name), str) for one in value)]
    if named and named[0] not in entry.get("properties", {}):
        rest = [f"{key}: …" for key in value[0] if key != named[0]]
        return f"begin each with its name, and no `-`: `{value[0][named[0]]}: {{{', '.join(rest)}}}`"
    return "leave the `-` out: what is wanted is a mapping, and no list"


_NAMING = ("name", "id", "key", "gate", "environment", "command", "action", "group")


def _as_inputs(error: Failure, value: str, document: Document) -> str:
    """A value in the place of the inputs of an action."""
    step: Any = document.data
    for one in error.path[:-1]:
        step = step[one]
    uses = step.get("uses")
    inputs = error.inputs.get(uses, {}) if isinstance(uses, str) else {}
    wanted = [name for name, is_needed in inputs.items() if is_needed] or list(inputs)
    text = f'"{value}"' if "$" in value else value
    if not wanted:
        return f"leave it out: `{uses}` has no inputs" if uses in error.inputs else ""
    ways = choice([f"`{{{name}: {text}}}`" for name in wanted])
    return f"say which input it is: {ways}" if wanted[1:] else f"write {ways}"


def _types(error: Failure) -> list[str]:
    types: str | list[str] = error.wanted
    return [types] if isinstance(types, str) else types
