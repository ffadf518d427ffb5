"""What was meant by a key or a value that does not fit: guesses, each held to the schema before it is told."""

import re
from collections.abc import Callable, Container, Iterator, Mapping
from itertools import islice, takewhile
from typing import Any, NamedTuple, TypeAlias

from jsonschema import Draft202012Validator

from engine.core.schema import moved, shapes
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


# Unknown key → the key beside it that it belongs in, and how.
_WITHIN: Mapping[str, tuple[str, str]] = {
    "action": ("payload", "payload: {action: …}"),
    "because": ("gates", "gates: {NAME: {outcome: …, because: …}}"),
}
# What other tools call it, and what is called so by us in one mapping or another.
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "account_id": ("account",),
    "action": ("uses", "require"),
    "all_of": ("all",),
    "allowed": ("from",),
    "also": ("besides",),
    "and": ("all",),
    "approvals": ("reviews",),
    "author": ("user",),
    "any_of": ("any",),
    "approved-reviews-by": ("approvals",),
    "approved_by": ("from",),
    "approvers": ("from", "approvals"),
    "approving": ("count",),
    "assert": ("require",),
    "at_least": ("count",),
    "block_if": ("reject",),
    "by": ("from",),
    "bypass": ("override",),
    "check": ("require",),
    "condition": ("when", "if", "require"),
    "conditions": ("require", "when"),
    "cron": ("every",),
    "default": ("otherwise",),
    "deny": ("reject",),
    "depends_on": ("needs",),
    "duration": ("expires",),
    "description": ("message", "why"),
    "env": ("environments",),
    "event": ("name",),
    "expect": ("pipelines",),
    "expected": ("pipelines",),
    "envs": ("environments",),
    "except": ("never", "exclude"),
    "expires_in": ("expires",),
    "expiry": ("expires",),
    "expression": ("require",),
    "fail_if": ("reject",),
    "filter": ("when", "if"),
    "group": ("from",),
    "groups": ("from",),
    "if": ("when",),
    "ignore": ("exclude",),
    "input": ("facts",),
    "inputs": ("with", "facts"),
    "job": ("run",),
    "jobs": ("pipelines", "actions"),
    "logins": ("users",),
    "members": ("users",),
    "min": ("count",),
    "min_approvals": ("count",),
    "min_reviewers": ("count",),
    "minimum": ("count",),
    "msg": ("message",),
    "name": ("id", "why", "pipeline", "repo"),
    "needs_approval": ("approvals",),
    "number": ("count",),
    "on": ("event", "events"),
    "one_of": ("any",),
    "or": ("any",),
    "overridable_by": ("override",),
    "owners": ("owns", "from"),
    "path": ("owns",),
    "paths": ("owns",),
    "people": ("users", "from"),
    "phrase": ("command",),
    "pipeline": ("run",),
    "prefix": ("command",),
    "quorum": ("count",),
    "repository": ("repo",),
    "required": ("require", "count"),
    "required_approvals": ("count",),
    "required_approving_review_count": ("count",),
    "required_reviewers": ("approvals", "from"),
    "requires": ("require", "besides"),
    "reviewers": ("from", "approvals"),
    "rules": ("gates",),
    "schedule": ("every",),
    "login": ("user",),
    "pull_request": ("pr",),
    "reason": ("because", "message"),
    "result": ("outcome", "pipelines"),
    "scenarios": ("cases",),
    "steps": ("actions",),
    "team": ("teams", "from"),
    "teams": ("from",),
    "text": ("message",),
    "trigger": ("command",),
    "tests": ("cases",),
    "time": ("now",),
    "title": ("why",),
    "triggers": ("events",),
    "ttl": ("expires",),
    "unless": ("reject",),
    "url": ("repo",),
    "user": ("login",),
    "users": ("from",),
    "when": ("if",),
    "who": ("from",),
    "with_approval_of": ("besides",),
    "with": ("facts",),
    "with_inputs": ("with",),
}


def strange(error: Failure) -> list[str]:
    """The keys that the schema does not know."""
    known = error.schema.get("properties", {})
    return [name for name in error.found if name not in known]


