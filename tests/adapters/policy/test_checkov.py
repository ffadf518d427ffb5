"""Checkov: answers that must not be believed (a program that speaks its contract), and the real one (slow)."""

import json
from pathlib import Path

import pytest

from engine.adapters.policy.bundle import policy_set, read_directory
from engine.adapters.policy.judging import evaluate
from engine.adapters.policy.judging import judge as judge_all
from engine.adapters.policy.port import Plan, Programs, Terms
from engine.core.findings import Effect, Severity
from engine.core.receipts import by_rule, tally
from engine.errors import EngineError
from tests.support import checkov
from tests.support.opa import script

ROOT = Path(__file__).parents[3]
SHIPPED = policy_set(read_directory(str(ROOT / "policies")))
PLANS = ROOT / "tests/policies/plans"
FAILED = {
    "check_id": "CKV2_INTERLOCK_2",
    "check_name": "tags",
    "resource": "aws_s3_bucket.this",
    "severity": None,
    "guideline": None,
}


def plan(name="s3-public"):
    return Plan(f"S3/{name}", json.loads((PLANS / f"{name}.json").read_text()))


def report(results=(), **summary):
    counts = {"passed": 1, "failed": len(results), "skipped": 0, "parsing_errors": 0, "resource_count": 3} | summary
    return {"check_type": "terraform_plan", "results": {"failed_checks": list(results)}, "summary": counts}


def passing(*records):
    return report() | {"results": {"failed_checks": [], "passed_checks": list(records)}}


def answering(folder, answer, code=0):
    """A program that keeps its arguments and prints `answer`."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return script(
        folder / "checkov",
        f"import json, sys\nopen({str(folder / 'argv.json')!r}, 'w').write(json.dumps(sys.argv))\n"
        f"print({text!r})\nsys.exit({code})\n",
    )


def judge(program, policies=SHIPPED, about=None):
    return evaluate([about or plan()], policies, "checkov", 60, programs=Programs(checkov=program))


def test_a_failed_check_is_a_finding(tmp_path):
    (finding,) = judge(answering(tmp_path, report([FAILED]), 1))
    assert (finding.rule, finding.severity, finding.effect) == ("CKV2_INTERLOCK_2", Severity.HIGH, Effect.DENY)
    assert (finding.address, finding.policy) == ("aws_s3_bucket.this", "policies/checkov/required_tags.py")
    assert finding.engine == "checkov"


def test_its_receipts_are_its_own(tmp_path):
    """What Checkov has not looked at is nobody's to call passed."""
    address = 'aws_s3_bucket.this["data--lake"]'
    answer = report([{**FAILED, "resource": address}])
    answer["results"]["passed_checks"] = [{"check_id": "CKV2_INTERLOCK_1", "resource": address}]
    answer["results"]["skipped_checks"] = [{"check_id": "CKV2_INTERLOCK_2", "resource": "aws_s3_bucket.other"}]
    terms = Terms(Programs(checkov=answering(tmp_path, answer, 1)))
    found = by_rule(judge_all([plan()], SHIPPED, "checkov", terms).receipts)
    resources = 1 + len(plan().plan["resource_changes"])
    assert found == {
        "CKV2_INTERLOCK_1": {"passed": 1, "not_applicable": resources - 1},
        "CKV2_INTERLOCK_2": {"denied": 1, "excepted": 1, "not_applicable": resources - 2},
    }


def test_of_deletions_it_has_none(tmp_path):
    terms = Terms(Programs(checkov=answering(tmp_path, "never asked", 2)))
    counts = tally(judge_all([plan("s3-delete")], SHIPPED, "checkov", terms).receipts)
    assert (counts.passed, counts.judged, counts.warned) == (0, 0, 1)


def test_only_the_sets_own_checks_run_and_nothing_is_fetched(tmp_path):
    assert judge(answering(tmp_path, report())) == ()
    argv = json.loads((tmp_path / "argv.json").read_text())
    assert argv[argv.index("--check") + 1] == "CKV2_INTERLOCK_1,CKV2_INTERLOCK_2"
    assert "--skip-download" in argv


@pytest.mark.parametrize(
    ("why", "answer", "code", "error"),
    [
        ("no JSON", "Traceback", 0, "ENG513"),
        (
            "a broken plan: a summary of nothing, and success",
            {"passed": 0, "failed": 0, "parsing_errors": 0, "resource_count": 0},
            0,
            "ENG523",
        ),
        ("no resource", report(resource_count=0), 0, "ENG523"),
        ("a file that it could not parse", report(parsing_errors=1), 0, "ENG523"),
        ("no count", {"results": {}}, 0, "ENG513"),
        ("counts that are no numbers", report(resource_count="3"), 0, "ENG513"),
        ("failed checks, and success", report([FAILED]), 0, "ENG513"),
        ("failure, and no failed checks", report(), 1, "ENG513"),
        ("fewer results than it counts", report([FAILED], failed=2), 1, "ENG513"),
        ("a check that passed without a name", passing({"check_id": "X"}), 0, "ENG513"),
        ("a result without a name", report([{"check_id": "X"}]), 1, "ENG513"),
        ("several frameworks", [report(), report()], 0, "ENG513"),
        ("a crash", "", 2, "ENG512"),
    ],
)
def test_answers_that_are_not_believed(tmp_path, why, answer, code, error):
    with pytest.raises(EngineError) as caught:
        judge(answering(tmp_path, answer, code))
    assert caught.value.problems[0].code == error, why


@pytest.mark.parametrize(
    ("why", "files", "error"),
    [
        ("no check at all", {"a.rego": b"package a"}, "ENG500"),
        ("Python that does not parse", {"checkov/a.py": b"class"}, "ENG502"),
        ("a check whose id is computed", {"checkov/a.py": b"id = name()"}, "ENG524"),
    ],
)
def test_sets_without_checks(tmp_path, why, files, error):
    with pytest.raises(EngineError) as caught:
        judge(answering(tmp_path, report()), policy_set(files))
    assert caught.value.problems[0].code == error, why


def test_no_program(tmp_path):
    with pytest.raises(EngineError, match="ENG521") as caught:
        judge(str(tmp_path / "checkov"))
    assert "ENGINE_CHECKOV" in caught.value.problems[0].hint


def test_deletions_are_not_judged_and_that_is_said(tmp_path):
    (finding,) = judge(answering(tmp_path, "never asked", 2), about=plan("s3-delete"))
    assert (finding.rule, finding.effect) == ("CHECKOV-NOT-SCANNED", Effect.WARN)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "rules"), [("s3-good", set()), ("s3-public", {"CKV2_INTERLOCK_2"}), ("iam-bad", {"CKV2_INTERLOCK_1"})]
)
def test_the_shipped_checks_in_a_real_checkov(name, rules):
    """`policies/checkov/*.py`, unchanged, on real plans."""
    assert {finding.rule for finding in judge(checkov.program(), about=plan(name))} == rules
