"""What a pull request stands at: each line of the contract, by the facts that lead to it."""

from typing import Any

import pytest

from engine.core.decision.explain import Missing
from engine.core.outcome import Outcome
from engine.core.report import state
from engine.core.report.model import Gate
from tests.support.facts import KEY, REPO, document, finding, verdict

PASS, FAIL, PENDING, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.PENDING, Outcome.ERROR
OPEN = Gate("open", PASS, "")
REVIEW = Gate("reviewed", PENDING, "0 of 1", (Missing("1 more approval from reviewers", ("ann",)),))
VETO = Gate("reviewed", FAIL, "ann (reviewers) requested changes")
FAILED = {"verdict": verdict(result="failed", findings=[finding(), finding("critical"), finding("low", "warn")])}
MERGE = {"repo": REPO, "pr": 5, "commit": "m5", "keys": [KEY], "time": "2026-11-23T11:00:00Z"}
ENTRY = {"number": 1, "key": KEY, "outcome": "failed", "commit": "m5", "contains": [], "time": "2026-11-23T12:30:00Z"}
RESOURCES = {"environment": "development", "branch": "dev", "resources": [], "refused": []}
WRONG = {"path": "x.tf", "line": 1, "code": "ENG301", "message": "x"}


@pytest.mark.parametrize(
    ("why", "facts", "gates", "line"),
    [
        ("an approval is missing", {}, [OPEN, REVIEW], "Passed: waiting for 1 more approval from reviewers"),
        ("two things are", {}, [REVIEW, Gate("ready", PENDING, "a draft", (Missing("it is no draft any more"),))],
         "Passed: waiting for 1 more approval from reviewers; it is no draft any more"),
        ("a gate that names nothing", {}, [Gate("tests", PENDING, "")], "Passed: waiting for tests"),
        ("another way is not what is missing", {}, [Gate("policy", PENDING, "", (Missing("or a comment"),))],
         "Passed: waiting for policy"),
        ("nothing is missing", {}, [OPEN], "Passed: waiting for the merge, which comes by itself"),
        ("policy denies it", FAILED, [OPEN, REVIEW], "Failed: 2 findings deny it, the worst is critical"),
        ("one finding", {"verdict": verdict(result="failed", findings=[finding()])}, [],
         "Failed: 1 finding denies it, the worst is high"),
        ("it could not be judged", {"verdict": verdict(result="error")}, [OPEN], "Failed: it could not be judged"),
        ("somebody vetoes", {}, [OPEN, VETO], "Refused: ann (reviewers) requested changes"),
        ("a gate is in doubt", {}, [OPEN, Gate("reviewed", ERROR, "HTTP 502")], "Refused: HTTP 502"),
        ("a conflict", {"merge": {"clean": False, "trees": {}}}, [OPEN],
         "Refused: merging into the base as it is now is a conflict"),
        ("files that are none", {"resources": {**RESOURCES, "refused": [WRONG]}}, [],
         "Refused: 1 of the changed files cannot be accepted as configuration"),
        ("the base has moved on", {"merge": {"clean": True, "trees": {"S3/data-lake": "x"}}}, [OPEN],
         "Stale: validating again"),
        ("frozen", {"freeze": {"active": True, "reason": "Christmas"}}, [OPEN, REVIEW], "Frozen: Christmas"),
        ("frozen, and nobody says why", {"freeze": {"active": True}}, [OPEN], "Frozen: nobody says why"),
        ("another is ahead", {"merges": [MERGE]}, [OPEN, REVIEW], "Waiting behind #5"),
        ("another failed since", {"merges": [MERGE], "ledger": [ENTRY]}, [OPEN], "Stale: validating again"),
        ("no resource is changed", {"resources": RESOURCES}, [], "Nothing to validate"),
        ("a veto outranks the freeze", {"freeze": {"active": True}}, [VETO], f"Refused: {VETO.because}"),
        ("failing outranks everything after it", {**FAILED, "freeze": {"active": True}}, [VETO],
         "Failed: 2 findings deny it, the worst is critical"),
    ],
)  # fmt: skip
def test_the_line(why: str, facts: dict[str, Any], gates: list[Gate], line: str) -> None:
    assert state.of(document(**facts), gates).plain == line, why


def test_without_a_verdict_it_is_validated() -> None:
    assert state.of(document(absent={"verdict": "none"}), []).plain == "Stale: validating again"
    assert state.of(document(failed={"verdict": "down"}), []).plain.startswith("Failed: ")


def test_an_overridden_one_waits_for_the_rest() -> None:
    line = state.of(document(**FAILED), [REVIEW], is_overridden=True).plain
    assert line == "Failed: overridden, waiting for 1 more approval from reviewers"


def test_merged() -> None:
    assert state.merged("dev").plain == state.merged("dev").markdown == "Merged into dev"


@pytest.mark.parametrize("foreign", ["@acme/security <!-- x --> #5", "a\nb", "\u202ex", "x" * 9000, "::error::x"])
def test_foreign_text_in_it_calls_nobody_and_is_one_short_line(foreign: str) -> None:
    line = state.of(document(freeze={"active": True, "reason": foreign}), [])
    assert line.markdown.startswith("Frozen: ")
    assert len(line.plain) <= 255
    for text in (line.plain, line.markdown):
        assert "\n" not in text
        assert "\u202e" not in text
    assert "@acme" not in line.markdown
    assert "<!--" not in line.markdown
