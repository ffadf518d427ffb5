"""As much of a unit as fits its schema: what is wrong in one line of a gate hides nothing that its other lines say."""

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from importlib import import_module
from typing import Any, NamedTuple, TypeAlias

from engine.core.schema import shapes

Path: TypeAlias = tuple[str | int, ...]

# Sections of which each part is a unit of its own.
_UNITS = frozenset({"environments", "gates", "overrides", "commands", "events", "sources", "actions", "groups"})
_MOST = 100  # units: whoever broke more will not read more
_INPUTS = "with"  # of an action: those that are needed would be missed


class Partial(NamedTuple):
    """A file's data without what does not fit."""

    data: Any
    broken: frozenset[Path]  # what does not fit and could not be left out
    units: frozenset[Path]  # of which something was left out


def fitting(name: str, data: Any, broken: frozenset[Path]) -> Partial:
    """What `schemas/<name>.schema.json` says no to is left out of its unit, if what is left is a unit still."""
    of_units: dict[Path, list[Path]] = {}
    for path in broken:
        if path and path[0] in _UNITS:
            of_units.setdefault(path[:2], []).append(path)
    if not of_units or not isinstance(data, dict):
        return Partial(data, broken, frozenset())
    root = json.loads(import_module(f"engine.core.schema.generated.{name.replace('-', '_')}").SCHEMA)
    kept = {unit: _without(data, unit, paths, root) for unit, paths in sorted(of_units.items(), key=str)[:_MOST]}
    sound = {unit: value for unit, value in kept.items() if value is not None}
    return Partial(_with(data, sound), frozenset(p for p in broken if p[:2] not in sound), frozenset(sound))


def _without(data: Mapping[str, Any], unit: Path, paths: Iterable[Path], root: Mapping[str, Any]) -> Any:
    """The unit without what stands at the paths; None: then it is none any more."""
    value: Any = data
    for step in unit:
        value = value[step]
    value = deepcopy(value)
    for path in paths:
        inner = list(path[2:])
        while inner and isinstance(inner[-1], int):
            inner.pop()  # an item cannot go alone: those behind it would stand elsewhere
        if not inner or inner[0] == _INPUTS:
            return None
        holder = value
        for step in inner[:-1]:
            has = step in holder if isinstance(holder, dict) else isinstance(holder, list)
            holder = holder[step] if has else {}  # it has gone already, with what it stood in
        if isinstance(holder, dict):
            holder.pop(inner[-1], None)
    known = {name for schema in shapes.at(root, unit) for name in schema.get("properties", {})}
    own = {name: one for name, one in value.items() if name in known} if isinstance(value, dict) else None
    return value if own and any(shapes.fits(own, schema, root) for schema in shapes.at(root, unit)) else None


def _with(data: Mapping[str, Any], units: Mapping[Path, Any]) -> Mapping[str, Any]:
    new = dict(data)
    for unit, value in units.items():
        section, row = str(unit[0]), unit[1]
        if new[section] is data[section]:
            new[section] = data[section].copy()
        new[section][row] = value
    return new
