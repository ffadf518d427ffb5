"""A run that goes on: in another process after a crash, in another job, or not at all, since it has ended."""

import copy
import hashlib
import json
import os
from functools import partial
from itertools import takewhile
from operator import ne
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ExitCode
from tests.support.machine import bad, good, recorded

KEY = {"ENGINE_HANDOVER_KEY": "h" * 32}
SECRET = "S3cr3t-of-a-plan"


@pytest.fixture
def store(machine):
    """Settings with a store in a directory."""
    return {"ENGINE_STORE": f"dir:{machine.root / 'store'}"}


def lines(machine):
    """All journal lines in the store, the runs one after the other."""
    return [json.loads(file.read_bytes()) for file in sorted((machine.root / "store" / "journal").glob("*/*"))]


def said(machine):
    return [(line["kind"], line["said"].get("action") or line["said"].get("before", "")) for line in lines(machine)]


WHOLE = [
    ("start", ""),
    ("begin", "plan"),
    ("begin", "plan"),  # the one resource
    ("end", "plan"),
    ("end", "plan"),
    *(pair for name in ("policy", "verdict", "report") for pair in (("begin", name), ("end", name))),
    ("finish", ""),
]


def test_a_run_that_has_ended_is_told_again_and_does_nothing(machine, engine, store):
    machine.change({"S3/a.tfvars": bad()})
    first = engine(*machine.words("--run", "7", "--json"), **store)
    assert first.code == ExitCode.NEGATIVE, first.err
    assert said(machine) == WHOLE
    statement, kept = machine.statement(), len(lines(machine))
    machine.program(plan="touch $A/planned; exit 2")
    again = engine(*machine.words("--run", "7", "--json"), **store)
    assert (again.code, json.loads(again.out)["pipelines"]) == (first.code, json.loads(first.out)["pipelines"])
    assert "has ended before" in again.err
    assert not (machine.answers / "planned").exists()
    assert (machine.statement(), len(lines(machine))) == (statement, kept), "what it made stays where it is"
    third = engine(*machine.words("--run", "8"), **store)
    assert (third.code, (machine.answers / "planned").exists()) == (first.code, True), "another delivery decides afresh"


@pytest.mark.parametrize("other", ["head", "options"])
def test_an_outcome_is_told_of_what_it_is_about(machine, engine, store, other):
    """Another head under the same name would have passed without anybody having looked at it."""
    clone = machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words("--run", "7"), **store).code == ExitCode.DONE
    if other == "head":
        event, before = machine.root / "event.json", clone.git("rev-parse", "feature").strip()
        clone.commit({"S3/a.tfvars": bad()})
        now = clone.git("rev-parse", "feature").strip()
        event.write_bytes(event.read_bytes().replace(before.encode(), now.encode()))
    more = ["--allow-destroy", "S3/a.tfvars"] if other == "options" else []
    for resume in ([], ["--resume"]):
        refused = engine(*machine.words("--run", "7", *more, *resume), **store)
        assert (refused.code, "ENG579" in refused.err) == (ExitCode.CONFIG, True), refused.err
    assert said(machine) == WHOLE


def test_what_a_run_of_another_name_made_does_not_stay(machine, engine, store):
    machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words("--run", "7"), **store).code == ExitCode.DONE
    (machine.root / "event.json").write_bytes(b"garbage")
    assert engine(*machine.words("--run", "8"), **store).code == ExitCode.CONFIG
    assert not (machine.out / "statement.json").exists()


def test_without_a_store_every_run_begins(machine, engine):
    machine.change({"S3/a.tfvars": good()})
    for _ in range(2):
        assert engine(*machine.words("--run", "7")).code == ExitCode.DONE
        assert (machine.out / "statement.json").exists()
    refused = engine(*machine.words("--run", "7", "--resume"))
    assert (refused.code, "ENG578" in refused.err) == (ExitCode.CONFIG, True)


def test_a_refusal_is_told_again_too(machine, engine, store):
    machine.change({"README.md": "words"})
    for _ in range(2):
        assert engine(*machine.words("--run", "7"), **store).code == ExitCode.NEGATIVE
    assert said(machine) == [("start", ""), ("finish", "")]


def cut(machine, keep):
    """The store as a kill -9 leaves it behind the line of that number."""
    for file in sorted((machine.root / "store" / "journal").glob("*/*"))[keep:]:
        file.unlink()


