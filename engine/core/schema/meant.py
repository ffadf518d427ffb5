"""What was meant by a key that does not fit: guesses, each held to the schema before it is told."""

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from itertools import permutations, takewhile
from typing import Any

from jsonschema import Draft202012Validator

from engine.core.schema import foreign, moved, shapes
from engine.core.schema.aliases import alias
from engine.core.schema.failure import Failure, Path, strange
from engine.core.schema.mends import form
from engine.core.source import Document
from engine.names import closest

MOST_UNKNOWN = 100  # keys of one mapping: whoever wrote more has another mapping in mind


# Unknown key → the key beside it that it belongs in, and how.
_WITHIN: Mapping[str, tuple[str, str]] = {
    "action": ("payload", "payload: {action: …}"),
    "because": ("gates", "gates: {NAME: {outcome: …, because: …}}"),
}


def keys(error: Failure) -> dict[str, str]:
    """Unknown key → the known one that it was meant to be; of the first only, as they are told."""
    known = error.schema.get("properties", {})
    lost = strange(error)[:MOST_UNKNOWN]
    free = {name: None for name in known if name not in error.found}  # in the order of the schema
    aliased = any(alias(name, free) for name in lost)
    if not aliased and (into := shapes.inside(error.found, lost, error.schema, error.root)):
        return dict.fromkeys(lost, into)
    missing = [name for name in error.schema.get("required", ()) if name in free]
    found: dict[str, str] = {}
    for name in lost:
        near = closest(name, free).removeprefix("did you mean `").removesuffix("`?")
        near = near if near in free and (_is_sure(name, near) or not foreign.elsewhere(error, name)) else ""
        of_example = (one for one in free if name in error.part(one).get("examples", ()))
        other = _aliased(error, lost, name, free) or next(of_example, "")
        if meant := other or ("" if foreign.remark(error, name) else near or _only(error, missing, name)):
            found[name] = meant
        if not other and moved.is_count(error, name):
            found[name] = "from"
    return found


def _aliased(error: Failure, lost: list[str], name: str, free: Mapping[str, None]) -> str:
    """Its alias: one of the keys of which exactly one is needed, where none of them is there under any name."""
    ways = [one["required"][0] for one in error.schema.get("oneOf", ()) if set(one) == {"required"}]
    if any(way in error.found for way in ways):
        return alias(name, free.keys() - {*ways})
    by_another = any(alias(one, ways) or closest(one, ways) for one in lost if one != name)
    return (alias(name, free.keys() - {*ways}) if by_another else alias(name, ways)) or alias(name, free)


def by_another_name(errors: Iterable[Failure]) -> tuple[set[tuple[Path, str]], set[Path]]:
    """Keys that are there misspelt or beside their mapping; mappings that hold what may be any of their keys."""
    misspelt: set[tuple[Path, str]] = set()
    unnamed: set[Path] = set()
    for error in errors:
        if error.rule != "additionalProperties":
            continue
        lost, found = strange(error)[:MOST_UNKNOWN], keys(error)
        misspelt |= {(error.path, name) for name in found.values()}
        for name in lost:
            if into := shapes.deeper(error.found, name, error.schema, error.root):
                misspelt.add(((*error.path, into), name))
        if any(too_deep(error, name) or (not found and isinstance(error.found[name], str)) for name in lost):
            unnamed.add(error.path)
    return misspelt, unnamed


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


_PUT = re.compile(r"([\w-]+) *(?::=|=>|->|=) *(.+)$")  # `count=1`, `branch => dev`


def place_of_key(error: Failure, document: Document, name: str, wanted: Mapping[str, str]) -> str:
    """Where an unknown key belongs, if it is a known one in the wrong place or form; `wanted` has the guesses."""
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
    holder, how = _WITHIN.get(name, ("", ""))
    if holder in known:
        return f"it stands in `{holder}`: write `{how}`"
    if "facts" in known and "." in name:
        return f"a fact stands under `facts`: write `facts: {{{name}: …}}`"
    value = error.found[name]
    if too_deep(error, name):
        return f"begin it in the column of `{error.path[-1]}`: both are names in `{error.path[0]}`"
    if value is None and len(error.found) == 1 and error.path and isinstance(error.path[-1], int):
        return f"leave the `:` out: `- {name}`"
    if key := next((one for one in known if name in error.part(one).get("examples", ())), ""):
        lacking = [one for one in error.schema.get("required", ()) if one not in error.found and one != key]
        if isinstance(value, str) and len(lacking) == 1:
            return f"write `{{{key}: {name}, {lacking[0]}: {value}}}`"
        return f"write `{key}: {name}`" + (", and what it holds beside that" if isinstance(value, dict) else "")
    lacking = [one for one in error.schema.get("required", ()) if one not in error.found]
    if len(error.found) == 1 and len(lacking) > 1:
        for key, other in permutations(lacking, 2):
            if all(shapes.fits(one, error.part(of), error.root) for one, of in ((name, key), (value, other))):
                rest = "".join(f", {one}: …" for one in lacking if one not in (key, other))
                return f"write `{{{key}: {name}, {other}: {shapes.flow(value)}{rest}}}`"
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
    if said := of_the_top(error, document, name):
        return said
    if said := moved.elsewhere(error, document.data, name, is_guessed=name in wanted):
        return said
    return "" if name in wanted else _not_here(error, name)


def too_deep(error: Failure, name: str) -> bool:
    """Is it the name of a unit, indented as what is in the one above, so that its keys stand there, too?"""
    after = list(error.found)[list(error.found).index(name) + 1 :]
    is_unit = len(error.path) == 2 and isinstance(error.path[1], str) and error.found[name] is None
    return is_unit and bool(after) and all(one in error.schema.get("properties", {}) for one in after)


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


def section_above(error: Failure, name: str) -> str:
    """Of a mapping that begins in the first column, right below a section that holds such mappings."""
    before = list(takewhile(lambda one: one != name, error.found))
    section = error.part(before[-1]) if before else {}
    if error.path or not isinstance(error.found[name], dict) or not section.get("additionalProperties"):
        return ""
    return f"if it belongs in `{before[-1]}`, indent it and all of it by 2 spaces"


def of_the_top(error: Failure, document: Document, name: str) -> str:
    """What to do with a section of the file that stands inside another one."""
    wanted = error.root.get("properties", {}).get(name)
    value = error.found[name] if error.rule == "additionalProperties" else error.found
    like = {key: of for key, of in error.resolved(wanted or {}).items() if key == "type"}
    fits = value is None or shapes.fits(value, like, error.root)  # None: what belongs to it stands beside it
    if error.path and wanted and name not in document.data and fits:
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
