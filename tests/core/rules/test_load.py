"""Rules that load: every value of the model comes from the file, and what is not said has a safe default."""

import os
import subprocess
import sys
from typing import Any

import pytest

from engine.core.canonical import digest
from engine.core.duration import seconds
from engine.core.expressions.model import Expression, Kind
from engine.core.outcome import Outcome
from engine.core.rules.build import EXCLUDE
from engine.core.rules.lint import lint
from engine.core.rules.load import load
from engine.core.rules.model import Backend, Environment, Gate, Limits, Profile, Rules
from engine.data import ROOT
from engine.errors import EngineError
from engine.run.catalog import catalog as shipped_catalog
from engine.run.trusted import read_rules
from tests.support.rules import MINIMAL, catalog, small

CATALOG = catalog()


def rules(text: str = MINIMAL.decode(), **more: str) -> Rules:
    return load(small(text, **more), CATALOG)


def gate(text: str) -> Gate:
    """The gate `ready` of minimal rules, written another way."""
    return rules(MINIMAL.decode().replace('{reject: "pr.draft"}', text)).gates["ready"]


def text_of(expression: Expression | None) -> str | None:
    return expression.text if expression else None


@pytest.mark.parametrize(
    ("duration", "expected"), [("1s", 1), ("10m", 600), ("24h", 86_400), ("7d", 604_800), ("999999d", 86_399_913_600)]
)
def test_durations(duration: str, expected: int) -> None:
    assert seconds(duration) == expected


def test_what_is_not_said_is_the_safe_choice() -> None:
    loaded = rules()
    assert loaded.limits == Limits(parallelism=10, plan_timeout_s=900, policy_timeout_s=60, lock_timeout_s=60)
    assert loaded.backend == Backend(dynamodb_table=None)
    assert loaded.verdict_expires_s == 7 * 86_400
    approvals = loaded.gates["reviewed"].approvals
    assert approvals is not None
    assert (approvals.need, approvals.exclude, approvals.veto, approvals.after) == (
        1,
        EXCLUDE,
        "changes_requested",
        None,
    )
    assert loaded.gates["ready"].unmet is Outcome.FAIL
    assert loaded.pipelines["check"].permissions == ()
    assert loaded.pipelines["check"].then is None


def test_environments() -> None:
    loaded = rules()
    place = loaded.environments["production"].place
    assert loaded.environments == {"production": Environment("production", "prod", "333333333333", "us-east-1", place)}
    assert (str(place), place.excerpt[place.column - 1 :][: place.length]) == (
        "deployment-rules.yaml:4:3",
        "production",
    )
    assert (loaded.otherwise.branch, loaded.otherwise.account, loaded.otherwise.region) == ("main", None, None)


@pytest.mark.parametrize(
    ("why", "written", "expected"),
    [
        ("none is named", "", None),
        ("one for both", ", profile: interlock-prod", Profile("interlock-prod", "interlock-prod")),
        ("one reads, another one writes", ", profile: {plan: r, apply: w@x}", Profile("r", "w@x")),
    ],
)
def test_the_profiles_of_an_environment(why: str, written: str, expected: Profile | None) -> None:
    loaded = rules(MINIMAL.decode().replace("us-east-1", f"us-east-1{written}"))
    assert loaded.environments["production"].profile == expected, why


def test_how_states_are_locked() -> None:
    loaded = rules(
        f'{MINIMAL.decode()}backend: {{dynamodb_table: "locks-{{account}}"}}\nlimits: {{lock_timeout: 5m}}\n'
    )
    assert (loaded.backend.dynamodb_table, loaded.limits.lock_timeout_s) == ("locks-{account}", 300)
    assert loaded.limits.plan_timeout_s == 900