@pytest.mark.parametrize("number", range(1, len(WHOLE)))
def test_behind_whichever_line_a_run_was_killed(machine, engine, store, number):
    """It is somebody's until somebody says `--resume`; then it comes to what it would have come to."""
    machine.change({"S3/a.tfvars": bad()})
    whole = engine(*machine.words("--run", "7", "--json"), **store)
    cut(machine, number)
    refused = engine(*machine.words("--run", "7"), **store)
    assert (refused.code, "ENG571" in refused.err) == (ExitCode.STALE, True)
    assert len(lines(machine)) == number, "and nothing was done"
    resumed = engine(*machine.words("--run", "7", "--resume", "--json"), **store)
    assert resumed.code == whole.code, resumed.err
    assert resumed_of(resumed) == resumed_of(whole)
    assert [kind for kind, _ in said(machine)].count("take") == 1
    assert said(machine)[-1] == ("finish", "")


def resumed_of(ended):
    [pipeline] = json.loads(ended.out)["pipelines"]
    return [(ran["id"], ran["status"], ran["result"]) for ran in pipeline["ran"]]


def test_a_plan_that_was_made_is_not_made_again(machine, engine, store):
    machine.program(plan="echo . >> $A/planned; exit 2")
    machine.change({f"S3/r{n}.tfvars": good(f"acme-dev-r{n}") for n in range(3)})
    assert engine(*machine.words("--run", "7"), **store).code == ExitCode.DONE
    planned = lambda: len((machine.answers / "planned").read_text().splitlines())  # noqa: E731
    assert planned() == 3
    ends = [n for n, (kind, action) in enumerate(said(machine), 1) if (kind, action) == ("end", "plan")]
    cut(machine, ends[1])
    assert engine(*machine.words("--run", "7", "--resume"), **store).code == ExitCode.DONE
    assert planned() == 4, "two of three were there"
    cut(machine, ends[1])
    made = next(line["said"]["outputs"]["file"] for line in lines(machine) if line["kind"] == "end")
    Path(made).write_text("{}")
    assert engine(*machine.words("--run", "7", "--resume"), **store).code == ExitCode.DONE
    assert planned() == 6, "one that is not as it was made is made again"
    cut(machine, next(n for n, pair in enumerate(said(machine), 1) if pair == ("begin", "policy")))
    for file in (machine.out / "plans").iterdir():
        file.unlink()
    assert engine(*machine.words("--run", "7", "--resume"), **store).code == ExitCode.DONE
    assert planned() == 9, "policy has to see the plans themselves"


@pytest.mark.parametrize(
    ("why", "change", "said"),
    [
        ("the rules", lambda m: (m.controller / "deployment-rules.yaml").open("a").write("# altered\n"), "rules"),
        ("a policy", lambda m: (m.controller / "policies" / "x.rego").write_text("package x\n"), "policy"),
        (
            "the module",
            lambda m: next((m.controller / "terraform").glob("*.tf")).open("a").write("# new\n"),
            "module",
        ),
    ],
)
def test_what_would_be_decided_otherwise_by_now_has_ended(machine, engine, store, why, change, said):
    machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words("--run", "7"), **store).code == ExitCode.DONE
    cut(machine, 6)
    change(machine)
    ended = engine(*machine.words("--run", "7", "--resume"), **store)
    assert (ended.code, "ENG575" in ended.err) == (ExitCode.STALE, True), why
    assert f"`{said}` is" in ended.err, why
    assert machine.report()["result"] == "superseded"
    again = engine(*machine.words("--run", "7", "--json"), **store)
    assert (again.code, resumed_of(again)) == (ExitCode.STALE, []), "and that is told again"


def test_a_clock_that_goes_backwards_is_asked_nothing(machine, engine, store, monkeypatch):
    machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words("--run", "7"), **store).code == ExitCode.DONE
    cut(machine, 6)
    monkeypatch.setattr("engine.adapters.clock.now", lambda: "2001-01-01T00:00:00Z")
    assert engine(*machine.words("--run", "7"), **store).code == ExitCode.STALE, "it is somebody's, then as now"
    assert engine(*machine.words("--run", "7", "--resume"), **store).code == ExitCode.DONE


