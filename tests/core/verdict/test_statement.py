import random
from typing import Any

import pytest

from engine.core.canonical import canonical
from engine.core.findings import Effect, Finding, Severity
from engine.core.schema import is_valid
from engine.core.verdict.statement import build, result
from engine.errors import Problem, problem
from tests.support.signing import ABOUT, HEAD, MADE_FROM, SIGNED, finding, resource, statement

DENY, WARN, EXCUSED = finding(), finding(Effect.WARN), finding(Effect.EXCEPTION)
REFUSED = problem("ENG001", file="S3/x.tf", reason="refused")


@pytest.mark.parametrize(
    ("why", "resources", "findings", "doubts", "expected"),
    [
        ("planned, nothing found", [resource()], [], [], "passed"),
        ("a warning blocks nothing", [resource()], [WARN], [], "passed"),
        ("a policy's own exception excuses", [resource()], [EXCUSED], [], "passed"),
        ("one is denied", [resource()], [WARN, DENY], [], "failed"),
        ("one of two is denied", [resource("S3/a"), resource()], [DENY], [], "failed"),
        ("nothing to judge is no success", [], [], [], "error"),
        ("one could not be planned", [resource(plan=None)], [], [], "error"),
        (
            "one not planned, one denied",
            [resource("S3/a", plan=None), resource()],
            [DENY],
            [],
            "error",
        ),
        ("a file was refused", [resource()], [], [REFUSED], "error"),
        ("a file was refused, and one is denied", [resource()], [DENY], [REFUSED], "error"),
        (
            "one state of two resources",
            [resource("S3/a"), resource("S3/b", state_key="S3/dev/a/terraform.tfstate")],
            [],
            [],
            "error",
        ),
        ("a finding about something that was not planned", [resource("S3/a")], [WARN], [], "error"),
    ],
)
def test_result(why: str, resources: list[Any], findings: list[Finding], doubts: list[Problem], expected: str) -> None:
    assert result(resources, findings, doubts) == expected, why
    made = build(ABOUT, resources, findings, doubts, MADE_FROM, sequence=1, confirmed_at=SIGNED, expires_s=60)
    assert made["predicate"]["verdict"]["result"] == expected, why
    assert is_valid("statement", made), why


@pytest.mark.parametrize("unnamed", ["environment", "branch"])
def test_a_change_without_environment_is_an_error(unnamed: str) -> None:
    nothing: Any = {unnamed: ""}
    assert statement(**nothing)["predicate"]["verdict"]["result"] == "error"


def test_predicate_is_the_fact() -> None:
    verdict = statement(DENY)["predicate"]["verdict"]
    assert is_valid("facts", {"version": 1, "facts": {"verdict": verdict}})
    assert verdict["trees"] == {"S3/data-lake": "sha256:" + "2" * 64}
    assert (verdict["signed_at"], verdict["expires_at"]) == (SIGNED, "2026-11-30T21:00:00Z")


def test_subjects_are_the_commit_and_every_tree() -> None:
    assert statement(resources=(resource("S3/b"), resource("S3/a")))["subject"] == [
        {"name": "acme/dev-deployment#7", "digest": {"gitCommit": HEAD}},
        {"name": "S3/a", "digest": {"sha256": "2" * 64}},
        {"name": "S3/b", "digest": {"sha256": "2" * 64}},
    ]
    assert statement(pr=None)["subject"][0]["name"] == "acme/dev-deployment"


def test_order_of_the_parts_changes_nothing() -> None:
    resources = [resource(f"S3/{n}") for n in range(9)]
    findings = [finding(severity=s, resource=f"S3/{n}", rule=r) for s in Severity for n in range(3) for r in "ab"]
    expected = canonical(statement(*findings, resources=tuple(resources)))
    shuffle = random.Random(7).shuffle
    for _ in range(5):
        shuffle(resources)
        shuffle(findings)
        assert canonical(statement(*findings, resources=tuple(resources))) == expected


def test_worst_findings_come_first() -> None:
    found = statement(finding(severity=Severity.LOW), finding(severity=Severity.CRITICAL))["predicate"]["verdict"]
    assert [f["severity"] for f in found["findings"]] == ["critical", "low"]


def test_what_leans_on_an_exception_holds_no_longer_than_that():
    excused = Finding("X", Severity.HIGH, Effect.EXCEPTION, "m", "S3/a", until="2026-11-23T22:00:00Z")
    made = build(ABOUT, [], [excused], [], MADE_FROM, sequence=1, confirmed_at=SIGNED, expires_s=7 * 86_400)
    assert made["predicate"]["verdict"]["expires_at"] == "2026-11-23T22:00:00Z"
