"""`engine policy explain`: one rule, those that do what a check elsewhere does, or the list."""

import json
from pathlib import Path

import pytest

from engine.adapters.policy.annotations import annotations, silent
from engine.adapters.policy.bundle import policy_set, read_directory
from engine.cli.main import main
from engine.core.exceptions import read

SHIPPED = policy_set(read_directory(str(Path(__file__).parents[2] / "policies")))
OWN = """package acme.buckets

import rego.v1

# METADATA
# title: Buckets are acme's
# description: Others pay for the rest.
# custom:
#   id: ACME-001
#   severity: low
#   resources: [aws_s3_bucket]
#   elsewhere: [CKV_ACME_1]
#   bad: {aws_s3_bucket: {bucket: "${x}"}}
warn contains {"id": "ACME-001", "msg": "m"} if input.x

deny contains {"id": "ACME-002", "msg": "m"} if input.y

deny_soon contains "m" if input.z
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "buckets.rego").write_text(OWN)
    return ["--policies", str(tmp_path)]


def explained(arguments, capsys):
    assert main(["policy", "explain", *arguments]) == 0
    return capsys.readouterr().out


def test_a_rule_with_everything(capsys):
    told = explained(["ACC-PUB-010"], capsys)
    (about,) = [a for a in annotations(SHIPPED.modules) if a.id == "ACC-PUB-010"]
    for said in (
        f"ACC-PUB-010  {about.title}\n\n  {about.description}\n",
        "  severity    critical\n  effect      deny: the verdict fails\n  about       aws_s3_access_point\n",
        "  elsewhere   CKV_AWS_392, S3.19, s3_access_point_public_access_block\n",
        f"  defined at  {about.file}:{about.line}\n",
        '  bad:\n    resource "aws_s3_access_point" "example" {\n      bucket = "app-data"\n',
        "      public_access_block_configuration {\n        block_public_acls = false\n",
        "  Its findings have no value.\n",
        '      "rule": "ACC-PUB-010",\n      "resource": "aws_s3_access_point.NAME",\n',
    ):
        assert said in told


def test_a_document_is_shown_as_people_write_it(capsys):
    told = explained(["acc-iam-005"], capsys)
    assert (
        "      policy = jsonencode({\n        Statement = [\n          {\n"
        '            Effect = "Allow"\n            Action = "iam:PassRole"\n            Resource = "*"\n'
    ) in told
    assert "  Its value is the action.\n" in told


def test_the_check_of_another_collection_names_the_rules(capsys):
    told = explained(["ckv_aws_358"], capsys)
    assert told.startswith("ckv_aws_358 is met by:\n\nACC-FED-001  Tokens are of somebody we know\n")


def test_a_rule_of_one_s_own(own, capsys):
    told = explained(["ACME-001", *own], capsys)
    assert told.startswith("ACME-001  Buckets are acme's\n\n  Others pay for the rest.\n")
    assert "  effect      warn: reported, blocks nothing\n" in told
    assert 'bucket = "$${x}"' in told, "Terraform would fill in the other one"
    assert "good:" not in told


@pytest.mark.parametrize(
    ("why", "rule", "line"),
    [("by its id", "ACME-002", 16), ("a rule without an id by its path", "acme.buckets.deny_soon", 18)],
)
def test_a_rule_that_says_nothing_is_shown_where_it_is(why, rule, line, own, capsys):
    told = explained([rule, *own], capsys)
    assert "It says nothing of itself" in told, why
    assert f"buckets.rego:{line}\n" in told, why
    assert "value is" not in told, why


def test_the_list_has_every_rule(own, capsys):
    assert explained(own, capsys).splitlines() == [
        "ACME-001                warn  low       Buckets are acme's",
        f"ACME-002                deny  -         says nothing of itself ({own[1]}/buckets.rego:16)",
        f"acme.buckets.deny_soon  deny  -         says nothing of itself ({own[1]}/buckets.rego:18)",
    ]
    assert len(explained(["--list"], capsys).splitlines()) == len(annotations(SHIPPED.modules)) + len(
        silent(SHIPPED.modules)
    )


def test_json_has_what_the_text_has(own, capsys):
    (rule,) = json.loads(explained(["ACME-001", "--json", *own], capsys))["rules"]
    assert (rule["id"], rule["severity"], rule["effect"]) == ("ACME-001", "low", "warn")
    assert rule["bad"] == {"aws_s3_bucket": {"bucket": "${x}"}}
    assert rule["exception"]["rule"] == "ACME-001"
    assert len(json.loads(explained(["--json", *own], capsys))["rules"]) == 3


def test_every_exception_that_is_shown_loads(capsys):
    shown = [rule["exception"] for rule in json.loads(explained(["--json"], capsys))["rules"]]
    assert len(read(shown, "data.json", {one["rule"] for one in shown})) == len(shown)


@pytest.mark.parametrize(
    ("why", "rule", "said"),
    [
        ("nearly right", "ACC-FED-01", "did you mean `ACC-FED-001`?"),
        ("of nobody's", "xyzzy", "`engine policy explain` lists the rules"),
    ],
)
def test_a_rule_that_there_is_not(why, rule, said, capsys):
    assert main(["policy", "explain", rule]) == 2
    told = capsys.readouterr().err
    assert f"ENG541 no policy has the rule `{rule}`" in told, why
    assert said in told, why


def test_an_annotation_that_cannot_be_read_is_told_with_its_place(tmp_path, capsys):
    (tmp_path / "m.rego").write_text("package a\n\n# METADATA\n# title: [x\ndeny contains 1\n")
    assert main(["policy", "explain", "--policies", str(tmp_path)]) == 2
    assert f"{tmp_path}/m.rego:4:10: error ENG540" in capsys.readouterr().err


def test_a_set_without_rules_is_no_list(tmp_path, capsys):
    (tmp_path / "lib.rego").write_text("package lib\n\nimport rego.v1\n\nhelper := 1\n")
    assert main(["policy", "explain", "--policies", str(tmp_path)]) == 2
    assert "ENG500" in capsys.readouterr().err
