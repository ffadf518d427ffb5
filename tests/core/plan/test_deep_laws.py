"""Documents in texts: what is found too deep, against the number of levels that the text was made of."""

import json

from hypothesis import given
from hypothesis import strategies as st

from engine.core.exact import DEPTH, Json
from engine.core.plan.deep import INSTEAD, is_deep, withhold

LEVELS = st.integers(DEPTH - 3, DEPTH + 3) | st.integers(0, 400)
BRACKETS = st.sampled_from([("[", "]"), ('{"a": ', "}"), ('[0, {"b": ', "}]")])


@given(LEVELS, BRACKETS, st.sampled_from(["1", '"x"', "null", "[]"]), st.text(" \t\n\r", max_size=3))
def test_deep_is_what_has_more_levels(levels, brackets, inside, space):
    opened, closed = brackets
    text = space + opened * levels + inside + closed * levels
    made = levels * (opened.count("[") + opened.count("{")) + (inside == "[]")
    assert is_deep(text) is (made > DEPTH)


@given(LEVELS, st.integers(1, 3))
def test_in_documents_in_documents_too(levels, times):
    text = "[" * levels + "]" * levels
    for _ in range(times):
        text = json.dumps({"policy": text})
    assert is_deep(text) is (levels > DEPTH)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), JSON))
def test_a_plan_without_such_texts_is_handed_on_as_it_is(plan):
    assert withhold(plan) == (plan, ())
    assert withhold(plan)[0] is plan


@given(st.text(alphabet='[{"\\x', max_size=500))
def test_what_is_no_document_is_none(text):
    try:
        json.loads(text)
    except ValueError:
        assert not is_deep(text)


def test_only_the_text_itself_is_withheld():
    deep = "[" * 200 + "]" * 200
    row: Json = {"address": "a.b", "mode": "managed", "change": {"after": {"policy": deep, "name": "n"}}}
    plan: dict[str, Json] = {"resource_changes": [row], "variables": {"v": {"value": deep}}}
    shown, addresses = withhold(plan)
    assert addresses == (("", False), ("a.b", True))
    assert json.dumps(shown) == json.dumps(plan).replace(json.dumps(deep), json.dumps(INSTEAD))
    assert withhold(shown) == (shown, ())
