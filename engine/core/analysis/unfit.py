"""What is wrong with the facts of a fixture, in the words of who wrote them: in the short form, where they said it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from engine.core import schema
from engine.core.analysis.whence import FILLED, Whence
from engine.core.moment import is_day, is_moment
from engine.core.source import Document
from engine.errors import Problem, problem
from engine.names import choice, closest, either

if TYPE_CHECKING:
    from engine.core.schema.failures import Mistake


def unfit(document: Mapping[str, Any], whence: Whence) -> Iterator[Problem]:
    """What does not fit the facts' schema; what one of them lacks is one mistake."""
    found = schema.check("facts", Document("", document, whence))
    of_verdict = any(one.path[:2] == ("facts", "verdict") for one in found)
    for (path, code), rows in groupby(found, key=lambda m: (m.path, m.problem.code)):
        several, at = list(rows), ".".join(str(step) for step in whence.origin(path))
        lacking = [m.problem.message.split("`")[1] for m in found if m.path == path and m.problem.code == "ENG041"]
        lacks = code == "ENG041"
        if lacks and (any(m.path == path and m.sound for m in found) or (of_verdict and path[1] in FILLED)):
            continue  # by another name it is there, or it is missing in the verdict, too
        if lacks and several[1:]:
            hint, reason = _whole(path, whence) or "add them", f"keys {', '.join(lacking)} are missing"
            yield problem("ENG254", several[0].problem.place, hint=hint, path=at, reason=reason)
            continue
        for one in several:
            place = whence.find(path, key=True) if one.of_name else one.problem.place
            hint = (_whole(path, whence) if lacks or code == "ENG042" else "") or _meant(path, one)
            if code == "ENG040" and not hint:
                hint = _instead(path, one, lacking, document)
            yield problem("ENG254", place, hint=hint or one.problem.hint, path=at, reason=one.problem.message)


def _instead(path: tuple[str | int, ...], one: "Mistake", lacking: Sequence[str], document: Any) -> str:
    """Of an unknown key: the only one that is missing, the only one that takes the value, or those that there are."""
    name, known = _key(one), _known(path[1:])
    for step in path:
        document = document[step]
    value = document.get(name.rpartition(".")[2])
    taking = [key for key, shape in known.items() if isinstance(value, str) and value in shape.get("enum", ())]
    for likely in (lacking, taking):
        if len(likely) == 1:
            return f"did you mean `{likely[0]}`?"
    return f"known here: {either(known)}" if known else ""


def _key(mistake: "Mistake") -> str:
    """A key as it is written, which may be a path: `pr.draft`."""
    place = mistake.problem.place
    return place.excerpt[place.column - 1 : place.column - 1 + place.length] if place else ""


def _whole(path: tuple[str | int, ...], whence: Whence) -> str:
    """What to write where one part was meant, or none, and a fact that is given was replaced as a whole."""
    from engine.core.schema.shapes import flow

    if len(path) != 2 or path[0] != "facts":
        return ""
    fact = str(path[1])
    value, is_list = whence.topmost(fact), fact in shapes() and shapes()[fact].get("type") == "array"
    if is_list and value in (None, "none", "null", 0, False):
        return f"for none of them write `[]`; where they are not known, `absent: {{{fact}: why}}` beside the facts"
    if is_list and isinstance(value, dict):
        items = shapes()[fact].get("items", {}).get("properties", {})
        return f"write a list: `[{flow(value)}]`" if value.keys() <= items.keys() else "write a list: `[{…}, {…}]`"
    if not whence.is_given(fact):
        return ""
    if value is None or value in ("none", "null", "absent", False):
        return f"what is not there stands beside the facts: write `absent: {{{fact}: why}}`"
    parts = shapes()[fact].get("properties", {}) if fact in shapes() else {}
    if isinstance(value, str):
        named = [name for name, shape in parts.items() if value in shape.get("enum", ())]
        return f"write `{fact}.{named[0]}: {value}`" if named else ""
    part = next((name for name in value if name in parts), "") if isinstance(value, dict) else ""
    return f"this replaces all of `{fact}` that is given: write `{fact}.{part}: …` to change that alone" if part else ""


