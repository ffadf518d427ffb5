"""`engine policy eval`: what it says and writes of what was judged."""

import json
import os
from collections import Counter
from xml.etree import ElementTree

import pytest

from engine.cli.main import main

POLICY = """package main

import rego.v1

# METADATA
# title: Nothing is public
# description: Everybody could read it.
# custom:
#   id: X-1
#   severity: critical
#   resources: [aws_s3_bucket]
deny contains {"msg": "Public.", "id": "X-1", "address": address, "severity": "critical"} if {
	some r in input.resource_changes
	r.change.after.public
	address := r.address
}

# METADATA
# custom:
#   id: X-2
#   resources: [aws_kms_key]
warn contains {"msg": "Old.", "id": "X-2", "address": address} if {
	some r in input.resource_changes
	r.change.after.old
	address := r.address
}
"""


def change(address, **after):
    kind = address.partition(".")[0]
    return {
        "address": address,
        "type": kind,
        "mode": "managed",
        "name": "x",
        "provider_name": "p",
        "change": {"actions": ["create"], "before": None, "after": after, "after_unknown": {}},
    }


def plan(*changes):
    return json.dumps({"format_version": "1.2", "resource_changes": list(changes)})


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/main.rego").write_text(POLICY)
    (tmp_path / "good.json").write_text(plan(change("aws_s3_bucket.a")))
    (tmp_path / "bad.json").write_text(
        plan(change("aws_s3_bucket.a", public=True), change("aws_s3_bucket.b"), change("aws_sqs_queue.q"))
    )
    (tmp_path / "other.json").write_text(plan(change("aws_sqs_queue.q")))
    return tmp_path


def last(capsys):
    return capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("why", "plans", "code", "said"),
    [
        (
            "a rule that passed, and one that had nothing to judge",
            ["good"],
            0,
            "1 plan: 1 rule judged 1 Terraform resource, 1 judgement: 0 denied, 0 warned of, 0 excused, 1 passed; "
            "1 rule had nothing to judge",
        ),
        (
            "a resource that no rule judged",
            ["bad", "good"],
            1,
            "2 plans: 1 rule judged 3 of 4 Terraform resources, 3 judgements: 1 denied, 0 warned of, 0 excused, "
            "2 passed; 1 rule had nothing to judge",
        ),
        (
            "no rule is about it",
            ["other"],
            0,
            "1 plan: nothing was judged: 2 rules, 1 Terraform resource, and no rule is about any of them",
        ),
    ],
)
def test_how_much_was_judged(here, capsys, why, plans, code, said):
    assert main(["policy", "eval", *(word for name in plans for word in ("--plan", f"{name}.json"))]) == code, why
    assert last(capsys) == said, why


def test_as_json(here, capsys):
    assert main(["policy", "eval", "--plan", "bad.json", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)["receipts"]
    assert said["counts"] | {"rules": 2, "judging": 1, "resources": 3, "judged": 2, "denied": 1} == said["counts"]
    assert said["rules"] == {
        "X-1": {"denied": 1, "passed": 1, "not_applicable": 2},
        "X-2": {"not_applicable": 4},
    }
    assert said["digest"].startswith("sha256:")


def test_every_row_in_a_file(here):
    assert main(["policy", "eval", "--plan", "bad.json", "--receipts", "rows.jsonl"]) == 1
    rows = [json.loads(line) for line in (here / "rows.jsonl").read_text().splitlines()]
    assert len(rows) == 2 * 4
    assert {"resource": "bad.json", "address": "aws_s3_bucket.a", "rule": "X-1", "ruling": "denied"} in rows
    assert {"resource": "bad.json", "address": "", "rule": "X-2", "ruling": "not_applicable"} in rows
    assert Counter(row["ruling"] for row in rows) == {"denied": 1, "passed": 1, "not_applicable": 6}


def test_as_sarif(here):
    assert main(["policy", "eval", "--plan", "bad.json", "--sarif", "found.sarif"]) == 1
    (run,) = json.loads((here / "found.sarif").read_text())["runs"]
    assert [(rule["id"], rule["shortDescription"]["text"]) for rule in run["tool"]["driver"]["rules"]] == [
        ("X-1", "Nothing is public"),
        ("X-2", "X-2"),
    ]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"], result["message"]["text"]) == ("X-1", "error", "Public.")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "bad.json"
    assert run["properties"]["receipts"]["judging"] == 1


def test_as_junit(here):
    assert main(["policy", "eval", "--plan", "bad.json", "--plan", "good.json", "--junit", "found.xml"]) == 1
    suites = {suite.get("name"): suite for suite in ElementTree.parse(here / "found.xml").getroot()}
    assert {name: (suite.get("tests"), suite.get("failures")) for name, suite in suites.items()} == {
        "bad.json": ("1", "1"),
        "good.json": ("1", "0"),
    }
    (failure,) = suites["bad.json"].findall("testcase/failure")
    assert (failure.get("message"), failure.text) == ("denied: 1 resource", "aws_s3_bucket.a")


@pytest.mark.parametrize("option", ["--sarif", "--junit", "--receipts"])
def test_a_file_that_cannot_be_written(here, capsys, option):
    assert main(["policy", "eval", "--plan", "good.json", option, "none/here"]) == 3
    assert "ENG002" in capsys.readouterr().err


def test_a_secret_is_in_none_of_the_files(here):
    (here / "policies/main.rego").write_text(
        'package main\n\nimport rego.v1\n\ndeny contains {"msg": m, "address": m, "remediation": m} if {\n'
        "\tm := input.resource_changes[0].change.after.password\n}\n"
    )
    row = change("aws_db_instance.a", password="hunter2-hunter2")
    row["change"]["after_sensitive"] = {"password": True}
    (here / "secret.json").write_text(plan(row))
    names = {"--sarif": "a", "--junit": "b", "--receipts": "c"}
    words = [word for pair in names.items() for word in pair]
    assert main(["policy", "eval", "--plan", "secret.json", *words]) == 1
    for name in names.values():
        assert "hunter2" not in (here / name).read_text()


def test_names_that_are_no_text_break_nothing(here, capsys):
    """A file's name is whatever bytes it has. (An address with half of a character is refused with its plan.)"""
    name = os.fsdecode(b"\xff.json")
    (here / name).write_text(plan(change("aws_s3_bucket.a", public=True)))
    words = ["--sarif", "a", "--junit", "b", "--receipts", "c", "--json"]
    code = main(["policy", "eval", "--plan", name, *words])
    captured = capsys.readouterr()
    assert (code, "Traceback" in captured.err) == (1, False), captured.err
    assert json.loads(captured.out)["receipts"]["counts"]["denied"] == 1
    assert json.loads((here / "a").read_text())["runs"][0]["results"][0]["ruleId"] == "X-1"
    assert len((here / "c").read_text().splitlines()) == 4
    assert ElementTree.parse(here / "b").getroot()[0].get("failures") == "1"


def test_a_plan_that_is_named_twice_is_judged_once(here, capsys):
    assert main(["policy", "eval", "--plan", "bad.json", "--plan", "bad.json"]) == 1
    assert last(capsys).startswith("1 plan: 1 rule judged 2 of 3 Terraform resources, 2 judgements: 1 denied")
