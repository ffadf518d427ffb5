"""Literal inputs of actions are judged without a generated validator, by the few keywords that their rows use."""

from typing import Any

import pytest

from engine.core.expressions.model import Expression, Kind, Trace
from engine.core.rules.literal import misfit
from engine.errors import Place
from engine.run.catalog import catalog


def expression(kind: Kind) -> Expression:
    return Expression("x", kind, Place("f"), frozenset(), (), lambda _: None, lambda _: Trace("x", None))


@pytest.mark.parametrize(
    ("why", "value", "wanted", "expected"),
    [
        ("the right type", 3, {"type": "integer"}, ""),
        ("true is no number", True, {"type": "integer"}, "a whole number"),
        ("1.5 is not whole", 1.5, {"type": "integer"}, "a whole number"),
        ("a whole number is a number", 1, {"type": "number"}, ""),
        ("one of several types", None, {"type": ["integer", "null"]}, ""),
        ("none of several types", "x", {"type": ["integer", "null"]}, "a whole number"),
        ("too small", 0, {"type": "integer", "minimum": 1}, "at least 1"),
        ("too large", 99, {"type": "integer", "maximum": 64}, "at most 64"),
        ("none of the choices", "x", {"type": "string", "enum": ["a", "b"]}, "one of a, b"),
        ("a wrong item", ["a", 1], {"type": "array", "items": {"type": "string"}}, "items that are text"),
        ("no schema, no demand", {"a": [1]}, {}, ""),
        ("what `${…}` yields is not known yet", expression(Kind.VALUE), {"type": "integer"}, ""),
        ("a text with `${…}` in it is a text", expression(Kind.TEXT), {"type": "string"}, ""),
        ("and nothing else", expression(Kind.TEXT), {"type": "integer"}, "a whole number"),
    ],
)
def test_literal_inputs(why: str, value: object, wanted: dict[str, Any], expected: str) -> None:
    assert misfit(value, wanted) == expected, why


KEYWORDS = {"type", "enum", "minimum", "maximum", "items", "default", "description"}
ABOUT = {"of", "names"}  # whose outputs are meant, and what a text is the name of: others check these


def test_the_inputs_of_all_actions_use_only_keywords_that_are_checked() -> None:
    for action in catalog().actions.values():
        for name, wanted in action.inputs.items():
            while wanted:
                assert set(wanted) <= KEYWORDS | ABOUT, f"{action.name}: {name}"
                wanted = wanted.get("items", {})  # noqa: PLW2901
