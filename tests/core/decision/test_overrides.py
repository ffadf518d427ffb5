"""An override is scoped, expires and takes two people: each sentence of "Override", one row each."""

# ruff: noqa: E501 - one line per case

import pytest

from engine.core.decision.decide import decide
from engine.core.decision.overrides import reason_of
from engine.core.outcome import Outcome
from tests.support.decision import event, rules_of
from tests.support.facts import (
    BEFORE,
    LATER,
    SIGNED,
    approve,
    comment,
    commit,
    document,
    finding,
    group,
    reject,
    verdict,
)

PASS, FAIL, PENDING, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.PENDING, Outcome.ERROR

GATES = """
policy: {needs: verdict, require: "verdict.result == 'passed'", override: exception}
reviewed: {approvals: {from: [reviewers], after: verdict}}
"""
OVERRIDES = """
overrides:
  exception: {command: "OVERRIDE:", from: [security], besides: [reviewed], never: [critical], expires: 1h, label: opa-override}
"""
RULES = rules_of(GATES, OVERRIDES)
SECOND = approve("bob")  # somebody else's approval


def judged(comments, reviews=(SECOND,), rules=RULES, **facts):
    changes = {"result": "failed", "findings": [finding()], **facts.pop("changes", {})}
    known = document(verdict=verdict(rules=rules.digest, **changes), comments=comments, reviews=list(reviews), **facts)
    return decide(event(), known, rules).pipelines[0].gates[0]


@pytest.mark.parametrize(
    ("why", "comments", "facts", "outcome"),
    [
        ("one overrides, another has approved", [comment("cid")], {}, PASS),
        ("nobody overrides", [], {}, FAIL),
        ("the second approval is missing", [comment("cid")], {"reviews": []}, PENDING),
        ("the only approval is the overrider's own", [comment("ann")], {"reviews": [approve("ann")]}, PENDING),
        ("the overrider has approved, and so has somebody else", [comment("ann")], {"reviews": [approve("ann"), SECOND]}, PASS),
        ("the overrider's own veto still counts", [comment("cid")], {"reviews": [SECOND, reject("ann")]}, PENDING),
        ("somebody outside the group", [comment("bob")], {"reviews": [approve("ann")]}, FAIL),
        ("the comment was edited", [comment("cid", edited=True)], {}, FAIL),
        ("edited, and a new one written", [comment("cid", edited=True), comment("cid")], {}, PASS),
        ("older than the verdict", [comment("cid", at=BEFORE)], {}, FAIL),
        ("in the very second of the verdict", [comment("cid", at=SIGNED)], {}, FAIL),
        ("it expired", [comment("cid", at="2026-11-23T12:00:01Z")], {"now": "2026-11-23T14:00:00Z"}, FAIL),
        ("at the very minute of its expiry it is expired", [comment("cid", at=LATER)], {"now": "2026-11-23T13:30:00Z"}, FAIL),
        ("a second before its expiry", [comment("cid", at=LATER)], {"now": "2026-11-23T13:29:59Z"}, PASS),
        ("a review's body", [comment("cid", kind="review")], {}, FAIL),
        ("a comment on a line", [comment("cid", kind="diff")], {}, FAIL),
        ("the command on the second line", [comment("cid", "please\nOVERRIDE: it is urgent")], {}, FAIL),
        ("a quoted command", [comment("cid", "> OVERRIDE: it is urgent")], {}, FAIL),
        ("an indented command", [comment("cid", "  OVERRIDE: it is urgent")], {}, FAIL),
        ("another case", [comment("cid", "override: urgent")], {}, FAIL),
        ("no reason", [comment("cid", "OVERRIDE:")], {}, FAIL),
        ("the reason only on the next line", [comment("cid", "OVERRIDE:\nurgent")], {}, FAIL),
        ("Windows line ends", [comment("cid", "OVERRIDE: it is urgent\r\nmore")], {}, PASS),
        ("a comment by somebody unknown cannot count, and does not matter", [comment(None)], {}, FAIL),
        ("a comment by somebody unknown beside a good one", [comment(None), comment("cid")], {}, PASS),
        ("a critical finding", [comment("cid")], {"changes": {"findings": [finding(), finding("critical")]}}, FAIL),
        ("a critical warning blocks nothing, so it forbids nothing", [comment("cid")], {"changes": {"findings": [finding(), finding("critical", "warn")]}}, PASS),
        ("validation ended in an error: nobody can override that", [comment("cid")], {"changes": {"result": "error"}}, ERROR),
        ("there is no verdict it could be about", [comment("cid")], {"absent": {"verdict": "none"}}, PENDING),
        ("the comments could not be fetched", [], {"failed": {"comments": "HTTP 502"}}, ERROR),
        ("the group could not be resolved", [comment("cid")], {"groups": {"reviewers": group("bob"), "security": group(failed="HTTP 502")}}, ERROR),
        ("... which does not matter when nobody overrides", [], {"groups": {"reviewers": group("bob"), "security": group(failed="HTTP 502")}}, FAIL),
        ("the reviewers' group could not be resolved", [comment("cid")], {"groups": {"reviewers": group(failed="HTTP 502"), "security": group("cid")}}, ERROR),
        ("an unknown committer could be the overrider", [comment("cid")], {"commits": [commit(committer=None)]}, ERROR),
        ("`now` is not known", [comment("cid")], {"now": None}, ERROR),
    ],
)  # fmt: skip
def test_override(why, comments, facts, outcome):
    assert judged(comments, **facts).outcome is outcome, why


