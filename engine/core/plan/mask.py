"""Hides a plan's secrets: by Terraform's marks, and by value wherever else the same value stands.

`terraform show -json` prints sensitive values in clear beside their marks. `variables` has no marks at all, derived
values are not always marked, and a value inside a JSON document (a policy, an environment) loses its mark.
"""

import base64
import json
from collections.abc import Iterator
from itertools import zip_longest

from engine.core.redact import HIDDEN, Json, Redactor

CHANGED = "(sensitive, changed)"
_LONG = 8  # characters of a part of a secret document that is a secret by itself
_CHANGES = ("resource_changes", "resource_drift")
_KEPT = ("format_version", "terraform_version")  # Terraform's words, whatever some secret is spelt like


def mask(plan: dict[str, Json]) -> dict[str, Json]:
    """The plan with every secret hidden: safe to show, to keep and to hand over. Its actions stay readable."""
    hide = Redactor(secrets(plan))
    masked: dict[str, Json] = {}
    for name, value in plan.items():
        masked[name] = value if name in _KEPT else _restored(name, hide.json(_hide(plan, name, value)), value)
    return masked


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
            yield from _chosen(change.get(side), _marks(change))
    for name in _sensitive_variables(plan):
        yield _get(plan, "variables", name, "value")
    yield from _defaults(_get(plan, "configuration", "root_module"))
    for values in (_get(plan, "planned_values"), _get(plan, "prior_state", "values")):
        for output in _values(_get(values, "outputs")):
            if _get(output, "sensitive"):
                yield _get(output, "value")
        for resource in _resources(_get(values, "root_module")):
            yield from _chosen(resource.get("values"), resource.get("sensitive_values"))


def _marks(change: dict[str, Json]) -> Json:
    """What is marked on either side: what has become a secret today was one yesterday."""
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


def _restored(name: str, hidden: Json, value: Json) -> Json:
    """`hidden` with Terraform's words in `value`: a secret that is spelt `create` must not make a plan unreadable."""
    if name in _CHANGES and isinstance(hidden, list) and isinstance(value, list):
        for new, old in zip(hidden, value, strict=True):
            _restore(new, old, ("mode",))
            _restore(_get(new, "change"), _get(old, "change"), ("actions",))
    if name == "output_changes":
        for new, old in zip(_values(hidden), _values(value), strict=False):
            _restore(new, old, ("actions",))
    return hidden


def _restore(hidden: Json, value: Json, words: tuple[str, ...]) -> None:
    if isinstance(hidden, dict) and isinstance(value, dict):
        hidden.update({word: value[word] for word in words if word in value})


def _hide_change(change: Json) -> Json:
    if not isinstance(change, dict):
        return change
    before, after, marks = change.get("before"), change.get("after"), _marks(change)
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
        return None if value is None else HIDDEN if value == other else CHANGED
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
    """The texts and numbers in a secret value, the parts of documents inside it, and what it is in base64."""
    if isinstance(value, str):
        yield value
        yield base64.b64encode(value.encode()).decode()
        if value[:1] in ("{", "["):
            try:
                yield from (part for part in _leaves(json.loads(value)) if len(part) >= _LONG)
            except (ValueError, RecursionError):
                pass
    elif isinstance(value, (dict, list)):
        for item in _values(value):
            yield from _leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield json.dumps(value)


def _get(value: Json, *path: str) -> Json:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _nth(values: list[Json], n: int) -> Json:
    return values[n] if n < len(values) else None


def _values(value: Json) -> list[Json]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