def test_a_base_that_has_moved_on_matters_where_it_touches_the_change(machine, engine, store):
    clone = machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words("--run", "7"), **store).code == ExitCode.DONE
    cut(machine, 6)
    clone.git("checkout", "-q", "dev")
    clone.commit({"README.md": "more words"})
    assert engine(*machine.words("--run", "7", "--resume"), **store).code == ExitCode.DONE
    cut(machine, 6)
    clone.commit({"S3/b.tfvars": good("acme-dev-b"), "S3/a.tfvars": good("acme-dev-other")})
    assert engine(*machine.words("--run", "7", "--resume"), **store).code != ExitCode.DONE


def test_a_journal_that_was_altered_is_gone_on_with_by_nobody(machine, engine, store):
    machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words("--run", "7"), **store).code == ExitCode.DONE
    cut(machine, 8)
    fourth = sorted((machine.root / "store" / "journal").glob("*/*"))[3]
    fourth.write_bytes(fourth.read_bytes().replace(b"policy", b"verdict"))
    for number, attack in enumerate(
        (
            lambda data: data.replace(b'"by":"', b'"by":"0'),
            lambda data: data.replace(b'"version":1', b'"version":2'),
            lambda data: b"",
        )
    ):
        whole = fourth.read_bytes()
        fourth.write_bytes(attack(whole))
        refused = engine(*machine.words("--run", "7", "--resume"), **store)
        assert ("ENG574" if number == 1 else "ENG573") in refused.err
        assert refused.code != ExitCode.DONE
        fourth.write_bytes(whole)
    assert len(lines(machine)) == 8


def test_the_same_executor_goes_on_with_what_it_has_begun(machine, engine, store):
    executor = {"ENGINE_EXECUTOR": str(machine.root / "executor")}
    machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words("--run", "7"), **store, **executor).code == ExitCode.DONE
    cut(machine, 6)
    other = {"ENGINE_EXECUTOR": str(machine.root / "another")}
    assert engine(*machine.words("--run", "7"), **store, **other).code == ExitCode.STALE
    assert engine(*machine.words("--run", "7"), **store, **executor).code == ExitCode.DONE
    assert [line["said"]["why"] for line in lines(machine) if line["kind"] == "take"] == ["executor"]


def test_a_run_that_lacked_a_key_goes_on_when_it_has_it(machine, engine, store):
    machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words("--run", "7"), **store, ENGINE_DIGEST_KEY="").code == ExitCode.AUTH
    assert said(machine) == [("start", "")], "nothing was done"
    assert engine(*machine.words("--run", "7", "--resume"), **store).code == ExitCode.DONE


def test_a_run_that_has_failed_has_ended(machine, engine, store):
    """Also where it was killed before it could say so."""
    machine.change({"S3/a.tfvars": good()})
    absent = {"ENGINE_TERRAFORM": "no-terraform-here"}
    failed = engine(*machine.words("--run", "7"), **store, **absent)
    assert (failed.code, said(machine)[-1]) == (ExitCode.EXECUTOR, ("finish", ""))
    assert engine(*machine.words("--run", "7"), **store).code == failed.code
    cut(machine, len(lines(machine)) - 1)
    resumed = engine(*machine.words("--run", "7", "--resume"), **store)
    assert (resumed.code, said(machine)[-1]) == (failed.code, ("finish", ""))


def with_secret() -> dict[str, Any]:
    """A plan with a sensitive value, and the same where its mark is lost."""
    plan = copy.deepcopy(recorded("s3-good"))
    change = plan["resource_changes"][0]["change"]
    change["after"] |= {"password": SECRET, "copy": f"a {SECRET} b"}
    change["after_sensitive"] = {"password": True}
    return plan


PLAN_JOB = {"ENGINE_SIGNING_KEY_FILE": "", **KEY}
DECIDE_JOB = {"ENGINE_DIGEST_KEY": "", "ENGINE_TERRAFORM": "no-terraform-here", **KEY}


def handover(machine):
    return ("--handover", str(machine.root / "handover"))


def plan_job(machine, engine, *more, until="verdict", **environ):
    words = machine.words("--out", str(machine.root / "plan"), "--until", until, *handover(machine), *more)
    return engine(*words, **{**PLAN_JOB, **environ})


def decide_job(machine, engine, *more, **environ):
    words = machine.words("--out", str(machine.root / "decide"), "--resume", *more, *handover(machine))
    return engine(*words, **{**DECIDE_JOB, **environ})


