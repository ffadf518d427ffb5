"""What a run keeps and tells of what was judged: receipts.json, whose digest is the file's own, and the counts."""

import json
from collections import defaultdict

import pytest

from engine.core.canonical import digest_bytes
from engine.errors import ExitCode
from tests.support.machine import GOOD, bad, good, recorded


def told(machine, engine, code):
    """The counts of the report, and the stored letters by resource and by rule."""
    done = engine(*machine.words())
    assert (done.code, "Traceback" in done.err) == (code, False), done.err
    kept = (machine.out / "receipts.json").read_bytes()
    said = machine.report()["receipts"]
    assert said["digest"] == digest_bytes(kept)
    stored = json.loads(kept)
    letters, rules = defaultdict(set), defaultdict(str)
    for rule, runs in stored["rules"].items():
        rules[rule] = "".join(run[0] * int(run[1:]) for run in runs.split())
        for (path, _), letter in zip(stored["subjects"], rules[rule], strict=True):
            letters[path].add(letter)
    assert said["counts"]["error"] == sum(column.count("e") for column in rules.values())
    return said["counts"], letters, rules


def test_all_of_it(machine, engine):
    machine.judge_as_shipped()
    machine.change({"S3/a.tfvars": good(), "S3/b.tfvars": bad()})
    counts, letters, _ = told(machine, engine, ExitCode.NEGATIVE)
    assert counts["resources"] == counts["judged"] == 12
    assert letters == {"S3/a.tfvars": {"p", "n"}, "S3/b.tfvars": {"p", "n", "w", "d"}}
    comment = (machine.out / "report.md").read_text()
    assert f"{counts['judging']} rules judged 12 Terraform resources" in comment
    assert "rules judged 12 Terraform resources" in " ".join(engine(*machine.words()).out.split())


def test_what_could_not_be_planned_was_not_judged(machine, engine):
    machine.program(show="if grep -q acme-dev-bad resource.tfvars.json; then exit 1; else cat $A/good; fi")
    machine.change({"S3/a.tfvars": good(), "S3/b.tfvars": bad()})
    counts, letters, _ = told(machine, engine, ExitCode.EXECUTOR)
    assert letters == {"S3/a.tfvars": {"p", "n"}, "S3/b.tfvars": {"e"}}
    assert counts["plans_lost"] == 1
    assert "1 plan could not be judged" in (machine.out / "report.md").read_text()


def test_a_plan_that_breaks_the_engine_is_an_error_under_each_rule(machine, engine):
    touchy = recorded("s3-good")
    touchy["resource_changes"][0]["change"]["after"]["bucket"] = "touchy"
    machine.answer("good", touchy)
    (machine.controller / "policies" / "x.rego").write_text(
        'package x\n\nimport rego.v1\n\ndeny contains 1 if input.resource_changes[_].change.after.bucket == "touchy"\n'
    )
    machine.change({f"S3/{GOOD}.tfvars": good(), "S3/b.tfvars": bad()})
    _, letters, rules = told(machine, engine, ExitCode.EXECUTOR)
    assert letters[f"S3/{GOOD}.tfvars"] == {"e"}
    assert "d" in letters["S3/b.tfvars"]
    assert rules["x.deny"].count("e") == 7, "six resources, and the plan"


def test_policies_that_do_not_load_judge_nothing(machine, engine):
    (machine.controller / "policies" / "x.rego").write_text("package x\n\ndeny contains\n")
    machine.change({"S3/a.tfvars": good()})
    _, letters, rules = told(machine, engine, ExitCode.EXECUTOR)
    assert letters == {"S3/a.tfvars": {"e"}}
    assert rules == {"*": "eeeeeee"}


def test_receipts_of_an_earlier_run_are_not_there_after_one_that_was_refused(machine, engine):
    machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words()).code == ExitCode.DONE
    assert (machine.out / "receipts.json").exists()
    (machine.root / "event.json").write_bytes(b"garbage")
    assert engine(*machine.words()).code == ExitCode.CONFIG
    assert not (machine.out / "receipts.json").exists()


@pytest.mark.parametrize("name", ["receipts.json", "report.json"])
def test_what_is_kept_is_for_its_owner_alone(machine, engine, name):
    machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words()).code == ExitCode.DONE
    assert (machine.out / name).stat().st_mode & 0o777 == 0o600
