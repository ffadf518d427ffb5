"""What attackers write and what everybody writes, row by row, on both engines; and documents that are none."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.policy.bundle import policy_set, read_directory
from engine.adapters.policy.judging import evaluate
from engine.adapters.policy.port import Plan, Programs
from tests.support.cases import cases
from tests.support.opa import executable

ROOT = Path(__file__).parents[2]
SHIPPED = policy_set(read_directory(str(ROOT / "policies")))
ATTACKS = cases("policy-attacks")


def written(item: Any) -> Any:
    """Objects with nothing but a Statement become texts, as Terraform has them."""
    if isinstance(item, dict):
        return json.dumps(item) if set(item) == {"Statement"} else {name: written(part) for name, part in item.items()}
    return [written(part) for part in item] if isinstance(item, list) else item


def plan(name: str, rows: list[dict[str, Any]]) -> Plan:
    changes: list[Any] = [
        {
            "address": f"{kind}.x{number}",
            "mode": "managed",
            "type": kind,
            "name": "x",
            "change": {"actions": ["create"], "before": None, "after": written(after), "after_unknown": {}},
        }
        for number, row in enumerate(rows)
        for kind, after in row.items()
    ]
    names = {"account": "111111111111", "region": "us-east-1", "environment": "dev"}
    variables: dict[str, Any] = {key: {"value": value} for key, value in names.items()}
    return Plan(name, {"format_version": "1.2", "variables": variables, "resource_changes": changes})


def said(plans: list[Plan], engine: str, folder: Path) -> dict[str, dict[str, list[str]]]:
    """Plan → effect → ids of the access rules."""
    programs = Programs(opa=executable(folder)) if engine == "opa" else Programs()
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for finding in evaluate(plans, SHIPPED, engine, programs=programs, timeout_s=300):
        if finding.rule.startswith("ACC-"):
            found[finding.resource][finding.effect.value].add(finding.rule)
    return {name: {effect: sorted(rules) for effect, rules in by.items()} for name, by in found.items()}


@pytest.mark.parametrize("engine", ["rego", pytest.param("opa", marks=pytest.mark.slow)])
def test_attacks_and_ordinary_things(engine, tmp_path):
    found = said([plan(str(number), row["rows"]) for number, row in enumerate(ATTACKS)], engine, tmp_path)
    for number, row in enumerate(ATTACKS):
        wanted = {effect: row[effect] for effect in ("deny", "warn") if effect in row}
        assert found.get(str(number), {}) == wanted, row["why"]


def test_ordinary_things_are_not_denied():
    ordinary = [row for row in ATTACKS if row["why"].startswith("ordinary")]
    assert len(ordinary) > 25
    assert [row["why"] for row in ordinary if "deny" in row] == []


def nested(levels: int) -> str:
    return f'{{"Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*", "X": {"[" * levels}{"]" * levels}}}}}'


def sized(characters: int) -> str:
    """A document of that length about many buckets."""
    start, end = '{"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": [', '"arn:aws:s3:::x/*"]}]}'
    item = '"arn:aws:s3:::data-lake/some/prefix/*",'
    body = item * ((characters - len(start) - len(end)) // len(item))
    return start + body + " " * (characters - len(start) - len(body) - len(end)) + end


def statement(**fields: Any) -> str:
    return json.dumps({"Statement": {"Effect": "Allow", **fields}})


STRANGE: list[tuple[str, Any, list[str], list[str]]] = [
    ("null is no document", None, [], []),
    ("an empty text is none either", "", [], []),
    ("a number", 7, ["ACC-DOC-001"], []),
    ("a boolean", True, ["ACC-DOC-001"], []),
    ("a list of texts", ["x"], ["ACC-DOC-001"], []),
    ("an object with something else in it", {"a": 1}, ["ACC-DOC-001"], []),
    ("a text that is JSON, and no object", "[]", ["ACC-DOC-001"], []),
    ("no statement", '{"Version": "2012-10-17"}', ["ACC-DOC-001"], []),
    ("a statement that is a text", '{"Statement": "x"}', ["ACC-DOC-003"], []),
    ("a document in which a bracket is missing", '{"Statement": [}', ["ACC-DOC-001"], []),
    ("200 levels", nested(200), ["ACC-DOC-001"], []),
    ("50 levels", nested(50), ["ACC-IAM-001"], []),
    ("as long as a managed policy may be", sized(6144), [], []),
    ("longer than that", sized(6145), [], []),
    ("as long as a bucket's may be", sized(20480), [], []),
    ("far longer than anything", sized(300_000), [], []),
    ("a million stars", statement(Action="s3:*", Resource="*" * 1_000_000), ["ACC-DOC-005"], []),
    ("a million stars and letters", statement(Action="s3:" + "*a" * 500_000, Resource="*"), ["ACC-DOC-005"], []),
    (
        "an action that AWS does not have",
        statement(Action="s3:GetObjct", Resource="arn:aws:s3:::x/*"),
        [],
        ["ACC-IAM-014"],
    ),
    ("a service that AWS does not have", statement(Action="nosuch:Get", Resource="*"), [], ["ACC-IAM-014"]),
    ("all of such a service", statement(Action="nosuch:*", Resource="*"), ["ACC-IAM-013"], ["ACC-IAM-014"]),
    (
        "China",
        statement(Action="kms:Decrypt", Resource="arn:aws-cn:kms:cn-north-1:111111111111:key/*"),
        ["ACC-IAM-009"],
        [],
    ),
    (
        "GovCloud",
        statement(Action="kms:Decrypt", Resource="arn:aws-us-gov:kms:*:111111111111:key/*"),
        ["ACC-IAM-009"],
        [],
    ),
    (
        "an isolated partition",
        statement(Action="kms:Decrypt", Resource="arn:aws-iso-b:kms:*:*:key/*"),
        ["ACC-IAM-009"],
        [],
    ),
    ("a global ARN", statement(Action="iam:PassRole", Resource="arn:aws:iam::111111111111:role/app"), [], []),
    (
        "a global ARN with a region",
        statement(Action="iam:PassRole", Resource="arn:aws:iam:*:*:role/*"),
        ["ACC-IAM-005"],
        [],
    ),
    (
        "one key in another partition",
        statement(Action="kms:Decrypt", Resource="arn:aws-cn:kms:cn-north-1:111111111111:key/a"),
        [],
        [],
    ),
]


@pytest.mark.parametrize("engine", ["rego", pytest.param("opa", marks=pytest.mark.slow)])
def test_strange_documents(engine, tmp_path):
    plans = [plan(str(n), [{"aws_iam_policy": {"name": "x", "policy": row[1]}}]) for n, row in enumerate(STRANGE)]
    found = said(plans, engine, tmp_path)
    for number, (why, _, deny, warn) in enumerate(STRANGE):
        wanted = {effect: rules for effect, rules in (("deny", deny), ("warn", warn)) if rules}
        assert found.get(str(number), {}) == wanted, why


def test_a_name_that_is_nearly_right_comes_with_the_right_one():
    judged = plan("x", [{"aws_iam_policy": {"policy": statement(Action="s3:GetObjct", Resource="arn:aws:s3:::x/*")}}])
    (told,) = [finding for finding in evaluate([judged], SHIPPED) if finding.rule == "ACC-IAM-014"]
    assert told.value == "s3:getobjct"
    assert "s3:getobject" in told.remediation