JOB = {"GITHUB_RUN_ID": "7001", "GITHUB_RUN_ATTEMPT": "1"}


def here(pipeline):
    """What became of the actions that a clone can carry out."""
    return [ran for ran in pipeline["ran"] if not ran["uses"].startswith("github.")]


def test_one_run_over_two_jobs(machine, engine, tmp_path):
    """One plans and cannot sign, the other signs and cannot plan; what the first found is in what the second says."""
    machine.answer("bad", with_secret())
    machine.change({"S3/a.tfvars": good(), "S3/b.tfvars": bad()})
    output = machine.root / "output"
    output.write_text("earlier=1\n")
    planned = plan_job(machine, engine, "--json", **JOB, GITHUB_OUTPUT=str(output))
    assert planned.code == ExitCode.DONE, planned.err
    told = json.loads(planned.out)
    assert (told["next"], told["environment"], told["run"]) == ("verdict", "development", "7001-1")
    assert outputs(output) == {"earlier": "1", "next": "verdict", "environment": "development"}
    assert not (machine.root / "plan" / "statement.json").exists()
    handed = (machine.root / "handover").read_text()
    whole = [hashlib.sha256(file.read_bytes()).hexdigest() for file in (machine.root / "plan" / "plans").iterdir()]
    assert [digest for digest in whole if digest in handed] == [], "a guess at the secret could be tried on it"
    assert (machine.root / "plan" / "plans.key").read_text() not in handed
    assert (SECRET in handed, "resource_changes" in handed, "(sensitive)" in handed) == (False, False, True)
    assert os.stat(machine.root / "handover").st_mode & 0o777 == 0o600
    for file in (machine.root / "plan" / "plans").iterdir():
        file.unlink()  # another machine
    decided = decide_job(machine, engine, "verdict", "--json", **JOB)
    assert decided.code == ExitCode.DONE, decided.err
    told = json.loads(decided.out)
    assert (told["next"], [ran["status"] for ran in here(told["pipelines"][0])]) == ("", ["done"] * 4)
    report = json.loads((machine.root / "decide" / "report.json").read_text())
    assert (report["result"], len(report["resources"]), bool(report["signature"])) == ("passed", 2, True)
    assert SECRET not in (machine.root / "decide" / "report.md").read_text()


def test_jobs_that_name_what_they_do(machine, engine, tmp_path):
    """The first stops before whatever is not its own, and says what that is; the second does the rest."""
    machine.change({"S3/a.tfvars": good()})
    handed, output = ("--handover", str(machine.root / "handover")), machine.root / "output"
    words = machine.words("--only", "terraform.plan", "--only", "policy.evaluate,run.sweep", *handed)
    planned = engine(*words, **{**PLAN_JOB, **JOB, "GITHUB_OUTPUT": str(output)})
    assert planned.code == ExitCode.DONE, planned.err
    assert outputs(output) == {"next": "verdict.sign", "environment": "development", "found": "[]"}
    assert "stopped before verdict:" in planned.err
    words = machine.words("--only", "verdict.sign,report.write", "--resume", *handed)
    decided = engine(*words, **{**DECIDE_JOB, **JOB, "GITHUB_OUTPUT": str(output)})
    assert (decided.code, outputs(output)["next"]) == (ExitCode.DONE, ""), decided.err


def test_what_has_failed_in_one_job_is_told_by_the_next(machine, engine):
    """The first has done its part; what was found is for the last one to say, on the page and as its exit code."""
    machine.program(plan="echo no such bucket >&2; exit 1")
    machine.change({"S3/a.tfvars": good()})
    handed, output = ("--handover", str(machine.root / "handover")), machine.root / "output"
    words = machine.words("--only", "terraform.plan,policy.evaluate", *handed)
    planned = engine(*words, **{**PLAN_JOB, **JOB, "GITHUB_OUTPUT": str(output)})
    assert (planned.code, outputs(output)["next"]) == (ExitCode.DONE, "verdict.sign"), planned.err
    words = machine.words("--only", "verdict.sign,report.write", "--resume", *handed, "--json")
    decided = engine(*words, **{**DECIDE_JOB, **JOB})
    assert decided.code == ExitCode.EXECUTOR, decided.err
    ran = {one["id"]: one["result"] for one in json.loads(decided.out)["pipelines"][0]["ran"]}
    assert (ran["plan"], ran["verdict"]) == ("error", "error")


