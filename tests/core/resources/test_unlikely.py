"""What AWS takes and nobody means is a warning; what it has, in whatever letters, is none."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine import data
from engine.core.resources import documents, unlikely
from engine.run import aws_actions

EXAMPLES = sorted(Path(data.path("examples")).rglob("*.json"))
FIXED = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-a/*"}


def warned(**changes: Any) -> list[str]:
    policy = {"Version": "2012-10-17", "Statement": [FIXED | changes]}
    read = documents.judged(json.dumps(policy).encode(), "p.json", "managed-policy", aws_actions.known)
    return [f"{one.code} {one.message}: {one.hint}" for one in read.warned]


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("an action in small letters", {"Action": "S3:getobject"}),
        ("a pattern of actions", {"Action": ["s3:Get*", "ec2:Describe*", "*", "iam:?etRole"]}),
        ("all of a service", {"Action": "sqs:*"}),
        ("regions and accounts that AWS fills in", {"Resource": "arn:aws:sqs:${aws:RequestedRegion}:*:a"}),
        ("a region that is newer than we are", {"Resource": "arn:aws:sqs:xx-nowhere-7:111111111111:a"}),
        ("an ARN that ends early", {"Resource": "arn:aws:s3*"}),
        ("a key with a name of its own", {"Condition": {"StringEquals": {"aws:RequestTag/Team": "a"}}}),
        ("a key in other letters", {"Condition": {"StringEquals": {"aws:principalorgid": "o-1"}}}),
        ("a pattern that is one", {"Condition": {"StringLike": {"s3:prefix": "home/*"}}}),
        ("a range of addresses", {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}),
        ("a variable that is a star", {"Condition": {"StringEquals": {"s3:prefix": "${*}"}}}),
    ],
)
def test_what_aws_has_is_no_doubt(why: str, changes: dict[str, Any]) -> None:
    assert warned(**changes) == [], why


@pytest.mark.parametrize(
    ("why", "changes", "code", "said"),
    [
        (
            "a service that there is not",
            {"Action": "s4:GetObject"},
            "ENG997",
            "service `s4`: did you mean `s3:GetObject`?",
        ),
        ("a service of another name", {"Action": "cloudwatchlogs:PutLogEvents"}, "ENG997", "`logs:PutLogEvents`?"),
        ("a call that another action allows", {"Action": "s3:HeadObject"}, "ENG997", "did you mean `s3:GetObject`?"),
        ("a part that is to be filled in", {"Resource": "arn:aws:s3:::<bucket>"}, "ENG997", "nobody fills in"),
        ("a part of CloudFormation's", {"Resource": "arn:aws:s3:::a-${AWS::AccountId}"}, "ENG997", "nobody fills in"),
        ("an account of a condition", {"Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}, "ENG997", "has 1"),
        ("an action that there is not", {"Action": "iam:PasRole"}, "ENG997", "did you mean `iam:PassRole`?"),
        (
            "a misspelt region",
            {"Resource": "arn:aws:sqs:us-esat-1:111111111111:a"},
            "ENG997",
            "did you mean `us-east-1`?",
        ),
        ("a zone for a region", {"Resource": "arn:aws:sqs:us-east-1b:111111111111:a"}, "ENG997", "write `us-east-1`"),
        (
            "a digit too few",
            {"Resource": "arn:aws:sqs:us-east-1:11111111111:a"},
            "ENG997",
            "has 11: correct the account",
        ),
        (
            "a text for a pattern",
            {"Condition": {"ForAnyValue:StringNotEquals": {"aws:TagKeys": "a*"}}},
            "ENG997",
            "Not` for",
        ),
        (
            "a text for an address",
            {"Condition": {"StringNotEquals": {"aws:SourceIp": "10.0.0.1"}}},
            "ENG997",
            "`NotIpAddress`",
        ),
    ],
)
def test_what_nobody_means_is_warned_of_once(why: str, changes: dict[str, Any], code: str, said: str) -> None:
    (found,) = warned(**changes)
    assert found.startswith(code), why
    assert said.replace("Not` for", "`ForAnyValue:StringNotLike` for") in found, why


@pytest.mark.parametrize(
    ("why", "principal", "code", "said"),
    [
        ("people of a provider", {"Federated": "token.example.com"}, "ENG997", "write `sts:AssumeRoleWithWebIdentity`"),
        ("a misspelt service", {"Service": "lambdaa.amazonaws.com"}, "ENG997", "did you mean `lambda.amazonaws.com`?"),
    ],
)
def test_who_cannot_come(why: str, principal: dict[str, str], code: str, said: str) -> None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    (found,) = documents.judged(json.dumps(policy).encode(), "t.json", "trust-policy", aws_actions.known).warned
    assert found.code == code
    assert said in found.hint, why


@pytest.mark.parametrize("service", ["delivery.logs", "edgelambda", "vpc-flow-logs", "codebuild", "events"])
def test_services_that_come_are_no_doubt(service: str) -> None:
    principal = {"Service": f"{service}.amazonaws.com"}
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:TagSession"}],
    }
    assert documents.judged(json.dumps(policy).encode(), "t.json", "trust-policy", aws_actions.known).warned == ()


def test_a_document_of_many_has_few_warnings() -> None:
    assert len(warned(Action=[f"s3:Reed{number}" for number in range(99)])) == unlikely._MOST


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_what_is_shipped_has_none(file: Path) -> None:
    policy = json.loads(file.read_text())
    if "Statement" in policy:
        trust = "Resource" not in policy["Statement"][0]
        kind = "trust-policy" if trust else "resource-policy"
        if not trust and "Principal" not in policy["Statement"][0]:
            kind = "role-policy"
        assert documents.judged(file.read_bytes(), file.name, kind, aws_actions.known).warned == ()