@pytest.mark.parametrize("who", ["author", "committer", "pusher", "helper", "bot"])
def test_nobody_with_a_hand_in_the_change_overrides(who):
    everybody = {"reviewers": group("bob"), "security": group("author", "committer", "pusher", "helper", "bot")}
    assert judged([comment(who)], groups=everybody).outcome is FAIL


def test_not_even_where_the_rules_let_them_approve():
    rules = rules_of(GATES.replace("after: verdict", "after: verdict, exclude: []"), OVERRIDES)
    assert (
        judged(
            [comment("author")], rules=rules, groups={"reviewers": group("bob"), "security": group("author")}
        ).outcome
        is FAIL
    )


def test_a_pass_needs_no_override_and_reads_no_comments():
    assert judged([], changes={"result": "passed"}, failed={"comments": "HTTP 502"}).outcome is PASS


def test_it_says_who_may_and_what_is_missing():
    missing = judged([], reviews=[]).missing
    assert list(map(tuple, missing)) == [("or a comment `OVERRIDE: reason`", ("ann", "cid", "dan"))]
    missing = judged([comment("cid")], reviews=[]).missing
    assert ("1 more approval from reviewers", ("ann", "bob")) in list(map(tuple, missing))


def test_a_critical_finding_offers_no_override():
    gate = judged([], changes={"findings": [finding("critical")]})
    assert gate.missing == ()
    gate = judged([comment("cid")], changes={"findings": [finding("critical")]})
    assert "S3-ENC-001 of S3/data-lake is critical" in [cause.text for cause in gate.causes]


def test_what_was_used_is_part_of_the_decision():
    used = judged([given := comment("cid")]).override
    assert used.to_json() == {
        "name": "exception",
        "by": "cid",
        "comment": given["id"],
        "expires_at": "2026-11-23T13:30:00Z",
        "label": "opa-override",
    }


@pytest.mark.parametrize("comments", [[], [comment("cid", edited=True)], [comment("bob")]])
def test_nothing_is_used_when_it_does_not_count(comments):
    assert judged(comments).override is None


VETOABLE = """
policy: {approvals: {from: [leads], after: verdict}, override: exception}
reviewed: {approvals: {from: [reviewers], after: verdict}}
"""


def test_missing_approvals_can_be_overridden_and_a_veto_cannot():
    rules = rules_of(VETOABLE, OVERRIDES)
    assert judged([comment("cid")], rules=rules).outcome is PASS
    assert judged([comment("cid")], rules=rules, reviews=[SECOND, reject("lea")]).outcome is FAIL


