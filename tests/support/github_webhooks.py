"""GitHub's own description of webhooks (npm), and what it says of the body of an event."""

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support import npm
from tests.support.shapes import Shapes

PACKAGE = "@octokit/openapi-webhooks@12.1.0"
_URI = "urn:github-webhooks"
# What the descriptions of some events lack, of a thing that those of others have whole.
_LAGGING = (
    *(f".{of}.{name}" for of in ("repo", "forkee") for name in ("has_discussions", "web_commit_signoff_required")),
    *(f"team{at}.{name}" for at in ("", "s[0]") for name in ("type", "organization_id", "notification_setting")),
)
# A dispatch has the action that its sender chose; the description has one for all.
_ANY_ACTION = {"repository_dispatch": "repository-dispatch-sample.collected"}


@functools.cache
def description() -> Any:
    """The whole description."""
    with open(npm.unpacked(PACKAGE, "generated/api.github.com.json"), encoding="utf-8") as file:
        return json.load(file)


def problems(event: str, body: Mapping[str, Any]) -> Iterator[str]:
    """Everything in which a body differs from the description."""
    action = body.get("action")
    name = _ANY_ACTION.get(event) or "-".join([event, *([action] if action else [])]).replace("_", "-")
    if name not in description()["webhooks"]:
        yield f"{name}: GitHub has no such event"
        return
    for problem in _shapes().differences(body, _schema(name)):
        if not problem.partition(":")[0].endswith(_LAGGING):
            yield f"{name}{problem}"


@functools.cache
def _schema(name: str) -> Any:
    return _named(description()["webhooks"][name]["post"]["requestBody"]["content"]["application/json"]["schema"])


@functools.cache
def _shapes() -> Shapes:
    return Shapes(_URI, {name: _named(schema) for name, schema in description()["components"]["schemas"].items()})


def _named(node: Any) -> Any:
    """References that say which description they are of; branches may overlap; texts of schemas are left out."""
    if isinstance(node, list):
        return [_named(child) for child in node]
    if not isinstance(node, dict):
        return node
    return {
        "anyOf" if key == "oneOf" else key: {name: _named(child) for name, child in value.items()}
        if key == "properties"
        else value.replace("#/components/schemas/", f"{_URI}#/$defs/")
        if key == "$ref"
        else _named(value)
        for key, value in node.items()
        if key not in ("discriminator", "examples") and (key != "description" or isinstance(value, dict))
    }
