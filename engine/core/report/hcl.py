"""Examples of rules' annotations, as people write them in Terraform. What no configuration says stands in a comment."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_AFTER_APPLY = "(known only after apply)"
_STEP = "  "


class Reference(str):
    """What another block has, such as `aws_s3_bucket.states.id`: written as it is."""

    __slots__ = ()


def block(head: str, attributes: Mapping[str, Any]) -> list[str]:
    """The lines of one block; its attributes as those of an example."""
    return [f"{head} {{", *(line for key, value in attributes.items() for line in _attribute(key, value, _STEP)), "}"]


def hcl(example: Mapping[str, Any]) -> str:
    """Blocks of all resources of an example (its form: `adapters.policy.annotations`), one after the other."""
    return "\n".join(_example(example))


def _example(example: Mapping[str, Any]) -> Iterator[str]:
    for kind, given in example.items():
        if kind == "settings":
            yield f"# policies/data.json: {json.dumps({'settings': given}, ensure_ascii=False)}"
        elif kind == "variables":
            for name, value in given.items():
                yield f"# without the variable {name}" if value is None else f"# var.{name} = {json.dumps(value)}"
        else:
            for number, resource in enumerate(given if isinstance(given, list) else [given]):
                yield from _resource(kind, f"example{number or ''}", resource)


def _resource(kind: str, name: str, resource: Mapping[str, Any]) -> Iterator[str]:
    actions = resource.get("_actions", ["create"])
    if actions != ["create"]:
        yield f"# {' and '.join(actions)}"
    if "_before" in resource:
        yield f"# before: {json.dumps(resource['_before'], ensure_ascii=False)}"
    yield f'resource "{kind}" "{name}" {{'
    for key, value in resource.items():
        if not key.startswith("_"):
            yield from _attribute(key, value, _STEP)
    refers, unknown = resource.get("_refers", {}), resource.get("_unknown", [])
    for key, reference in refers.items():
        yield f"{_STEP}{key} = {reference}{f' # {_AFTER_APPLY}' if key in unknown else ''}"
    for key in unknown:
        if key not in refers:
            yield f"{_STEP}{key} = {_AFTER_APPLY}{_within(unknown, key)}"
    yield "}"


def _within(unknown: Any, key: str) -> str:
    """Which parts of an attribute are unknown, where it is not the whole."""
    parts = unknown[key] if isinstance(unknown, dict) else True
    return f" # in {', '.join(map(str, parts))}" if isinstance(parts, dict | list) else ""


def _attribute(key: str, value: Any, indent: str) -> Iterator[str]:
    """`key = value`, or the blocks of a list of mappings: so Terraform's plans have them."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        for block in value:
            yield f"{indent}{key} {{"
            for name, item in block.items():
                yield from _attribute(name, item, indent + _STEP)
            yield f"{indent}}}"
    elif isinstance(value, dict) and "Statement" in value:
        yield f"{indent}{key} = jsonencode({_value(value, indent)})"
    else:
        yield f"{indent}{key} = {_value(value, indent)}"


def _value(value: Any, indent: str) -> str:
    within = indent + _STEP
    if isinstance(value, Reference):
        return value
    if isinstance(value, dict) and value:
        lines = [f"{within}{_key(key)} = {_value(item, within)}" for key, item in value.items()]
        return "\n".join(["{", *lines, f"{indent}}}"])
    if isinstance(value, list) and any(isinstance(item, dict | list | Reference) for item in value):
        lines = [f"{within}{_value(item, within)}," for item in value]
        return "\n".join(["[", *lines, f"{indent}]"])
    return json.dumps(value, ensure_ascii=False).replace("${", "$${")  # which Terraform would fill in


def _key(key: str) -> str:
    return key if _IDENTIFIER.fullmatch(key) else json.dumps(key, ensure_ascii=False)
