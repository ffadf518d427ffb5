"""Check runs: their names, what they come to, and GitHub's limits."""

from typing import Any

import pytest

from engine.core.decision.explain import Missing
from engine.core.findings import Effect, Severity
from engine.core.outcome import Outcome
from engine.core.report.checks import ANNOTATIONS, merge, plan
from engine.core.report.labels import Validation
from engine.core.report.model import Gate
from engine.core.report.state import State
from engine.errors import Place, problem
from tests.support.reports import finding, hostile, page, report, row

STATE = State("Passed: waiting for ", "the merge")
PASS = Gate("open", Outcome.PASS, "it is open")
WAIT = Gate("reviewed", Outcome.PENDING, "0 of 1", (Missing("1 more approval from reviewers", ("ann", "bob")),))


def of(validation: Validation = "passed", **changes: Any) -> Any:
    closed = changes.pop("is_closed", False)
    return plan(report(base_ref="dev", **changes), STATE, validation, 3, is_closed=closed)


@pytest.mark.parametrize(
    ("validation", "conclusion"),
    [
        ("passed", "success"),
        ("failed", "failure"),
        ("error", "failure"),
        ("refused", "failure"),
        ("unknown", "failure"),
        ("nothing", "neutral"),
        ("running", None),
    ],
)
def test_what_plan_comes_to(validation: Validation, conclusion: str | None) -> None:
    found = of(validation)
    assert (found.name, found.external_id, found.conclusion) == ("interlock plan: dev", f"7:3:{validation}", conclusion)
    assert of(validation, is_closed=True).conclusion == "cancelled"


@pytest.mark.parametrize(
    ("outcome", "conclusion"),
    [
        (Outcome.PASS, "success"),
        (Outcome.PENDING, None),
        (Outcome.FAIL, "failure"),
        (Outcome.ERROR, "failure"),
    ],
)
def test_what_merge_comes_to(outcome: Outcome, conclusion: str | None) -> None:
    found = merge(7, "dev", 3, STATE, [PASS, Gate("x", outcome, "because")])
    expected = ("interlock merge: dev", f"7:3:{outcome.value}", conclusion)
    assert (found.name, found.external_id, found.conclusion) == expected
    assert found.title == "Passed: waiting for the merge"


def test_without_gates_or_where_none_applies_nothing_succeeds() -> None:
    assert merge(7, "dev", 3, STATE, []).conclusion == "failure"
    assert merge(7, "dev", 3, STATE, [Gate("x", Outcome.NOT_APPLICABLE, "")]).conclusion == "failure"
    assert merge(7, "dev", 0, STATE, [], is_nothing=True).conclusion == "neutral"


def test_it_says_what_is_missing_and_who_can_give_it() -> None:
    summary = merge(7, "dev", 3, STATE, [PASS, WAIT]).summary
    assert "1 more approval from reviewers, from ann and bob" in summary


def test_in_progress_is_no_conclusion() -> None:
    (body,) = of("running").requests()
    assert body["status"] == "in_progress"
    assert "conclusion" not in body
    (body,) = of().requests()
    assert (body["status"], body["conclusion"]) == ("completed", "success")


def test_annotations_stand_at_their_lines_the_worst_first() -> None:
    found = of(
        findings=[
            finding(Effect.WARN, file="S3/a.tfvars", line=9),
            finding(file="S3/a.tfvars", line=4, remediation="set `kms`"),
            finding(file="S3/a.json", line=5, severity=Severity.CRITICAL, sid="Everybody"),
            finding(file="S3/a.tfvars"),  # nobody knows which line
        ],
        refused=[problem("ENG301", Place("S3/main.tf", 3, 1), path="S3/main.tf")],
    )
    assert [(a["path"], a["start_line"], a["annotation_level"]) for a in found.annotations] == [
        ("S3/a.json", 5, "failure"),
        ("S3/a.tfvars", 4, "failure"),
        ("S3/a.tfvars", 9, "warning"),
        ("S3/main.tf", 3, "failure"),
    ]
    assert found.annotations[0]["title"] == "S3-ENC-001 (critical), statement Everybody"
    assert found.annotations[1]["message"] == "it is not encrypted\nFix: set `kms`"


@pytest.mark.parametrize(("number", "requests"), [(0, 1), (1, 1), (50, 1), (51, 2), (1000, 20)])
def test_fifty_in_a_request(number: int, requests: int) -> None:
    bodies = of(findings=[finding(file="a", line=n + 1) for n in range(number)]).requests()
    assert len(bodies) == requests
    assert all(len(body["output"]["annotations"]) <= ANNOTATIONS for body in bodies)
    assert sum(len(body["output"]["annotations"]) for body in bodies) == number
    assert {body["external_id"] for body in bodies} == {"7:3:passed"}


def test_a_thousand_resources_and_gates_fit() -> None:
    rows = [row(f"S3/lake-{number:04}-{'x' * 200}") for number in range(1000)]
    gates = [WAIT._replace(name=f"gate-{number}", because="x" * 400) for number in range(1000)]
    for found in (of(rows=rows), merge(7, "dev", 3, STATE, gates)):
        assert len(found.summary.encode()) <= 65_535
        assert found.summary.endswith("… and more; the comment has it.")


@pytest.mark.parametrize(("why", "text"), hostile())
def test_hostile_texts(why: str, text: str) -> None:
    found = of(
        findings=[finding(message=text, rule=text, sid=text, file="a", line=1)], because=text, rows=[row(f"S3/{text}")]
    )
    (one,) = found.annotations
    assert len(one["title"]) <= 255
    assert "\u202e" not in one["message"] + one["title"] + found.summary
    assert set(page(found.summary).elements) <= {"p", "br", "ul", "li", "code"}
    assert "<!--" not in found.summary
