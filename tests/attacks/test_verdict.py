"""Attacks on the verdict: to get a `passed` that was not earned, or to have somebody else's believed."""

import copy
import json

import pytest

from engine.adapters import clock, files
from engine.core.canonical import canonical
from engine.core.exact import DEPTH
from engine.core.signature import sign
from engine.core.verdict.check import Absent, latest, once_believed
from engine.errors import EngineError, ExitCode
from engine.run import plans
from tests.support.machine import GOOD, bad, ended, good, recorded
from tests.support.signing import WANTED, statement, trusted


def verdict(machine):
    return json.loads((machine.out / "report.json").read_text())


def test_the_plan_of_one_resource_judged_in_place_of_anothers(machine, engine):
    """Both are called a_S3_dev_S3_dev_b once `/` is written `_`; whichever was planned last would be judged twice."""
    machine.change({"a/S3/S3_dev_b.tfvars": bad(), "a_S3_dev/S3/b.tfvars": good()})
    for _ in range(2):
        assert engine(*machine.words()).code == ExitCode.NEGATIVE
        standing = {row["path"]: row["standing"] for row in verdict(machine)["resources"]}
        assert standing == {"a/S3/S3_dev_b.tfvars": "failed", "a_S3_dev/S3/b.tfvars": "passed"}


def test_a_plan_that_was_exchanged_before_it_is_judged(tmp_path):
    from engine.core.canonical import digest_bytes

    directory = tmp_path / "plans"
    directory.mkdir()
    plans.new_key(str(directory))
    file = directory / "plan.json"
    file.write_text('{"resource_changes": ["what was planned"]}')
    row = {"path": "S3/a", "file": str(file), "json": plans.proof(str(file), digest_bytes(file.read_bytes()))}
    assert list(plans.load([row])) == ["S3/a"]
    file.write_text('{"resource_changes": []}')
    with pytest.raises(EngineError) as refused:
        plans.load([row])
    assert refused.value.problems[0].code == "ENG560"


ALL, ONE = "${outputs.plan.resources}", f"${{outputs.plan.resources[?path == 'S3/{GOOD}.tfvars']}}"


@pytest.mark.parametrize(
    ("why", "prepare", "code"),
    [
        ("a pipeline that has only some plans judged", ("specs/validate.yaml", ALL, ONE), "ENG561"),
        ("no policy", ("policies", None, ""), "ENG500"),
        ("a policy that does not parse", ("policies", "x.rego", "package x {{{"), "ENG502"),
        (
            "a policy that never ends",
            ("policies", "x.rego", "package x\nimport rego.v1\ndeny contains m if { x; m := 1 }\nx if { x }"),
            "ENG508",
        ),
        (
            "a policy that fails on the plan",
            ("policies", "x.rego", 'package x\nimport rego.v1\ndeny contains "m" if { to_number("ten") == 10 }'),
            "ENG510",
        ),
    ],
)
def test_what_could_not_be_judged_is_no_pass(machine, engine, why, prepare, code):
    name, what, text = prepare
    if name == "policies":
        if what is None:
            for file in (machine.controller / name).rglob("*.rego"):
                file.unlink()
        else:
            (machine.controller / name / what).write_text(text)
    else:
        spec = machine.controller / name
        assert what in spec.read_text()
        spec.write_text(spec.read_text().replace(what, text))
    machine.change({f"S3/{GOOD}.tfvars": good(), "S3/other.tfvars": good("acme-dev-other")})
    done = engine(*machine.words())
    report = verdict(machine)
    assert (done.code, report["result"]) == (ExitCode.EXECUTOR, "error"), why
    assert code in {problem["code"] for problem in report["refused"]}, why
    assert "error" in {row["standing"] for row in report["resources"]}, f"{why}: and no green mark beside it"


@pytest.mark.parametrize(
    ("why", "commands"),
    [
        ("it fails", {"plan": "exit 1"}),
        ("it says nothing", {"show": "true"}),
        ("it answers with something else", {"show": "echo '[]'"}),
        ("it answers with an unfinished plan", {"show": 'sed \'s/"complete": true/"complete": false/\' $A/good'}),
        ("it announces changes and shows none", {"plan": "exit 2", "show": 'echo \'{"format_version": "1.2"}\''}),
        ("it answers with numbers that are none", {"show": 'sed \'s/"after": {/"after": {"n": NaN, /\' $A/good'}),
    ],
)
def test_a_terraform_that_does_not_answer_is_no_pass(machine, engine, why, commands):
    machine.program(**commands)
    machine.change({"S3/a.tfvars": good()})
    done = engine(*machine.words())
    assert (done.code, verdict(machine)["result"]) == (ExitCode.EXECUTOR, "error"), why