def test_a_change_chooses_no_job_s_secrets(machine, engine):
    """A job that goes on may be given an environment of GitHub's by this name: with another job's keys, say."""
    machine.change({"S3/a.tfvars": good().replace('"development"', '"interlock-sign"')})
    output = machine.root / "output"
    for words, environment in ((["--only", "terraform.plan"], ""), ([], "interlock-sign")):
        handed = ["--handover", str(machine.root / "handover")] if words else []
        engine(*machine.words(*words, *handed), **{**PLAN_JOB, **JOB, "GITHUB_OUTPUT": str(output)})
        assert outputs(output)["environment"] == environment
        output.unlink()


def test_an_action_that_there_is_not_is_done_by_no_job(machine, engine):
    machine.change({"S3/a.tfvars": good()})
    refused = engine(*machine.words("--only", "terraform.plna"), **PLAN_JOB, **JOB)
    assert (refused.code, "ENG950" in refused.err, "terraform.plan" in refused.err) == (ExitCode.CONFIG, True, True)


def outputs(file):
    """As the runner reads them."""
    found, rows = {}, iter(file.read_text().splitlines())
    for row in rows:
        name, _, mark = row.partition("<<")
        if mark:
            found[name] = "\n".join(takewhile(partial(ne, mark), rows))
        else:
            name, _, found_value = row.partition("=")
            found[name] = found_value
    return found


def test_what_the_first_job_was_denied_is_told_by_the_second(machine, engine):
    machine.change({"S3/a.tfvars": bad()})
    assert plan_job(machine, engine, **JOB).code == ExitCode.DONE
    assert decide_job(machine, engine, **JOB).code == ExitCode.NEGATIVE


def test_what_follows_on_a_pipeline_is_split_too(machine, engine):
    """Three jobs: plan, sign, and decide what follows."""
    spec = machine.controller / "specs" / "validate.yaml"
    spec.write_text(spec.read_text().replace("then: merge ", "then: mergeable ", 1))
    mergeable = machine.controller / "specs" / "mergeable.yaml"
    mergeable.write_text(mergeable.read_text().replace("id: report", "id: tell"))
    machine.change({"S3/a.tfvars": good()})
    planned = plan_job(machine, engine, "--json", until="verdict", **JOB)
    assert json.loads(planned.out)["next"] == "verdict"
    decided = decide_job(machine, engine, "--until", "tell", "--json", **JOB)
    told = json.loads(decided.out)
    assert [p["name"] for p in told["pipelines"]] == ["validate", "mergeable"], decided.err
    assert (decided.code, told["next"]) == (ExitCode.DONE, ""), "its gates wait, so it did not come to that"


@pytest.mark.parametrize("kept", ["hand-over", "store"])
@pytest.mark.parametrize(("tfvars", "code"), [(good(), ExitCode.DONE), (bad(), ExitCode.NEGATIVE)])
def test_what_follows_stops_too_and_is_gone_on_with(machine, engine, store, kept, tfvars, code):
    """Three jobs, the second of which signs and stops in what follows. Only the last one tells what was found: after
    another exit code than 0 nobody would start it."""
    spec = machine.controller / "specs" / "validate.yaml"
    spec.write_text(spec.read_text().replace("then: merge ", "then: after ", 1))
    steps = ", ".join(f"{{id: {name}, uses: report.write}}" for name in ("first", "tell", "last"))
    (machine.controller / "specs" / "after.yaml").write_text(
        f"pipeline: after\ndescription: What follows.\ngates: [open]\nactions: [{steps}]\n"
    )
    machine.change({"S3/a.tfvars": tfvars})
    job = JOB if kept == "hand-over" else {**JOB, **store}
    carried = handover(machine) if kept == "hand-over" else ()

    def run(*more, **environ):
        done = engine(*machine.words(*more, *carried, "--json"), **{**environ, **job})
        told = json.loads(done.out)
        if "problems" in told:
            told = {"pipelines": [], "next": done.err}
        status = [[ran["status"] for ran in here(pipeline)] for pipeline in told["pipelines"]]
        return done.code, told["next"], status

    whole = ["done"] * 4
    assert run("--until", "verdict", **PLAN_JOB) == (0, "verdict", [["done", "done", "left", "left"]])
    second = run("--resume", "verdict", "--until", "tell", **DECIDE_JOB)
    assert second == (0, "tell", [whole, ["done", "left", "left"]])
    refused, why, _ = run("--resume", "verdict", **DECIDE_JOB)
    assert (refused in (ExitCode.AUTH, ExitCode.STALE), "tell" in why) == (True, True), why
    assert run("--resume", "tell", **DECIDE_JOB) == (code, "", [whole, ["done"] * 3])
    if kept == "store":
        assert run("--resume", "tell", **DECIDE_JOB) == (code, "", [whole, ["done"] * 3]), "it is told again"
        kinds = [line["kind"] for line in lines(machine)]
        assert (kinds.count("start"), kinds.count("stop"), kinds.count("finish")) == (2, 2, 2)


