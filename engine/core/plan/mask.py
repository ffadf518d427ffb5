"""Hides a plan's secrets: by Terraform's marks, and by value wherever else the same value stands.

`terraform show -json` prints sensitive values in clear beside their marks. `variables` has no marks at all, derived
values are not always marked, and a value inside a JSON document (a policy, an environment) loses its mark.

Only leaves below values are hidden. What a plan *is* (addresses, types, actions, marks, keys) is what somebody decides
by: it stays, however some secret may be spelt.
"""

import re
from collections.abc import Iterator
from itertools import zip_longest

from engine.core import exact
from engine.core.exact import Json
from engine.core.plan.model import Change, Path
from engine.core.redact import CHANGED, HIDDEN, Redactor

_LONG = 8  # characters of a part of a secret document that is a secret by itself
_CHANGES = ("resource_changes", "resource_drift")
# Terraform's own words and names: what a leaf of this name says, outside of values, is structure.
_WORDS = frozenset([
    "format_version", "terraform_version", "timestamp", "address", "module_address", "previous_address", "mode",
    "type", "name", "index", "provider_name", "provider_config_key", "full_name", "schema_version", "deposed",
    "actions", "action_reason", "replace_paths", "references", "depends_on", "kind", "to_display", "status",
    "resource", "attribute",
])  # fmt: skip
# Below these everything is a value.
_VALUES = frozenset([
    "before", "after", "before_identity", "after_identity", "importing", "generated_config", "values", "value",
    "default", "constant_value",
])  # fmt: skip
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"?', re.DOTALL)  # in a document that is too deep to be read, cut off or not


def mask(plan: dict[str, Json]) -> dict[str, Json]:
    """The plan with every secret hidden, and otherwise as it was: safe to show, to keep and to hand over."""
    hide = Redactor(secrets(plan))
    return {name: _shown(name, _hide(plan, name, value), hide) for name, value in plan.items()}


def hidden(value: Json, marks: Json, hide: Redactor) -> Json:
    """One value of a change with what is marked in it hidden, and what is a secret elsewhere."""
    return hide.json(_hidden(value, marks, value))


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


def _shown(name: str, value: Json, hide: Redactor) -> Json:
    """`value`, which stands below the key `name`, with the leaves hidden that are spelt like a secret."""
    if name in _VALUES:
        return hide.json(value)
    if name in _WORDS and _is_word(value):
        return value
    if isinstance(value, dict):
        return {key: _shown(key, item, hide) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown("", item, hide) for item in value]
    return hide.json(value)


def _is_word(value: Json) -> bool:
    """Is it a word or a list of words (a type or a path is one)? Something else is only called like one."""
    return not isinstance(value, dict) and not (isinstance(value, list) and isinstance(next(iter(value), None), dict))


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


def _hide(plan: dict[str, Json], name: str, value: Json) -> Json:
    """One part of the plan with what is marked in it hidden."""
    if name == "variables":
        return _hide_variables(plan)
    if name in _CHANGES and isinstance(value, list):
        return [{**row, "change": _hide_change(row.get("change"))} if isinstance(row, dict) else row for row in value]
    if name == "output_changes" and isinstance(value, dict):
        return {output: _hide_change(change) for output, change in value.items()}
    if name == "planned_values":
        return _hide_values(value)
    if name == "prior_state" and isinstance(value, dict):
        return {**value, "values": _hide_values(value.get("values"))}
    return value


def _hide_change(change: Json) -> Json:
    if not isinstance(change, dict):
        return change
    before, after, marks = change.get("before"), change.get("after"), _marks_of(change)
    # Both sides hidden look alike; say where they are not, as Terraform's own diff does.
    return {**change, "before": _hidden(before, marks, before), "after": _hidden(after, marks, before)}


def _hide_values(values: Json) -> Json:
    if not isinstance(values, dict):
        return values
    outputs = values.get("outputs")
    shown = {**values}
    if isinstance(outputs, dict):
        shown["outputs"] = {name: _hide_output(output) for name, output in outputs.items()}
    if "root_module" in values:
        shown["root_module"] = _hide_module(values["root_module"])
    return shown


def _hide_output(output: Json) -> Json:
    return {**output, "value": HIDDEN} if isinstance(output, dict) and output.get("sensitive") else output


def _hide_module(module: Json) -> Json:
    if not isinstance(module, dict):
        return module
    shown = {**module}
    if "resources" in module:
        shown["resources"] = [
            {**r, "values": _hidden(r.get("values"), r.get("sensitive_values"), r.get("values"))}
            if isinstance(r, dict)
            else r
            for r in _values(module["resources"])
        ]
    if "child_modules" in module:
        shown["child_modules"] = [_hide_module(child) for child in _values(module["child_modules"])]
    return shown


def _hide_variables(plan: dict[str, Json]) -> Json:
    variables = plan.get("variables")
    if not isinstance(variables, dict):
        return variables
    return {**variables, **{name: {"value": HIDDEN} for name in _sensitive_variables(plan)}}


def _hidden(value: Json, marks: Json, other: Json) -> Json:
    """`value` with its marked parts hidden; one that differs from `other` at the same place says so."""
    if marks is True:
        return None if value is None else HIDDEN if other is None or exact.same(value, other) else CHANGED
    if isinstance(marks, dict) and isinstance(value, dict):
        return {k: _hidden(v, marks.get(k), _get(other, k)) for k, v in value.items()}
    if isinstance(marks, list) and isinstance(value, list):
        others = other if isinstance(other, list) else []
        return [_hidden(v, _nth(marks, n), _nth(others, n)) for n, v in enumerate(value)]
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
