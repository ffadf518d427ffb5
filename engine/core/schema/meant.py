"""What was meant by a key or a value that does not fit: guesses, each held to the schema before it is told."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice, takewhile
from typing import Any, NamedTuple, TypeAlias

from jsonschema import Draft202012Validator

from engine.core.source import Document
from engine.names import choice, closest

Path: TypeAlias = tuple[str | int, ...]

MOST_UNKNOWN = 100  # keys of one mapping: whoever wrote more has another mapping in mind


class Failure(NamedTuple):
    """What we use of a jsonschema error."""

    rule: str
    wanted: Any  # the keyword's value
    found: Any  # the value that does not fit
    schema: Mapping[str, Any]  # that holds the keyword
    path: Path
    message: str
    inner: tuple["Failure", ...]  # why each branch of a union did not fit
    branch: int  # in a union: which branch
    of_name: bool  # is `found` a key rather than a value?
    implied: bool  # by another key's presence (`then`)
    root: Mapping[str, Any]  # the whole schema

    @property
    def defs(self) -> Mapping[str, Any]:
        """What its `$ref`s lead to."""
        found: Mapping[str, Any] = self.root.get("$defs", {})
        return found

    def part(self, name: str) -> Mapping[str, Any]:
        """What the schema says of the key `name`, with what it refers to."""
        found: Mapping[str, Any] = self.schema.get("properties", {}).get(name, {})
        return {**self.resolved(found), **found}

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """What `$ref` leads to."""
        referred: Mapping[str, Any] = self.defs.get(schema.get("$ref", "").removeprefix("#/$defs/"), schema)
        return referred


# What other tools call it, and what is called so by us in one mapping or another.
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "account_id": ("account",),
    "action": ("uses", "require"),
    "all_of": ("all",),
    "and": ("all",),
    "any_of": ("any",),
    "approvers": ("from", "approvals"),
    "condition": ("when", "if", "require"),
    "cron": ("every",),
    "default": ("otherwise",),
    "deny": ("reject",),
    "depends_on": ("needs",),
    "description": ("message",),
    "env": ("environments",),
    "envs": ("environments",),
    "filter": ("when", "if"),
    "groups": ("from",),
    "if": ("when",),
    "inputs": ("with",),
    "job": ("run",),
    "jobs": ("pipelines", "actions"),
    "members": ("users",),
    "min": ("count",),
    "msg": ("message",),
    "name": ("id", "pipeline", "repo"),
    "needs_approval": ("approvals",),
    "on": ("event", "events"),
    "one_of": ("any",),
    "or": ("any",),
    "owners": ("owns", "from"),
    "paths": ("owns",),
    "path": ("owns",),
    "pipeline": ("run",),
    "repository": ("repo",),
    "required": ("require", "count"),
    "reviewers": ("from", "approvals"),
    "rules": ("gates",),
    "schedule": ("every",),
    "steps": ("actions",),
    "teams": ("from",),
    "triggers": ("events",),
    "ttl": ("expires",),
    "unless": ("reject",),
    "url": ("repo",),
    "user": ("login",),
    "users": ("from",),
    "when": ("if",),
    "with_inputs": ("with",),
}


def strange(error: Failure) -> list[str]:
    """The keys that the schema does not know."""
    known = error.schema.get("properties", {})
    return [name for name in error.found if name not in known]


def keys(error: Failure) -> dict[str, str]:
    """Unknown key → the known one that it was meant to be; of the first only, as they are told."""
    known = error.schema.get("properties", {})
    free = {name: None for name in known if name not in error.found}  # in the order of the schema
    missing = [name for name in error.schema.get("required", ()) if name in free]
    found: dict[str, str] = {}
    for name in islice((n for n in error.found if n not in known), MOST_UNKNOWN):
        alias = next((one for one in _ALIASES.get(name, ()) if one in free), "")
        near = closest(name, free).removeprefix("did you mean `").removesuffix("`?")
        if meant := alias or (near if near in free else "") or _only(error, missing, name):
            found[name] = meant
    return found


def _only(error: Failure, missing: list[str], name: str) -> str:
    """The one key that is missing, where the value of the one that is too many is one of its own."""
    if len(missing) != 1 or len(strange(error)) != 1:
        return ""
    value, wanted = error.found[name], {**error.part(missing[0]), "$defs": error.defs}
    fits = isinstance(value, dict | list) and Draft202012Validator(wanted).is_valid(value)
    return str(missing[0]) if fits or (isinstance(value, str) and value and form(value, wanted)) else ""


def form(value: str, schema: Mapping[str, Any]) -> str:
    """The value as the schema wants it: itself, or with one slip mended; empty where no mend of ours makes it fit."""
    pattern: str = schema.get("pattern", "")
    if not pattern:
        return ""
    mends = (*_MENDS, _separated) if pattern.startswith("^[a-z") else _MENDS
    for mend in mends:
        for text in mend(value):
            if text and re.search(pattern, text) and len(text) <= schema.get("maxLength", len(text)):
                return text
    return ""


def _itself(value: str) -> Iterator[str]:
    yield value


def _bare(value: str) -> Iterator[str]:
    """Without what stands around it: the mark of a login, a comma, quotes within quotes."""
    yield value.strip(" ,;:'\"@")


# What people put before a name: the address of a repository, the mark of a login.
_PREFIXED = re.compile(r"(?:https?://[^/\s]+/|git@[^:\s]+:|@)([\w.-]+(?:/[\w.-]+?)?)(?:\.git)?/?$")


def _address(value: str) -> Iterator[str]:
    if said := _PREFIXED.match(value):
        yield said[1]
    yield value.replace("\\", "/")
    yield value.strip("/").removeprefix("./")


def _small(value: str) -> Iterator[str]:
    yield value.lower()


_ALIKE = str.maketrans("аеорсухіѕјԁո", "aeopcyxisjdn")  # Cyrillic and Armenian letters that look Latin


def _latin(value: str) -> Iterator[str]:
    yield value.translate(_ALIKE)


_SEPARATORS = (
    (" ", "-"),
    (" ", "_"),
    ("_", "-"),
    ("-", "_"),
    (".", "-"),
    (".", "_"),
    ("=", ":"),
    (": ", ":"),
    ("\\", "/"),
)


def _separated(value: str) -> Iterator[str]:
    if "@" not in value and not any(c.isupper() for c in value[1:]):  # `Nina Smith` is no login
        yield from (value.lower().replace(old, new) for old, new in _SEPARATORS if old in value)


def _digits(value: str) -> Iterator[str]:
    """`4111-1111-1111`"""
    if bare := re.fullmatch(r"\d[\d -]+", value):
        yield bare[0].replace("-", "").replace(" ", "")


_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_SPAN = re.compile(
    r"(\d{1,9})\s{0,9}(s|m|h|d|w)(?:ecs?|econds?|ins?|inutes?|rs?|ours?|ays?|eeks?)?(?![A-Za-z])\s{0,9}", re.IGNORECASE
)


def _span(value: str) -> Iterator[str]:
    """`24 hours`, `1d12h`, `P7D`, `2 weeks`: in its own unit, or in the largest that is exact."""
    text = re.sub(r"^P|T", "", value.strip()) if value[:1] == "P" else value.strip()
    if not text or _SPAN.sub("", text):
        return
    parts = [(int(number), unit.lower()) for number, unit in _SPAN.findall(text)]
    whole = sum(number * _UNITS[unit] for number, unit in parts)
    if len(parts) == 1 and parts[0][1] != "w":
        yield "{}{}".format(*parts[0])
    yield from (f"{whole // _UNITS[unit]}{unit}" for unit in "dhms" if whole and whole % _UNITS[unit] == 0)


_MENDS: tuple[Callable[[str], Iterator[str]], ...] = (
    _itself,
    _bare,
    _address,
    _small,
    _latin,
    _digits,
    _span,
)


def items(value: str, schema: Mapping[str, Any]) -> list[str]:
    """The items that a list was meant to have where one text stands in it: `[paula pete]`, `[paula; pete]`."""
    parts = [part for part in re.split(r"(?:^|[\s;,]+)(?:(?:[-–—•]|\d{1,3}[.)])(?: |$)|-)?", value) if part]
    pattern = schema.get("pattern", "")
    several = len(parts) > 1 and pattern and all(re.search(pattern, part) for part in parts)
    return parts if several else []


_PUT = re.compile(r"([\w-]+) *(?::=|=>|->|=) *(.+)$")  # `count=1`, `branch => dev`


def place_of_key(error: Failure, document: Document, name: str) -> str:
    """Where an unknown key belongs, if it is a known one in the wrong place or form."""
    known = error.schema.get("properties", {})
    if (put := _PUT.match(name)) and put[1] in known:
        return f"write `{put[1]}: {put[2]}`: between a name and its value belongs `: `"
    begin, blank, rest = name.partition(" ")
    if blank and begin in known and error.found[name] is None:
        return f"write `{begin}: {rest}`: a colon belongs after the name"
    begin, colon, rest = name.partition(":")
    if colon and begin in known:
        return f"write `{begin}: {rest}`: a space belongs after the colon" if rest else f"write `{begin}:`"
    if twin := next((one for one in error.found if one in known and one.lower() == name.lower()), ""):
        return f"`{twin}` is here already: keep one of the two"
    value = error.found[name]
    if value is None and len(error.found) == 1 and error.path and isinstance(error.path[-1], int):
        return f"leave the `:` out: `- {name}`"
    if error.path and known and isinstance(value, dict) and value and value.keys() <= known.keys():
        return f"it stands in `{error.path[-1]}`: indent it as that, if it is another one"
    return of_the_top(error, document, name)


def section_above(error: Failure, name: str) -> str:
    """Of a mapping that begins in the first column, right below a section that holds such mappings."""
    before = list(takewhile(lambda one: one != name, error.found))
    section = error.part(before[-1]) if before else {}
    if error.path or not isinstance(error.found[name], dict) or not section.get("additionalProperties"):
        return ""
    return f"if it belongs in `{before[-1]}`, indent it and all of it by 2 spaces"


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


def of_another_type(error: Failure) -> str:
    """How to write a value that is of another type than wanted, where it would be right."""
    value, wanted = error.found, _types(error)
    listed = error.resolved(error.schema.get("items", {}))
    if "enum" in error.schema:
        return f"one of: {choice([str(one) for one in error.schema['enum']])}"
    if "array" in wanted:
        return _as_list(error, value, listed)
    if "object" in wanted:
        return _as_mapping(error, value)
    if "boolean" in wanted and isinstance(value, str):
        word = {"yes": "true", "on": "true", "true": "true"}.get(value.lower(), "false")
        return f"write {word}, without quotes" if value.lower() in _TRUTHS else "write true or false, without quotes"
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return f"write `{value[0]}`, without brackets"
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


def _as_list(error: Failure, value: object, listed: Mapping[str, Any]) -> str:
    fits = Draft202012Validator({**listed, "$defs": error.defs}).is_valid
    if isinstance(value, str):
        if "enum" in listed and not fits(value):
            near = closest(value, map(str, listed["enum"]))
            return near or f"write a list of some of: {choice([str(one) for one in listed['enum']])}"
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
        for key, one in value.items():  # named by a key, as elsewhere: its name belongs into it
            absent = [name for name in listed.get("required", ()) if not isinstance(one, dict) or name not in one]
            if len(absent) == 1 and isinstance(one, dict) and fits({absent[0]: key, **one}):
                return f"write a list of items that say what they are: `- {{{absent[0]}: {key}, …}}`"
        return "put `[` and `]` around it" if fits(value) else "write a list: begin each of its items with `- `"
    return ""


def _of_text(error: Failure, listed: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a union what it says of texts."""
    branches = [error.resolved(one) for one in listed.get("anyOf", (listed,))]
    return next((one for one in branches if "pattern" in one), listed)


def _as_mapping(error: Failure, value: object) -> str:
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        return "leave the `-` out: what is wanted is a mapping, and no list"
    if error.found is None or not isinstance(value, str | list):
        return ""
    if error.path and error.path[-1] in error.schema.get("properties", {}):
        return f"indent it deeper: `{error.path[-1]}` belongs to what stands above it"
    alone = [one["required"][0] for one in error.schema.get("oneOf", ()) if set(one) == {"required"}]
    for name in error.schema.get("properties", {}):
        fits = Draft202012Validator({**error.part(name), "$defs": error.defs}).is_valid
        if name in alone and isinstance(value, str) and fits(value):
            return f'write `{{{name}: "{value}"}}`'
        for text, one in ((f"[{value}]", [value]), (f"[{', '.join(map(str, value))}]", value)):
            if isinstance(one, list) and fits(one):
                return f"write `{{{name}: {text}}}`"
    needed = ", ".join(f"{name}: …" for name in error.schema.get("required", ()))
    return f"write `{{{needed}}}`" if needed else ""


def _types(error: Failure) -> list[str]:
    types: str | list[str] = error.wanted
    return [types] if isinstance(types, str) else types
