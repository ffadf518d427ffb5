"""Rules of care from outside: the way out for what is ordinary, secrets that are told nobody, real references."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.policy.bundle import policy_set, read_directory
from engine.adapters.policy.judging import evaluate
from engine.adapters.policy.port import Plan, Programs
from engine.core.findings import Effect, Finding
from tests.support.opa import executable

ROOT = Path(__file__).parents[2]
FILES = read_directory(str(ROOT / "policies"))
SHIPPED = policy_set(FILES)
NOW = "2026-11-26T12:00:00Z"


def plan(kind: str, after: dict[str, Any], before: dict[str, Any] | None = None) -> Plan:
    actions = ["create"] if before is None else ["update"]
    change: dict[str, Any] = {"actions": actions, "before": before, "after": after, "after_unknown": {}}
    row: dict[str, Any] = {"address": f"{kind}.x", "mode": "managed", "type": kind, "name": "x", "change": change}
    names = {"account": "111111111111", "region": "us-east-1", "environment": "dev"}
    variables: dict[str, Any] = {name: {"value": value} for name, value in names.items()}
    return Plan("A/x", {"format_version": "1.2", "variables": variables, "resource_changes": [row]})


def settings(care: dict[str, Any], exceptions: list[dict[str, str]]) -> Any:
    data = json.loads(FILES["data.json"])
    data["settings"]["care"].update(care)
    data["settings"]["exceptions"] = exceptions
    return policy_set({**FILES, "data.json": json.dumps(data).encode()})


def excused(rule: str, value: str) -> list[dict[str, str]]:
    return [{"rule": rule, "value": value, "reason": "reviewed", "owner": "platform", "expires": "2027-01-31"}]


def subscription(protocol: str, endpoint: str) -> Plan:
    return plan("aws_sns_topic_subscription", {"protocol": protocol, "endpoint": endpoint})


def document(kind: str, **statement: Any) -> Plan:
    return plan(kind, {"name": "orders", "policy": json.dumps({"Statement": {"Resource": "*", **statement}})})


def lifecycle(**rule: Any) -> Plan:
    return plan(
        "aws_s3_bucket_lifecycle_configuration", {"bucket": "b", "rule": [{"id": "r", "status": "Enabled", **rule}]}
    )


def function(before: dict[str, Any] | None = None, **after: Any) -> Plan:
    return plan("aws_lambda_function", {"function_name": "worker", "runtime": "python3.13", **after}, before)


def variables(**values: str) -> Plan:
    return function(environment=[{"variables": values}])


APP = {"AWS": "arn:aws:iam::111111111111:role/app"}
ORDINARY: list[tuple[str, Plan, str, dict[str, Any], list[dict[str, str]]]] = [
    (
        "a partner's endpoint",
        subscription("https", "https://hooks.partner.example/in"),
        "CARE-SUB-002",
        {"trusted_hosts": ["hooks.partner.example"]},
        [],
    ),
    (
        "a team's mailbox",
        subscription("email", "ops@ours.example"),
        "CARE-SUB-003",
        {"trusted_email_domains": ["ours.example"]},
        [],
    ),
    (
        "a log group of development",
        plan(
            "aws_cloudwatch_log_group",
            {"name": "app", "retention_in_days": 3},
            {"name": "app", "retention_in_days": 90},
        ),
        "CARE-LOG-003",
        {"log_retention_days": 3},
        [],
    ),
    (
        "a bucket of scratch files",
        lifecycle(filter=[], expiration=[{"days": 3}]),
        "CARE-S3-001",
        {"expiration_days": 3},
        [],
    ),
    (
        "one rule that was looked at",
        lifecycle(expiration=[{"days": 3}]),
        "CARE-S3-001",
        {},
        excused("CARE-S3-001", "r"),
    ),
    (
        "versions of a cache",
        lifecycle(noncurrent_version_expiration=[{"noncurrent_days": 1}]),
        "CARE-S3-003",
        {"noncurrent_days": 1},
        [],
    ),
    (
        "a runtime that has to stay",
        function(runtime="python3.8"),
        "CARE-RUN-001",
        {},
        excused("CARE-RUN-001", "python3.8"),
    ),
    (
        "a variable that is only called so",
        variables(PASSWORD_HINT="the name of your first pet"),
        "CARE-SEC-002",
        {},
        excused("CARE-SEC-002", "PASSWORD_HINT"),
    ),
    (
        "a test account's key",
        variables(SANDBOX=f"sk_{'test'}_abcdefghijklmnop"),
        "CARE-SEC-001",
        {},
        excused("CARE-SEC-001", "SANDBOX"),
    ),
    (
        "a queue for one program",
        document("aws_sqs_queue", Effect="Allow", Principal=APP, Action="*"),
        "CARE-DOC-001",
        {},
        excused("CARE-DOC-001", "*"),
    ),
    (
        "a vault that nobody may open again",
        document("aws_sqs_queue", Effect="Deny", Principal="*", Action="sqs:SetQueueAttributes"),
        "CARE-LOCK-001",
        {},
        excused("CARE-LOCK-001", "sqs:setqueueattributes"),
    ),
]


def denied(chosen: Any) -> dict[str, list[str]]:
    """What each row is denied for, under its name; all rows are judged at once, each as a resource of its own."""
    found: dict[str, list[str]] = {row[0]: [] for row in ORDINARY}
    judged = [row[1]._replace(resource=f"A/{number}") for number, row in enumerate(ORDINARY)]
    for finding in evaluate(judged, chosen, now=NOW):
        if finding.effect is Effect.DENY and finding.rule.startswith("CARE"):
            found[ORDINARY[int(finding.resource[2:])][0]].append(finding.rule)
    return found


@pytest.fixture(scope="module")
def nothing_set():
    return denied(SHIPPED)


@pytest.fixture(scope="module")
def all_set():
    care = {name: value for row in ORDINARY for name, value in row[3].items()}
    return denied(settings(care, [excuse for row in ORDINARY for excuse in row[4]]))


def test_each_setting_is_for_one_row():
    """So that judging them together says what judging them one by one would say."""
    for column in (2, 3, 4):
        given = [str(item) for row in ORDINARY for item in (row[column] if column != 2 else [(row[2], bool(row[3]))])]
        assert len(set(given)) == len(given)


@pytest.mark.parametrize(("why", "rule"), [(row[0], row[2]) for row in ORDINARY])
def test_ordinary_things_have_a_way_out(why, rule, nothing_set, all_set):
    assert nothing_set[why] == [rule]
    assert all_set[why] == []


SECRETS = {
    "by its name": ("DB_PASSWORD", "hunter2hunter2"),
    "by its shape": ("X", "AKIAIOSFODNN7EXAMPLE"),
    "by its randomness": ("SALT", "q8Zr3LwT0xVb7NcY2mKd"),
    "inside a URL": ("DATABASE", "postgres://app:correct-horse@db.internal/app"),
}


@pytest.fixture(scope="module")
def told():
    return evaluate([variables(**{name: secret})._replace(resource=name) for name, secret in SECRETS.values()], SHIPPED)


@pytest.mark.parametrize(("name", "secret"), SECRETS.values(), ids=SECRETS)
def test_a_secret_in_a_variable_is_found_and_told_nobody(name, secret, told):
    """Terraform has not marked it, so nothing would hide it later."""
    found = [f for f in told if f.resource == name and f.rule.startswith("CARE-SEC")]
    assert [finding.value for finding in found] == [name]
    assert secret not in str(found)
    assert secret[:8] not in str(found)


def references(engine: str = "rego", programs: Programs | None = None) -> list[Finding]:
    """A plan that Terraform 1.11 made of blocks that refer to buckets in every way that people write."""
    content = json.loads((ROOT / "tests/cases/bucket-references.json").read_text())
    return list(evaluate([Plan("S3/x", content)], SHIPPED, engine, programs=programs or Programs()))


def bare(found: list[Finding], rule: str) -> set[str]:
    return {finding.address for finding in found if finding.rule == rule}


def test_parts_belong_to_the_bucket_that_the_configuration_refers_to(tmp_path):
    found = references()
    counted = {"aws_s3_bucket.cnt[0]", "aws_s3_bucket.cnt[1]"}
    assert bare(found, "ACC-PUB-003") == {"aws_s3_bucket.a", "aws_s3_bucket.loc", *counted}  # block `a` is bucket b's
    assert bare(found, "CMP-S3-002") == {"aws_s3_bucket.b", "aws_s3_bucket.loc"}
    theirs = references("opa", Programs(opa=executable(tmp_path)))
    assert [finding._replace(engine="rego") for finding in theirs] == found


@pytest.mark.slow
def test_thousands_of_parts_are_tied_in_linear_time():
    """Each bucket with a block of its own name: neither pairs nor a walk per part."""
    rows: list[dict[str, Any]] = []
    resources: list[dict[str, Any]] = []
    for number in range(2_000):
        for kind in ("aws_s3_bucket", "aws_s3_bucket_public_access_block"):
            change = {"actions": ["create"], "before": None, "after": {}, "after_unknown": {"bucket": True}}
            place = {"mode": "managed", "type": kind, "name": f"n{number}"}
            rows.append({**place, "address": f"{kind}.n{number}", "change": change})
            refers = {"references": [f"aws_s3_bucket.n{number}.id", f"aws_s3_bucket.n{number}"]}
            resources.append({**place, "expressions": {} if kind == "aws_s3_bucket" else {"bucket": refers}})
    content: dict[str, Any] = {
        **plan("x", {}).plan,
        "resource_changes": rows,
        "configuration": {"root_module": {"resources": resources}},
    }
    found = list(evaluate([Plan("S3/many", content)], SHIPPED, timeout_s=60))
    assert bare(found, "ACC-PUB-003") == set()
    assert len(bare(found, "ENC-S3-001")) == 2_000
