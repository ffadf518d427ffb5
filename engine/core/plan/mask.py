"""Hides a plan's secrets: by Terraform's marks, and by value wherever else the same value stands.

`terraform show -json` prints sensitive values in clear beside their marks. `variables` has no marks at all, derived
values are not always marked, and a value inside a JSON document (a policy, an environment) loses its mark.

Nothing is changed in a plan: what it *is* (addresses, types, actions, marks, keys) is what somebody decides by. What is
told of it goes through here, value by value.
"""

import re
from collections.abc import Iterator
from itertools import zip_longest

from engine.core import exact
from engine.core.exact import Json
from engine.core.plan.model import Change, Path
from engine.core.redact import HIDDEN, Redactor

_LONG = 8  # characters of a part of a secret document that is a secret by itself
_CHANGES = ("resource_changes", "resource_drift")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)  # in a document that is too deep to be read


def hidden(value: Json, marks: Json, hide: Redactor) -> Json:
    """One value of a change with what is marked in it hidden, and what is a secret elsewhere."""
    return hide.json(_hidden(value, marks))


def marks(change: Change) -> Json:
    """What is marked on either side: what has become a secret today was one yesterday."""
    return _either(change.before_sensitive, change.after_sensitive)


def mark_at(marks: Json, path: Path) -> Json:
    """The marks of the value at `path`."""
    for step in path:
        if marks is True:
            return True
        if isinstance(marks, dict) and isinstance(step, str):
            marks = marks.get(step)
        elif isinstance(marks, list) and isinstance(step, int):
            marks = _nth(marks, step)
        else:
            return None
    return marks


def secrets(plan: dict[str, Json]) -> frozenset[str]:
    """Every secret value of the plan, as text: to be hidden in whatever is said about it."""
    found: set[str] = set()
    for value in _marked(plan):
        found.update(_leaves(value))
    return frozenset(found)


def _marked(plan: dict[str, Json]) -> Iterator[Json]:
    """Every value that Terraform marks."""
    for change in _all_changes(plan):
        for side in ("before", "after"):
            yield from _chosen(change.get(side), _marks_of(change))
    for name in _sensitive_variables(plan):
        yield _get(plan, "variables", name, "value")
    yield from _defaults(_get(plan, "configuration", "root_module"))
    for values in (_get(plan, "planned_values"), _get(plan, "prior_state", "values")):
        for output in _values(_get(values, "outputs")):
            if _get(output, "sensitive"):
                yield _get(output, "value")
        for resource in _resources(_get(values, "root_module")):
            yield from _chosen(resource.get("values"), resource.get("sensitive_values"))


def _marks_of(change: dict[str, Json]) -> Json:
    return _either(change.get("before_sensitive"), change.get("after_sensitive"))


def _either(one: Json, other: Json) -> Json:
    """The marks of both."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: _either(one.get(key), other.get(key)) for key in one.keys() | other.keys()}
    if isinstance(one, list) and isinstance(other, list):
        return [_either(a, b) for a, b in zip_longest(one, other)]
    if one and other:
        return True  # a whole value, or two shapes: then nobody knows which part
    return one or other


def _all_changes(plan: dict[str, Json]) -> Iterator[dict[str, Json]]:
    rows = [_get(row, "change") for name in _CHANGES for row in _values(plan.get(name))]
    for change in (*rows, *_values(plan.get("output_changes"))):
        if isinstance(change, dict):
            yield change


def _resources(module: Json) -> Iterator[dict[str, Json]]:
    for resource in _values(_get(module, "resources")):
        if isinstance(resource, dict):
            yield resource
    for child in _values(_get(module, "child_modules")):
        yield from _resources(child)


def _defaults(module: Json) -> Iterator[Json]:
    """Defaults of sensitive variables: they are in the configuration even where another value is used."""
    for variable in _values(_get(module, "variables")):
        if _get(variable, "sensitive") is True:
            yield _get(variable, "default")
    for call in _values(_get(module, "module_calls")):
        yield from _defaults(_get(call, "module"))


def _sensitive_variables(plan: dict[str, Json]) -> list[str]:
    declared = _get(plan, "configuration", "root_module", "variables")
    known = _get(plan, "variables")
    names = list(known) if isinstance(known, dict) else []
    # Without declarations nobody knows which of them are secret: all are.
    return [n for n in names if not isinstance(declared, dict) or _get(declared, n, "sensitive") is True]


def _hidden(value: Json, marks: Json) -> Json:
    if marks is True:
        return None if value is None else HIDDEN
    if isinstance(marks, dict) and isinstance(value, dict):
        return {key: _hidden(item, marks.get(key)) for key, item in value.items()}
    if isinstance(marks, list) and isinstance(value, list):
        return [_hidden(item, _nth(marks, n)) for n, item in enumerate(value)]
    return value


def _chosen(value: Json, marks: Json) -> Iterator[Json]:
    """The marked parts of `value`."""
    if marks is True:
        yield value
    elif isinstance(marks, dict) and isinstance(value, dict):
        for key, mark in marks.items():
            yield from _chosen(value.get(key), mark)
    elif isinstance(marks, list) and isinstance(value, list):
        for mark, item in zip(marks, value, strict=False):
            yield from _chosen(item, mark)


def _leaves(value: Json) -> Iterator[str]:
    """The texts and numbers in a secret value, and the parts of documents inside it."""
    if isinstance(value, str):
        yield value
        if value.lstrip()[:1] in ("{", "["):
            found = exact.document(value)
            parts = (match[1] for match in _TEXT.finditer(value)) if found is None else _leaves(found)
            yield from (part for part in parts if len(part) >= _LONG)
    elif isinstance(value, (dict, list)):
        for item in _values(value):
            yield from _leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield exact.dumps(value)


def _get(value: Json, *path: str) -> Json:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _nth(values: list[Json], n: int) -> Json:
    return values[n] if n < len(values) else None


def _values(value: Json) -> list[Json]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