@pytest.mark.parametrize(
    ("why", "written", "expected"),
    [
        ("a requirement", '{require: "pr.merged"}', {"require": "pr.merged"}),
        ("a rejection", '{reject: "pr.draft", unmet: pending}', {"reject": "pr.draft", "unmet": Outcome.PENDING}),
        ("one fact", '{needs: verdict, require: "verdict.pr == pr.number"}', {"needs": ("verdict",)}),
        ("several facts", '{needs: [verdict, pr], reject: "pr.draft"}', {"needs": ("verdict", "pr")}),
        ("a condition", '{when: "pr.merged", reject: "pr.draft"}', {"when": "pr.merged"}),
        ("a message", '{reject: "pr.draft", message: "Not ${pr.number}"}', {"message": "Not ${pr.number}"}),
        ("a message without an expression", '{reject: "pr.draft", message: Wait}', {"message": "Wait"}),
    ],
)
def test_gates(why: str, written: str, expected: dict[str, Any]) -> None:
    found = gate(written)
    shown = {
        "require": text_of(found.require),
        "reject": text_of(found.reject),
        "when": text_of(found.when),
        "message": text_of(found.message),
        "needs": found.needs,
        "unmet": found.unmet,
    }
    assert {name: shown[name] for name in expected} == expected, why


def test_messages_are_texts() -> None:
    facts = {"pr": {"number": 7}}
    for written, said in (("Wait", "Wait"), ('"Not ${pr.number}"', "Not 7"), ('"$${x}"', "${x}")):
        message = gate(f'{{reject: "pr.draft", message: {written}}}').message
        assert message is not None
        assert message.evaluate(facts) == said


def test_the_parts_of_approvals_inherit_what_the_gate_and_the_rules_say() -> None:
    text = MINIMAL.decode().replace(
        "{from: [reviewers]}",
        "{any: [{count: 2, from: [reviewers]}, {all: [{from: [reviewers]}]}], after: verdict, veto: none}",
    )
    approvals = rules(text + "approvals: {exclude: [author, bots]}\n").gates["reviewed"].approvals
    assert approvals is not None
    two, part = approvals.any
    for each in (approvals, two, part, part.all[0]):
        assert (each.after, each.exclude, each.veto) == ("verdict", ("author", "bots"), None)
    assert (two.need, two.groups, part.all[0].need, part.all[0].groups) == (2, ("reviewers",), 1, ("reviewers",))


TRIGGERS = """\
events:
  - {event: [pull_request, pull_request_review], types: [edited], when: "event.pull_request.number == `1`", run: check}
  - {every: 10m, run: check}
"""


def test_triggers() -> None:
    text = MINIMAL.decode().replace("events: [{event: pull_request, run: check}]\n", TRIGGERS)
    event, clock = rules(text).triggers
    assert (event.events, event.types, event.every_s, event.run) == (
        ("pull_request", "pull_request_review"),
        ("edited",),
        None,
        "check",
    )
    assert event.when is not None
    assert event.when.evaluate({"event": {"pull_request": {"number": 1}}}) is True
    assert (clock.events, clock.types, clock.when, clock.every_s) == ((), (), None, 600)


PIPELINE = """\
pipeline: other
description: Another.
gates: none
locks: "${verdict.resources[*].state_key}"
permissions: [contents:read]
then: check
actions:
  - {id: plan, uses: terraform.plan, timeout: 45m, with: {parallelism: 3}}
  - id: report
    uses: report.write
    if: "always()"
    with: {plan: "${outputs.plan}", policy: {text: "of ${pr.number}", list: [1, "${pr.draft}", plain, null]}}
"""


def test_pipelines_in_files() -> None:
    loaded = rules(
        MINIMAL.decode().replace("run: check}]", "run: check}, {every: 10m, run: other}]\ninclude: [specs/*.yaml]"),
        specs_other=PIPELINE,
    )
    other = loaded.pipelines["other"]
    assert (other.description, other.gates, other.ungated, other.permissions, other.then) == (
        "Another.",
        (),
        True,
        ("contents:read",),
        "check",
    )
    assert other.locks is not None
    assert other.locks.kind is Kind.VALUE
    plan, report = other.steps
    assert (plan.id, plan.uses, plan.timeout_s, dict(plan.inputs)) == (
        "plan",
        "terraform.plan",
        2700,
        {"parallelism": 3},
    )
    assert text_of(report.condition) == "always()"
    inputs: Any = report.inputs
    assert inputs["plan"].kind is Kind.VALUE
    assert inputs["policy"]["text"].kind is Kind.TEXT
    assert [inputs["policy"]["list"][i] for i in (0, 2, 3)] == [1, "plain", None]
    assert str(other.place) == "specs/other.yaml:1:11"
    assert loaded.pipelines["check"].gates == ("ready", "reviewed")


