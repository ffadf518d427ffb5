"""The statement's schema repeats the fact `verdict`, so that it can be read alone; here the two are held together."""

import json
import os
from typing import Any

from engine import data
from engine.core.signature import PURPOSES


def schema(name: str) -> Any:
    with open(os.path.join(data.path("schemas"), f"{name}.schema.json"), encoding="utf-8") as file:
        return json.load(file)


def test_statement_holds_the_fact() -> None:
    facts, definitions = schema("facts"), schema("statement")["$defs"]
    assert definitions == {
        "verdict": facts["properties"]["facts"]["properties"]["verdict"],
        "time": facts["$defs"]["time"],
    }


def test_purposes_of_keys() -> None:
    keys = schema("trusted-keys")["properties"]["keys"]["items"]["properties"]
    assert tuple(keys["purposes"]["items"]["enum"]) == PURPOSES
