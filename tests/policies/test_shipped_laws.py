"""A law of the shipped policies over generated plans: they never break, and both engines find the same."""

import copy
import json
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engine.adapters.policy.judging import evaluate
from engine.adapters.policy.port import Plan, Programs
from tests.policies.test_shipped import ALL, SHIPPED
from tests.support.opa import executable

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 40),
    st.sampled_from(["", "*", "x", "Team", "aws:kms", "public-read", "111111111111"]),
)
ATTRIBUTES = [
    "bucket",
    "name",
    "tags_all",
    "policy",
    "assume_role_policy",
    "acl",
    "kms_master_key_id",
    "rule",
    "enable_key_rotation",
    "region",
]
STATEMENT: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny", "allow"]),
        "Action": st.sampled_from(
            ["*", "s3:*", ["s3:GetObject"], ["iam:PassRole", "s3:*"], None, 7, "iam:[", "i?m:*Role", {"a": 1}, "é:*"]
        ),
        "Resource": st.sampled_from(["*", "arn:aws:s3:::x", ["arn:aws:*:*:*:*"], [], "arn:aws:iam::1*", "(*", {}]),
    },
    optional={
        "Principal": st.sampled_from(
            [
                "*",
                {"AWS": "*"},
                {"AWS": ["999999999999", "x"]},
                {"Service": "s3.amazonaws.com"},
                None,
                [],
                7,
                {"AWS": {}},
            ]
        ),
        "NotAction": st.just("iam:*"),
        "Condition": st.sampled_from(
            [
                {"StringEquals": {"aws:SourceAccount": "123456789012"}},
                {"Bool": {"aws:SecureTransport": "false"}},
                None,
                {},
                "text",
                {"StringEquals": "text"},
                {"StringEquals": ["a", 7]},
                {"IpAddress": {"aws:SourceIp": [None, "0.0.0.0/0", "203.0.113.0/24"]}},
                {"StringLike": {"aws:userid": {"a": 1}, "aws:PrincipalOrgID": "${aws:PrincipalOrgID}"}},
            ]
        ),
    },
)
DOCUMENT = st.builds(
    lambda s: json.dumps({"Version": "2012-10-17", "Statement": s}),
    st.one_of(STATEMENT, st.lists(STATEMENT, max_size=2)),
)


@st.composite
def plans(draw):
    """A real plan in which some attributes were replaced, removed or made unknown."""
    chosen = draw(st.sampled_from(ALL)).plan
    plan = copy.deepcopy({name: chosen[name] for name in ("format_version", "variables", "resource_changes")})
    for change in plan["resource_changes"]:
        if not isinstance(change["change"]["after"], dict):
            continue
        after, unknown = change["change"]["after"], change["change"]["after_unknown"]
        for name in draw(st.lists(st.sampled_from(sorted(set(ATTRIBUTES) | set(after))), max_size=3, unique=True)):
            match draw(st.sampled_from(["replace", "document", "remove", "unknown"])):
                case "replace":
                    after[name] = draw(SCALARS)
                case "document":
                    after[name] = draw(DOCUMENT)
                case "remove":
                    after.pop(name, None)
                case "unknown":
                    after.pop(name, None)
                    unknown[name] = True
        change["change"]["actions"] = draw(st.sampled_from([["create"], ["update"], ["no-op"], ["delete", "create"]]))
    return plan


@pytest.fixture(scope="module")
def opa(tmp_path_factory):
    return Programs(opa=executable(tmp_path_factory.mktemp("opa")))


@settings(max_examples=96, deadline=None, database=None, phases=[Phase.generate])
@given(plan=plans())
def drawn(plan, into):
    into.append(plan)


@pytest.mark.slow
def test_engines_agree_on_plans_of_any_content(opa):
    """All at once: OPA reads the policies for three seconds, and judges a plan in a few hundredths of one."""
    many: list[dict[str, Any]] = []
    drawn(into=many)
    named = [Plan(f"S3/{number}", plan) for number, plan in enumerate(many)]
    ours = evaluate(named, SHIPPED)
    theirs = [finding._replace(engine="rego") for finding in evaluate(named, SHIPPED, "opa", programs=opa)]
    differ = {finding.resource for finding in {*ours} ^ {*theirs}}
    assert theirs == list(ours), [plan for plan in named if plan.resource in differ]
    assert len({json.dumps(plan, sort_keys=True) for plan in many}) > 80