def test_groups_come_from_both_files() -> None:
    files = small(MINIMAL.replace(b"[reviewers]", b"[reviewers, special_approvers]"))
    loaded = load({**files, "special-approvers.yaml": b"- dave\n- acme/security\n"}, CATALOG)
    assert loaded.groups["reviewers"].users == ("ann", "bob", "carol")
    assert (loaded.groups["special_approvers"].users, loaded.groups["special_approvers"].teams) == (
        ("dave",),
        ("acme/security",),
    )


def test_the_digest_is_of_every_byte_of_every_file() -> None:
    one = rules()
    files = small()
    assert one.whole == digest(dict(one.files))
    assert set(one.files) == set(files)
    for name in files:
        assert load({**files, name: files[name] + b"# x\n"}, CATALOG).whole != one.whole
    assert load(dict(reversed(files.items())), CATALOG).whole == one.whole


def test_a_verdict_hangs_on_every_file_but_those_that_only_name_people() -> None:
    files = {**small(), "special-approvers.yaml": b"[dave]\n"}
    one = load(files, CATALOG)
    kept = {name for name in files if load({**files, name: files[name] + b"# x\n"}, CATALOG).digest == one.digest}
    assert kept == {"approvers-config.yaml", "special-approvers.yaml"}


def test_the_fact_of_the_rules_fits_its_schema() -> None:
    from jsonschema import Draft202012Validator

    shape = CATALOG.fact_schema
    wanted = {**shape["properties"]["facts"]["properties"]["rules"], "$defs": shape["$defs"]}
    Draft202012Validator(wanted).validate(rules().fact())


def test_the_shipped_rules_load_and_nothing_is_to_be_said_about_them() -> None:
    files = read_rules(ROOT)
    assert lint(files, shipped_catalog()) == ()
    loaded = load(files, shipped_catalog())
    names = {
        "open-pr",
        "target",
        "validate",
        "merge",
        "tell",
        "answer",
        "apply",
        "replan",
        "unapplied",
        "unlock",
        "adopt",
        "restore",
        "rollback",
        "closed",
        "sweep",
        "tidy",
    }
    assert set(loaded.pipelines) == names
    assert set(files) == {
        "deployment-rules.yaml",
        "approvers-config.yaml",
        *(f"specs/{name}.yaml" for name in names),
    }


def test_the_shipped_files_name_their_schemas_to_editors() -> None:
    for path, data in read_rules(ROOT).items():
        first = data.decode().split("\n", 1)[0]
        schema = first.removeprefix("# yaml-language-server: $schema=")
        assert os.path.isfile(os.path.join(ROOT, os.path.dirname(path), schema)), path


def test_all_problems_are_in_the_order_of_their_places() -> None:
    bad = MINIMAL.decode().replace("[ready, reviewed]", "[redy, reviewd]").replace("pr.draft", "pr.drafd")
    with pytest.raises(EngineError) as error:
        rules(bad)
    lines = [problem.place.line for problem in error.value.problems if problem.place]
    assert len(lines) == 3
    assert lines == sorted(lines)


def test_good_rules_load_without_heavy_libraries() -> None:
    """Start-up is a budget: what only failures need is imported by failures."""
    program = (
        "import sys\n"
        "from engine.run.trusted import read_rules\n"
        "from engine.run.catalog import catalog\n"
        "from engine.core.rules.load import load\n"
        f"load(read_rules({ROOT!r}), catalog())\n"
        "heavy = ('jsonschema', 'fastjsonschema', 'difflib', 'pathlib', 'logging', 'subprocess')\n"
        "print(*(name for name in heavy if name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""
