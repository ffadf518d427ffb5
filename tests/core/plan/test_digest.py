"""What the digest of a change set sees, and what it is blind to."""

import copy
import json

import pytest

from engine.core.plan.digest import change_digests, change_set_digest
from engine.core.plan.form import read
from engine.errors import EngineError, problem
from tests.support.plans import a_change, a_plan

KEY = b"k" * 32
OLD, NEW = "2026-01-31T10:00:00Z", "2026-02-01T11:30:00Z"
LAMBDA = "2026-01-31T10:00:00.00"


def digest(plan, key=KEY):
    return change_set_digest(plan, key)


def each(plan, key=KEY):
    return change_digests(plan, key)


SAME = [
    ("the plan's own time", a_plan(a_change("create", None, {"a": 1}), timestamp=OLD), {"timestamp": NEW}),
    ("Terraform's version", a_plan(a_change("create", None, {"a": 1})), {"terraform_version": "1.12.0"}),
    ("drift that the plan does not act on", a_plan(), {"resource_drift": [a_change("update", {"a": 1}, {"a": 2})]}),
    ("a variable that no provider reads", a_plan(), {"variables": {**a_plan()["variables"], "x": {"value": 1}}}),
]
SAME_CHANGE = [
    ("a time that AWS keeps", a_change("update", {"t": OLD, "a": 1}, {"t": OLD, "a": 2}),
     a_change("update", {"t": NEW, "a": 1}, {"t": NEW, "a": 2})),
    ("Lambda's form of it", a_change("update", {"t": f"{LAMBDA}1+0000"}, {"t": f"{LAMBDA}1+0000", "a": 2}),
     a_change("update", {"t": f"{LAMBDA}2+0000"}, {"t": f"{LAMBDA}2+0000", "a": 2})),
    ("a time of what will be gone", a_change("delete", {"a": 1, "t": OLD}), a_change("delete", {"a": 1, "t": NEW})),
    ("no tags, as null or as {}", a_change("update", {"tags": None, "a": 1}, {"tags": {}, "a": 2}),
     a_change("update", {"tags": {}, "a": 1}, {"tags": None, "a": 2})),
    ("a change that is none", a_change("no-op", {"a": 1}, {"a": 1}, address="a.b"),
     a_change("no-op", {"a": 2}, {"a": 2}, address="c.d")),
]  # fmt: skip
BASE = a_change("update", {"a": 1, "t": OLD, "l": [1, {"x": "y"}]}, {"a": 2, "t": OLD, "l": [1, {"x": "z"}]})
OTHER = [
    ("another action", a_change("create", None, {"a": 2})),
    ("another value", a_change("update", {**BASE["change"]["before"]}, {**BASE["change"]["after"], "a": 3})),
    (
        "the same end from another beginning",
        a_change("update", {**BASE["change"]["before"], "a": 0}, BASE["change"]["after"]),
    ),
    (
        "a number instead of its text",
        a_change("update", BASE["change"]["before"], {**BASE["change"]["after"], "a": "2"}),
    ),
    ("true instead of 1", a_change("update", {**BASE["change"]["before"], "a": True}, BASE["change"]["after"])),
    ("a time that the plan sets", a_change("update", BASE["change"]["before"], {**BASE["change"]["after"], "t": NEW})),
    ("an attribute more", a_change("update", BASE["change"]["before"], {**BASE["change"]["after"], "b": None})),
    ("a value that is no longer known", {**BASE, "change": {**BASE["change"], "after_unknown": {"a": True}}}),
    ("something that forces replacement", {**BASE, "change": {**BASE["change"], "replace_paths": [["a"]]}}),
    ("another reason: it was tainted", {**BASE, "action_reason": "replace_because_tainted"}),
    ("another address", {**BASE, "address": 'aws_s3_bucket.this["b"]'}),
    ("another type", {**BASE, "type": "aws_sns_topic"}),
    ("another provider", {**BASE, "provider_name": "registry.terraform.io/evil/aws"}),
    ("a move in the state", {**BASE, "previous_address": 'aws_s3_bucket.old["a"]'}),
    ("an import", {**BASE, "change": {**BASE["change"], "importing": {"id": "a"}}}),
    ("an import by identity", {**BASE, "change": {**BASE["change"], "importing": {"identity": {"arn": "a"}}}}),
    ("another identity", {**BASE, "change": {**BASE["change"], "after_identity": {"arn": "b"}}}),
    ("an object that a failed replacement left", {**BASE, "deposed": "00000000"}),
    ("tags that are empty text", a_change("update", {**BASE["change"]["before"], "tags": ""}, BASE["change"]["after"])),
    (
        "another attribute that is empty",
        a_change("update", {**BASE["change"]["before"], "m": {}}, BASE["change"]["after"]),
    ),
    ("an empty one that is null", a_change("update", {**BASE["change"]["before"], "m": None}, BASE["change"]["after"])),
]
ELSEWHERE = [
    ("another region", {"variables": {**a_plan()["variables"], "region": {"value": "eu-west-1"}}}),
    ("a provider with another configuration", {"configuration": {"provider_config": {"aws": {"expressions": {}}}}}),
    ("an output", {"output_changes": {"x": a_change("create", None, "v")["change"]}}),
]


