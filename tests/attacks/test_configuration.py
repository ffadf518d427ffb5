"""Attacks through what a pull request may hold: configuration is data. Refused before any credential is in reach."""

import pytest

from engine.errors import ExitCode
from tests.support.machine import good


@pytest.mark.parametrize(
    ("why", "file", "text", "code"),
    [
        ("Terraform code beside the resource", "S3/a/main.tf", 'resource "x" "y" {}', "ENG301"),
        ("the same as JSON", "S3/a/main.tf.json", "{}", "ENG301"),
        ("variables that Terraform loads by itself", "S3/a/x.auto.tfvars", "x = 1", "ENG302"),
        ("a lock file with other providers", "S3/a/.terraform.lock.hcl", "", "ENG303"),
        ("a state of one's own", "S3/a/terraform.tfstate", "{}", "ENG303"),
        ("a workflow", ".github/workflows/x.yml", "on: push", "ENG300"),
        ("the rules themselves", "deployment-rules.yaml", "version: 1", "ENG300"),
        (
            "a call of a function",
            "S3/b.tfvars",
            'environment = "development"\ns3_buckets = file("/etc/x")',
            "ENG321",
        ),
        ("a template", "S3/b.tfvars", 'environment = "development"\ns3_buckets = {"${path.root}" = {}}', "ENG324"),
        ("another service's variable", "S3/b.tfvars", 'environment = "development"\niam_roles = {}', "ENG331"),
        ("the account wiring", "S3/b.tfvars", 'environment = "development"\naccount = "999999999999"', "ENG332"),
        (
            "a document of somebody else",
            "S3/b.tfvars",
            'environment = "development"\ns3_buckets = {"acme-b" = {policy_file = "../a/a.json"}}',
            "ENG328",
        ),
    ],
)
def test_code_in_a_change(machine, engine, why, file, text, code):
    machine.change({"S3/a/a.tfvars": good(), file: text})
    ended = engine(*machine.words())
    assert (ended.code, code in ended.out) == (ExitCode.NEGATIVE, True), why
    assert not (machine.root / "cache").exists(), f"{why}: Terraform was not even looked for"
    assert not (machine.out / "statement.json").exists(), why


TRUST = '{"Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}'
ROLE = """environment = "development"
iam_roles = {"acme-dev-r" = {
  assume_role_policy_file = "trust.json"
  inline_policies_file    = {good = "good.json", bad = "bad.json"}
}}
"""
GOOD = '{"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}}'


@pytest.mark.parametrize(
    ("why", "document", "told"),
    [
        (
            "one Sid for two statements",
            '[{"Sid": "A", "Effect": "Allow", "Action": "s3:*", "Resource": "*"},\n'
            '{"Sid": "A", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}]',
            "bad.json:2: ENG382",
        ),
        (
            "everything to a principal, so that no rule about identities looks",
            '{"Effect": "Allow",\n"Principal": {"AWS": "*"}, "Action": "*", "Resource": "*"}',
            "bad.json:2: ENG383",
        ),
        (
            "a misspelt operator",
            '{"Effect": "Deny", "Action": "*", "Resource": "*",\n"Condition": {"StringNotEqual": {"aws:x": "y"}}}',
            "did you mean `StringNotEquals`?",
        ),
        ("no resource", '{"Effect": "Allow", "Action": "s3:*"}', "bad.json:1: ENG384"),
        (
            "a variable of Terraform",
            '{"Effect": "Allow", "Action": "*",\n"Resource": "${var.x}"}',
            "bad.json:2: ENG391",
        ),
        (
            "a variable that its version leaves as text",
            '{"Effect": "Allow", "Action": "*",\n"Resource": "arn:aws:s3:::${aws:username}"}',
            "bad.json:2: ENG392",
        ),
    ],
)
def test_a_document_that_aws_refuses(machine, engine, why, document, told):
    files = {"r.tfvars": ROLE, "trust.json": TRUST, "good.json": GOOD, "bad.json": '{"Statement": ' + document + "}"}
    machine.change({f"IAM/r/{name}": text for name, text in files.items()})
    ended = engine(*machine.words())
    assert (ended.code, told in ended.out) == (ExitCode.NEGATIVE, True), ended.out
    assert not (machine.root / "cache").exists(), f"{why}: Terraform was not even looked for"
    assert not (machine.out / "statement.json").exists(), why


@pytest.mark.parametrize(
    ("why", "files", "code"),
    [
        ("a link to a file of the machine", {"S3/a.tfvars": {"mode": "120000", "text": "/etc/passwd"}}, "ENG304"),
        ("a submodule", {"S3/a": {"mode": "160000"}}, "ENG305"),
        ("an executable", {"S3/a.tfvars": {"mode": "100755", "text": good()}}, "ENG306"),
        ("a name that leaves the directory of the state", {"S3/..evil.tfvars": good()}, "ENG307"),
        ("a name that is not UTF-8", {"S3/\udcff.tfvars": good()}, "ENG307"),
    ],
)
def test_a_file_that_is_none(machine, engine, why, files, code):
    clone = machine.change({})
    clone.import_commit("feature", {"README.md": "x", **files}, parent="dev")
    clone.head = clone.git("rev-parse", "feature")
    (machine.root / "event.json").write_bytes(clone.event())
    ended = engine(*machine.words())
    assert (ended.code, code in ended.out) == (ExitCode.NEGATIVE, True), why
    assert not (machine.root / "cache").exists(), why


def test_a_change_that_destroys_or_moves_unasked(machine, engine):
    base = {"S3/a.tfvars": good(), "S3/b.tfvars": good("acme-dev-b")}
    machine.change({"S3/a.tfvars": None, "S3/b.tfvars": good("acme-dev-b").replace("development", "staging")}, base)
    ended = engine(*machine.words())
    assert ended.code == ExitCode.NEGATIVE
    assert "ENG345" in ended.out
    assert not (machine.root / "cache").exists()
