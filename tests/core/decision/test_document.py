"""A fact document is frozen, checked and the same whatever the order in which it was written."""

import json

import pytest

from engine import data
from engine.core.canonical import canonical
from engine.core.decision.document import freeze, from_json
from engine.errors import EngineError
from tests.support.facts import document, facts


def test_it_survives_being_written_down():
    known = document(absent={"freeze": "no calendar"}, failed={"checks": "HTTP 502"})
    assert from_json(canonical(known.to_json())) == known


def test_the_digest_ignores_the_order_of_keys():
    known = facts()
    backwards = {name: known[name] for name in reversed(known)}
    assert freeze(backwards).digest == freeze(known).digest


@pytest.mark.parametrize("change", [{"labels": ["x"]}, {"absent": {"labels": "x"}}, {"failed": {"labels": "x"}}])
def test_the_digest_sees_every_change(change):
    assert document(**change).digest != document().digest


def test_nothing_outside_can_change_it():
    known = facts()
    frozen = freeze(known)
    before = frozen.digest
    known["pr"]["draft"] = True
    known["labels"].append("opa-passed")
    assert frozen.digest == before


def test_what_is_not_json_is_refused():
    with pytest.raises((TypeError, ValueError)):
        freeze({"now": float("nan")})


@pytest.mark.parametrize(
    ("why", "text", "message"),
    [
        ("not JSON", "{", "ENG0"),
        ("no facts", '{"version": 1}', "facts"),
        ("another version", '{"version": 2, "facts": {}}', "version"),
        ("an unknown fact", '{"version": 1, "facts": {"reviewz": []}}', "reviewz"),
        ("an absent fact that no rules can read", '{"version": 1, "facts": {}, "absent": {"verdcit": "x"}}', "verdcit"),
        ("a failed one", '{"version": 1, "facts": {}, "failed": {"verdcit": "x"}}', "verdcit"),
        ("a time that does not exist", '{"version": 1, "facts": {"now": "2026-13-01T00:00:00Z"}}', "now"),
        ("both there and absent", '{"version": 1, "facts": {"labels": []}, "absent": {"labels": "x"}}', "ENG200"),
        ("both there and failed", '{"version": 1, "facts": {"labels": []}, "failed": {"labels": "x"}}', "ENG200"),
        (
            "both absent and failed",
            '{"version": 1, "facts": {}, "absent": {"pr": "x"}, "failed": {"pr": "x"}}',
            "ENG200",
        ),
    ],
)
def test_a_bad_document_is_refused(why, text, message):
    with pytest.raises(EngineError) as refused:
        from_json(text.encode(), "facts.json")
    assert message in str(refused.value), why


def test_the_schema_lists_every_fact_that_can_be_absent():
    with open(f"{data.path('schemas')}/facts.schema.json", "rb") as file:
        known = json.load(file)
    assert known["$defs"]["name"]["enum"] == list(known["properties"]["facts"]["properties"])


def test_all_that_is_wrong_is_said_at_once():
    wrong = {"version": 1, "facts": {"labels": [1], "freeze": {"active": "no"}}}
    with pytest.raises(EngineError) as refused:
        from_json(json.dumps(wrong).encode(), "facts.json")
    assert len(refused.value.problems) == 2


@pytest.mark.parametrize(
    ("why", "wrong", "told"),
    [
        (
            "half of a fact",
            {"version": 1, "facts": {"freeze": {}, "pr": {"number": 1, "title": "", "state": "open", "draft": False}}},
            ["key `active` is missing", "key `merged`, `author`, `head`, `base` is missing: add them"],
        ),
        ("a fact without the rest", {"labels": []}, ['`{"version": 1, "facts": {"labels": …}}`']),
        ("no reason", {"version": 1, "facts": {}, "absent": {"verdict": True}}, ['`"verdict": "why"`']),
        ("no reason for a failure", {"version": 1, "facts": {}, "failed": {"pr": None}}, ['`"pr": "why"`']),
        (
            "three of a kind",
            {"version": 1, "facts": {"labels": ["a", 1], "freeze": {"active": "no"}, "now": "today"}},
            ["expected true or false", "expected text", "`today` does not have the form"],
        ),
    ],
)
def test_each_mistake_is_one_problem(why, wrong, told):
    with pytest.raises(EngineError) as refused:
        from_json(json.dumps(wrong, indent=1).encode(), "facts.json")
    shown = [f"{one.message}: {one.hint}" for one in refused.value.problems]
    assert len(shown) == len(told), shown
    assert all(any(words in one for one in shown) for words in told), shown
