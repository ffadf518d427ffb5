"""Which resource waits for which, on the shipped module: whom AWS would miss, and nobody else."""

import json

import pytest

from engine import data
from engine.core.resources.asks import asks
from engine.core.resources.model import Discovery
from engine.run.module import read_module
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

ROLE, ALIAS = arn("iam:role/reader"), arn("kms:alias/data")
SUBSCRIPTION = {"protocol": "sqs", "endpoint": arn("sqs:orders")}


@pytest.mark.parametrize(
    ("why", "files", "expected"),
    [
        # ------------------------------------------------------------------------------------------- what AWS refuses
        ("the role of a function", [function("f", role=ROLE), role("reader")], ["Lambda/f > IAM/reader"]),
        (
            "the role of a function, with a path that is part of its ARN",
            [function("f", role=arn("iam:role/teams/a/reader")), role("reader", path="/teams/a/")],
            ["Lambda/f > IAM/reader"],
        ),
        (
            "a name that is not the key of the map",
            [function("f", role=arn("iam:role/Reads")), role("reader", role_name="Reads")],
            ["Lambda/f > IAM/reader"],
        ),
        (
            "the key of a bucket by its alias's ARN",
            [bucket("lake", sse_algorithm="aws:kms", kms_key_arn=ALIAS), key("data")],
            ["S3/lake > KMS/data"],
        ),
        (
            "the key of a queue by its alias",
            [queue("q", kms_master_key_id="alias/data"), key("data")],
            ["SQS/q > KMS/data"],
        ),
        ("the key of a function's log", [function("f", log_kms_key_arn=ALIAS), key("data")], ["Lambda/f > KMS/data"]),
        (
            "an alias with slashes",
            [topic("t", kms_master_key_id="alias/a/b"), key("k", alias="a/b")],
            ["SNS/t > KMS/k"],
        ),
        (
            "the queue that subscribes to a topic",
            [topic("t", subscriptions={"s": SUBSCRIPTION}), queue("orders")],
            ["SNS/t > SQS/orders"],
        ),
        (
            "the dead letters of a subscription, in the queue that comes with a queue",
            [
                topic(
                    "t",
                    subscriptions={
                        "s": {
                            "protocol": "https",
                            "endpoint": "https://x",
                            "dead_letter_queue_arn": arn("sqs:orders-dlq"),
                        }
                    },
                ),
                queue("orders", dead_letter_queue=True),
            ],
            ["SNS/t > SQS/orders"],
        ),
        (
            "FIFO, however its name is written",
            [
                queue("q", fifo_queue=True, dead_letter_target_arn=arn("sqs:orders-dlq.fifo")),
                one("SQS/orders.tfvars", sqs_queues={"orders.fifo": {"fifo_queue": True, "dead_letter_queue": True}}),
            ],
            ["SQS/q > SQS/orders"],
        ),
        (
            "an event of a bucket to a function",
            [bucket("lake", notifications={"n": {"target_arn": arn("lambda:function:f")}}), function("f")],
            ["S3/lake > Lambda/f"],
        ),
        (
            "... to an alias of it",
            [bucket("lake", notifications={"n": {"target_arn": arn("lambda:function:f:live")}}), function("f")],
            ["S3/lake > Lambda/f"],
        ),
        (
            "the bucket that another logs to",
            [bucket("a", logging={"target_bucket": "logs"}), bucket("logs")],
            ["S3/a > S3/logs"],
        ),
        (
            "the bucket that a function's code is in",
            [function("f", code={"s3_bucket": "code", "s3_key": "k", "s3_object_version": "v"}), bucket("code")],
            ["Lambda/f > S3/code"],
        ),
        (
            "the principal of a key policy",
            [key("data", policy_json=policy("*", principal={"AWS": ROLE}, action="kms:*")), role("reader")],
            ["KMS/data > IAM/reader"],
        ),
        (
            "a denied one, and one of several, and all but one",
            [
                bucket(
                    "lake",
                    policy_json=policy(arn("s3:lake"), effect="Deny", principal={"AWS": [arn("iam:role/x"), ROLE]}),
                ),
                role("reader"),
            ],
            ["S3/lake > IAM/reader"],
        ),
        (
            "the session of a role",
            [
                bucket(
                    "lake", policy_json=policy(arn("s3:lake"), principal={"AWS": arn("sts:assumed-role/reader/me")})
                ),
                role("reader"),
            ],
            ["S3/lake > IAM/reader"],
        ),
        (
            "the one who may assume a role",
            [role("app", principal={"AWS": ROLE}), role("reader")],
            ["IAM/app > IAM/reader"],
        ),
        # -------------------------------------------------------------------------------------- what may come later
        (
            "a topic's queue names the topic in a condition, and is waited for by it",
            [
                topic("t", subscriptions={"s": SUBSCRIPTION}),
                queue(
                    "orders",
                    policy_json=policy(
                        arn("sqs:orders"),
                        action="sqs:SendMessage",
                        Condition={"ArnEquals": {"aws:SourceArn": arn("sns:t")}},
                    ),
                ),
            ],
            ["SNS/t > SQS/orders"],
        ),
        (
            "what a role may read, which has the role in its own policy",
            [
                role(
                    "reader",
                    inline_policies_json={
                        "p": json.dumps(
                            {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": arn("s3:lake/*")}}
                        )
                    },
                ),
                bucket("lake", policy_json=policy(arn("s3:lake"), principal={"AWS": ROLE})),
            ],
            ["S3/lake > IAM/reader"],
        ),
        (
            "who may invoke a function, which is told of events by it",
            [
                function("f", permissions={"s3": {"principal": "s3.amazonaws.com", "source_arn": arn("s3:lake")}}),
                bucket("lake", notifications={"n": {"target_arn": arn("lambda:function:f")}}),
            ],
            ["S3/lake > Lambda/f"],
        ),
        (
            "whose dead letters a queue takes",
            [queue("a", dead_letter_target_arn=arn("sqs:b")), queue("b", redrive_allow_arns=[arn("sqs:a")])],
            ["SQS/a > SQS/b"],
        ),
        ("what stands in a tag", [bucket("a", tags={"Logs": arn("s3:b")}), bucket("b")], []),
        (
            "what stands in the environment of a function",
            [function("f", environment_variables={"T": arn("sns:t")}), topic("t")],
            [],
        ),
        ("what it says of itself", [bucket("lake", policy_json=policy(arn("s3:lake"), arn("s3:lake/*")))], []),
        # ---------------------------------------------------------------------------------- what is somebody else's
        (
            "the same name in another account",
            [function("f", role="arn:aws:iam::222222222222:role/reader"), role("reader")],
            [],
        ),
        (
            "the same name in another region",
            [
                topic(
                    "t", subscriptions={"s": {**SUBSCRIPTION, "endpoint": "arn:aws:sqs:eu-west-1:111111111111:orders"}}
                ),
                queue("orders"),
            ],
            [],
        ),
        (
            "a role below a path that only begins like another's name",
            [function("f", role=arn("iam:role/reader/x")), role("reader")],
            [],
        ),
        (
            "a queue whose name begins like another's",
            [queue("a", dead_letter_target_arn=arn("sqs:orders-eu")), queue("orders")],
            [],
        ),
        (
            "a bucket that is called as a queue is",
            [bucket("a", logging={"target_bucket": "orders"}), queue("orders")],
            [],
        ),
        (
            "no dead letters where nobody asked for any",
            [queue("a", dead_letter_target_arn=arn("sqs:orders-dlq")), queue("orders")],
            [],
        ),
        (
            "a FIFO queue is another than a plain one",
            [queue("a", dead_letter_target_arn=arn("sqs:orders.fifo")), queue("orders")],
            [],
        ),
        ("an alias that AWS keeps", [queue("q", kms_master_key_id="alias/aws/sqs"), key("data")], []),
        # -------------------------------------------------------------------------------------- in so many words
        ("depends_on", [bucket("a", "S3/b.tfvars"), bucket("b")], ["S3/a > S3/b"]),
        (
            "depends_on without the ending of a flat one, and of a directory",
            [bucket("a", "S3/b", "S3/c/"), bucket("b"), one("S3/c", s3_buckets={"c": {}})],
            ["S3/a > S3/b", "S3/a > S3/c"],
        ),
        (
            "depends_on says again what a name says",
            [function("f", "IAM/reader", role=ROLE), role("reader")],
            ["Lambda/f > IAM/reader"],
        ),
    ],
)
def test_who_waits_for_whom(why: str, files: list[dict[str, str]], expected: list[str]) -> None:
    found = ordered(together(*files))
    assert [p.text() for p in found.refused] == [], why
    assert edges(found) == expected, why


LAKE = bucket(
    "lake", sse_algorithm="aws:kms", kms_key_arn=ALIAS, policy_json=policy(arn("s3:lake"), principal={"AWS": ROLE})
)
APP = function(
    "app",
    role=ROLE,
    environment_variables={"B": "lake"},
    code={"s3_bucket": "lake", "s3_key": "k", "s3_object_version": "v"},
)
SOURCE = together(LAKE, APP, role("reader"), key("data"), queue("jobs"))


@pytest.mark.parametrize(
    ("why", "base", "head", "expected"),
    [
        (
            "what did not change is no part of the run",
            together(LAKE, role("reader"), key("data")),
            together(LAKE, role("reader"), key("data", description="new")),
            [],
        ),
        (
            "through what did not change somebody waits still",
            together(LAKE, APP, role("reader"), key("data")),
            together(
                LAKE,
                {p: t.replace('"app"', '"apps"') for p, t in APP.items()},
                role("reader"),
                key("data", description="new"),
            ),
            ["Lambda/app > KMS/data"],
        ),
        (
            "what is destroyed waits for whoever referred to it",
            SOURCE,
            queue("jobs"),
            ["IAM/reader > Lambda/app", "IAM/reader > S3/lake", "KMS/data > S3/lake", "S3/lake > Lambda/app"],
        ),
        (
            "... and for whoever gives it up in the same change",
            together(LAKE, role("reader"), key("data")),
            together(bucket("lake", policy_json=policy(arn("s3:lake"), principal={"AWS": ROLE})), role("reader")),
            ["KMS/data > S3/lake"],
        ),
        ("depends_on is turned, too", together(bucket("a", "S3/b"), bucket("b")), {}, ["S3/b > S3/a"]),
        (
            "two that name one another are destroyed in whichever order",
            together(bucket("a", logging={"target_bucket": "b"}), bucket("b", logging={"target_bucket": "a"})),
            {},
            [],
        ),
    ],
)
def test_the_order_of_a_change(why: str, base: dict[str, str], head: dict[str, str], expected: list[str]) -> None:
    found = ordered(head, base)
    assert [p.text() for p in found.refused] == [], why
    assert sorted(edges(found)) == expected, why


def _warned(found: Discovery) -> list[str]:
    return [f"{p.place}: {p.code}" for resource in found.resources for p in resource.warned]


A_LOGS, B_LOGS = bucket("a", logging={"target_bucket": "b"}), bucket("b", logging={"target_bucket": "a"})
A, B = bucket("a"), bucket("b")


@pytest.mark.parametrize(
    ("why", "base", "head", "refused", "warned", "expected"),
    [
        (
            "two that are both new: nobody can be first",
            {},
            together(A_LOGS, B_LOGS),
            ["S3/a.tfvars:2:50: ENG815"],
            [],
            [],
        ),
        (
            "both are there: in whichever order",
            together(A, B),
            together(A_LOGS, B_LOGS),
            [],
            ["S3/a.tfvars:2:50: ENG816"],
            [],
        ),
        (
            "one is there, so the other can be first",
            B,
            together(A_LOGS, B_LOGS),
            [],
            ["S3/a.tfvars:2:50: ENG816"],
            ["S3/b > S3/a"],
        ),
        (
            "one is not touched, so it is there",
            together(A, B_LOGS),
            together(A_LOGS, B_LOGS),
            [],
            ["S3/a.tfvars:2:50: ENG816"],
            [],
        ),
        (
            "whoever asks for a circle gets none, though all is there",
            together(A, B),
            together(bucket("a", "S3/b"), bucket("b", "S3/a")),
            ["S3/a.tfvars:2:15: ENG815"],
            [],
            [],
        ),
        (
            "of a name and a wish the wish stays",
            together(A, B),
            together(A_LOGS, bucket("b", "S3/a")),
            [],
            ["S3/a.tfvars:2:50: ENG816"],
            ["S3/b > S3/a"],
        ),
        ("it waits for itself", A, bucket("a", "S3/a"), ["S3/a.tfvars:2:15: ENG815"], [], []),
        (
            "a circle beside one of others",
            together(bucket("a", "S3/b"), bucket("b", "S3/a"), bucket("c")),
            together(bucket("a", "S3/b"), bucket("b", "S3/a"), bucket("c", "S3/d"), bucket("d", "S3/c", "S3/a")),
            ["S3/c.tfvars:2:15: ENG815"],
            [],
            [],
        ),
        (
            "a circle that grows out of one of others",
            together(bucket("a", "S3/b"), bucket("b", "S3/a"), bucket("c")),
            together(bucket("a", "S3/b", "S3/c"), bucket("b", "S3/a"), bucket("c", "S3/b")),
            ["S3/a.tfvars:2:15: ENG815"],
            [],
            [],
        ),
        (
            "a circle of others is none of this change",
            together(A_LOGS, B_LOGS),
            together(A_LOGS, B_LOGS, bucket("c", "S3/a")),
            [],
            [],
            [],
        ),
        (
            "three, and what leads to them goes on",
            {},
            together(bucket("a", "S3/b"), bucket("b", "S3/c"), bucket("c", "S3/a"), bucket("d")),
            ["S3/a.tfvars:2:15: ENG815"],
            [],
            [],
        ),
    ],
)
def test_a_circle_shows_itself(why, base, head, refused, warned, expected) -> None:
    found = ordered(head, base)
    assert [f"{p.place}: {p.code}" for p in found.refused] == refused, why
    assert _warned(found) == warned, why
    assert edges(found) == expected, why
    assert found.graph.cycle() is None


def test_a_circle_is_told_with_each_of_its_places() -> None:
    found = ordered(
        together(bucket("a", "S3/b"), function("f", role=ROLE), bucket("b", logging={"target_bucket": "a"})), {}
    )
    assert [p.message for p in found.refused] == [
        "these wait for one another, so that none of them can be first: "
        "S3/a.tfvars:2 waits for `S3/b`, S3/b.tfvars:2 names `a`"
    ]
    assert [one.path for one in found.resources] == ["Lambda/f.tfvars"]  # the others are no less good


def test_a_working_tree_does_not_know_what_is_there() -> None:
    assert _warned(ordered(together(A_LOGS, B_LOGS), {}, has_past=False)) == ["S3/a.tfvars:2:50: ENG816"]


def test_what_cannot_be_read_is_there_and_says_nothing() -> None:
    broken = {"S3/b.tfvars": "nonsense"}
    found = ordered(together(bucket("a", "S3/b"), broken), broken)
    assert [p.text() for p in found.refused] == []
    assert edges(found) == []


def test_depends_on_is_no_variable_of_the_module() -> None:
    (found,) = ordered(together(bucket("b"), bucket("a", "S3/b")), bucket("b")).resources
    assert sorted(found.variables) == ["environment", "s3_buckets"]


def test_the_module_reads_no_other_resource() -> None:
    """So a plan says the same before and after what it depends on is applied: values are literal."""
    found = asks(read_module(data.path("terraform")))
    assert found.questions == ()
    assert found.providers == (("aws", None),)


def test_each_service_says_what_its_things_are_called() -> None:
    from tests.support.order import SHIPPED

    assert SHIPPED.defines.keys() == {variable for one in SHIPPED.variables.values() for variable in one}
