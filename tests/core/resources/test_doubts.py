"""What is odd about references: names of nothing, names that nothing has yet, wishes that cannot be kept."""

import json

import pytest

from engine.core.resources.model import Discovery
from tests.support.order import (
    arn,
    bucket,
    edges,
    function,
    key,
    one,
    ordered,
    policy,
    queue,
    role,
    together,
    topic,
)
from tests.support.resources import rules, source

ROLE, ALIAS = arn("iam:role/reader"), arn("kms:alias/data")
LAKE = bucket(
    "lake", sse_algorithm="aws:kms", kms_key_arn=ALIAS, policy_json=policy(arn("s3:lake"), principal={"AWS": ROLE})
)


def _warned(found: Discovery) -> list[str]:
    return [f"{p.place}: {p.code}" for resource in found.resources for p in resource.warned]


UUID = "8b0bd0b4-2c5c-4a5c-9b1d-1f6d9b6c8b0a"


@pytest.mark.parametrize(
    ("why", "files", "warned"),
    [
        # ------------------------------------------------------------------------------------------- names of nothing
        (
            "nobody defines it",
            [function("f", role=ROLE)],
            ["ENG818 correct it, or see that it is there before: nobody waits for what is made elsewhere"],
        ),
        (
            "a letter is missing",
            [function("f", role=arn("iam:role/raeder")), role("reader")],
            ["ENG818 did you mean `reader`?"],
        ),
        ("... in an alias", [queue("q", kms_master_key_id="alias/dta"), key("data")], ["ENG818 did you mean `data`?"]),
        (
            "... in a bucket's name",
            [bucket("a", logging={"target_bucket": "access-log"}), bucket("access-logs")],
            ["ENG818 did you mean `access-logs`?"],
        ),
        (
            "... in a document, where it need not be there",
            [
                queue(
                    "q",
                    policy_json=policy(
                        arn("sqs:q"),
                        action="sqs:SendMessage",
                        Condition={"ArnEquals": {"aws:SourceArn": arn("sns:orderevents")}},
                    ),
                ),
                topic("order-events"),
            ],
            ["ENG818 did you mean `order-events`?"],
        ),
        (
            "what need not be there and looks like nothing else may be anywhere",
            [
                role(
                    "r",
                    inline_policies_json={
                        "p": json.dumps(
                            {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": arn("s3:public-weather/*")}}
                        )
                    },
                ),
                bucket("lake"),
            ],
            [],
        ),
        ("another account's", [function("f", role="arn:aws:iam::222222222222:role/raeder"), role("reader")], []),
        (
            "what AWS has",
            [
                key(
                    "k",
                    policy_json=policy(
                        "*",
                        action="kms:*",
                        principal={"AWS": arn("iam:role/aws-service-role/autoscaling.amazonaws.com/A")},
                    ),
                ),
                role("reader"),
            ],
            [],
        ),
        (
            "the account itself",
            [key("k", policy_json=policy("*", action="kms:*", principal={"AWS": arn("iam:root")})), role("reader")],
            [],
        ),
        ("AWS's own alias", [queue("q", kms_master_key_id="alias/aws/sqs"), key("data")], []),
        (
            "what no file of the module makes",
            [role("r", managed_policy_arns=[arn("iam:policy/p"), "arn:aws:iam::aws:policy/ReadOnlyAccess"])],
            [],
        ),
        (
            "a pattern names nobody",
            [
                role(
                    "r",
                    inline_policies_json={
                        "p": json.dumps(
                            {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": arn("s3:lak*")}}
                        )
                    },
                ),
                bucket("lake"),
            ],
            [],
        ),
        # --------------------------------------------------------------------------------- names that nothing has yet
        (
            "a key's UUID",
            [bucket("a", sse_algorithm="aws:kms", kms_key_arn=arn(f"kms:key/{UUID}"))],
            ["ENG819 write the alias: `arn:aws:kms:us-east-1:111111111111:alias/NAME`"],
        ),
        (
            "... as it is",
            [queue("q", kms_master_key_id=UUID)],
            ["ENG819 write the alias: `arn:aws:kms:us-east-1:111111111111:alias/NAME`"],
        ),
        (
            "... of many regions",
            [queue("q", kms_master_key_id="mrk-" + "0" * 32)],
            ["ENG819 write the alias: `arn:aws:kms:us-east-1:111111111111:alias/NAME`"],
        ),
        (
            "... in a document",
            [
                role(
                    "r",
                    inline_policies_json={
                        "p": json.dumps(
                            {"Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": arn(f"kms:key/{UUID}")}}
                        )
                    },
                )
            ],
            ["ENG819 write the alias: `arn:aws:kms:us-east-1:111111111111:alias/NAME`"],
        ),
        (
            "another account's key has been there",
            [bucket("a", sse_algorithm="aws:kms", kms_key_arn=f"arn:aws:kms:us-east-1:222222222222:key/{UUID}")],
            [],
        ),
        (
            "the URL of a queue",
            [function("f", environment_variables={"Q": "https://sqs.us-east-1.amazonaws.com/111111111111/jobs"})],
            ["ENG819 write the ARN: `arn:aws:sqs:us-east-1:111111111111:jobs`"],
        ),
        (
            "a role's unique id",
            [
                bucket(
                    "lake",
                    policy_json=policy(
                        arn("s3:lake"), Condition={"StringLike": {"aws:userid": "AROA1234567890123456:*"}}
                    ),
                )
            ],
            ["ENG819 write the ARN: `arn:aws:iam::111111111111:role/NAME`"],
        ),
    ],
)
def test_a_name_of_nothing_is_warned_of_with_what_helps(why, files, warned) -> None:
    found = ordered(together(*files), {})
    said = [f"{p.code} {p.hint}" for resource in found.resources for p in resource.warned]
    assert [text[: len(expected)] for text, expected in zip(said, warned, strict=True)] == warned, why
    assert found.refused == ()


def test_each_warning_of_a_key_says_both_ways_out() -> None:
    found = ordered(queue("q", kms_master_key_id=UUID), {})
    (problem,) = found.resources[0].warned
    assert str(problem.place) == "SQS/q.tfvars:2:42"
    assert "`Depends-On: #NUMBER`" in problem.hint
    assert "kms:ResourceAliases" in problem.hint


def test_a_queue_that_was_there_has_its_url() -> None:
    user = function("f", environment_variables={"Q": "https://sqs.us-east-1.amazonaws.com/111111111111/jobs"})
    assert _warned(ordered(together(user, queue("jobs")), queue("jobs"))) == []
    assert [p.partition(": ")[2] for p in _warned(ordered(together(user, queue("jobs")), {}))] == ["ENG819"]


def test_where_other_sources_keep_roles_a_role_of_theirs_is_no_mistake() -> None:
    several = rules(source("**"), source("IAM/**")._replace(repo="acme/roles"))
    assert _warned(ordered(function("f", role=ROLE), {}, several)) == []
    assert [p[-6:] for p in _warned(ordered(together(function("f", role=ROLE), role("writer")), {}, several))] == [
        "ENG818"
    ]


@pytest.mark.parametrize(
    ("why", "files", "code", "says"),
    [
        ("no such resource", [bucket("a", "S3/lke"), bucket("lake")], "ENG817", "did you mean `S3/lake`?"),
        ("a file is none", [bucket("a", "S3/lake.json"), bucket("lake")], "ENG817", "there is no such resource"),
        (
            "another environment",
            [bucket("a", "S3/b"), one("S3/b.tfvars", environment="production", s3_buckets={"b": {}})],
            "ENG817",
            "it is for production, and this for development",
        ),
        (
            "not a list",
            [{"S3/a.tfvars": 'environment = "development"\ndepends_on = "S3/b"\ns3_buckets = { a = {} }\n'}],
            "ENG335",
            "a list of strings",
        ),
        (
            "not of texts",
            [{"S3/a.tfvars": 'environment = "development"\ndepends_on = [1]\ns3_buckets = { a = {} }\n'}],
            "ENG335",
            "a string",
        ),
        (
            "nothing at all",
            [{"S3/a.tfvars": 'environment = "development"\ndepends_on = null\ns3_buckets = { a = {} }\n'}],
            "ENG335",
            "a list of strings",
        ),
    ],
)
def test_what_cannot_be_waited_for_is_refused(why, files, code, says) -> None:
    head = together(*files)
    found = ordered(head, {path: text for path, text in head.items() if "S3/a" not in path})
    assert [p.code for p in found.refused] == [code], why
    assert says in found.refused[0].text(), why
    assert found.resources == ()
    assert found.refused[0].place
    assert found.refused[0].place.line == 2


def test_whoever_still_names_what_is_destroyed_is_told() -> None:
    found = ordered(together(LAKE, key("data")), together(LAKE, role("reader"), key("data")))
    assert _warned(found) == ["S3/lake.tfvars:2: ENG822"]
    assert edges(found) == []


def test_a_place_in_a_document_is_that_of_the_name() -> None:
    trust = '{"Statement": {\n    "Effect": "Allow", "Action": "sts:AssumeRole",\n    "Principal": {"AWS": "%s"}}}'
    files = {
        **one("IAM/app", iam_roles={"app": {"assume_role_policy_file": "t.json"}}),
        "IAM/app/t.json": trust % ROLE,
    }
    assert _warned(ordered(files, {})) == ["IAM/app/t.json:3:27: ENG818"]


@pytest.mark.parametrize(
    ("why", "other", "warned"),
    [
        ("in the same account", one("S3/b.tfvars", s3_buckets={"x": {"bucket_name": "a"}}), ["ENG824"]),
        (
            "for another environment: a bucket has its name for itself in all of AWS",
            one("S3/b.tfvars", environment="production", s3_buckets={"a": {}}),
            ["ENG824"],
        ),
        ("where nothing is applied", one("S3/b.tfvars", environment="laptop", s3_buckets={"a": {}}), []),
        ("another kind of thing", queue("a"), []),
    ],
)
def test_who_defines_what_another_defines_is_told(why: str, other: dict[str, str], warned: list[str]) -> None:
    found = ordered(together(bucket("a"), other), other)
    assert [p.code for resource in found.resources for p in resource.warned] == warned, why
