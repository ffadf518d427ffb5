"""Attacks on what nobody may see: credentials, keys, sensitive values; and on the files that hold them."""

import copy
import json
import os
import stat

import pytest

from engine.errors import ExitCode
from tests.support.machine import good, recorded

SECRET = 'S3cr3t-pass/word"x<y>'
CREDENTIALS = {
    "AWS_SECRET_ACCESS_KEY": "verysecretvalue12345",
    "AWS_SESSION_TOKEN": "tok+en/val==",
    "HTTPS_PROXY": "http://user:pr0xypass@127.0.0.1:1",
    "ENGINE_DIGEST_KEY": "digestKeySecretValue-0123456789abcdef",
}
FRAGMENTS = ("S3cr3t-pass", "verysecretvalue", "tok+en", "pr0xypass", "digestKeySecret", "PRIVATE KEY")
POLICY = (
    "package x\nimport rego.v1\npassword := p if { some r in input.resource_changes; p := r.change.after.password }\n"
)


def with_secret():
    """A plan with a sensitive value, and that value wherever a mark is lost."""
    plan = copy.deepcopy(recorded("s3-good"))
    change = plan["resource_changes"][0]["change"]
    document = json.dumps({"Statement": SECRET})
    change["after"] |= {"password": SECRET, "document": document, "copy": f"a {SECRET} b", "map": {SECRET: 1}}
    change["after_sensitive"] = {"password": True}
    plan["resource_changes"][0]["address"] = f'aws_s3_bucket.this["{SECRET}"]'
    return plan


@pytest.mark.parametrize(
    ("why", "policy", "commands"),
    [
        ("in the plan alone", "", {}),
        ("a policy says it", 'deny contains sprintf("is %v", [password])', {}),
        (
            "a policy says it in every field",
            'deny contains {"msg": password, "id": password, "rule_id": password, "remediation": password}',
            {},
        ),
        ("a policy prints it", 'deny contains "m" if { print(password) }', {}),
        ("a policy fails on it", 'deny contains "m" if { to_number(password) == 1 }', {}),
        ("a policy calls it a severity", 'deny contains {"msg": "m", "severity": password}', {}),
        ("Terraform prints its environment and fails", "", {"plan": "env; env >&2; exit 1"}),
        ("it does so when it is made ready", "", {"init": "env; env >&2; exit 1"}),
        ("it does so when it is asked for its version", "", {"version": "env; env >&2; exit 1"}),
    ],
)
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_secret_is_told_nobody(machine, engine, why, policy, commands, form):
    machine.answer("good", with_secret())
    machine.program(**commands)
    if policy:
        (machine.controller / "policies" / "x.rego").write_text(POLICY + policy)
    machine.change({"S3/a.tfvars": good()})
    ended = engine(*machine.words(*form), **CREDENTIALS)
    assert ended.code in (ExitCode.DONE, ExitCode.NEGATIVE, ExitCode.EXECUTOR), why
    said = machine.everything_said(ended)
    assert "S3/a.tfvars" in said
    assert [fragment for fragment in FRAGMENTS if fragment in said] == [], why
    key = (machine.root / "key.pem").read_text().splitlines()[1]
    assert key not in said, why


def test_what_is_kept_is_for_its_owner_alone(machine, engine):
    machine.change({"S3/a.tfvars": good()})
    assert engine(*machine.words()).code == ExitCode.DONE
    assert stat.S_IMODE(machine.out.stat().st_mode) == 0o700
    modes = {str(f): stat.S_IMODE(f.stat().st_mode) for f in machine.out.rglob("*") if f.is_file()}
    assert len(modes) >= 7
    assert set(modes.values()) == {0o600}, modes


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_signing_key_that_others_can_read_signs_nothing(machine, engine, mode):
    os.chmod(machine.root / "key.pem", mode)
    machine.change({"S3/a.tfvars": good()})
    ended = engine(*machine.words())
    assert (ended.code, "ENG006" in ended.err) == (ExitCode.AUTH, True)
    assert not (machine.out / "statement.json").exists()


def test_terraform_inherits_nothing(machine, engine):
    machine.program(plan="env > $A/environment; exit 2")
    machine.change({"S3/a.tfvars": good()})
    engine(*machine.words(), TF_VAR_account="999999999999", TF_CLI_ARGS="-destroy", AWS_REGION="x", GITHUB_TOKEN="t")
    names = {line.partition("=")[0] for line in (machine.answers / "environment").read_text().splitlines()}
    assert "TF_IN_AUTOMATION" in names
    refused = {n for n in names if n.startswith(("TF_VAR", "TF_CLI_ARGS", "ENGINE_", "GITHUB_")) or n == "AWS_REGION"}
    assert refused == set()


def test_a_clone_whose_git_settings_start_a_program(machine, engine):
    clone = machine.change({"S3/a.tfvars": good()})
    trap = machine.root / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {machine.root}/sprung\n")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "core.sshCommand", "core.pager", "diff.external", "filter.x.smudge"):
        clone.git("config", name, str(trap))
    assert engine(*machine.words()).code == ExitCode.DONE
    assert not (machine.root / "sprung").exists()
