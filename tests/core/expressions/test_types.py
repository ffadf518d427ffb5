"""What a schema says about a path: nothing more than it says, and a misspelling is not "anything"."""

from typing import Any

import pytest

from engine.core.expressions import types
from engine.core.expressions.types import KINDS, Type

_NULL_A = {"properties": {"a": {"type": "null"}}}
DEFS: dict[str, Any] = {
    "person": {"type": "object", "properties": {"id": {"type": "integer"}}},
    "self": {"$ref": "#/$defs/person"},
}


@pytest.mark.parametrize(
    ("why", "schema", "kinds"),
    [
        ("nothing", {}, KINDS),
        ("anything", True, KINDS),
        ("one type", {"type": "string"}, {"string"}),
        ("integers are numbers", {"type": "integer"}, {"number"}),
        ("nullable", {"type": ["string", "null"]}, {"string", "null"}),
        ("an enum without a type", {"enum": ["a", None, 1]}, {"string", "null", "number"}),
        ("a constant", {"const": True}, {"boolean"}),
        ("properties make an object", {"properties": {"a": {}}}, {"object"}),
        ("alternatives", {"anyOf": [{"type": "string"}, {"type": "null"}]}, {"string", "null"}),
        ("a reference", {"$ref": "#/$defs/person"}, {"object"}),
        ("a reference to a reference", {"$ref": "#/$defs/self"}, {"object"}),
    ],
)
def test_kinds(why: str, schema: Any, kinds: set[str]) -> None:
    assert types.of(schema, DEFS).kinds == kinds, why


@pytest.mark.parametrize(
    ("why", "schema", "found"),
    [
        ("listed", {"properties": {"a": {"type": "string"}}}, {"string"}),
        ("not listed: misspelt", {"properties": {"b": {}}}, None),
        ("not listed, and no others", {"properties": {"b": {}}, "additionalProperties": False}, None),
        ("not listed, and others said to exist", {"properties": {"b": {}}, "additionalProperties": True}, KINDS),
        ("a map", {"type": "object", "additionalProperties": {"type": "number"}}, {"number"}),
        ("an object of which nothing is known", {"type": "object"}, KINDS),
        ("anything", {}, KINDS),
        ("said not to exist", {"properties": {"a": False}}, None),
        ("in one of the alternatives", {"oneOf": [_NULL_A, {"properties": {"b": {}}}]}, {"null"}),
        ("in both", {"anyOf": [_NULL_A, {"properties": {"a": {"const": 1}}}]}, {"null", "number"}),
    ],
)  # fmt: skip
def test_fields(why: str, schema: Any, found: set[str] | None) -> None:
    field = types.field(types.of(schema, DEFS), "a")
    assert (field and field.kinds) == found, why


def test_items() -> None:
    listed = types.of({"type": "array", "items": {"$ref": "#/$defs/person"}}, DEFS)
    assert types.names(types.item(listed)) == ["id"]
    assert types.item(types.ANY) == types.ANY
    assert types.item(types.of_value([1, "a"])).kinds == {"number", "string"}
    assert types.item(types.of_value([])).kinds == frozenset()


def test_a_reference_to_nothing_is_a_bug() -> None:
    with pytest.raises(KeyError):
        types.of({"$ref": "#/$defs/nobody"}, DEFS)


@pytest.mark.parametrize(
    ("why", "wanted", "value", "accepted"),
    [
        ("a number", "number", 1.5, True),
        ("true is none", "number", True, False),
        ("either", "string|array[string]", ["a"], True),
        ("an item of another type", "string|array[string]", ["a", 1], False),
        ("an empty list", "array[string]", [], True),
        ("one of few texts", "'a'|'b'", "b", True),
        ("none of them", "'a'|'b'", "c", False),
        ("null", "number|null", None, True),
    ],
)
def test_arguments(why: str, wanted: str, value: Any, accepted: bool) -> None:
    type_ = types.declared(wanted)
    accepts = types.acceptor(type_)
    assert accepts is not None
    assert accepts(value) is accepted, why
    assert types.fits(types.of_value(value), type_) or not accepted, "nothing right is refused beforehand"
    assert types.fits(types.ANY, type_), "of the unknown, nothing is refused beforehand"


def test_words_for_people() -> None:
    assert str(types.of({"type": ["null", "string"]}, {})) == "text or null"
    assert str(types.ANY) == "of unknown type"
    assert str(Type(frozenset({"array"}))) == "a list"
