"""What follows the grammar is taken; what moto refuses, which has learnt from IAM's own answers, is refused too."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.iam import policy_validation
from moto.iam.exceptions import MalformedPolicyDocument

from engine.core.resources import documents
from engine.core.resources.conditions import OPERATORS
from engine.core.resources.kinds import FORBIDDEN, KINDS
from engine.errors import EngineError

# ------------------------------------------------------------------------------------------------------ the grammar

VALUES = {
    "a string": ["x", "", 1, True, "${aws:username}", "arn:aws:s3:::b/*"],
    "a number": [1, "1", "-2.5", 1.5],
    "a date such as 2030-01-31T00:00:00Z, or seconds since 1970": ["2030-01-31T00:00:00Z", "2030-01-31", 0, "99"],
    "true or false": [True, False, "true", "False"],
    "an address such as 203.0.113.0/24": ["203.0.113.0/24", "203.0.113.1", "::1", "2001:db8::/32"],
    "base64": ["QQ==", "QUJD"],
}
PRINCIPALS = {
    "AWS": ["*", "111122223333", "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/a/b"],
    "Service": ["ec2.amazonaws.com", "logs.eu-west-1.amazonaws.com", "ec2.amazonaws.com.cn"],
    "Federated": ["arn:aws:iam::111122223333:oidc-provider/example.com", "accounts.google.com"],
    "CanonicalUser": ["79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"],
}


def one_or_many(items):
    """A single value, or a list of some."""
    return st.sampled_from(items) | st.lists(st.sampled_from(items), min_size=1, max_size=3)


@st.composite
def conditions(draw):
    """Any operators, each with keys and values that it takes."""
    found = {}
    for name in draw(st.lists(st.sampled_from(sorted(OPERATORS)), unique=True, max_size=3)):
        prefix = draw(st.sampled_from(["", "", "ForAllValues:", "ForAnyValue:"]))
        suffix = draw(st.sampled_from(["", "IfExists"])) if name != "Null" else ""
        keys = draw(
            st.lists(st.sampled_from(["aws:SourceIp", "kms:a:b", "x.example.com/y:sub", "s3:tag/a b"]), unique=True)
        )
        found[prefix + name + suffix] = {key: draw(one_or_many(VALUES[OPERATORS[name].takes])) for key in keys}
    return found


@st.composite
def good_policies(draw, name: str):
    """A policy of a kind."""
    kind = KINDS[name]
    service = kind.service or "s3"
    actions = [f"{service}:{action}" for action in kind.actions] or ["*", f"{service}:*", f"{service}:Get?b*"]
    statements = []
    for i in range(draw(st.integers(1, 3))):
        statement: dict = {"Effect": draw(st.sampled_from(["Allow", "Deny"]))}
        if draw(st.booleans()):
            statement["Sid"] = f"Number{i}" if kind.is_iam else f"number {i}: _-"
        if kind.principals:
            forms = draw(st.lists(st.sampled_from(kind.principals), min_size=1, unique=True))
            who = draw(st.just("*") | st.just({form: draw(one_or_many(PRINCIPALS[form])) for form in forms}))
            statement["NotPrincipal" if statement["Effect"] == "Deny" and draw(st.booleans()) else "Principal"] = who
        statement["Action" if kind.actions or draw(st.booleans()) else "NotAction"] = draw(one_or_many(actions))
        if kind.resource != FORBIDDEN:
            resources = ["*", f"arn:aws:{service}:::b/*", f"arn:aws:{service}:::${{aws:username}}"]
            statement[draw(st.sampled_from(["Resource", "NotResource"]))] = draw(one_or_many(resources))
        if draw(st.booleans()):
            statement["Condition"] = draw(conditions())
        statements.append(statement)
    policy = {"Version": "2012-10-17", "Statement": statements[0] if len(statements) == 1 else statements}
    return policy | ({"Id": "any text"} if draw(st.booleans()) else {})


POLICIES = sorted(name for name, kind in KINDS.items() if kind.is_policy)


@settings(max_examples=60)
@given(st.sampled_from(POLICIES).flatmap(lambda name: st.tuples(st.just(name), good_policies(name))))
def test_what_follows_the_grammar_is_taken(row):
    name, policy = row
    text = documents.read(json.dumps(policy).encode(), "x.json", name)
    assert documents.read(text.encode(), "again", name) == text


# -------------------------------------------------------------------------------------------------------------- moto

FIXED = {"Effect": "Allow", "Action": "s3:Get", "Resource": "*"}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}

STRANGE: list = [None, 1, {}, [], "", [None], [""], [[]]]
ACTIONS = ["*", "s3", "s3:a:b", "s_3:a", "**", "s3:*", ["s3:Get", "iam"], ["*"], "*:*", ":", "s3:", "a b:c"]
STS = ["sts:*", "*", "sts:AssumeRolex", "s3:Get", ["sts:TagSession", "sts:AssumeRole"], ["sts:AssumeRole", "x"]]
RESOURCES = [
    "arn:aws:s3:::b",
    "arn:aws:s3::b",
    "arn:aws:s3:us-east-1::b",
    "arn:aws:s3:us-east-1:1:accesspoint/x",
    "arn:aws:iam:us-east-1:1:role/x",
    "arn:aws:iam::1:role/x",
    "arn:aws:iam::1:rolex",
    "arn:aws:iam::1:ro*",
    "arn:aws",
    "arn",
    "arn:other:s3:::b",
    "arn:aws*:s3:::b",
    "b:c",
    ["*", "arn:aws:s3::b"],
    ["arn:aws::::b"],
    "arn:aws:logs:*",
    "::::::",
    "arn:aws:s3",
]
TESTS = ["StringEquals", "StringEqual", "StringLikeIfExists", "ForAnyValue:Bool", "bool", "NullIfExist", "x:Bool"]
DATES = ["2030-13-01", "2030-01-01T25:00Z", "-1", "x", "99999999999999999999", "2030-01-01T10", "2030-01-01"]
EMPTY: tuple = ({}, [], [None], [[]])
CONDITIONS: list = [
    *({test: {"aws:x": value}} for test in TESTS for value in ("true", ["true"], None, *EMPTY)),
    *({test: {"aws:t": date}} for test in ("DateEquals", "DateLessThanIfExists") for date in DATES),
]


def _slips(actions):
    """(name, value) of what may be put into a statement, or in place of what is there."""
    rows: dict[str, list] = {
        "Sid": ["A", "", "a b", *STRANGE],
        "Effect": ["Deny", "allow", *STRANGE],
        "Action": [*actions, *STRANGE],
        "NotAction": [actions[0], *STRANGE],
        "Resource": [*RESOURCES, *STRANGE],
        "NotResource": ["*", "b", *STRANGE],
        "Condition": [*CONDITIONS, *STRANGE],
        "condition": [{}],
    }
    return [(name, item) for name, items in rows.items() for item in items]


def _policies(fixed, actions):
    """Policies of today (IAM wants that version in managed ones only) with one slip."""
    yield from ({"Version": "2012-10-17"} | extra for extra in ({}, {"Statement": fixed, "Id": 1}, {"Statement": 1}))
    yield from ({"Version": "2012-10-17", "Statement": [fixed | {"Sid": sid}] * 2} for sid in ("", "A"))
    yield from ({"Version": "2012-10-17", "Statement": {n: v for n, v in fixed.items() if n != name}} for name in fixed)
    for name, value in _slips(actions):
        yield {"Version": "2012-10-17", "Statement": fixed | {name: value}}


def _moto_refuses(policy, validator) -> bool:
    try:
        validator(json.dumps(policy)).validate()
    except (MalformedPolicyDocument, AttributeError, IndexError):  # it stumbles over `[null]` and `arn`
        return True
    return False


def _we_refuse(policy, kind: str) -> bool:
    try:
        documents.read(json.dumps(policy).encode(), "x.json", kind)
    except EngineError:
        return True
    return False


@pytest.mark.parametrize(
    ("kind", "validator", "fixed", "actions"),
    [
        ("role-policy", policy_validation.IAMPolicyDocumentValidator, FIXED, ACTIONS),
        ("trust-policy", policy_validation.IAMTrustPolicyDocumentValidator, TRUST, STS),
    ],
)
def test_what_moto_refuses_is_refused(kind, validator, fixed, actions):
    refused = [policy for policy in _policies(fixed, actions) if _moto_refuses(policy, validator)]
    assert len(refused) > 100
    assert [policy for policy in refused if not _we_refuse(policy, kind)] == []


def test_where_we_know_better_than_moto():
    """IAM takes these, by its documentation or by what others have seen; moto does not."""
    better = [
        ("other versions inline", "role-policy", {"Statement": FIXED}),
        ("numbers", "role-policy", _with({"NumericEquals": {"s3:max-keys": 10}})),
        ("seconds", "role-policy", _with({"DateLessThan": {"aws:CurrentTime": [1914883200]}})),
        ("all of IAM", "role-policy", {"Version": "2012-10-17", "Statement": FIXED | {"Resource": "arn:aws:iam::1:*"}}),
        ("other letters", "trust-policy", {"Version": "2012-10-17", "Statement": TRUST | {"Action": "sts:assumeRole"}}),
        ("a context", "trust-policy", {"Version": "2012-10-17", "Statement": TRUST | {"Action": "sts:SetContext"}}),
    ]
    for why, kind, policy in better:
        trust = kind == "trust-policy"
        name = "IAMTrustPolicyDocumentValidator" if trust else "IAMPolicyDocumentValidator"
        assert _moto_refuses(policy, getattr(policy_validation, name)), why
        assert not _we_refuse(policy, kind), why


def _with(condition):
    return {"Version": "2012-10-17", "Statement": FIXED | {"Condition": condition}}
