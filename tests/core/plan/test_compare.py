"""Which fresh plans are what was approved."""

import pytest

from engine.core.plan.compare import compare
from engine.core.plan.digest import change_digests
from engine.core.plan.model import changes
from tests.support.plans import a_change, a_plan

KEY = b"k" * 32
TOPIC, POLICY, RULE = "aws_sns_topic.this", "aws_sns_topic_policy.this", "aws_sqs_queue.this"
ARN = "arn:aws:sns:us-east-1:123456789012:t"


def make(address=TOPIC, after=None, actions="create", **more):
    return a_change(actions, None, after or {"name": "t"}, address=address, **more)


MADE = make()
OPEN = make(POLICY, {"policy": "{}"}, unknown={"arn": True, "id": True})  # its topic's ARN is not known yet
KNOWN = make(POLICY, {"policy": "{}", "arn": ARN}, unknown={"id": True})
UPDATE = a_change("update", {"a": 1}, {"a": 2}, address=RULE)
READ = {**make("data.aws_x.this", {"a": 1}, "read"), "mode": "data"}


def rows(*found, key=KEY):
    """As a verdict has them."""
    plan = a_plan(*found)
    return [
        {"address": c.address, "type": c.type, "actions": list(c.actions), "digest": digest}
        for c, digest in zip(changes(plan), change_digests(plan, key), strict=True)
    ]


def a_fresh(*found, prior=None):
    """A plan of a state that has the resources `prior`: address → values."""
    values = [{"address": address, "mode": "managed", "values": value} for address, value in (prior or {}).items()]
    return a_plan(*found, prior_state={"values": {"root_module": {"resources": values}}})


def compared(fresh, approved, done=(), *, same_module=True):
    return compare(fresh, KEY, approved, done, same_module=same_module)


def whys(found):
    return [(one.address, one.approved, one.fresh, one.why) for one in found.odd]


DONE = [row["digest"] for row in rows(MADE)]
MADE_TOPIC = {TOPIC: {"name": "t", "arn": ARN}}
TABLE = [
    ("the same changes", a_fresh(MADE, UPDATE), (MADE, UPDATE), (), []),
    ("nothing was to be done, and nothing is", a_fresh(), (), (), []),
    ("one more", a_fresh(MADE, UPDATE), (MADE,), (), [(RULE, None, "update", "new")]),
    ("another value", a_fresh(make(after={"name": "u"})), (MADE,), (), [(TOPIC, "create", "create", "other")]),
    ("a replacement instead of an update", a_fresh(a_change(["delete", "create"], {"a": 1}, {"a": 2}, address=RULE)),
     (UPDATE,), (), [(RULE, "update", "replace", "other")]),
    ("a destruction that nobody has seen", a_fresh(a_change("delete", {"a": 1}, None, address=RULE)), (MADE,), (),
     [(TOPIC, "create", None, "gone"), (RULE, None, "delete", "new")]),
    ("left half made", a_fresh({**a_change(["delete", "create"], {"a": 1}, {"a": 1}, address=TOPIC),
                               "action_reason": "replace_because_tainted"}), (MADE,), (),
     [(TOPIC, "create", "replace", "tainted")]),
    ("one less, that the ledger has", a_fresh(UPDATE), (MADE, UPDATE), DONE, []),
    ("one less, that nobody has done", a_fresh(UPDATE), (MADE, UPDATE), (), [(TOPIC, "create", None, "gone")]),
    ("all of it is done", a_fresh(), (MADE,), DONE, []),
    ("done, and to be done once more", a_fresh(MADE), (MADE,), DONE, [(TOPIC, "create", "create", "again")]),
    ("done by another verdict", a_fresh(MADE), (MADE,), ["hmac-sha256:0"], []),
    ("reading is no change that may not be missing", a_fresh(MADE), (MADE, READ), (), []),
    ("reading that nobody has seen", a_fresh(MADE, READ), (MADE,), (), [("data.aws_x.this", None, "read", "new")]),
    ("no end is known: what is not planned is done", a_fresh(UPDATE), (MADE, UPDATE), None, []),
    ("no end is known, and something more", a_fresh(UPDATE, make("aws_x.y")), (MADE, UPDATE), None,
     [("aws_x.y", None, "create", "new")]),
    ("what was not known is known by now", a_fresh(KNOWN, prior=MADE_TOPIC), (MADE, OPEN), DONE, []),
    ("the same where no end is known", a_fresh(KNOWN, prior=MADE_TOPIC), (MADE, OPEN), None, []),
    ("known, but of something else", a_fresh(KNOWN, prior={RULE: {"arn": ARN}}), (MADE, OPEN), DONE,
     [(POLICY, "create", "create", "other")]),
    ("known, and something else differs, too", a_fresh(make(POLICY, {"policy": "*", "arn": ARN}, unknown={"id": True}),
                                                      prior=MADE_TOPIC), (MADE, OPEN), DONE,
     [(POLICY, "create", "create", "other")]),
    ("known, and was known when it was approved, as another", a_fresh(KNOWN, prior=MADE_TOPIC),
     (MADE, make(POLICY, {"policy": "{}", "arn": "arn:other"}, unknown={"id": True})), DONE,
     [(POLICY, "create", "create", "other")]),
    ("too much is known", a_fresh(make(POLICY, {"a": [ARN] * 11}), prior=MADE_TOPIC),
     (MADE, make(POLICY, {"a": [None] * 11}, unknown={"a": [True] * 11})), DONE,
     [(POLICY, "create", "create", "other")]),
    ("known inside a list", a_fresh(make(POLICY, {"a": [ARN, "x"]}), prior=MADE_TOPIC),
     (MADE, make(POLICY, {"a": [None, "x"]}, unknown={"a": [True, False]})), DONE, []),
    ("known as a part of a text", a_fresh(make(POLICY, {"p": f'{{"r":"{ARN}"}}', "n": "t"}), prior=MADE_TOPIC),
     (MADE, make(POLICY, {"n": "t"}, unknown={"p": True})), DONE, []),
]  # fmt: skip


@pytest.mark.parametrize(("why", "fresh", "approved", "done", "odd"), TABLE)
def test_a_plan_is_what_was_approved(why, fresh, approved, done, odd):
    assert whys(compared(fresh, rows(*approved), done)) == odd, why


def test_with_another_module_what_has_become_known_may_be_anything():
    found = compared(a_fresh(KNOWN, prior=MADE_TOPIC), rows(MADE, OPEN), DONE, same_module=False)
    assert [one.why for one in found.odd] == ["other"]


def test_an_approved_change_is_done_once():
    twice = make(POLICY, {"policy": "{}", "arn": ARN}, unknown={"id": True}, deposed="00000001")
    found = compared(a_fresh(KNOWN, twice, prior=MADE_TOPIC), rows(MADE, OPEN), DONE)
    assert [one.why for one in found.odd] == ["new"]


def test_digests_of_another_key_are_of_nothing():
    found = compared(a_fresh(MADE), rows(MADE, key=b"o" * 32))
    assert [one.why for one in found.odd] == ["other"]


def test_it_says_what_is_left_and_what_is_done_by_the_digests_that_were_approved():
    approved = rows(MADE, OPEN, UPDATE)
    digests = {row["address"]: row["digest"] for row in approved}
    found = compared(a_fresh(KNOWN, UPDATE, prior=MADE_TOPIC), approved, DONE)
    assert found.left == {name: digests[name] for name in (POLICY, RULE)}
    assert found.done == {TOPIC: digests[TOPIC]}