@pytest.mark.parametrize(("why", "plan", "more"), SAME)
def test_blind_to(why, plan, more):
    assert digest(plan) == digest({**plan, **more}), why


@pytest.mark.parametrize(("why", "one", "other"), SAME_CHANGE)
def test_blind_in_a_change_to(why, one, other):
    assert digest(a_plan(one)) == digest(a_plan(other)), why
    assert each(a_plan(one)) == each(a_plan(other)), why


@pytest.mark.parametrize(("why", "row"), OTHER)
def test_sees(why, row):
    assert digest(a_plan(BASE)) != digest(a_plan(row)), why
    assert each(a_plan(BASE)) != each(a_plan(row)), why


def test_sees_a_time_of_what_is_made_anew():
    """`valid_until` is the same before and after; applying sets it all the same."""
    one, other = (a_change(["delete", "create"], {"t": t, "a": 1}, {"t": t, "a": 2}) for t in (OLD, NEW))
    assert digest(a_plan(one)) != digest(a_plan(other))


@pytest.mark.parametrize(("why", "more"), ELSEWHERE)
def test_sees_where_it_would_be_applied(why, more):
    assert digest(a_plan(BASE)) != digest(a_plan(BASE, **more)), why
    alone = "output_changes" not in more  # an output is a change of its own
    assert (each(a_plan(BASE)) != each(a_plan(BASE, **more))) == alone, f"{why}: nor is one change of it the same"


def test_all_variables_count_where_a_provider_reads_more_than_variables():
    configuration = {"provider_config": {"aws": {"expressions": {"region": {"references": ["local.region"]}}}}}
    one = a_plan(BASE, configuration=configuration, variables={"x": {"value": 1}})
    assert digest(one) != digest({**one, "variables": {"x": {"value": 2}}})


def test_a_known_value_that_imitates_the_form_of_the_digest_is_not_an_unknown_one():
    unknown = a_change("create", None, {}, unknown={"a": True})
    for imitation in ({"a": {"$unknown": True}}, {"a": None}, {"a": True}, {"unknown": [["a"]]}):
        assert digest(a_plan(unknown)) != digest(a_plan(a_change("create", None, imitation)))


def test_another_key_gives_another_digest():
    assert digest(a_plan(BASE)) != digest(a_plan(BASE), b"x" * 32)
    assert each(a_plan(BASE)) != each(a_plan(BASE), b"x" * 32)


def test_what_is_left_of_a_plan_is_known_by_its_changes():
    """Half of it was applied: the rest is planned anew, and each change of that was approved."""
    one, two = BASE, {**BASE, "address": "z.z"}
    whole, rest, other = each(a_plan(one, two)), each(a_plan(two)), each(a_plan({**two, "type": "aws_sns_topic"}))
    assert len(set(whole)) == 2
    assert set(rest) < set(whole)
    assert not set(other) & set(whole)
    assert digest(a_plan(one)) not in each(a_plan(one)), "a plan's digest never passes for that of a change"


def test_the_order_of_resources_does_not_count_but_their_number_does():
    one, two = BASE, {**BASE, "address": "z.z"}
    assert digest(a_plan(one, two)) == digest(a_plan(two, one))
    assert digest(a_plan(one, two)) != digest(a_plan(one))


def test_it_says_what_it_is():
    assert digest(a_plan()).startswith("hmac-sha256:")


def test_the_plan_is_left_as_it_was():
    plan = a_plan(BASE)
    before = copy.deepcopy(plan)
    digest(plan)
    assert plan == before


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("0.1", "0.1000000000000000000001", False),
        ("1.0", "1.0000000000000000001", False),
        ("1", "1.0", True),
        ("1", "1e0", True),
        ("100", "1E+2", True),
        ("-0.0", "0", True),
        ("0.50", "5e-1", True),
        ("12345678901234567890123", "12345678901234567890124", False),
        ("12345678901234567890123", "12345678901234567890123.0", True),
        ("1e308", "1.0000000000000000001e308", False),
        ("1e400", "1" + "0" * 400, True),
        ("1e400", "1e401", False),
        ("-1.5e400", "-15e399", True),
        ("1e-400", "0", False),
        ("1e-400", "10e-401", True),
        ("1", "true", False),
        ("1", '"1"', False),
        ("1", '"#1e0"', False),
        ("null", "0", False),
    ],
)
def test_numbers_are_exact(one, other, same):
    plans = [json.dumps(a_plan(a_change("create", None, {"n": "N"}))).replace('"N"', n).encode() for n in (one, other)]
    digests = {
        digest(read(plan, lambda reason: EngineError(problem("ENG430", reason=reason, mend="")))) for plan in plans
    }
    assert len(digests) == (1 if same else 2)


def test_imports_by_different_identities_are_different():
    rows = [a_change("no-op", {}, {}, importing={"identity": {"arn": arn}}) for arn in ("a", "b")]
    rows.append(a_change("no-op", {}, {}, importing={"id": "a"}))
    assert len({digest(a_plan(row)) for row in rows}) == 3


def test_a_number_that_json_cannot_hold_is_refused():
    with pytest.raises(EngineError) as caught:
        digest(a_plan(a_change("create", None, {"a": json.loads("1e999")})))
    assert caught.value.problems[0].code == "ENG430"
