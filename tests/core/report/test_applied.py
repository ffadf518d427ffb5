"""What a person reads about applying: the first line, who must act in which words, what fits."""

import json

import pytest
from jsonschema import Draft202012Validator

from engine import data
from engine.core.decision.explain import Missing
from engine.core.outcome import Outcome
from engine.core.report import attempts
from engine.core.report.applied import MARK, render, state
from engine.core.report.attempts import Applied, Attempt, Back, Differs, Touched
from engine.core.report.fitting import LIMIT
from engine.core.report.model import Report
from engine.core.report.terminal import render as render_terminal
from engine.errors import Problem
from tests.support.reports import gate, page, report

KEY = "acme/dev-deployment/dev/S3/a/terraform.tfstate"
MAY = {"apply": "reviewers", "replan": "reviewers", "unlock": "2 people of security", "adopt": "2 people of security"}
COMMIT = "c0ffee12" * 5


def attempt(path: str = "S3/a", outcome: str = "applied", **changes) -> Attempt:
    service, name = path.split("/")
    return Attempt(path, service, name, KEY.replace("S3/a", path), outcome)._replace(**changes)


def told(*rows: Attempt, is_live: bool = False, may=MAY, **changes) -> Report:
    made = Applied(rows, COMMIT, is_live, may, "https://github.example/acme/c/actions/runs/7")
    return report([], base_ref="dev", signature=None, result="unapplied", applied=made, **changes)


def shown_as(one: Report) -> str:
    assert one.applied
    return render(one, one.applied)


def first(one: Report) -> str:
    assert one.applied
    return state(one, one.applied).plain


FAILED = Problem("ENG733", "Terraform failed", "read its log")


@pytest.mark.parametrize(("why", "one", "line"), [
    ("all of it", told(attempt(), attempt("S3/b")), "Merged into dev: applied, 2 resources"),
    ("one", told(attempt()), "Merged into dev: applied, 1 resource"),
    ("while it goes", told(attempt(), attempt("S3/b", "none"), is_live=True),
     "Merged into dev: applying, 1 of 2 resources done"),
    ("before it goes", told(is_live=True), "Merged into dev: applying, 0 of 0 resources done"),
    ("one has failed", told(attempt(), attempt("S3/b", "failed")), "Merged into dev: 1 of 2 resources is not applied"),
    ("two wait", told(attempt(outcome="none", waits="locked"), attempt("S3/b", "none")),
     "Merged into dev: 2 of 2 resources are still to be applied"),
    ("a gate waits", told(gates=(gate(Outcome.PASS), gate(Outcome.PENDING, because="deployments are frozen"))),
     "Merged into dev: not applied, deployments are frozen"),
    ("it broke down", told(broken=(FAILED,)), "Merged into dev: not applied, Terraform failed"),
    ("all gates hold by now", told(), "Merged into dev: still to be applied, which comes by itself"),
    ("no account", told(applies=False), "Merged into dev, and nothing of it is applied: there is no account"),
])  # fmt: skip
def test_the_first_line_says_where_it_stands(why, one, line):
    assert first(one) == line, why
    assert page(shown_as(one)).text.lstrip().startswith(line), why


@pytest.mark.parametrize(("why", "row", "says"), [
    ("it failed", attempt(outcome="failed"), "Comment /engine apply here (reviewers may), which tries again"),
    ("half of it", attempt(outcome="partial"), "Comment /engine apply here (reviewers may)"),
    ("another plan", attempt(outcome="stopped"), "Comment /engine replan here (reviewers may), which plans"),
    ("a gate", attempt(outcome="refused"), "Comment /engine apply here (reviewers may)"),
    ("another state", attempt(outcome="stopped", waits="state"),
     f"Comment /engine adopt {KEY} here (2 people of security may), each of two people"),
    ("Terraform's lock", attempt(outcome="none", waits="locked"),
     "somebody else holds the lock of its Terraform state. Nothing has to be done: it is tried again by itself."),
    ("nobody knows", attempt(outcome="none", waits="what nobody knows"), "it is not known yet what came of it."),
])  # fmt: skip
def test_who_must_act_and_in_which_words(why, row, says):
    one = told(row)
    assert says in page(shown_as(one)).text, why
    assert ("/engine unlock KEY" in shown_as(one)) is (row.outcome == "none"), why


