"""The statement's schema repeats the fact `verdict`, so that it can be read alone; here the two are held together."""

import json
import os
from collections.abc import Iterator
from typing import Any

from engine import data
from engine.core.signature import PURPOSES


def schema(name: str) -> Any:
    with open(os.path.join(data.path("schemas"), f"{name}.schema.json"), encoding="utf-8") as file:
        return json.load(file)


def test_statement_holds_the_fact() -> None:
    facts, definitions = schema("facts"), schema("statement")["$defs"]
    assert {name: loose(value) for name, value in definitions.items()} == {
        "verdict": loose(facts["properties"]["facts"]["properties"]["verdict"]),
        "hands": loose(facts["$defs"]["hands"]),
        "time": facts["$defs"]["time"],
    }


def test_a_statement_leaves_nothing_out() -> None:
    """A fact may: fixtures say what their gates read."""
    for part in parts(schema("statement")):
        assert set(part.get("required", ())) == set(part.get("properties", ()))


def parts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(child)


def loose(value: Any) -> Any:
    """A schema without what it requires."""
    if isinstance(value, list):
        return [loose(item) for item in value]
    return {k: loose(v) for k, v in value.items() if k != "required"} if isinstance(value, dict) else value


def test_purposes_of_keys() -> None:
    keys = schema("trusted-keys")["properties"]["keys"]["items"]["properties"]
    assert tuple(keys["purposes"]["items"]["enum"]) == PURPOSES