def _meant(path: tuple[str | int, ...], mistake: "Mistake") -> str:
    """What to write of facts that have a short form, or that lie elsewhere."""
    name, code = _key(mistake), mistake.problem.code
    if path == ("facts",):
        *_, last = steps = re.split("[./]", name)
        deeper = sorted(f"{fact}.{last}" for fact, shape in shapes().items() if last in shape.get("properties", {}))
        near = _near(name, shapes()) if not steps[1:] else ""
        return near or (f"did you mean {choice([f'`{one}`' for one in deeper])}?" if deeper else "")
    if code == "ENG040" and path[0] == "facts":  # also one that is there already, as what is given is replaced
        key, known = name.rpartition(".")[2], _known(path[1:])
        outer, _, inner = key.partition("_")
        if inner in (_known((*path[1:], outer)) if outer in known else ()):
            return f"did you mean `{'.'.join(map(str, path[1:]))}.{outer}.{inner}`?"
        if {"login", "id"} <= known.keys():
            return closest(key, known) or "write the login alone: `ann`"
        return _near(key, known)
    if len(path) == 2 and path[0] in ("absent", "failed") and "." in str(path[1]):
        whole = str(path[1]).partition(".")[0]
        return f"a fact is {path[0]} as a whole: write `{whole}`" if whole in shapes() else ""
    if code == "ENG042" and "." in name and len(path) == 2:
        return f"a list is said as a whole: write `{path[1]}: [{{…}}]`"
    if code == "ENG042" and len(path) == 4 and (path[1], path[3]) == ("groups", "members"):
        return f"write `[{name}]`"
    short = _SHORT.get(tuple(str(path[1]) if n == 1 else "*" for n in range(1, len(path))), "")
    return f"write `{short}`" if short and code == "ENG042" else ""


def _near(name: str, known: Mapping[str, Any]) -> str:
    from engine.core.schema.aliases import alias

    called = alias(name, known)
    return f"did you mean `{called}`?" if called else closest(name, known)


def _known(path: tuple[str | int, ...]) -> Mapping[str, Any]:
    """The keys that a part of the facts may have."""
    shape: Any = {"properties": shapes()}
    for step in path:
        inner = shape.get("items", {}) if isinstance(step, int) else shape.get("properties", {}).get(step)
        shape = inner if inner is not None else shape.get("additionalProperties", {})
        shape = _schema()["$defs"].get(shape.get("$ref", "").removeprefix("#/$defs/"), shape)
    return shape.get("properties") or {}


# What to write where something of another type stands: of a list's items, and of groups.
_SHORT: Mapping[tuple[str, ...], str] = {
    ("reviews", "*"): "{user: ann}",
    ("comments", "*"): "{user: ann, body: …}",
    ("commits", "*"): "{author: ann, committer: ann}",
    ("groups", "*"): "{members: [ann, bob]}",
}


def impossible(facts: Mapping[str, Any], whence: Whence) -> Iterator[Problem]:
    """Days that no calendar has."""
    for path, value in _leaves(facts, ("facts",)):
        if isinstance(value, str) and is_moment(value) and not is_day(value):
            place, at = whence.find(path, key=False), ".".join(map(str, whence.origin(path)))
            reason = f"that month has no day {value[8:10]}"
            yield problem("ENG254", place, hint="name a day that there is", path=at, reason=reason)


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in inner:
        yield (*path, step), child
        yield from _leaves(child, (*path, step))


@cache
def _schema() -> Mapping[str, Any]:
    from engine.core.schema.generated.facts import SCHEMA

    whole: Mapping[str, Any] = json.loads(SCHEMA)
    return whole


def shapes() -> Mapping[str, Mapping[str, Any]]:
    """Fact → its JSON Schema."""
    shapes: Mapping[str, Mapping[str, Any]] = _schema()["properties"]["facts"]["properties"]
    return shapes
