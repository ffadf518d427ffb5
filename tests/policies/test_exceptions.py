"""Ordinary things that a rule denies for good reason, and the setting or exception that allows each."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.policy.bundle import policy_set, read_directory
from engine.adapters.policy.judging import evaluate
from engine.adapters.policy.port import Plan, Programs
from engine.core.findings import Effect
from tests.support.opa import executable

FILES = read_directory(str(Path(__file__).parents[2] / "policies"))
NOW = "2026-11-26T12:00:00Z"


def plan(kind: str, after: dict[str, Any]) -> Plan:
    change: dict[str, Any] = {"actions": ["create"], "before": None, "after": after, "after_unknown": {}}
    row: dict[str, Any] = {"address": f"{kind}.x", "mode": "managed", "type": kind, "name": "x", "change": change}
    names = {"account": "111111111111", "region": "us-east-1", "environment": "dev"}
    variables: dict[str, Any] = {name: {"value": value} for name, value in names.items()}
    return Plan("A/x", {"format_version": "1.2", "variables": variables, "resource_changes": [row]})


def document(kind: str, attribute: str, **statement: Any) -> Plan:
    return plan(kind, {"name": "x-boundary", attribute: json.dumps({"Statement": {"Effect": "Allow", **statement}})})


def settings(exceptions: list[dict[str, str]], access: dict[str, list[str]]) -> Any:
    data = json.loads(FILES["data.json"])
    data["settings"]["exceptions"] = exceptions
    data["settings"]["access"].update(access)
    return policy_set({**FILES, "data.json": json.dumps(data).encode()})


def excused(rule: str, **narrowed: str) -> list[dict[str, str]]:
    return [{"rule": rule, **narrowed, "reason": "reviewed", "owner": "platform", "expires": "2027-01-31"}]


def reading(condition: Any) -> Plan:
    return document("aws_s3_bucket_policy", "policy", Principal="*", Action="s3:GetObject", Condition=condition)


OAI = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2ABC"
BITBUCKET = "api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc"
IDP = "sso.corp.example/realms/a"
TOKEN = {"StringEquals": {f"{IDP}:aud": "app"}}
PROVIDER = {"Federated": f"arn:aws:iam::111111111111:oidc-provider/{IDP}"}
ORDINARY: list[tuple[str, Plan, list[dict[str, str]], dict[str, list[str]]]] = [
    (
        "an office's network",
        reading({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
        [],
        {"trusted_networks": ["203.0.113.0/24"]},
    ),
    (
        "networks in a VPC",
        reading({"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}),
        [],
        {"trusted_networks": ["10.0.0.0/8"]},
    ),
    (
        "CloudFront",
        document("aws_s3_bucket_policy", "policy", Principal={"AWS": OAI}, Action="s3:GetObject"),
        [],
        {"trusted_principals": [OAI]},
    ),
    (
        "one's own identity provider",
        document(
            "aws_iam_role",
            "assume_role_policy",
            Principal=PROVIDER,
            Action="sts:AssumeRoleWithWebIdentity",
            Condition=TOKEN,
        ),
        [],
        {"trusted_providers": [IDP]},
    ),
    (
        "networks within one that is listed",
        reading({"IpAddress": {"aws:VpcSourceIp": ["10.1.0.0/16", "10.2.3.4"]}}),
        [],
        {"trusted_networks": ["10.0.0.0/8"]},
    ),
    (
        "Bitbucket's pipelines, by their audience",
        document(
            "aws_iam_role",
            "assume_role_policy",
            Principal={"Federated": f"arn:aws:iam::111111111111:oidc-provider/{BITBUCKET}"},
            Action="sts:AssumeRoleWithWebIdentity",
            Condition={"StringEquals": {f"{BITBUCKET}:aud": "ari:cloud:bitbucket::workspace/x"}},
        ),
        [],
        {"trusted_providers": [BITBUCKET]},
    ),
    (
        "a boundary that allows all",
        document("aws_iam_policy", "policy", Action="*", Resource="*"),
        [],
        {"boundaries": ["x-boundary"]},
    ),
    (
        "a stack, by somebody who has read its template",
        plan("aws_cloudformation_stack", {"name": "x", "template_url": "https://example.com/x"}),
        excused("ACC-DOC-007", value="aws_cloudformation_stack"),
        {},
    ),
    (
        "a database with a public address",
        plan("aws_db_instance", {"publicly_accessible": True}),
        excused("ACC-PUB-014", resource="aws_db_instance.x"),
        {},
    ),
    (
        "a website, by its action",
        document("aws_s3_bucket_policy", "policy", Principal="*", Action="s3:GetObject"),
        excused("ACC-PUB-001", value="s3:getobject"),
        {},
    ),
    (
        "a reader whose id was given",
        plan("aws_s3_bucket_acl", {"access_control_policy": [{"grant": [{"grantee": [{"id": "b2"}]}]}]}),
        [],
        {"trusted_principals": ["b2"]},
    ),
    (
        "a boundary, by its name",
        document("aws_iam_policy", "policy", NotAction="iam:*", Resource="*"),
        [],
        {"boundaries": ["x-boundary"]},
    ),
    (
        "a boundary, by exception",
        document("aws_iam_policy", "policy", Action="*", Resource="*"),
        excused("ACC-IAM-001", resource="aws_iam_policy.x"),
        {},
    ),
    (
        "all logs of the account",
        document("aws_iam_role_policy", "policy", Action="logs:*", Resource="arn:aws:logs:us-east-1:111111111111:*"),
        excused("ACC-IAM-002", value="logs:*"),
        {},
    ),
    (
        "a partner's account",
        document("aws_sqs_queue_policy", "policy", Principal={"AWS": "999999999999"}, Action="sqs:SendMessage"),
        excused("ACC-ACC-001", value="999999999999", environment="dev"),
        {},
    ),
    (
        "a managed policy",
        plan("aws_iam_role_policy_attachment", {"policy_arn": "arn:aws:iam::aws:policy/AmazonSSMFullAccess"}),
        excused("ACC-IAM-003", value="AmazonSSMFullAccess"),
        {},
    ),
    (
        "an administrator",
        plan("aws_iam_role_policy_attachment", {"policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        excused("ACC-IAM-003", value="AdministratorAccess") + excused("ACC-IAM-017", value="AdministratorAccess"),
        {},
    ),
]


NOTHING_NEEDED: list[tuple[str, Plan]] = [
    ("access points of one's own account", reading({"StringEquals": {"s3:DataAccessPointAccount": "111111111111"}})),
    ("one role, by its id", reading({"StringLike": {"aws:userid": "AROAEXAMPLEROLEID:*"}})),
    (
        "a role of any name, for one service",
        document(
            "aws_iam_role_policy",
            "policy",
            Action="iam:PassRole",
            Resource="*",
            Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
        ),
    ),
    (
        "roles with a tag",
        document(
            "aws_iam_role_policy",
            "policy",
            Action="sts:AssumeRole",
            Resource="arn:aws:iam::111111111111:role/*",
            Condition={"StringEquals": {"aws:ResourceTag/env": "dev"}},
        ),
    ),
    ("a service without dangers", document("aws_iam_role_policy", "policy", Action="xray:*", Resource="*")),
    (
        "metrics of one namespace",
        document(
            "aws_iam_role_policy",
            "policy",
            Action="cloudwatch:*",
            Resource="*",
            Condition={"StringEquals": {"cloudwatch:namespace": "App"}},
        ),
    ),
    (
        "tables with a tag",
        document(
            "aws_iam_role_policy",
            "policy",
            Action="dynamodb:*",
            Resource="*",
            Condition={"StringEquals": {"aws:ResourceTag/team": "x"}},
        ),
    ),
    ("what accounts may do at most", document("aws_organizations_policy", "content", Action="*", Resource="*")),
    (
        "an endpoint as AWS makes it",
        document("aws_vpc_endpoint", "policy", Principal="*", Action="*", Resource="*"),
    ),
    (
        "a key in a store that does not rotate",
        plan(
            "aws_kms_key", {"custom_key_store_id": "cks-1", "enable_key_rotation": False, "deletion_window_in_days": 30}
        ),
    ),
    ("a template of a transfer user", plan("aws_transfer_user", {"policy": "${x}"})),
    (
        "what a Deny beside it takes back",
        plan(
            "aws_iam_role_policy",
            {
                "policy": json.dumps(
                    {
                        "Statement": [
                            {"Effect": "Allow", "Action": ["s3:*", "sqs:SendMessage"], "Resource": "*"},
                            {"Effect": "Deny", "Action": "s3:*", "Resource": "*"},
                        ]
                    }
                )
            },
        ),
    ),
]


def denied(
    rows: Mapping[str, Plan], exceptions: list[dict[str, str]], access: dict[str, list[str]], now: str = NOW
) -> dict[str, list[str]]:
    """What each row is denied for, under its name; all rows are judged at once, each as a resource of its own."""
    names = list(rows)
    judged = [rows[name]._replace(resource=f"A/{number}") for number, name in enumerate(names)]
    found: dict[str, list[str]] = {name: [] for name in names}
    for finding in evaluate(judged, settings(exceptions, access), now=now):
        if finding.effect is Effect.DENY and finding.rule[:3] in ("ACC", "CMP", "ENC"):
            found[names[int(finding.resource[2:])]].append(finding.rule)
    return found


EXCUSED = {row[0]: row[1] for row in ORDINARY if row[2]}
EXCUSES = [excuse for row in ORDINARY for excuse in row[2]]


@pytest.fixture(scope="module")
def nothing_set():
    return denied(dict(NOTHING_NEEDED) | {row[0]: row[1] for row in ORDINARY}, [], {})


@pytest.fixture(scope="module")
def all_excused():
    return denied(EXCUSED, EXCUSES, {})


@pytest.fixture(scope="module")
def all_expired():
    return denied(EXCUSED, EXCUSES, {}, now="2027-02-01T00:00:00Z")


@pytest.mark.parametrize("why", [row[0] for row in NOTHING_NEEDED])
def test_ordinary_things_that_need_nothing(why, nothing_set):
    assert nothing_set[why] == []


def test_each_exception_is_for_one_row():
    """So that judging them together says what judging them one by one would say."""
    assert all(not (row[2] and row[3]) for row in ORDINARY)
    assert len({tuple(sorted(excuse.items())) for excuse in EXCUSES}) == len(EXCUSES)
    assert len({row[0] for row in [*NOTHING_NEEDED, *ORDINARY]}) == len(NOTHING_NEEDED) + len(ORDINARY)


@pytest.mark.parametrize("why", EXCUSED)
def test_ordinary_things_have_an_exception(why, nothing_set, all_excused, all_expired):
    assert nothing_set[why]
    assert all_excused[why] == []
    assert all_expired[why] == nothing_set[why]


@pytest.mark.parametrize(
    ("why", "judged", "access"), [(why, plan, access) for why, plan, _, access in ORDINARY if access]
)
def test_ordinary_things_have_a_setting(why, judged, access, nothing_set):
    assert nothing_set[why]
    assert denied({why: judged}, [], access) == {why: []}


@pytest.mark.slow
def test_exceptions_hold_alike_on_both_engines(tmp_path):
    (judged, exceptions) = next(row[1:3] for row in ORDINARY if row[0] == "a partner's account")
    chosen = settings(exceptions, {})
    ours = evaluate([judged], chosen, now=NOW)
    theirs = evaluate([judged], chosen, "opa", programs=Programs(opa=executable(tmp_path)), now=NOW)
    assert [finding._replace(engine="rego") for finding in theirs] == list(ours)
    assert [f.until for f in ours if f.rule == "ACC-ACC-001"] == ["2027-01-31T23:59:59Z"]


@pytest.mark.parametrize(("package", "name"), [("acme.buckets", "acme.buckets"), ('acme["my-team"]', "acme.my-team")])
def test_a_rule_whose_findings_have_no_id_has_a_way_out(package, name):
    found = excused(f"{name}.deny_x", resource="aws_s3_bucket.x")
    rule = 'deny_x contains {"msg": "m", "address": "aws_s3_bucket.x"}'
    files = {
        "own.rego": f"package {package}\nimport rego.v1\n{rule}\n",
        "data.json": json.dumps({"settings": {"exceptions": found}}),
    }
    judging = policy_set({name: text.encode() for name, text in files.items()})
    (finding,) = evaluate([plan("aws_s3_bucket", {})], judging, now=NOW)
    assert (finding.rule, finding.effect) == (f"{name}.deny_x", Effect.EXCEPTION)
