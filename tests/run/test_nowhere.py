"""A change whose environment has no account: planned from nothing, judged, signed, never locked or applied."""

import json

import pytest

from engine.errors import ExitCode
from tests.support.clone import bucket
from tests.support.machine import BAD, GOOD

SEEN = "env > $A/seen; ls > $A/files; exit 2"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_PROFILE": "prod", "HTTPS_PROXY": "http://user:word@proxy:1"}


@pytest.mark.parametrize(("name", "result", "code"), [(GOOD, "passed", 0), (BAD, "failed", ExitCode.NEGATIVE)])
def test_it_is_judged_and_signed(machine, engine, name, result, code):
    machine.program(plan=SEEN)
    machine.change({"S3/a.tfvars": bucket(name, "sandbox")}, onto="main")
    done = engine(*machine.words(), **CREDENTIALS)
    assert done.code == code, done.err
    verdict = machine.statement()["predicate"]["verdict"]
    assert {key: verdict[key] for key in ("result", "applies", "environment", "branch")} == {
        "result": result, "applies": False, "environment": "sandbox", "branch": "main",
    }  # fmt: skip
    assert json.loads((machine.out / "facts.json").read_text())["facts"]["resources"]["applies"] is False
    assert machine.report()["applies"] is False
    assert "without an account: nothing is applied" in " ".join(done.out.split())
    assert "without an account" in (machine.out / "report.md").read_text()


def test_terraform_gets_nothing_of_the_process(machine, engine):
    machine.program(plan=SEEN)
    machine.change({"S3/a.tfvars": bucket(GOOD, "sandbox")}, onto="main")
    engine(*machine.words(), **CREDENTIALS)
    seen = dict(line.partition("=")[::2] for line in (machine.answers / "seen").read_text().splitlines())
    assert not {"AKIA", "prod", CREDENTIALS["HTTPS_PROXY"]} & set(seen.values())
    assert (seen["AWS_CONFIG_FILE"], seen["AWS_EC2_METADATA_DISABLED"]) == ("/dev/null", "true")
    assert "zzzz_no_account_override.tf" in (machine.answers / "files").read_text()


def test_an_environment_with_an_account_is_planned_with_it(machine, engine):
    machine.program(plan=SEEN)
    machine.change({"S3/a.tfvars": bucket(GOOD)})
    assert engine(*machine.words(), **CREDENTIALS).code == ExitCode.DONE
    assert "AKIA" in (machine.answers / "seen").read_text()
    assert "override" not in (machine.answers / "files").read_text()
    assert machine.statement()["predicate"]["verdict"]["applies"] is True


@pytest.mark.parametrize("said", ["connect: connection refused", "ExpiredToken: the keys are none"])
def test_what_asks_aws_all_the_same_is_told_and_not_tried_again(machine, engine, said):
    error = {"@level": "error", "diagnostic": {"severity": "error", "summary": "Cannot assume role", "detail": said}}
    machine.program(plan=f"echo x >> $A/tries; echo '{json.dumps(error)}'; exit 1")
    machine.change({"S3/a.tfvars": bucket(GOOD, "sandbox")}, onto="main")
    assert engine(*machine.words()).code == ExitCode.EXECUTOR
    (row,) = machine.report()["resources"]
    assert row["problem"]["code"] == "ENG446"
    assert (machine.answers / "tries").read_text() == "x\n"


def test_a_module_that_reads_data_is_told_so(machine, engine):
    (machine.controller / "terraform" / "more.tf").write_text('data "aws_region" "x" {}\n')
    machine.change({"S3/a.tfvars": bucket(GOOD, "sandbox")}, onto="main")
    done = engine(*machine.words())
    assert done.code == ExitCode.EXECUTOR
    assert machine.report()["resources"][0]["problem"]["code"] == "ENG442"
    assert machine.statement()["predicate"]["verdict"]["result"] == "error"


def test_an_environment_that_the_rules_name_without_an_account_is_the_same(machine, engine):
    rules = machine.controller / "deployment-rules.yaml"
    account = ', account: "222222222222", region: us-east-1'
    rules.write_text(rules.read_text().replace(account, ""))
    machine.change({"S3/a.tfvars": bucket(GOOD, "staging")}, onto="stage")
    assert engine(*machine.words()).code == ExitCode.DONE
    assert machine.statement()["predicate"]["verdict"]["applies"] is False