@pytest.mark.parametrize(
    ("why", "run", "reason"),
    [
        ("of another run", {"GITHUB_RUN_ID": "7002"}, "of the run 7001-1, not 7002-1"),
        ("of another attempt", {"GITHUB_RUN_ATTEMPT": "2"}, "of the run 7001-1, not 7001-2"),
        ("made with another key", {"ENGINE_HANDOVER_KEY": "x" * 32}, "another key"),
        ("without a key", {"ENGINE_HANDOVER_KEY": ""}, "ENG570"),
        ("with a short key", {"ENGINE_HANDOVER_KEY": "x"}, "ENG004"),
    ],
)
def test_a_hand_over_that_is_refused(machine, engine, why, run, reason):
    machine.change({"S3/a.tfvars": good()})
    assert plan_job(machine, engine, **JOB).code == ExitCode.DONE
    refused = decide_job(machine, engine, **{**JOB, **run})
    assert (refused.code != ExitCode.DONE, reason in refused.err) == (True, True), f"{why}: {refused.err}"
    assert not (machine.root / "decide" / "statement.json").exists(), why


def test_a_hand_over_of_another_pull_request(machine, engine):
    machine.change({"S3/a.tfvars": good()})
    assert plan_job(machine, engine, **JOB).code == ExitCode.DONE
    event = machine.root / "event.json"
    event.write_bytes(event.read_bytes().replace(b'"number": 7', b'"number": 8'))
    refused = decide_job(machine, engine, **JOB)
    assert "of the pull request 7, not 8" in refused.err


def test_a_hand_over_of_another_place_of_the_run(machine, engine):
    """A later job is given the file of an earlier one; it knows by itself before which action it goes on."""
    machine.change({"S3/a.tfvars": good()})
    assert plan_job(machine, engine, **JOB).code == ExitCode.DONE
    refused = decide_job(machine, engine, "report", **JOB)
    assert "of the action verdict, not report" in refused.err


def test_a_head_that_has_moved_on_between_two_jobs(machine, engine):
    clone = machine.change({"S3/a.tfvars": good()})
    assert plan_job(machine, engine, **JOB).code == ExitCode.DONE
    before = clone.git("rev-parse", "feature").strip()
    clone.commit({"S3/a.tfvars": good("acme-dev-other")})
    refused = decide_job(machine, engine, **JOB)
    assert (refused.code, "ENG552" in refused.err) == (ExitCode.STALE, True), "the event's own head is an old one"
    now = clone.git("rev-parse", "feature").strip()
    event = machine.root / "event.json"
    event.write_bytes(event.read_bytes().replace(before.encode(), now.encode()))
    refused = decide_job(machine, engine, **JOB)
    assert (refused.code, f"of the head {before}, not {now}" in refused.err) == (ExitCode.AUTH, True), refused.err
    assert not (machine.root / "decide" / "statement.json").exists()


def test_a_hand_over_that_was_used_is_not_used_again_where_there_is_a_store(machine, engine, store):
    machine.change({"S3/a.tfvars": good()})
    assert plan_job(machine, engine, **JOB, **store).code == ExitCode.DONE
    assert decide_job(machine, engine, **JOB, **store).code == ExitCode.DONE
    replayed = decide_job(machine, engine, **JOB, **store)
    assert (replayed.code, "has gone on since" in replayed.err) == (ExitCode.AUTH, True)