def test_one_resource_that_cannot_be_told_fails_alone(machine, engine):
    (machine.answers / "bad").write_text(
        (machine.answers / "good").read_text().replace('"after": {', '"after": {"n": NaN, ')
    )
    machine.change({"S3/a.tfvars": bad(), "S3/b.tfvars": good()})
    assert engine(*machine.words()).code == ExitCode.EXECUTOR
    rows = {row["path"]: row["problem"] and row["problem"]["code"] for row in verdict(machine)["resources"]}
    assert rows == {"S3/a.tfvars": "ENG430", "S3/b.tfvars": None}


@pytest.mark.parametrize("depth", [45, 60, 600, 5000])
def test_a_text_of_brackets_ends_nothing(machine, engine, depth):
    """Too deep for whoever opens a document: then it is a text, in the statement and in the report, and warned of."""
    plan = copy.deepcopy(recorded("s3-good"))
    change = plan["resource_changes"][0]["change"]
    change["after"] |= {"deep": "[" * depth + '"hunter22"' + "]" * depth, "password": "hunter22"}
    change["after_sensitive"] = {"password": True}
    machine.answer("bad", plan)
    machine.change({"S3/a.tfvars": good(), "S3/b.tfvars": bad()})
    ended = engine(*machine.words())
    assert ended.code == ExitCode.DONE
    assert verdict(machine)["result"] == "passed"
    standing = "warned" if depth > DEPTH else "passed"
    assert [row["standing"] for row in machine.report()["resources"]] == ["passed", standing]
    assert "hunter22" not in machine.everything_said(ended)


@pytest.mark.parametrize(
    ("why", "more"),
    [
        ("deeper than anybody walks", '"deep": ' + "[" * 900 + "]" * 900),
        ("deeper than Python's stack", '"deep": ' + "[" * 100_000 + "]" * 100_000),
        ("a number of 5,000 digits", f'"n": {"9" * 5000}'),
    ],
)
def test_a_plan_that_cannot_be_walked_fails_alone(machine, engine, why, more):
    text = (machine.answers / "good").read_text()
    (machine.answers / "bad").write_text(text.replace('"after": {', f'"after": {{{more}, ', 1))
    machine.change({"S3/a.tfvars": good(), "S3/b.tfvars": bad()})
    assert engine(*machine.words()).code == ExitCode.EXECUTOR
    rows = {row["path"]: row["problem"] and row["problem"]["code"] for row in verdict(machine)["resources"]}
    assert rows == {"S3/a.tfvars": None, "S3/b.tfvars": "ENG430"}, why


@pytest.mark.parametrize(
    ("why", "more"),
    [
        ("changes that are put off", {"deferred_changes": [{"reason": "unknown"}]}),
        ("actions of a provider", {"action_invocations": [{"address": "action.aws_lambda_invoke.x"}]}),
        ("rows that nobody knows", {"teleports": [{"address": "a.b"}]}),
        ("planned values without changes", {"resource_changes": []}),
        ("only the state is refreshed", {"resource_changes": [], "planned_values": {}}),
        ("a state", {"values": {"root_module": {}}}),
    ],
)
def test_a_plan_that_says_more_than_is_judged(machine, engine, tmp_path, why, more):
    """The same answer of `run` and of `policy eval`: none."""
    plan = {**recorded("s3-good"), **more}
    machine.answer("bad", plan)
    machine.change({"S3/a.tfvars": good(), "S3/b.tfvars": bad()})
    assert engine(*machine.words()).code == ExitCode.EXECUTOR, why
    rows = {row["path"]: row["problem"] and row["problem"]["code"] for row in verdict(machine)["resources"]}
    assert rows == {"S3/a.tfvars": None, "S3/b.tfvars": "ENG430"}, why
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan))
    ended = engine("policy", "eval", "--plan", str(file), "--policies", str(machine.controller / "policies"))
    assert (ended.code, "ENG515" in ended.err) == (ExitCode.EXECUTOR, True), why


def test_an_import_by_identity_and_a_move_are_told_and_signed(machine, engine):
    """A resource that changes hands without any change of its own."""
    plan = copy.deepcopy(recorded("s3-noop"))
    one, other = plan["resource_changes"][:2]
    one["change"]["importing"] = {"identity": {"bucket": "of somebody else"}}
    other["previous_address"] = "aws_s3_bucket.old"
    machine.answer("good", plan)
    machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words()).code == ExitCode.DONE
    (row,) = machine.statement()["predicate"]["verdict"]["resources"]
    assert [change["actions"] for change in row["changes"]] == [["no-op"], ["no-op"]]
    told = "\n".join(change["diff"] for change in machine.report()["resources"][0]["changes"])
    assert 'imported from {"bucket": "of somebody else"}' in told
    assert "moved from aws_s3_bucket.old" in told


