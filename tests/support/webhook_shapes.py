"""Where `schemas/event.schema.json` comes from: names and types of properties, observed in two npm packages.

Only facts are taken (which property exists, which types it has), no text. Written again with
`python -m tests.support.webhook_shapes`; `tests/contracts/test_webhook_examples.py` compares.
"""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from engine import data
from engine.core.events.kinds import EVENTS
from tests.support import npm

SCHEMAS, EXAMPLES = "@octokit/webhooks-schemas@7.6.1", "@octokit/webhooks-examples@7.6.1"

Schema = dict[str, Any]
Shape = dict[str, Any]  # {"types": set, "properties": {name: Shape}, "items": Shape | None, "free": bool}


def examples() -> Iterator[tuple[str, str, Any]]:
    """(server, event, payload) of every example; the servers are github.com and versions of GitHub Enterprise."""
    for path, content in npm.files(EXAMPLES):
        if path.endswith("/index.json"):
            for event in content:
                for payload in event["examples"]:
                    yield path.removesuffix("/index.json"), event["name"], payload


def build() -> Schema:
    """The schema: per event the shape of its payload, equal shapes under `$defs`."""
    definitions = dict(npm.files(SCHEMAS))["schema.json"]["definitions"]
    names = {kind.name for kind in EVENTS}
    shapes: dict[str, Shape] = {name: _shape() for name in names}
    for definition in definitions:
        name, _, action = definition.partition("$")
        if action and name in names:
            _merge(shapes[name], _of_schema(definitions[definition], definitions, ()))
    for _, name, payload in examples():
        if name in names:
            _merge(shapes[name], _of_value(payload))
    for name, payload in _BY_GITHUB_ACTIONS.items():
        _merge(shapes[name], _of_value(payload))
    for name, path in _FREE:
        shape = shapes[name]["properties"][path]
        shape["free"], shape["properties"] = True, {}
    return _emit(shapes)


# Events that no package shows: the files that GitHub Actions hands to a job.
_BY_GITHUB_ACTIONS: Mapping[str, Any] = {
    "schedule": {"schedule": "*/10 * * * *", "workflow": "", "repository": {"full_name": ""}},
    "workflow_dispatch": {"inputs": None},
}
_FREE = (("repository_dispatch", "client_payload"), ("workflow_dispatch", "inputs"))


def _shape() -> Shape:
    return {"types": set(), "properties": {}, "items": None, "free": False}


def _merge(into: Shape, other: Shape) -> None:
    into["types"] |= other["types"]
    into["free"] |= other["free"]
    for name, shape in other["properties"].items():
        _merge(into["properties"].setdefault(name, _shape()), shape)
    if other["items"]:
        into["items"] = into["items"] or _shape()
        _merge(into["items"], other["items"])


def _of_schema(node: Schema, definitions: Schema, seen: tuple[str, ...]) -> Shape:
    shape = _shape()
    if reference := node.get("$ref"):
        name = reference.rsplit("/", 1)[1]
        if name not in seen:
            _merge(shape, _of_schema(definitions[name], definitions, (*seen, name)))
    for part in (*node.get("oneOf", ()), *node.get("anyOf", ()), *node.get("allOf", ())):
        _merge(shape, _of_schema(part, definitions, seen))
    types = node.get("type", [])
    shape["types"] |= {types} if isinstance(types, str) else set(types)
    for value in (*node.get("enum", ()), *([node["const"]] if "const" in node else ())):
        shape["types"] |= _of_value(value)["types"]
    for name, child in node.get("properties", {}).items():
        _merge(shape["properties"].setdefault(name, _shape()), _of_schema(child, definitions, seen))
    if isinstance(items := node.get("items"), dict):
        shape["items"] = _of_schema(items, definitions, seen)
    return shape


_TYPES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}


def _of_value(value: Any) -> Shape:
    shape = _shape()
    shape["types"] = {_TYPES.get(type(value), "null")}
    if isinstance(value, dict):
        shape["properties"] = {name: _of_value(child) for name, child in value.items()}
    for item in value if isinstance(value, list) else ():
        shape["items"] = shape["items"] or _shape()
        _merge(shape["items"], _of_value(item))
    return shape


# What an object is, told by properties that only it has: all users are one definition, and so on. First match wins.
_ROLES = (
    ("user", {"login", "gravatar_id"}),
    ("organization", {"login", "hooks_url"}),
    ("repository", {"full_name", "owner"}),
    ("team", {"members_url", "privacy"}),
    ("app", {"external_url", "permissions"}),
    ("milestone", {"due_on"}),
    ("label", {"color", "default"}),
    ("pull_request", {"merge_commit_sha", "merged"}),
    ("simple_pull_request", {"merge_commit_sha"}),
    ("check_pull_request", {"base", "head", "number"}),
    ("reactions", {"+1"}),
    ("commit", {"tree_id"}),
)


def _role(shape: Shape) -> str | None:
    return next((name for name, marks in _ROLES if marks <= shape["properties"].keys()), None)


def _emit(shapes: Mapping[str, Shape]) -> Schema:
    roles: dict[str, Shape] = {}
    for name in sorted(shapes):
        _collect(shapes[name], roles)
    definitions = {name: _object(roles[name], {name}) for name in sorted(roles)}
    properties = {name: _object(shapes[name], set()) for name in sorted(shapes)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Event payloads",
        "description": "Which paths `event.…` may name, by event. Written by tests/support/webhook_shapes.py.",
        "type": "object",
        "properties": properties,
        "$defs": definitions,
    }


def _collect(shape: Shape, roles: dict[str, Shape]) -> None:
    if role := _role(shape):
        bare = {**shape, "types": {"object"}}
        _merge(roles.setdefault(role, _shape()), bare)
    for child in (*shape["properties"].values(), *([shape["items"]] if shape["items"] else ())):
        _collect(child, roles)


def _object(shape: Shape, inside: set[str]) -> Schema:
    role = _role(shape)
    if role and role not in inside:
        reference = {"$ref": f"#/$defs/{role}"}
        return {"anyOf": [reference, {"type": "null"}]} if "null" in shape["types"] else reference
    # In JSON Schema every integer is a number. A property that was only ever null may turn out to be anything.
    types = sorted(shape["types"] - ({"integer"} if "number" in shape["types"] else set()))
    schema: Schema = {} if types in ([], ["null"]) else {"type": types[0] if len(types) == 1 else types}
    if shape["properties"]:
        schema["properties"] = {n: _object(s, set()) for n, s in sorted(shape["properties"].items())}
    elif shape["free"]:
        schema["additionalProperties"] = {}
    if shape["items"]:
        schema["items"] = _object(shape["items"], set())
    return schema


def text() -> str:
    """The file as it is committed: one line per event and definition, so that a change can be reviewed."""
    schema = build()
    lines = [f"  {json.dumps(k)}: {json.dumps(v)}," for k, v in schema.items() if k not in ("properties", "$defs")]
    for part, end in (("properties", ","), ("$defs", "")):
        rows = [f"    {json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in schema[part].items()]
        lines += [f'  "{part}": {{', ",\n".join(rows), f"  }}{end}"]
    return "\n".join(["{", *lines, "}", ""])


if __name__ == "__main__":
    with open(os.path.join(data.path("schemas"), "event.schema.json"), "w", encoding="utf-8") as file:
        file.write(text())