CONFLICT = """
policy: {needs: verdict, require: "merge.trees == verdict.trees", override: exception}
reviewed: {approvals: {from: [reviewers], after: verdict}}
"""


def test_a_merge_conflict_cannot_be_overridden():
    rules = rules_of(CONFLICT, OVERRIDES)
    assert judged([comment("cid")], rules=rules, merge={"clean": False, "trees": {}}).outcome is FAIL


CHAINED = """
policy: {needs: verdict, require: "verdict.result == 'passed'", override: exception}
reviewed: {approvals: {from: [reviewers], after: verdict}, override: emergency}
led: {approvals: {from: [leads], after: verdict}}
"""
TWO = """
overrides:
  exception: {command: "OVERRIDE:", from: [security], besides: [reviewed], never: [], expires: 1h}
  emergency: {command: "EMERGENCY:", from: [security], besides: [led], never: [], expires: 1h}
"""


def test_besides_holds_by_itself_and_not_by_another_override():
    rules = rules_of(CHAINED, TWO)
    both = [comment("cid"), comment("dan", "EMERGENCY: needed right now")]
    gates = decide(
        event(),
        document(verdict=verdict(rules=rules.digest, result="failed"), comments=both, reviews=[approve("lea")]),
        rules,
    ).pipelines[0].gates  # fmt: skip
    assert [(g.name, g.outcome) for g in gates] == [("policy", PENDING), ("reviewed", PASS), ("led", PASS)]


def test_an_override_beside_which_nobody_approves_is_an_error():
    rules = RULES._replace(
        gates={**RULES.gates, "reviewed": rules_of("reviewed: {reject: pr.draft}").gates["reviewed"]}
    )
    assert judged([comment("cid")], rules=rules).outcome is ERROR


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("OVERRIDE: the auditor waits", "the auditor waits"),
        ("OVERRIDE:thetightest", "thetightest"),
        ("OVERRIDE: the auditor waits\r\nand more", "the auditor waits"),
        ("OVERRIDE: 監査人が待っている今日中", "監査人が待っている今日中"),
        ("OVERRIDE: дедлайн прошёл", "дедлайн прошёл"),
        ("OVERRIDE: 👩‍💻 needs it now", "👩‍💻 needs it now"),
        ("OVERRIDE: `<name>` is needed today", "`<name>` is needed today"),
        ("OVERRIDE:   \t", ""),
        ("OVERRIDE", ""),
        ("", ""),
        ("\nOVERRIDE: late and later", ""),
        ("OVERRIDE: nine char", ""),
        ("OVERRIDE: ..............", ""),
        ("OVERRIDE: ok\rand the rest is another line", ""),
        ("OVERRIDE: ok\u2028and the rest is another line", ""),
        ("OVERRIDE: ok" + "\u200b" * 20, ""),
        ("OVERRIDE: ok" + " \u3164\u00a0" * 20, ""),
        ("OVERRIDE: a" + "\u0301" * 20, ""),
        ("OVERRIDE: ok <!-- nobody reads this reason -->", ""),
        ("OVERRIDE: ok <!-- nor this one", ""),
        ("OVERRIDE: ok <a name='hidden in a tag'></a>", ""),
        ("OVERRIDE: ok [](https://example.com/hidden)", ""),
        ("OVERRIDE: ok &#8203;&nbsp;&ZeroWidthSpace;", ""),
        ("OVERRIDE: read this \u202eecalp ni", ""),
        ("OVERRIDE: read this \U000e0041\U000e0042", ""),
    ],
)
def test_reason(body, reason):
    assert reason_of(body, "OVERRIDE:") == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("/override because of it", "because of it"),
        ("/override", ""),
        ("/overrides because", ""),
        ("/override-not it at all", ""),
    ],
)
def test_a_command_ends_where_its_word_ends(body, reason):
    assert reason_of(body, "/override") == reason
