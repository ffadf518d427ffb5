"""Exceptions from rules: what they cover, until when, and which lists of them are refused."""

import json
from typing import Any

import pytest

from engine.core.exceptions import NEVER, apply, read, standing
from engine.core.findings import Effect, Finding, Severity
from engine.core.source import load_json
from engine.errors import EngineError

NOW = "2026-11-26T12:00:00Z"
RULES = {"ACC-IAM-001", "ACC-IAM-002"}
FINDING = Finding(
    "ACC-IAM-001",
    Severity.CRITICAL,
    Effect.DENY,
    "A statement allows every action.",
    "IAM/boundary",
    'aws_iam_policy.this["boundary"]',
    value="*",
)


def excuse(**changed: Any) -> dict[str, Any]:
    written = {
        "rule": "ACC-IAM-001",
        "resource": 'aws_iam_policy.this["boundary"]',
        "reason": "a boundary",
        "owner": "platform",
        "expires": "2026-12-31",
        **changed,
    }
    return {key: value for key, value in written.items() if value is not None}


def found(listed: list[Any], now: str = NOW, environment: str = "dev") -> list[Finding]:
    return list(apply([FINDING], read(listed, "policies/data.json", RULES), {"IAM/boundary": environment}, now, "p"))


@pytest.mark.parametrize(
    ("why", "changed", "excused"),
    [
        ("the address as it is", {}, True),
        ("a pattern of addresses", {"resource": "aws_iam_policy.*"}, True),
        ("no more than is there", {"resource": 'aws_iam_policy.this["boundary"]*]'}, False),
        ("brackets are no pattern", {"resource": "aws_iam_policy.thi[s]*"}, False),
        ("the path of our resource", {"resource": "IAM/*"}, True),
        ("another resource", {"resource": "aws_iam_role.*"}, False),
        ("the value, whatever the resource", {"resource": None, "value": "[*]"}, False),
        ("a star matches a star", {"resource": None, "value": "*"}, True),
        ("its environment", {"environment": "dev"}, True),
        ("another environment", {"environment": "production"}, False),
        ("another rule", {"rule": "ACC-IAM-002"}, False),
        ("its last day", {"expires": "2026-11-26"}, True),
        ("the day before", {"expires": "2026-11-25"}, False),
    ],
)
def test_what_an_exception_covers(why: str, changed: dict[str, Any], excused: bool) -> None:
    first = found([excuse(**changed)])[0]
    assert (first.effect is Effect.EXCEPTION) is excused, why
    assert bool(first.until) is excused, why


def test_an_excused_finding_says_who_why_and_how_long() -> None:
    (first,) = found([excuse()])
    assert first.message == "A statement allows every action. Excused until 2026-12-31 by platform: a boundary"
    assert first.until == "2026-12-31T23:59:59Z"


def test_the_longest_of_several_counts() -> None:
    (first,) = found([excuse(), excuse(resource="*boundary*", expires="2027-01-31")])
    assert first.until == "2027-01-31T23:59:59Z"


def test_one_that_has_run_out_is_told_and_excuses_nothing() -> None:
    first, told = found([excuse(expires="2026-11-25")])
    assert first == FINDING
    assert (told.rule, told.effect) == ("EXC-001", Effect.WARN)
    assert "ran out on 2026-11-25" in told.message


def test_without_a_moment_everything_has_run_out() -> None:
    assert found([excuse(expires="9998-12-31")], now=NEVER)[0].effect is Effect.DENY


