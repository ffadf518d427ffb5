"""JSON read so that nothing of it is lost."""

import decimal
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.exact import Number, digits, document, dumps, loads, plain, same

numbers = st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)


def number(text: str) -> float:
    found = loads(text)
    assert isinstance(found, (int, float))
    return found


@given(numbers, numbers)
def test_numbers_are_equal_exactly_when_their_values_are(one, other):
    context = decimal.Context(prec=200)
    equal = context.create_decimal(one) == context.create_decimal(other)
    assert same(loads(one), loads(other)) is equal
    assert same(loads(one), loads(one)) is True
    assert (digits(number(one)) == digits(number(other))) is equal


@given(numbers)
def test_no_digit_is_lost(text):
    assert decimal.Decimal(dumps(loads(text))) == decimal.Decimal(text)


def test_what_a_float_holds_is_one():
    assert (type(loads("0.1")), type(loads("0.10")), type(loads("7"))) == (float, float, int)
    assert isinstance(loads("0.10000000000000000000001"), Number)
    assert loads("0.10000000000000000000001") != 0.1
    assert [loads("0.10000000000000000000001")] == [loads("0.100000000000000000000010")]
    assert Number("1.5") == 1.5
    assert Number("1.5") != "1.5"


def test_no_text_is_spelt_like_a_number():
    assert plain(["#1e0", 1, True, None, {"1": 1}]) == ["'#1e0", "#1e0", True, None, {"1": "#1e0"}]


@pytest.mark.parametrize(
    ("why", "text", "found"),
    [
        ("an object", '{"a": 1}', {"a": 1}),
        ("a list after a line end", "\n [1]", [1]),
        ("a text", '"a"', None),
        ("a number", "1", None),
        ("nothing", "", None),
        ("a key that is there twice", '{"a": 1, "a": 2}', None),
        ("a number that is none", "[NaN]", None),
        ("as deep as is allowed", "[" * 50 + "]" * 50, json.loads("[" * 50 + "]" * 50)),
        ("one deeper", "[" * 51 + "]" * 51, None),
        ("much deeper", "[" * 100_000 + "]" * 100_000, None),
        ("no end", "[[[", None),
    ],
)
def test_documents(why, text, found):
    assert document(text) == found, why