def alias(name: str, known: Container[str]) -> str:
    """What is called so by others, if we have it by another name; empty otherwise."""
    return next((one for one in _ALIASES.get(name, ()) if one in known), "")


def keys(error: Failure) -> dict[str, str]:
    """Unknown key → the known one that it was meant to be; of the first only, as they are told."""
    known = error.schema.get("properties", {})
    lost = strange(error)[:MOST_UNKNOWN]
    free = {name: None for name in known if name not in error.found}  # in the order of the schema
    if not any(alias(name, free) for name in lost) and (
        into := shapes.inside(error.found, lost, error.schema, error.root)
    ):
        return dict.fromkeys(lost, into)
    missing = [name for name in error.schema.get("required", ()) if name in free]
    found: dict[str, str] = {}
    for name in islice((n for n in error.found if n not in known), MOST_UNKNOWN):
        near = closest(name, free).removeprefix("did you mean `").removesuffix("`?")
        if meant := alias(name, free) or (near if near in free else "") or _only(error, missing, name):
            found[name] = meant
        if not alias(name, free) and moved.is_count(error, name):
            found[name] = "from"
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
    yield value.strip(" ,;'\"@")


# What people put before a name: the address of a repository, the mark of a login.
_PREFIXED = re.compile(r"(?:https?://[^/\s]+/|git@[^:\s]+:|@)([\w.-]+(?:/[\w.-]+?)?)(?:\.git)?/?$")


_TEAM = re.compile(r"(?:https?://[^/\s]+/)?orgs/([\w.-]+)/teams/([\w.-]+)/?")


def _address(value: str) -> Iterator[str]:
    if team := _TEAM.match(value):
        yield f"{team[1]}/{team[2]}"
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
    parts = [part for part in re.split(r"(?:^|[\s;,|&]+)(?:- ?)?", value) if part and part not in ("or", "and")]
    pattern = schema.get("pattern", "")
    names = re.fullmatch(r"[A-Z][a-z]+(?: [A-Z][a-z]+){1,2}", value)  # `Nina Smith` is somebody, and no list
    several = len(parts) > 1 and pattern and not names and all(re.search(pattern, part) for part in parts)
    return parts if several else []


def place_of_key(error: Failure, document: Document, name: str) -> str:
    """Where an unknown key belongs, if it is a known one in the wrong place or form."""
    known = error.schema.get("properties", {})
    begin, blank, rest = name.partition(" ")
    if blank and begin in known and error.found[name] is None:
        return f"write `{begin}: {rest}`: a colon belongs after the name"
    begin, colon, rest = name.partition(":")
    if colon and begin in known:
        return f"write `{begin}: {rest}`: a space belongs after the colon"
    if twin := next((one for one in error.found if one in known and one.lower() == name.lower()), ""):
        return f"`{twin}` is here already: keep one of the two"
    holder, how = _WITHIN.get(name, ("", ""))
    if holder in known:
        return f"it stands in `{holder}`: write `{how}`"
    if "facts" in known and "." in name:
        return f"a fact stands under `facts`: write `facts: {{{name}: …}}`"
    value = error.found[name]
    if value is None and len(error.found) == 1 and error.path and isinstance(error.path[-1], int):
        return f"leave the `:` out: `- {name}`"
    if error.path and known and isinstance(value, dict) and value and value.keys() <= known.keys():
        return f"it stands in `{error.path[-1]}`: indent it as that, if it is another one"
    if said := of_the_top(error, document, name):
        return said
    return moved.elsewhere(error, document.data, name, is_guessed=name in keys(error))


def of_the_top(error: Failure, document: Document, name: str) -> str:
    """What to do with a section of the file that stands inside another one."""
    wanted = error.root.get("properties", {}).get(name)
    value = error.found[name] if error.rule == "additionalProperties" else error.found
    like = {key: of for key, of in error.resolved(wanted or {}).items() if key == "type"}
    if error.path and wanted and name not in document.data and shapes.fits(value, like, error.root):
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


_NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_TRUTHS = ("yes", "on", "true", "no", "off", "false")
NOTHING = ("none", "nothing", "no", "null", "empty", "off", "false", "never")  # ways to say `none`


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
    if wanted == ["boolean"] and not isinstance(value, str):
        return "write true or false"
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
    if "integer" in wanted and isinstance(value, str) and value.lower() in _NUMBERS:
        return f"write {_NUMBERS.index(value.lower())}"
    if "integer" in wanted and isinstance(value, str) and (number := re.match(r"\s*(\d+)\s*[A-Za-z]*\s*$", value)):
        return (
            f"leave the quotes out: {number[1]}" if value.strip() == number[1] else f"write {number[1]}, without a unit"
        )
    return "write a whole number" if wanted == ["integer"] else ""


def _as_list(error: Failure, value: object, listed: Mapping[str, Any]) -> str:
    fits = Draft202012Validator({**listed, "$defs": error.defs}).is_valid
    if isinstance(value, str) and value.lower() in NOTHING and not error.schema.get("minItems"):
        return "write `[]`"
    if isinstance(value, str):
        if said := moved.of_everybody(error, value):
            return said
        if "enum" in listed and not fits(value):
            near = closest(value, map(str, listed["enum"]))
            return near or f"write a list of some of: {choice([str(one) for one in listed['enum']])}"
        several = items(value, _of_text(error, listed))
        if not several and re.search(r"[*&!%@`#,:\[\]{}'\"]", value) and fits(value):
            return f'write a list: ["{value}"]'
        return f"write a list: [{', '.join(several)}]" if several else ""
    if isinstance(value, dict):
        if value and all(one is None or one is True for one in value.values()) and all(map(fits, value)):
            return f"write a list: [{', '.join(value)}]"
        pairs = [f"{key}:{one}" for key, one in value.items()]
        if pairs and all(map(fits, pairs)):
            return f"write a list: [{', '.join(pairs)}]"
        for key, one in value.items():  # named by a key, as elsewhere: its name belongs into it
            absent = [name for name in listed.get("required", ()) if not isinstance(one, dict) or name not in one]
            if len(absent) == 1 and isinstance(one, dict) and fits({absent[0]: key, **one}):
                return f"write a list of items that say what they are: `- {{{absent[0]}: {key}, …}}`"
        whole = {**error.schema}
        if len(value) == 1 and not fits(value) and shapes.fits(next(iter(value.values())), whole, error.root):
            name, one = next(iter(value.items()))
            return f"write `{shapes.flow(one)}`" if error.path else f"leave `{name}:` out: the file is the list itself"
        if value and (form := moved.named_by_key(error, value, listed)):
            return f"write `{form}`"
        if not fits(value) and (form := shapes.written(value, whole, error.root)):
            return f"write {form}"
        return (
            "put `[` and `]` around it, or `- ` before it"
            if fits(value)
            else "write a list: begin each of its items with `- `"
        )
    return ""


def _of_text(error: Failure, listed: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a union what it says of texts."""
    branches = [error.resolved(one) for one in listed.get("anyOf", (listed,))]
    return next((one for one in branches if "pattern" in one), listed)


def _as_mapping(error: Failure, value: object) -> str:
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        form = shapes.written(value, error.schema, error.root)
        return (
            moved.by_name(error, value)
            or (f"write {form}" if form else "")
            or "leave the `-` out: what is wanted is a mapping, and no list"
        )
    if isinstance(value, int) and (form := shapes.lacking(value, error.schema, error.root)):
        return f"write `{form}`"
    if error.found is None or isinstance(value, dict):
        return ""
    needed = ", ".join(f"{name}: …" for name in error.schema.get("required", ()))
    if not isinstance(value, str | list):
        return f"write `{{{needed}}}`" if needed else ""
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
    if form := shapes.written(value, error.schema, error.root):
        return f"write {form}"
    return f"write `{{{needed}}}`" if needed else ""


def _types(error: Failure) -> list[str]:
    types: str | list[str] = error.wanted
    return [types] if isinstance(types, str) else types