@pytest.mark.parametrize(
    ("why", "listed", "code"),
    [
        ("no list", {}, "ENG517"),
        ("no object", ["ACC-IAM-001"], "ENG517"),
        ("no reason", [excuse(reason=None)], "ENG517"),
        ("a blank owner", [excuse(owner=" ")], "ENG517"),
        ("for ever", [excuse(expires=None)], "ENG517"),
        ("no such day", [excuse(expires="2026-02-30")], "ENG517"),
        ("a moment instead of a day", [excuse(expires="2026-12-31T00:00:00Z")], "ENG517"),
        ("a misspelt setting", [excuse(resorce="x")], "ENG517"),
        ("a number", [excuse(value=7)], "ENG517"),
        ("the whole rule", [excuse(resource=None)], "ENG517"),
        ("two about the same", [excuse(), excuse(expires="2027-12-31")], "ENG518"),
        ("a rule that there is not", [excuse(rule="ACC-IAM-0001")], "ENG519"),
    ],
)
def test_exceptions_that_are_refused(why: str, listed: Any, code: str) -> None:
    with pytest.raises(EngineError) as caught:
        read(listed, "policies/data.json", RULES)
    assert [problem.code for problem in caught.value.problems] == [code], why


@pytest.mark.parametrize(
    ("why", "day", "expected"),
    [
        ("it holds for long", "2027-06-30", "hold"),
        ("the day after the thirty", "2026-12-27", "hold"),
        ("it runs out within thirty days", "2026-12-25", "soon"),
        ("its last day counts", "2026-11-26", "soon"),
        ("it ran out yesterday", "2026-11-25", "expired"),
    ],
)
def test_how_it_stands(why: str, day: str, expected: str) -> None:
    stands = standing(read([excuse(expires=day)], "policies/data.json", RULES), NOW, 30 * 86_400)
    assert {name: len(excuses) for name, excuses in stands._asdict().items() if excuses} == {expected: 1}, why


def test_the_first_to_run_out_stands_first() -> None:
    listed = [excuse(expires="2026-12-05"), excuse(expires="2026-12-01", rule="ACC-IAM-002")]
    stands = standing(read(listed, "policies/data.json", RULES), NOW, 30 * 86_400)
    assert [one.rule for one in stands.soon] == ["ACC-IAM-002", "ACC-IAM-001"]


@pytest.mark.parametrize(
    ("why", "changed", "at", "says"),
    [
        ("another word for the day", {"expires": None, "until": "2027-01-31"}, '"until', "did you mean `expires`?"),
        ("many resources", {"resource": None, "resources": ["IAM/*"]}, '"resources', "did you mean `resource`?"),
        ("a list of one", {"resource": ["IAM/*"]}, '["IAM', 'write "IAM/*"'),
        ("a list of two", {"resource": ["IAM/*", "KMS/*"]}, '["IAM', "write an exception for each"),
        ("a day with dots", {"expires": "31.1.2027"}, '"31.1', 'write "2027-01-31"'),
        ("a day with strokes", {"expires": "2027/01/31"}, '"2027/', 'write "2027-01-31"'),
        ("a day that nobody can tell", {"expires": "01/02/2027"}, '"01/', "write a day like it"),
        ("a day with its time", {"expires": "2027-01-31T00:00:00Z"}, '"2027', 'write "2027-01-31"'),
        ("nobody", {"owner": ""}, '""', "say who answers for it"),
        ("a misspelt rule", {"rule": "ACC-IAM-0001"}, '"ACC-IAM-0001', "did you mean `ACC-IAM-001`"),
        ("without anything that narrows it", {"resource": None}, "{", "at least one of resource"),
    ],
)
def test_a_mistake_is_told_where_it_was_made(why: str, changed: dict[str, Any], at: str, says: str) -> None:
    text = json.dumps([excuse(**changed)])
    document = load_json(text.encode(), "data.json")
    with pytest.raises(EngineError) as caught:
        read(document.data, "data.json", RULES, lambda path, key: document.place(*path, key=key))
    (told,) = caught.value.problems
    assert told.place
    assert text[told.place.column - 1 :].startswith(at.lstrip('"') if at != '""' else '"'), told.text()
    assert says in told.hint, why


def test_exceptions_that_are_no_list() -> None:
    with pytest.raises(EngineError) as caught:
        read(excuse(), "data.json", RULES)
    assert caught.value.problems[0].hint == "put `[ … ]` around it"
