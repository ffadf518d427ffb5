"""GitHub's own examples of every event: each is understood or refused in one line."""

import json
import os
from collections import Counter
from typing import Any

import pytest

from engine import data
from engine.core.decision.decide import decide
from engine.core.decision.document import freeze
from engine.core.events.envelope import read_event
from engine.core.events.kinds import BY_NAME
from engine.core.outcome import Outcome
from engine.core.rules.load import load
from engine.core.schema import is_valid
from engine.errors import EngineError
from engine.run.catalog import catalog
from engine.run.trusted import read_rules
from tests.support import webhook_shapes
from tests.support.npm import UNREACHABLE, needs_npm, or_skip

pytestmark = needs_npm


@pytest.fixture(scope="module")
def examples() -> list[tuple[str, str, Any]]:
    try:
        return list(webhook_shapes.examples())
    except UNREACHABLE as error:
        or_skip(webhook_shapes.EXAMPLES, error)


def test_every_example_is_an_event_or_a_refusal(examples: list[tuple[str, str, Any]]) -> None:
    seen: Counter[str] = Counter()
    for server, name, payload in examples:
        body = json.dumps(payload).encode()
        try:
            event = read_event(body, name)
        except EngineError as error:
            (problem,) = error.problems
            assert (name in BY_NAME, problem.code) == (False, "ENG159"), f"{server} {name}: {problem}"
            assert "\n" not in problem.message
        else:
            seen[event.name] += 1
            assert event.name == name
            assert event.action == payload.get("action")
    assert len(examples) > 500
    assert set(seen) == set(BY_NAME) - {"schedule"}, "GitHub has no example of the clock"


def test_every_event_is_decided_by_the_shipped_rules(examples: list[tuple[str, str, Any]]) -> None:
    rules = load(read_rules(data.ROOT), catalog())
    for server, name, payload in examples:
        if name in BY_NAME:
            event = read_event(json.dumps(payload).encode(), name)
            decision = decide(event, freeze({}), rules)
            assert is_valid("decision", decision.to_json()), f"{server} {name}"
            assert not any(p.outcome is Outcome.PASS for p in decision.pipelines), "nothing is known, so nothing holds"


def test_no_example_is_taken_for_another_event(examples: list[tuple[str, str, Any]]) -> None:
    for server, name, payload in examples:
        assert _recognised(payload) == (name if name in BY_NAME else None), f"{server} {name}"


def _recognised(payload: Any) -> str | None:
    try:
        return read_event(json.dumps(payload).encode()).name
    except EngineError:
        return None


def test_schema_has_every_path_of_every_example(examples: list[tuple[str, str, Any]]) -> None:
    with open(os.path.join(data.path("schemas"), "event.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    for server, name, payload in examples:
        if name in BY_NAME:
            missing = list(_unknown(payload, schema["properties"][name], schema["$defs"], "event"))
            assert not missing, f"{server} {name}"


def _unknown(value: Any, schema: Any, definitions: Any, path: str) -> list[str]:
    """Paths of `value` that `schema` does not have, or has with another type."""
    for part in schema.get("anyOf", [schema]):
        if "$ref" in part:
            schema = definitions[part["$ref"].removeprefix("#/$defs/")]
            if value is None and "anyOf" not in schema:
                return []
    allowed = schema.get("type", [])
    names = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    kind = names.get(type(value), "object")
    if allowed and kind not in allowed and not (kind == "integer" and "number" in allowed):
        return [f"{path} is {kind}, not {allowed}"]
    if isinstance(value, dict) and "additionalProperties" not in schema:
        known = schema.get("properties", {})
        found: list[str] = []
        for key, child in value.items():
            here = f"{path}.{key}"
            found += _unknown(child, known[key], definitions, here) if key in known else [f"{here} is unknown"]
        return found
    if isinstance(value, list) and "items" in schema:
        return [found for child in value for found in _unknown(child, schema["items"], definitions, f"{path}[*]")]
    return []


def test_schema_is_what_the_packages_show(examples: list[tuple[str, str, Any]]) -> None:
    assert examples
    with open(os.path.join(data.path("schemas"), "event.schema.json"), encoding="utf-8") as file:
        assert file.read() == webhook_shapes.text(), "run: python -m tests.support.webhook_shapes"