@pytest.mark.parametrize(
    ("outcome", "mark", "words"),
    [
        ("applied", "✅", "applied"),
        ("destroyed", "✅", "destroyed"),
        ("rolled_back", "↩️", "taken back by itself"),
        ("half_back", "❌", "half taken back by itself"),
        ("skipped", "⏭️", "skipped: it comes after what was not applied"),
    ],
)
def test_what_became_of_each_is_told_in_words(outcome, mark, words):
    assert f"| {mark} | `S3/a`<br>S3, a | {words} |" in shown_as(told(attempt(outcome=outcome)))


def test_a_command_that_the_rules_do_not_know_is_promised_to_nobody():
    one = told(attempt(outcome="stopped"), may={})
    assert "The rules name nobody who may comment /engine replan" in page(shown_as(one)).text


def test_nothing_is_asked_of_people_while_it_goes():
    one = told(attempt(outcome="failed"), attempt("S3/b", "none"), is_live=True)
    assert "What to do" not in shown_as(one)


def test_each_address_is_folded_with_its_action_time_and_error():
    row = attempt(outcome="partial", touched=(
        Touched("aws_s3_bucket.this", "create", "done", 3.25),
        Touched("aws_s3_bucket_policy.this", "create", "failed", 100.4, "AccessDenied: no | `you` @acme/security"),
    ))  # fmt: skip
    one = told(row, attempt("S3/b"))
    body = shown_as(one)
    shown = page(body)
    assert "<details><summary>S3/a: 1 done, 1 failed</summary>" in body
    assert "aws_s3_bucket.this create, 3.2 s" in shown.text
    assert "aws_s3_bucket_policy.this create, 1 min 40 s" in shown.text
    assert "AccessDenied: no | you" in shown.text
    assert "@acme/security" not in body
    assert body.rstrip().endswith(MARK)
    assert "[The whole log](https://github.example/acme/c/actions/runs/7)" in body


def test_two_plans_that_differ_are_shown_one_beside_the_other():
    rows = [{
        "path": "S3/a", "service": "S3", "name": "a", "state_key": KEY, "outcome": "stopped", "waits": None,
        "addresses": [], "seconds": 1.5, "problem": FAILED.to_json(), "entry": 3,
        "difference": [{
            "address": 'aws_s3_bucket.this["a"]', "approved": "update", "fresh": "replace", "why": "other",
            "was": [["~ bucket", [], ""]], "lines": [["-/+ bucket = ", ["a", "b"], " # forces"]],
        }],
    }]  # fmt: skip
    one = told(*attempts.read(rows))
    body = shown_as(one)
    assert "approved: update; now: replace (S3/a)" in body
    assert "~ bucket" in body
    assert "-/+ bucket = a -> b # forces" in body
    assert "Another change of it was approved." in body
    log = attempts.log(one.applied or Applied(()))
    assert log.startswith("S3/a  stopped  1.5 s\n")
    assert "    -/+ bucket = a -> b # forces\n" in log
    assert "/engine replan" in render_terminal(one)


def test_what_went_wrong_is_told_with_its_way_out():
    one = told(attempt(outcome="failed", problem=FAILED))
    shown = page(shown_as(one)).text
    assert "S3/a: Terraform failed (ENG733)" in shown
    assert "Fix: read its log" in shown


def test_what_it_takes_is_said_where_nothing_was_begun():
    missing = (Missing("the label `opa-passed`", ("ann",)),)
    one = told(gates=(gate(Outcome.PENDING, name="labelled", because="no label", missing=missing),))
    shown = page(shown_as(one)).text
    assert "What it takes to apply" in shown
    assert "Missing: the label opa-passed, from ann" in shown


