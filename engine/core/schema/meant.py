"""What was meant by a key that does not fit: guesses, each held to the schema before it is told."""

from collections.abc import Mapping
from difflib import SequenceMatcher
from itertools import islice, takewhile
from typing import Any

from jsonschema import Draft202012Validator

from engine.core.schema import foreign
from engine.core.schema.failure import Failure, strange
from engine.core.schema.mends import form
from engine.core.source import Document
from engine.names import closest

MOST_UNKNOWN = 100  # keys of one mapping: whoever wrote more has another mapping in mind


# What other tools call it, and what is called so by us in one mapping or another.
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "account_id": ("account",),
    "action": ("uses", "types", "require"),
    "args": ("with",),
    "call": ("run", "uses"),
    "actions": ("types",),
    "activity_types": ("types",),
    "after": ("every",),
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
    "frequency": ("every",),
    "groups": ("from",),
    "if": ("when",),
    "import": ("include",),
    "imports": ("include",),
    "inputs": ("with",),
    "interval": ("every",),
    "job": ("run",),
    "keep": ("newest",),
    "locals": ("define",),
    "jobs": ("pipelines", "actions"),
    "members": ("users",),
    "min": ("count",),
    "msg": ("message",),
    "name": ("id", "pipeline", "repo"),
    "next": ("then",),
    "needs": ("gates",),
    "needs_approval": ("approvals",),
    "on": ("event", "events", "types"),
    "options": ("with",),
    "parameters": ("with",),
    "params": ("with",),
    "one_of": ("any",),
    "or": ("any",),
    "owners": ("owns", "from"),
    "paths": ("owns",),
    "path": ("owns",),
    "pipeline": ("run",),
    "pipelines": ("run",),
    "pull_request_rules": ("gates",),
    "ref": ("branch",),
    "repository": ("repo",),
    "read": ("plan",),
    "required": ("require", "count"),
    "requires": ("require", "gates", "besides"),
    "retention": ("backups",),
    "reviewers": ("from", "approvals"),
    "rules": ("gates",),
    "run": ("uses",),
    "schedule": ("every",),
    "steps": ("actions",),
    "teams": ("from",),
    "then": ("run",),
    "timeouts": ("limits",),
    "timer": ("every",),
    "title": ("description", "message"),
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
    "write": ("apply", "writers"),
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
    has_form = isinstance(value, str) and value and form(value, wanted) and not form("x", wanted)
    return str(missing[0]) if fits or has_form else ""


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
        lacking = [one for one in error.schema.get("required", ()) if one not in error.found and one != key]
        if isinstance(value, str) and len(lacking) == 1:
            return f"write `{{{key}: {name}, {lacking[0]}: {value}}}`"
        return f"write `{key}: {name}`" + (", and what it holds beside that" if isinstance(value, dict) else "")
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
    return "" if name in wanted else of_the_top(error, document, name) or _not_here(error, name)


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
