"""Documents inside a plan's texts that are nested too deeply: no engine may read what another one passes over.

The embedded engine's `json.is_valid` says no to a text of more than 127 levels, OPA's says yes up to 10,000: a policy
that leaves out what is no JSON would see nothing on one and a statement on the other. So neither gets such a text: a
policy is denied for it, and of any other text it is said.
"""

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from engine.core.exact import DEPTH, Json

INSTEAD = "(withheld: a document nested too deeply to be judged)"
_POLICY = (
    "polic",
    "document",
    "statement",
    "definition",
    "json",
)  # parts of names that an attribute with rights in it has
_ESCAPED = ("\\u005b", "\\u007b")  # brackets of a document inside a document's text


class Withheld(NamedTuple):
    """A text that nobody sees."""

    address: str  # of the resource; empty where it is not of one
    is_policy: bool  # is its attribute called so?


def withhold(plan: Mapping[str, Json]) -> tuple[Mapping[str, Json], tuple[Withheld, ...]]:
    """The plan without such texts, and where they were."""
    found = tuple(sorted(set(_deep(plan))))
    return ({key: _without(item) for key, item in plan.items()} if found else plan), found


def _deep(plan: Mapping[str, Json]) -> Iterator[Withheld]:
    stack: list[tuple[Withheld, Json]] = [(Withheld("", False), dict(plan))]
    while stack:
        place, value = stack.pop()
        if isinstance(value, str):
            if is_deep(value):
                yield place
        elif isinstance(value, dict):
            own = value.get("address")
            here = Withheld(own, False) if isinstance(own, str) and "mode" in value else place
            for name, item in value.items():
                if _may_hold(item):
                    says = any(part in name.casefold() for part in _POLICY)
                    stack.append((here._replace(is_policy=True) if says else here, item))
        elif isinstance(value, list):
            stack += [(place, item) for item in value if _may_hold(item)]


def _may_hold(value: Json) -> bool:
    """Most values of a plan are short texts, flags and empty lists."""
    return len(value) > DEPTH if isinstance(value, str) else isinstance(value, dict | list) and bool(value)


def is_deep(text: str) -> bool:
    """Is it JSON of more than `exact.DEPTH` levels, or are the documents in its texts?"""
    waiting: list[str] = [text]
    while waiting:
        text = waiting.pop()
        if len(text) <= DEPTH or not _may_be_deep(text):
            continue
        try:
            value: Json = json.loads(text)
        except json.JSONDecodeError:
            continue
        except (ValueError, RecursionError):  # a number that Python does not convert; too deep even for it
            return True
        level: list[Json] = [value]
        for _ in range(DEPTH):
            waiting += [item for item in level if isinstance(item, str)]
            level = [
                item
                for parent in level
                if isinstance(parent, dict | list)
                for item in (parent.values() if isinstance(parent, dict) else parent)
            ]
        waiting += [item for item in level if isinstance(item, str)]
        if any(isinstance(item, dict | list) for item in level):
            return True
    return False


def _may_be_deep(text: str) -> bool:
    """Cheap, since every text of a plan is asked."""
    if text.lstrip()[:1] not in ("[", "{", '"'):
        return False
    brackets = text.count("[") + text.count("{")
    if brackets <= DEPTH and "\\u00" in text:
        brackets += sum(text.lower().count(escape) for escape in _ESCAPED)
    return brackets > DEPTH


def _without(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _without(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(item) for item in value]
    return INSTEAD if isinstance(value, str) and is_deep(value) else value