def test_a_plan_looks_at_everything_anew(machine, engine):
    """No argument hides drift or a part of the configuration: `-refresh=false`, `-minimal-refresh`, `-target` …"""
    machine.program(
        version="""echo "$@" >> $A/vectors; echo '{"terraform_version": "1.11.4"}'""",
        plan='echo "$@" >> $A/vectors; exit 2',
        show='echo "$@" >> $A/vectors; cat $A/good',
    )
    machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words()).code == ExitCode.DONE
    words = (machine.answers / "vectors").read_text().split()
    assert {word for word in words if word.startswith("-")} == {
        "-input=false", "-json", "-detailed-exitcode", "-lock=false", "-out=plan.tfplan",
        "-var-file=resource.tfvars.json",
    }  # fmt: skip
    assert [word for word in words if not word.startswith("-")] == ["version", "plan", "show", "plan.tfplan"]


def test_the_verdict_of_an_earlier_run_is_not_there_after_one_that_was_refused(machine, engine):
    clone = machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words()).code == ExitCode.DONE
    assert (machine.out / "statement.json").exists()
    clone.commit({"main.tf": "# code"})
    clone.head = clone.git("rev-parse", "HEAD")
    (machine.root / "event.json").write_bytes(clone.event())
    assert engine(*machine.words()).code == ExitCode.NEGATIVE
    assert not (machine.out / "statement.json").exists()
    assert (verdict(machine)["result"], verdict(machine)["signature"]) == ("refused", None)
    (machine.root / "event.json").write_bytes(b"garbage")
    assert engine(*machine.words()).code == ExitCode.CONFIG
    assert [name for name in ("report.md", "report.json") if (machine.out / name).exists()] == [], "of no event"


def test_two_runs_that_keep_their_results_in_one_place(machine, engine, monkeypatch):
    monkeypatch.setattr(files, "ENDED_S", 0)
    machine.program(plan="touch $A/planning; while [ ! -e $A/refused ]; do sleep 0.02; done; exit 2")
    machine.change({"S3/a.tfvars": good()})
    first = machine.process()
    while not (machine.answers / "planning").exists():
        assert first.poll() is None, first.communicate()
    second = engine(*machine.words())
    (machine.answers / "refused").touch()
    assert (second.code, "ENG558" in second.err) == (ExitCode.STALE, True)
    assert ended(first).code == ExitCode.DONE
    assert (machine.out / "statement.json").exists()


def test_a_local_verdict_is_believed_by_nobody_else(machine, engine):
    clone = machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words()).code == ExitCode.DONE
    envelope = (machine.out / "statement.json").read_bytes()
    wanted = WANTED._replace(head_sha=clone.head)
    keys = trusted(machine.signer)
    found = latest([once_believed(envelope, keys)], keys, "2026-11-23T22:00:00Z", wanted)
    assert isinstance(found, Absent)
    assert "a local run" in found.reason


def test_a_statement_that_was_altered_or_signed_by_a_stranger(machine, engine):
    machine.change({"S3/a.tfvars": bad()})
    assert engine(*machine.words()).code == ExitCode.NEGATIVE
    keys = machine.root / "trusted-keys.yaml"
    keys.write_text(engine("keys", "new", "--out", str(machine.root / "other.pem")).out)
    file = machine.out / "statement.json"
    assert "ENG271" in engine("verify", str(file), "--keys", str(keys)).err, "nobody declared its key trusted"

    from engine.adapters.keys import load_signer

    other = load_signer((machine.root / "other.pem").read_bytes())
    envelope = json.loads(sign(canonical(statement(signed_at=clock.now())), other))
    assert engine("verify", _write(file, envelope), "--keys", str(keys)).code == ExitCode.DONE
    forged = json.loads(sign(canonical(statement(pr=8)), other))["payload"]
    assert "ENG275" in engine("verify", _write(file, {**envelope, "payload": forged}), "--keys", str(keys)).err
    two = {**envelope, "signatures": envelope["signatures"] * 2}
    assert "ENG270" in engine("verify", _write(file, two), "--keys", str(keys)).err


def _write(file, envelope):
    file.write_bytes(canonical(envelope))
    return str(file)