def test_jobs_with_a_store_need_no_file(machine, engine, store):
    machine.change({"S3/a.tfvars": good()})
    words = machine.words("--until", "verdict")
    assert engine(*words, **{**PLAN_JOB, **JOB, **store}).code == ExitCode.DONE
    waiting = engine(*machine.words(), **{**DECIDE_JOB, **JOB, **store})
    assert (waiting.code, "ENG571" in waiting.err) == (ExitCode.STALE, True)
    other = engine(*machine.words("--resume", "report"), **{**DECIDE_JOB, **JOB, **store})
    assert "stopped before verdict, and did not stop before report" in other.err
    decided = engine(*machine.words("--resume", "verdict"), **{**DECIDE_JOB, **JOB, **store})
    assert decided.code == ExitCode.DONE, decided.err
    stored = b"".join(file.read_bytes() for file in (machine.root / "store").rglob("*") if file.is_file())
    assert b"resource_changes" not in stored


def test_no_secret_of_a_plan_is_in_the_store(machine, engine, store):
    machine.answer("good", with_secret())
    (machine.controller / "policies" / "x.rego").write_text(
        "package x\nimport rego.v1\n"
        "deny contains r.change.after.copy if { some r in input.resource_changes; r.change.after.copy }\n"
    )
    machine.change({"S3/a.tfvars": good(), "S3/b.tfvars": bad()})
    fails = f"echo {SECRET} $AWS_SECRET_ACCESS_KEY >&2; exit 1"
    credentials = {"AWS_SECRET_ACCESS_KEY": "verysecretvalue12345"}
    machine.program(plan=f"if grep -q acme-dev-bad resource.tfvars.json; then {fails}; fi; exit 2")
    ended = engine(*machine.words("--run", "7"), **store, **credentials)
    assert ended.code == ExitCode.EXECUTOR
    stored = b"".join(file.read_bytes() for file in (machine.root / "store").rglob("*") if file.is_file())
    assert b"(sensitive)" in stored
    assert (SECRET.encode() in stored, b"verysecretvalue" in stored) == (False, False)


@pytest.mark.parametrize(
    ("why", "words", "environ", "code"),
    [
        ("nothing carries it", ["--until", "verdict"], KEY, "ENG579"),
        ("no key", ["--until", "verdict", "--handover", "h"], {}, "ENG570"),
        ("no such action", ["--until", "verdikt", "--handover", "h"], KEY, "ENG577"),
        ("which run?", ["--resume"], {}, "ENG579"),
        ("no id", ["--run", ""], {}, "ENG579"),
        ("bytes that are no text", ["--run", "\udcff"], {}, "ENG579"),
        ("nor is a directory's name", ["--out", "ROOT/\udcff"], {}, "ENG002"),
        ("an id of two lines", ["--run", "7\n::error::x"], {}, "ENG579"),
        ("an id that is a book", ["--run", "7" * 201], {}, "ENG579"),
        ("the workflow's is odd, too", [], {"GITHUB_RUN_ID": "7\u202e"}, "ENG579"),
        ("a device is no executor", [], {"ENGINE_EXECUTOR": "/dev/null"}, "ENG002"),
        ("nor a directory", [], {"ENGINE_EXECUTOR": "/"}, "ENG002"),
        ("what for?", ["--handover", "h"], {}, "ENG579"),
        ("a device carries nothing", ["--until", "verdict", "--handover", "ROOT/pipe"], KEY, "ENG002"),
        ("nor what is nowhere", ["--until", "verdict", "--handover", "ROOT/no-such/h"], KEY, "ENG002"),
        ("no such file", ["--resume", "--run", "7", "--handover", "no-such-file"], KEY, "ENG001"),
    ],
)
def test_options_that_want_something(machine, engine, why, words, environ, code):
    machine.change({"S3/a.tfvars": good()})
    os.mkfifo(machine.root / "pipe")  # stands for a device: where we are root, /dev/null is one that we could remove
    refused = engine(*machine.words(*(word.replace("ROOT", str(machine.root)) for word in words)), **environ)
    assert (machine.root / "pipe").is_fifo(), why
    assert refused.code not in (ExitCode.DONE, ExitCode.BUG), why
    assert code in refused.err, why
    assert not (machine.out / "plans").exists(), why


def test_an_environments_name_makes_no_output_of_its_own(machine, engine, tmp_path, monkeypatch):
    from engine.cli import job

    file = tmp_path / "output"
    monkeypatch.setenv("GITHUB_OUTPUT", str(file))
    job.outputs({"next": "", "environment": "a\nnext=merge\nnext<<x\nmerge\nx"})
    found = outputs(file)
    assert found["next"] == ""
    assert found.keys() == {"next", "environment"}
