"""Attacks on what nobody may see: credentials, keys, sensitive values; and on the files that hold them."""

import base64
import copy
import html
import json
import os
import stat
import urllib.parse
from typing import Any

import pytest

from engine.adapters.storage.s3 import Bucket
from engine.errors import ExitCode
from tests.support.few import few
from tests.support.machine import bad, good, recorded

SECRET = 'S3cr3t-pass/word"x<y>'
CREDENTIALS = {
    "AWS_SECRET_ACCESS_KEY": "verysecretvalue12345",
    "AWS_SESSION_TOKEN": "tok+en/val==",
    "HTTPS_PROXY": "http://user:pr0xypass@127.0.0.1:1",
    "ENGINE_DIGEST_KEY": "digestKeySecretValue-0123456789abcdef",
}
COPIES = (
    base64.b64encode(f"user:{SECRET}".encode()).decode(),
    f"https://user:{urllib.parse.quote(SECRET, safe='').lower()}@host/",
    html.escape(SECRET),
    json.dumps(json.dumps({"a": SECRET})),
    SECRET.encode().hex().upper(),
    f"<{SECRET.upper()}>",
)
FRAGMENTS = (
    "S3cr3t-pass",
    "S3CR3T",
    "s3cr3t-pass",
    "UzNjcjN0LXBh",
    "5333637233742d70",
    "5333637233742D70",
    "ZXI6UzNjcjN0",
    "verysecretvalue",
    "tok+en",
    "pr0xypass",
    "digestKeySecret",
    "PRIVATE KEY",
)
POLICY = (
    "package x\nimport rego.v1\npassword := p if { some r in input.resource_changes; p := r.change.after.password }\n"
)


def with_secret():
    """A plan with a sensitive value, and that value wherever a mark is lost."""
    plan = copy.deepcopy(recorded("s3-good"))
    change = plan["resource_changes"][0]["change"]
    document = json.dumps({"Statement": SECRET})
    change["after"] |= {"password": SECRET, "document": document, "copy": f"a {SECRET} b", "map": {"k": [SECRET]}}
    change["after"] |= {f"copy{number}": copied for number, copied in enumerate(COPIES)}
    change["after_sensitive"] = {"password": True}
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


def test_a_secret_of_one_plan_is_hidden_in_what_is_said_of_another(machine, engine):
    """Here another resource's plan has it in clear, and a Terraform that fails for a third one says it."""
    other = copy.deepcopy(recorded("s3-public"))
    other["resource_changes"][0]["change"]["after"]["copy"] = f"a {SECRET} b"
    machine.answer("good", with_secret())
    machine.answer("bad", other)
    machine.program(
        plan=f"if grep -q acme-dev-third resource.tfvars.json; then echo '{SECRET}' >&2; exit 1; fi; exit 2"
    )
    machine.change({"S3/a.tfvars": good(), "S3/b.tfvars": bad(), "S3/c.tfvars": good("acme-dev-third")})
    ended = engine(*machine.words(), **CREDENTIALS)
    said = machine.everything_said(ended)
    assert {r["path"]: r["plan"] is not None for r in machine.report()["resources"]} == {
        "S3/a.tfvars": True,
        "S3/b.tfvars": True,
        "S3/c.tfvars": False,
    }
    assert "(sensitive)" in said
    assert [fragment for fragment in FRAGMENTS if fragment in said] == []


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


def test_the_keys_of_the_store_are_for_no_terraform(machine, engine, aws, s3):
    """Whoever plans could otherwise write verdicts away, and freeze or thaw: the profile's name is not even told."""
    (machine.root / "keys").write_text(
        f"[plan]\naws_access_key_id = AKIAPLAN\naws_secret_access_key = {'p' * 40}\n"
        f"[ledger-of-acme]\naws_access_key_id = AKIALEDGER\naws_secret_access_key = {'S3cr3tOfTheStore' * 3}\n"
    )
    machine.program(plan="env > $A/environment; exit 2")
    machine.change({"S3/a.tfvars": good()})
    done = engine(
        *machine.words(),
        AWS_ENDPOINT_URL=aws.url,
        AWS_PROFILE="plan",
        AWS_SHARED_CREDENTIALS_FILE=str(machine.root / "keys"),
        ENGINE_STORE=str(s3),
        ENGINE_STORE_PROFILE="ledger-of-acme",
        ENGINE_STORE_REGION="eu-central-1",
    )
    assert done.code == ExitCode.DONE, done.err
    assert list(Bucket(s3).list("statements")) != [], "it was used"
    seen = (machine.answers / "environment").read_text()
    assert "AWS_PROFILE=plan" in seen
    for word in ("ledger", "AKIALEDGER", "S3cr3tOfTheStore", "eu-central-1", s3.bucket, "ENGINE_STORE"):
        assert word not in seen, word
    said = machine.everything_said(done)
    assert "AKIALEDGER" not in said
    assert "S3cr3tOfTheStore" not in said


def test_a_clone_whose_git_settings_start_a_program(machine, engine):
    clone = machine.change({"S3/a.tfvars": good()})
    trap = machine.root / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {machine.root}/sprung\n")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "core.sshCommand", "core.pager", "diff.external", "filter.x.smudge"):
        clone.git("config", name, str(trap))
    assert engine(*machine.words()).code == ExitCode.DONE
    assert not (machine.root / "sprung").exists()


