"""The examples of rules' annotations as plans, in the shape of `terraform show -json`."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from engine.adapters.policy.annotations import BESIDE_TYPES
from engine.adapters.policy.port import Plan

_VARIABLES = {"account": "111111111111", "region": "us-east-1", "environment": "dev"}


def plan(name: str, example: Mapping[str, Any]) -> Plan:
    """One plan with all resources of an example; a variable that is null there is missing."""
    variables = {**_VARIABLES, **example.get("variables", {})}
    said: dict[str, Any] = {key: {"value": value} for key, value in variables.items() if value is not None}
    resources = list(_resources(example))
    made: dict[str, Any] = {"resource_changes": [_row(*resource) for resource in resources]}
    if any("_refers" in given for _, _, given in resources):
        made["configuration"] = {"root_module": {"resources": [_configured(*resource) for resource in resources]}}
    return Plan(name, {"format_version": "1.2", "variables": said, **made})


def _resources(example: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for kind, resources in example.items():
        if kind not in BESIDE_TYPES:
            for number, given in enumerate(resources if isinstance(resources, list) else [resources]):
                yield kind, f"example{number or ''}", given


def _configured(kind: str, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    expressions = {key: {"references": [reference]} for key, reference in given.get("_refers", {}).items()}
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "expressions": expressions}


def _row(kind: str, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Keys beginning with `_` are about the change: `_actions`, `_before`, `_unknown`, and its other keys."""
    after = {key: _text(value) for key, value in given.items() if not key.startswith("_")}
    about = {key[1:]: value for key, value in given.items() if key.startswith("_") and key != "_refers"}
    actions, unknown = about.pop("actions", ["create"]), about.pop("unknown", {})
    before = about.pop("before", None if actions == ["create"] else after)
    change = {
        "actions": actions,
        "before": before,
        "after": None if actions in (["delete"], ["forget"]) else after,
        "after_unknown": dict.fromkeys(unknown, True) if isinstance(unknown, list) else unknown,
        **about,
    }
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "change": change}


def _text(value: Any) -> Any:
    """A policy document is written as a mapping, since people read that; Terraform has its text."""
    return json.dumps(value) if isinstance(value, dict) and "Statement" in value else value
