"""What is wrong with the facts of a fixture, in the words of who wrote them: in the short form, where they said it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from engine.core.analysis.whence import Whence
from engine.core.moment import is_day, is_moment
from engine.errors import Problem, problem
from engine.names import choice, closest

if TYPE_CHECKING:
    from engine.core.schema.failures import Mistake


def unfit(found: "Iterable[Mistake]", whence: Whence) -> Iterator[Problem]:
    """What does not fit the facts' schema; what one of them lacks is one mistake."""
    for (path, code), rows in groupby(found, key=lambda m: (m.path, m.problem.code)):
        several = list(rows)
        if code == "ENG041" and any(m.path == path and m.sound for m in found):
            continue  # by another name it is there
        parts = [several] if code == "ENG041" else [[one] for one in several]
        at = ".".join(str(step) for step in whence.origin(path))
        for part in parts:
            place = whence.find(path, key=True) if part[0].of_name else part[0].problem.place
            reason = "; ".join(m.problem.message for m in part)
            hint = "; ".join(m.problem.hint for m in part)
            yield problem("ENG254", place, hint=_meant(path, part[0]) or hint, path=at, reason=reason)


def _meant(path: tuple[str | int, ...], mistake: "Mistake") -> str:
    """What to write of facts that have a short form, or that lie elsewhere."""
    place = mistake.problem.place
    name = place.excerpt[place.column - 1 : place.column - 1 + place.length] if place else ""
    if mistake.problem.code == "ENG040" and len(path) == 2 and (of := shapes()[str(path[1])].get("properties")):
        return closest(name.rpartition(".")[2], of)  # also one that is there already, as what is given is replaced
    if path == ("facts",) and "." not in name:
        if near := closest(name, shapes()):
            return near
        deeper = sorted(f"{fact}.{name}" for fact, shape in shapes().items() if name in shape.get("properties", {}))
        return f"did you mean {choice([f'`{one}`' for one in deeper])}?" if deeper else ""
    if len(path) == 2 and path[0] in ("absent", "failed") and "." in str(path[1]):
        whole = str(path[1]).partition(".")[0]
        return f"a fact is {path[0]} as a whole: write `{whole}`" if whole in shapes() else ""
    if mistake.problem.code == "ENG042" and "." in name and len(path) == 2:
        return f"a list is said as a whole: write `{path[1]}: [{{…}}]`"
    short = _SHORT.get(tuple(str(path[1]) if n == 1 else "*" for n in range(1, len(path))), "")
    return f"write `{short}`" if short and mistake.problem.code == "ENG042" else ""


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
def shapes() -> Mapping[str, Mapping[str, Any]]:
    """Fact → its JSON Schema."""
    from engine.core.schema.generated.facts import SCHEMA

    shapes: Mapping[str, Mapping[str, Any]] = json.loads(SCHEMA)["properties"]["facts"]["properties"]
    return shapes
