"""Every outcome of a run leaves report.md and report.json: what is missing, who can give it, what could not be done."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from engine import data
from engine.core.decision.document import freeze
from engine.core.plan.told import Summary
from engine.core.receipts import Tally
from engine.core.report.comment import render
from engine.core.report.model import Diff
from engine.errors import ExitCode
from engine.run import reports
from tests.support.machine import bad, good
from tests.support.order import ordered, queue
from tests.support.reports import report, row

with open(f"{data.path('schemas')}/report.schema.json", encoding="utf-8") as file:
    SCHEMA = Draft202012Validator(json.load(file))
LOOK = "pipeline: look\ngates: [{gates}]\nactions:\n  - {{id: report, uses: report.write}}\n"


def look(*gates):
    def prepare(machine, _):
        (machine.controller / "specs" / "look.yaml").write_text(LOOK.format(gates=", ".join(gates)))

    return prepare


def spec(old, new):
    def prepare(machine, _):
        file = machine.controller / "specs" / "validate.yaml"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    return prepare


def without(*ids):
    def prepare(machine, _):
        file = machine.controller / "specs" / "validate.yaml"
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join(line for line in lines if not any(f"id: {name}" in line for name in ids)))

    return prepare


def program(**commands):
    return lambda machine, _: machine.program(**commands)


unversioned = program(version="exit 1")


def event(**changes):
    return lambda machine, clone: (machine.root / "event.json").write_bytes(clone.event(**changes))


def labeled(machine, clone):
    (machine.root / "event.json").write_bytes(clone.event().replace(b'"opened"', b'"labeled"'))


def overtaken(_, clone):
    clone.commit({"README.md": "one more"})


def no_rules(machine, _):
    (machine.controller / "deployment-rules.yaml").write_text("version: 2\n")


def no_clone(machine, _):
    (machine.root / "source" / ".git" / "HEAD").unlink()


def nothing(*_):
    pass


GOOD, BAD = {"S3/a.tfvars": good()}, {"S3/a.tfvars": bad()}

OUTCOMES = [
    # why, change, preparation, pipeline, exit code, result, signed, said in the comment
    ("all is well", GOOD, nothing, None, ExitCode.DONE, "passed", True, ["Policy checks passed"]),
    ("denied", BAD, nothing, None, ExitCode.NEGATIVE, "failed", True, ["Policy checks failed"]),
    (
        "no plan",
        GOOD,
        program(plan="exit 1"),
        None,
        ExitCode.EXECUTOR,
        "error",
        True,
        ["Could not be planned", "ENG410"],
    ),
    (
        "no gate for what is no configuration",
        {**GOOD, "main.tf": "# code", "S3/b.tfvars": "environment = 1 + 2\n"},
        nothing,
        None,
        ExitCode.NEGATIVE,
        "refused",
        False,
        [
            "❌ This change is refused",
            "❌ `configuration-only`: 2 of the changed files",
            "✅ `open`, `declared-source`, `right-base`, `has-resources`",
            "`S3/b.tfvars:1:15`: an operation is not a literal value (ENG321)",
            "*Fix:* write the value itself",
            "`main.tf`: main.tf is Terraform code (ENG301)",
            "development → branch `dev`",
        ],
    ),
    (
        "a gate waits",
        GOOD,
        lambda *both: (look("ready")(*both), event(draft=True)(*both)),
        "look",
        ExitCode.WAITING,
        "pending",
        False,
        ["⏳ This change is waiting", "⏳ `ready`: The pull request is a draft.", "*Missing:* `pr.draft` has to end"],
    ),
    (
        "a gate cannot be judged",
        GOOD,
        nothing,
        "mergeable",
        ExitCode.NEGATIVE,
        "error",
        False,
        ["⚠️ `reviewed`: groups could not be fetched", "⏳ `policy`: there is no verdict yet", "*Missing:* a verdict"],
    ),
    (
        "a report alone",
        GOOD,
        look("open", "has-resources"),
        "look",
        ExitCode.DONE,
        "unjudged",
        False,
        ["There is no verdict yet", "a clone keeps none", "✅ `open`, `has-resources`"],
    ),
    (
        "a report alone, without a gate",
        GOOD,
        lambda machine, _: (machine.controller / "specs" / "look.yaml").write_text(
            LOOK.format(gates="").replace("[]", "none")
        ),
        "look",
        ExitCode.DONE,
        "unjudged",
        False,
        ["There is no verdict yet"],
    ),
    (
        "an action whose `if` does not hold",
        GOOD,
        lambda machine, _: (machine.controller / "specs" / "look.yaml").write_text(
            LOOK.format(gates="open").replace("uses:", 'if: "pr.draft", uses:')
        ),
        "look",
        ExitCode.DONE,
        "unjudged",
        False,
        ["There is no verdict yet", "✅ `open`"],
    ),
    (
        "no report asked for, and denied",
        BAD,
        without("verdict", "report"),
        None,
        ExitCode.NEGATIVE,
        "failed",
        False,
        ["Policy checks failed", "1 failed"],
    ),
    (
        "only planned",
        GOOD,
        without("policy", "verdict", "report"),
        None,
        ExitCode.DONE,
        "unjudged",
        False,
        ["There is no verdict yet", "1 resource: 1 not judged"],
    ),
    (
        "signed, and no report asked for",
        GOOD,
        without("report"),
        None,
        ExitCode.DONE,
        "passed",
        True,
        ["Policy checks passed"],
    ),
    (
        "an action that failed before the report",
        GOOD,
        unversioned,
        None,
        ExitCode.EXECUTOR,
        "error",
        False,
        ["Could not be done", "ENG402"],
    ),
    (
        "an action that failed after the report",
        GOOD,
        lambda *both: (
            spec("actions:\n", "actions:\n  - {id: early, uses: report.write}\n")(*both),
            unversioned(*both),
        ),
        None,
        ExitCode.EXECUTOR,
        "error",
        False,
        ["could not be judged", "Could not be done", "ENG402"],
    ),
    (
        "an event that starts nothing",
        GOOD,
        labeled,
        None,
        ExitCode.DONE,
        "idle",
        False,
        ["Nothing starts on this event"],
    ),
    (
        "a newer commit",
        GOOD,
        overtaken,
        None,
        ExitCode.STALE,
        "superseded",
        False,
        ["A newer commit is there", "feature has moved on"],
    ),
    ("rules that do not load", GOOD, no_rules, None, ExitCode.CONFIG, "error", False, ["ENG043", "ENG041"]),
    ("no such pipeline", GOOD, nothing, "nope", ExitCode.CONFIG, "error", False, ["ENG201"]),
    ("a clone that is none", GOOD, no_clone, None, ExitCode.CONFIG, "error", False, ["ENG350"]),
]


@pytest.mark.parametrize(
    ("why", "change", "prepare", "pipeline", "code", "result", "signed", "said"),
    OUTCOMES,
    ids=[why for why, *_ in OUTCOMES],
)
def test_every_outcome_is_reported(machine, engine, why, change, prepare, pipeline, code, result, signed, said):
    prepare(machine, machine.change(change))
    more = ("--pipeline", pipeline) if pipeline else ()
    done = engine(*machine.words(*more))
    assert (done.code, "Traceback" in done.err) == (code, False), f"{why}: {done.err}"
    told, comment = machine.report(), (machine.out / "report.md").read_text()
    assert (told["version"], told["result"], told["repo"], told["pr"]) == (1, result, "acme/dev-deployment", 7), why
    assert (machine.out / "statement.json").exists() is signed, why
    assert bool(told["signature"]) is signed, why
    assert list(SCHEMA.iter_errors(told)) == [], why
    for words in said:
        assert words in comment, f"{why}: {comment}"


def test_a_refusal_is_told_once_and_machines_get_all_of_it(machine, engine):
    machine.change({**GOOD, "main.tf": "# code"})
    done = engine(*machine.words())
    assert done.out.count("main.tf is Terraform code") == 1
    assert done.err == ""
    [told] = json.loads(engine(*machine.words("--json")).out)["reports"]
    assert told == machine.report()
    assert (told["pipeline"], told["because"]) == ("validate", "refused by: configuration-only")
    assert {gate["name"]: gate["outcome"] for gate in told["gates"]} == {
        "open": "pass",
        "declared-source": "pass",
        "right-base": "pass",
        "configuration-only": "fail",
        "has-resources": "pass",
    }
    assert [(p["code"], p["file"], p["line"]) for p in told["refused"]] == [("ENG301", "main.tf", 0)]
    assert (told["environment"], told["branch"], told["base_ref"]) == ("development", "dev", "dev")


def test_pipelines_of_one_event_are_told_apart_and_forgotten_together(machine, engine):
    rules = machine.controller / "deployment-rules.yaml"
    rows = "events:\n  - {event: pull_request, types: [opened], run: mergeable}\n"
    rules.write_text(rules.read_text().replace("events:\n", rows, 1))
    machine.change(GOOD)
    assert engine(*machine.words()).code == ExitCode.NEGATIVE
    results = {n: json.loads((machine.out / n / "report.json").read_text()) for n in ("validate", "mergeable")}
    assert {name: told["result"] for name, told in results.items()} == {"validate": "passed", "mergeable": "error"}
    (machine.root / "event.json").write_bytes(b"garbage")
    assert engine(*machine.words()).code == ExitCode.CONFIG
    left = [file.name for file in machine.out.rglob("*") if file.name.startswith(("report.", "statement"))]
    assert left == [], "of an event that was refused nothing is claimed"


NONE: Any = None  # where a text belongs


@pytest.mark.parametrize(
    "broken", [row("S3/broken", diffs=(Diff("a", "create", NONE),)), row("S3/broken", service=NONE)]
)
def test_what_cannot_be_shown_is_left_out_with_a_word(tmp_path, broken):
    """No input is known that does this: then the report would lack one row instead of being lacking."""
    told = report([row("S3/fine"), broken])
    reports.write(told, str(tmp_path), {})
    comment = (tmp_path / "report.md").read_text()
    assert "S3/fine" in comment
    assert "number 2 of the report's rows cannot be told" in comment
    kept = json.loads((tmp_path / "report.json").read_text())
    assert ([r["path"] for r in kept["resources"]], kept["broken"][0]["code"]) == (["S3/fine"], "ENG563")


def test_half_of_a_character_is_written_as_an_escape(tmp_path):
    reports.write(report([row("S3/\ud800")]), str(tmp_path), {})
    assert json.loads((tmp_path / "report.json").read_text())["resources"][0]["path"] == "S3/\\ud800"


def test_what_is_odd_about_names_is_in_the_comment():
    discovery = ordered(queue("q", kms_master_key_id="8b0bd0b4-2c5c-4a5c-9b1d-1f6d9b6c8b0a"), {})
    (path,) = (resource.path for resource in discovery.resources)
    same = {"service": "SQS", "name": "q", "change": "added", "seconds": 1.0, "problem": None, "diffs": []}
    plan = {"resources": [{"path": path, "counts": Summary()._asdict(), **same}]}
    counts = dict.fromkeys(Tally._fields, 0)
    policy = {"judged": [path], "findings": [], "doubts": [], "receipts": {"digest": "sha256:0", "counts": counts}}
    told = reports.of_outputs(report(), plan, policy, None, discovery, freeze({}, {}, {}))
    assert told.result == "passed"
    text = render(told)
    assert "ENG819" in text
    assert "alias/NAME" in text
    assert "`Depends-On: #NUMBER`" in text