GUARDED = ["aws_iam_role", "aws_iam_role_policy", "aws_iam_role_policy_attachment"]


@pytest.mark.parametrize(
    "word",
    few(["aws_iam_", "aws_iam_role", "aws", "iam", "create", "after", "change", "managed", "resource_changes", "no-op",
     "S3/a.tfvars", "this", "failed", "passed", "IAM-", "high", "deny", "+   ", "acme/dev-deployment", "role",
     "AWS_IAM_ROLE"], 5),
)  # fmt: skip
def test_a_secret_spelt_like_what_is_decided(machine, engine, word):
    """A value that is marked sensitive, beside guarded resources: everything that is decided by stays as it is."""
    told: list[Any] = []
    for value in (word, "a value that stands nowhere else"):
        plan = copy.deepcopy(recorded("iam-bad"))
        change: dict[str, Any] = {"actions": ["create"], "before": None, "after": {"password": value}}
        change |= {"after_unknown": {}, "before_sensitive": False, "after_sensitive": {"password": True}}
        address = {
            "address": "aws_db_instance.this",
            "type": "aws_db_instance",
            "mode": "managed",
            "provider_name": "p",
        }
        plan["resource_changes"].append({**address, "name": "this", "change": change})
        machine.answer("good", plan)
        if not told:
            machine.change({"S3/a.tfvars": good()})
        assert engine(*machine.words()).code == ExitCode.NEGATIVE
        report = machine.report()
        (resource,) = report["resources"]
        (row,) = machine.statement()["predicate"]["verdict"]["resources"]
        diffs = [[line.partition(" = ")[0] for line in c["diff"].split("\n")] for c in resource["changes"]]
        findings = [
            (f["rule"], f["effect"], f["severity"], f["address"], f["file"], f["line"]) for f in report["findings"]
        ]
        changes = [{**one, "digest": ""} for one in row["changes"]]  # keyed, and of the secret value too
        told.append((report["result"], resource["plan"], changes, findings, diffs))
        assert "password = (sensitive)" in str(report)
    assert told[0] == told[1]
    assert {change["type"] for change in told[0][2]} >= {"aws_db_instance", *GUARDED}
    assert findings


def test_a_rules_name_that_a_policy_makes_of_a_secret(machine, engine):
    """It would be signed and asked for by gates, so it cannot be hidden: nothing was judged."""
    machine.answer("good", with_secret())
    policy = 'deny contains {"msg": "m", "id": sprintf("X-%v", [password])}'
    (machine.controller / "policies" / "x.rego").write_text(POLICY + policy)
    machine.change({"S3/a.tfvars": good()})
    ended = engine(*machine.words())
    assert (ended.code, machine.report()["result"]) == (ExitCode.EXECUTOR, "error")
    assert "ENG514" in machine.everything_said(ended)
    assert "S3cr3t-pass" not in machine.everything_said(ended)


@pytest.mark.parametrize("command", ["plan", "init", "version", "show"])
@pytest.mark.parametrize("kept", [300, 500, 1181, 1190, 1990, 2000, 7985])
def test_a_credential_that_a_cut_would_halve(machine, engine, command, kept):
    """The end of an output is shown; what stands where it is cut off is found before."""
    say = f"printf %s $AWS_SECRET_ACCESS_KEY >&2; head -c {kept} /dev/zero | tr '\\0' x >&2; exit 1"
    machine.program(**{command: say})
    machine.change({"S3/a.tfvars": good()})
    ended = engine(*machine.words(), **CREDENTIALS)
    assert ended.code == ExitCode.EXECUTOR
    said = machine.everything_said(ended)
    assert [n for n in range(4, 20) if "verysecretvalue12345"[-n:] + "xx" in said] == []


@pytest.mark.parametrize("command", ["plan", "init"])
def test_a_credential_that_a_cut_of_terraforms_own_words_would_halve(machine, engine, command):
    for before in (1150, 1185, 1195):
        words = f'{{"severity": "error", "summary": "{"x" * before}", "detail": "\'$AWS_SECRET_ACCESS_KEY\'"}}'
        machine.program(**{command: f"echo '{{\"diagnostic\": {words}}}'; exit 1"})
        machine.change({"S3/a.tfvars": good()}) if before == 1150 else None
        said = machine.everything_said(engine(*machine.words(), **CREDENTIALS))
        assert [n for n in range(4, 20) if "xx. " + "verysecretvalue12345"[:n] in said] == []


@pytest.mark.parametrize("form", [(), ("--json",)])
@pytest.mark.parametrize("proxy", ["http://user:pr0xypass@127.0.0.1:1", "user:pr0xypass@127.0.0.1:1"])
def test_the_doctor_tells_no_password_of_a_proxy(machine, engine, form, proxy):
    machine.program(init="env; env >&2; exit 1")
    ended = engine("doctor", "--rules", str(machine.controller), *form, HTTPS_PROXY=proxy, HTTP_PROXY=proxy)
    assert ended.code == ExitCode.NEGATIVE
    assert "PROXY" in ended.out
    assert "pr0xypass" not in ended.out + ended.err