def test_a_thousand_resources_fit_and_what_failed_is_among_what_is_shown():
    long = tuple(Touched(f"aws_s3_bucket.this[{n}]", "create", "done", 1.0) for n in range(5))
    rows = [attempt(f"S3/number-{n:04}", touched=long) for n in range(999)]
    broken = attempt("S3/broken", "failed", touched=(Touched("aws_s3_bucket.x", "create", "failed", 1, "no"),))
    one = told(*rows, broken)
    body = shown_as(one)
    assert len(body.encode()) <= LIMIT
    assert first(one) == "Merged into dev: 1 of 1000 resources is not applied"
    assert body.count("S3/broken") >= 3
    assert "more resources; the run's report has all" in body
    assert not page(body).unclosed


def test_a_branch_calls_nobody_in_the_first_line():
    one = told(attempt())._replace(base_ref="x@acme/security<img>")
    body = shown_as(one)
    assert "@acme" not in body
    assert "<img" not in body


def test_the_report_for_machines_keeps_to_its_schema():
    with open(data.path("schemas") + "/report.schema.json", "rb") as file:
        schema = json.load(file)
    differs = Differs("aws_x.this", "", "create")
    row = attempt(outcome="stopped", problem=FAILED, difference=(differs,), touched=(Touched("a", "create", "done"),))
    seen = attempt(outcome="partial", back=Back("whole", 1)), attempt(outcome="failed", back=Back("", 0, FAILED))
    for one in (told(row, attempt()), told(*seen), told(), report()):
        Draft202012Validator(schema).validate(one.to_json())


def test_what_was_taken_back_by_itself_names_the_pull_request_that_makes_the_branch_say_so():
    one = told(attempt(outcome="rolled_back"), may={**MAY, "rollback": "reviewers"})
    assert "Comment `/engine rollback" in shown_as(one)
    assert one.applied
    said = shown_as(one._replace(applied=one.applied._replace(revert=9)))
    assert "#9 makes the branch say so, too" in said
    assert "/engine rollback" not in said


WHOLE: dict[str, object] = {"state_key": KEY, "comes": "whole", "changes": [{}, {}], "problem": None}


@pytest.mark.parametrize(
    ("why", "outcome", "looked", "says", "never"),
    [
        ("its plan has shown that all of it comes back", "partial", [WHOLE],
         "rollback available: all of it comes back whole, by 2 changes. Comment `/engine rollback`", "To take it back"),
        ("it was not begun to be changed", "failed", [{**WHOLE, "changes": []}],
         "rollback available: nothing is left there", "To take it back"),
        ("some of it comes back empty", "partial", [{**WHOLE, "comes": "without its data"}],
         "it can be taken back, but not whole: some of it comes back without its data. Comment", "available"),
        ("there is no way back", "partial", [{**WHOLE, "comes": None, "problem": FAILED.to_json()}],
         "no rollback: Terraform failed.", "rollback available"),
        ("nobody has looked", "partial", [], "To take it back: comment `/engine rollback` here", "available"),
        ("another one was looked at", "partial", [{**WHOLE, "state_key": "other"}], "To take it back", "available"),
        ("it is applied, and nobody has looked", "applied", [], "To take it back", "available"),
        ("what was looked at has been applied since", "applied", [WHOLE], "To take it back", "available"),
        ("it was taken back by itself since", "rolled_back", [WHOLE], "opens the pull request", "rollback available"),
        ("a gate says no, so nothing of it was begun", "refused", [], "", "To take it back"),
    ],
)  # fmt: skip
def test_a_way_back_is_said_to_be_there_only_where_its_plan_has_shown_it(why, outcome, looked, says, never):
    row = {"path": "S3/a", "service": "S3", "name": "a", "state_key": KEY, "outcome": outcome}
    one = told(*attempts.read([row], looked), may={**MAY, "rollback": "reviewers"})
    body = shown_as(one)
    assert says in body, why
    assert never not in body, why
    unsaid = shown_as(told(*attempts.read([row], looked)))
    assert "Comment `/engine rollback`" not in unsaid, "no rule has the command"
    assert "comment `/engine rollback`" not in unsaid


def test_while_it_is_applied_nobody_speaks_of_a_way_back():
    assert "To take it back" not in shown_as(told(attempt(), is_live=True, may={**MAY, "rollback": "reviewers"}))
