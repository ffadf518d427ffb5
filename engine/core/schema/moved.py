"""Where a key belongs that stands in the wrong mapping, and how several things are written that are in one here."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.schema import conditions, shapes
from engine.core.schema.said import EACH
from engine.names import together

if TYPE_CHECKING:
    from engine.core.schema.failure import Failure
    from engine.core.source import Document

_NO_NESTING = "groups hold no groups: write the members, or name both groups where they are asked"
_MANY = "how many is said where the group is asked: `approvals: {count: …, from: […]}` of a gate"
# By the mapping's title: keys that others have there, and why there are none here.
_NOWHERE: Mapping[tuple[str, str], str] = {
    ("Group", "groups"): _NO_NESTING,
    ("Group", "include"): _NO_NESTING,
    ("Group", "extends"): _NO_NESTING,
    ("Group", "description"): "say it in a comment: `# …`",
    **dict.fromkeys(
        (("Group", name) for name in ("count", "min", "minimum", "required", "approvals", "quorum")), _MANY
    ),
    ("Override", "gates"): "a gate says which override it allows: `override: …` in each of them",
}


def elsewhere(error: "Failure", data: Any, name: str, *, is_guessed: bool) -> str:
    """What to do with an unknown key that belongs into another mapping, or nowhere; empty: nothing is known of it.

    `data` is the whole document; what has a near name in its own mapping `is_guessed`.
    """
    if into := shapes.deeper(error.found, name, error.schema, error.root):
        return f"it belongs into `{into}`"
    if said := _NOWHERE.get((error.schema.get("title", ""), name)):
        return said
    if is_count(error, name):
        return f"write `count: {error.found[name]}, from: [{name}]`"
    beside, there = ("", False) if is_guessed else shapes.further_out(data, error.path, name, error.root)
    if not beside:
        return ""
    return f"it belongs beside `{beside}`" + (f": join it with the `{name}` there" if there else ", and not into it")


def of_another_section(error: "Failure") -> str:
    """The section that a unit of another one would be right in: a command among overrides; empty: none."""
    if len(error.path) != 2 or not isinstance(error.path[1], str) or not isinstance(error.found, dict):
        return ""
    section, name = error.path
    own = error.schema.get("properties", {}).keys()
    for other, part in error.root.get("properties", {}).items():
        of_each = part.get("additionalProperties")
        each = shapes.resolved(of_each, error.root) if isinstance(of_each, Mapping) else {}
        names = part.get("propertyNames", {}).get("examples", ())
        is_another = name in names if names else not error.found.keys() <= own
        fits = is_another and bool(each.get("properties")) and shapes.fits(error.found, each, error.root)
        if fits and other != section:
            return str(other)
    return ""


def is_count(error: "Failure", name: str) -> bool:
    """`{security: 2}` where so many people of groups are asked for."""
    known = error.schema.get("properties", {})
    return isinstance(error.found[name], int) and {"count", "from"} <= known.keys() - error.found.keys()


def by_number(error: "Failure", value: Mapping[str, Any], document: "Document") -> str:
    """`from: {security: 2}`: how many of which groups, in the place of the groups."""
    if not error.path or error.path[-1] != "from" or not all(type(one) is int for one in value.values()):
        return ""
    holder: Any = document.data
    for step in error.path[:-1]:
        holder = holder[step]
    names = shapes.flow([*value])
    if (
        not isinstance(holder, dict)
        or "count" not in _beside(error)
        or not shapes.fits([*value], error.schema, error.root)
    ):
        return ""
    if "count" in holder:
        return f"write `from: {names}`: `count` beside it says how many"
    (number, *others) = value.values()
    if not others:
        return f"write `count: {number}, from: {names}`"
    parts = [{"count": number, "from": [name]} for name, number in value.items()]
    return f"write `all: {shapes.flow(parts)}` for `from: …`, or `any` where one of them is enough"


NOT_A_GATE = "a list asks gates as they are: write a gate of its own, with `reject` for `require`"


def of_gates(error: "Failure", value: Mapping[str, Any]) -> str:
    """`gates: [open, {any: [a, b]}]`: a list of gates of which each is asked."""
    path = [step for step in error.path[:-1] if isinstance(step, str)]
    (name, inside) = next(iter(value.items()), ("", None))
    if not path or not (path[-1] in ("gates", "besides") or path[0] == "protect") or len(value) != 1:
        return ""
    if name in ("all", "and") and isinstance(inside, list) and shapes.fits(inside, {"items": error.schema}, error.root):
        return f"write `{', '.join(inside)}`: each gate in the list is asked"
    if name in ("any", "or", "one_of", "any_of"):
        return "each gate in the list is asked: make one gate of them, with `||` in `require` or `any` in `approvals`"
    if name == "not":
        return NOT_A_GATE
    return ""


def negated(error: "Failure", name: str) -> str:
    """`unless: X`, where there is a key for the condition on which something applies."""
    value, known = error.found[name], error.schema.get("properties", {})
    key = next((one for one in ("when", "if") if one in known), "")
    if name not in ("unless", "skip_if", "except_if", "if_not", "when_not") or not key or not isinstance(value, str):
        return ""
    without = conditions.opposite(value)
    if isinstance(error.found.get(key), str):
        return f'join it with `{key}`: `{key}: "{conditions.all_of([error.found[key], without])}"`'
    return f'write `{key}: "{without}"`'


def told_of(error: "Failure", wanted: Mapping[str, str]) -> tuple[list[str], str]:
    """Of unknown keys those that belong together into one that is missing, and what to do with them."""
    lost = list(wanted)
    if lost[1:] and all(is_count(error, name) for name in lost):
        parts = shapes.flow(shapes.by_count({name: error.found[name] for name in lost}))
        return lost, f"write `all: {parts}`, or `any` where one of them is enough"
    into = shapes.inside(error.found, lost, error.schema, error.root)
    if not into or set(wanted.values()) != {into}:
        return [], ""
    written = shapes.flow({into: {name: error.found[name] for name in lost}})[1:-1]
    if error.path and written:
        return lost, f"write `{written}`"
    return lost, f"write `{into}:` above, and indent below it {together(lost)} and what stands in them"


def renamed(error: "Failure", name: str, meant: str) -> str:
    """`did you mean …`, with the value where that has to be written otherwise, too."""
    value, part = error.found[name], {**error.part(meant)}
    if value is None or shapes.fits(value, part, error.root):
        return f"did you mean `{meant}`?"
    spelt = re.sub(r"[ /:-]", ".", value) if isinstance(value, str) else ""
    form = f"`{spelt}`" if spelt in error.inputs else shapes.written(value, part, error.root)
    return f"did you mean `{meant}: {form[1:]}?" if form else f"did you mean `{meant}`?"


def by_name(error: "Failure", value: list[Mapping[str, Any]]) -> str:
    """`- {name: ann, …}` where each is named by its key."""
    of_each = error.schema.get("additionalProperties")
    if not isinstance(of_each, dict):
        return ""
    each = error.resolved(of_each)
    names = [key for key, one in value[0].items() if key not in each.get("properties", {}) and isinstance(one, str)]
    if len(names) != 1:
        return ""
    (name,) = names
    rest = {key: one for key, one in value[0].items() if key != name}
    if not shapes.fits(rest, each, error.root) and (form := shapes.written(rest, each, error.root)):
        return f"name each by its key, without `-`: `{value[0][name]}: {form[1:]}"
    return ""


def named_by_key(error: "Failure", value: Mapping[str, Any], listed: Mapping[str, Any]) -> str:
    """Written as it should be: `{ann: 583231}` for `[{login: ann, id: 583231}]`."""
    for branch in listed.get("anyOf", (listed,)):
        names = error.resolved(branch).get("required", ())
        if len(names) == 2:
            pairs = [dict(zip(names, pair, strict=True)) for pair in value.items()]
            if shapes.fits(pairs, error.schema, error.root):
                return shapes.flow(pairs)
    return ""


def of_everybody(error: "Failure", value: str) -> str:
    """`from: everyone`"""
    if not error.path or error.path[-1] != "from" or value.lower() not in (*EACH, "*"):
        return ""
    writers = ", or `writers: true` for all who may write" if "writers" in _beside(error) else ""
    return f"no group has everybody: name those of approvers-config.yaml{writers}"


def _beside(error: "Failure") -> Iterator[str]:
    """What may stand beside the value."""
    return (name for schema in shapes.at(error.root, error.path[:-1]) for name in schema.get("properties", {}))
