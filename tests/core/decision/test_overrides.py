"""An override is scoped, expires and takes two people: each sentence of "Override", one row each."""

# ruff: noqa: E501 - one line per case

import pytest

from engine.core.decision.decide import decide
from engine.core.decision.overrides import offer, reason_of
from engine.core.outcome import Outcome
from tests.support.decision import event, rules_of
from tests.support.facts import (
    BEFORE,
    HEAD,
    LATER,
    OTHER,
    SIGNED,
    approve,
    comment,
    commit,
    document,
    finding,
    group,
    push,
    reject,
    statement,
    verdict,
)
from tests.support.facts import stated as own

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
EITHER = rules_of(GATES, OVERRIDES.replace("[security]", "[security, leads]"))
BROKEN = {"reviewers": group("bob"), "security": group(failed="HTTP 502"), "leads": group("lea")}
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
        ("it came by mail", [comment("cid", by_email=True)], {}, FAIL),
        ("it was written on the page", [comment("cid", by_email=False)], {}, PASS),
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
        ("... or by a deleted account, which is in no group", [{**comment("cid"), "user": {"id": 10137, "login": "ghost"}}], {"groups": BROKEN}, FAIL),
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
        ("... which does not matter to an outsider's", [comment("bob")], {"commits": [commit(committer=None)]}, FAIL),
        ("... nor to the author's", [comment("author")], {"commits": [commit(committer=None)], "groups": {"reviewers": group("bob"), "security": group("author")}}, FAIL),
        ("an unknown pusher could be the overrider", [comment("cid")], {"pushers": [push(None)]}, ERROR),
        ("an outsider's beside a failed group: they may be a member", [comment("outsider")], {"groups": BROKEN, "rules": EITHER}, ERROR),
        ("... and beside a good one by a member of another", [comment("outsider"), comment("lea")], {"groups": BROKEN, "rules": EITHER}, PASS),
        ("... in either order", [comment("lea"), comment("outsider")], {"groups": BROKEN, "rules": EITHER}, PASS),
        ("a doubt outranks an expired one", [comment("cid", verdict=None), comment("cid", edited=True)], {}, ERROR),
        ("one at no real time beside a good one", [comment("cid", at="2026-11-31T12:30:00Z"), comment("dan")], {}, PASS),
        ("one at no real time of an outsider", [comment("bob", at="2026-11-31T12:30:00Z")], {}, FAIL),
    ],
)  # fmt: skip
def test_override(why, comments, facts, outcome):
    assert judged(comments, **facts).outcome is outcome, why


EARLIER, WRITTEN, SOON = "2026-11-23T11:30:00Z", "2026-11-23T11:45:00Z", "2026-11-23T12:44:00Z"
# What is judged is the third verdict, signed at 12:00, with the findings that the first two had.
THIRD = verdict(rules=RULES.digest, result="failed", findings=[finding()], sequence=3)


def stated(number, at=EARLIER, **changes):
    return statement(number, at, **changes)


def all_of(statements, verdict=THIRD):
    """These, and the verdict's own."""
    listed = any(row["sequence"] == verdict["sequence"] for row in statements)
    return [*statements, *([] if listed else [own(verdict)])]


@pytest.mark.parametrize(
    ("why", "written", "statements", "outcome"),
    [
        ("about this very verdict", {"verdict": 3}, [stated(1), stated(2)], PASS),
        ("... which is listed too", {"verdict": 3}, [stated(1), stated(2), stated(3, SIGNED)], PASS),
        ("... and what came before does not matter", {"verdict": 3}, [stated(1, content=OTHER), stated(2)], PASS),
        ("one before it is missing, with whoever had a hand in the change then", {"verdict": 3}, [stated(1)], ERROR),
        ("about the one before, which said the same", {"verdict": 2, "at": WRITTEN}, [stated(1), stated(2)], PASS),
        ("about the first of three that say the same", {"verdict": 1, "at": WRITTEN}, [stated(1), stated(2)], PASS),
        ("about the first, and the second said something else: there and back", {"verdict": 1, "at": WRITTEN}, [stated(1), stated(2, content=OTHER)], FAIL),
        ("about the first, and the second was of another head: pushed there and back", {"verdict": 1, "at": WRITTEN}, [stated(1), stated(2, head="d" * 40)], FAIL),
        ("about other findings", {"verdict": 2, "at": WRITTEN}, [stated(1), stated(2, content=OTHER)], FAIL),
        ("about a verdict of another head", {"verdict": 2, "at": WRITTEN}, [stated(1), stated(2, head="d" * 40)], FAIL),
        ("about another head, though the content is the same", {"verdict": 2, "at": WRITTEN, "head": "d" * 40}, [stated(1), stated(2)], FAIL),
        ("about this verdict, but another head", {"verdict": 3, "head": "d" * 40}, [stated(1), stated(2)], FAIL),
        ("another head was validated since, and the branch went back", {"verdict": 3}, [stated(1), stated(2), stated(4, head="d" * 40)], FAIL),
        ("what was validated since says the same", {"verdict": 3}, [stated(1), stated(2), stated(4)], PASS),
        ("validation ended in an error since, and says the same again", {"verdict": 1, "at": WRITTEN}, [stated(1), stated(2, result="error", content=OTHER)], PASS),
        ("... of another head", {"verdict": 1, "at": WRITTEN}, [stated(1), stated(2, result="error", content=OTHER, head="d" * 40)], FAIL),
        ("one in between is missing", {"verdict": 1, "at": WRITTEN}, [stated(1)], ERROR),
        ("the one that it is about is missing", {"verdict": 1, "at": WRITTEN}, [stated(2)], ERROR),
        ("one since is missing", {"verdict": 3}, [stated(5)], ERROR),
        ("one since is missing, but another ends it anyway", {"verdict": 3}, [stated(5, content=OTHER)], FAIL),
        ("two of one number, one of which says something else", {"verdict": 2, "at": WRITTEN}, [stated(1), stated(2), stated(2, content=OTHER)], FAIL),
        ("about a verdict that is not there any more", {"verdict": 4}, [stated(1), stated(2)], ERROR),
        ("about a newer one of this head, which is not the verdict", {"verdict": 4}, [stated(1), stated(2), stated(4, SIGNED)], ERROR),
        ("when no verdict stood", {"verdict": 0}, [stated(1), stated(2)], FAIL),
        ("before the verdict that it is said to be about", {"verdict": 3, "at": WRITTEN}, [stated(1), stated(2)], FAIL),
        ("before the first, which it is said to be about", {"verdict": 1, "at": BEFORE}, [stated(1), stated(2)], FAIL),
        ("before the one that it is said to be about repeated what had been signed", {"verdict": 2, "at": WRITTEN}, [stated(1), stated(2, confirmed="2026-11-23T11:50:00Z")], FAIL),
        ("in the second of the one that it is about", {"verdict": 2, "at": EARLIER}, [stated(1), stated(2)], FAIL),
        ("nobody knows about which", {"verdict": None}, [stated(1), stated(2)], ERROR),
        ("nobody knows about which, but it is older than the last", {"verdict": None, "at": WRITTEN}, [stated(1), stated(2)], FAIL),
        ("nobody knows about which, but of another head", {"verdict": None, "head": "d" * 40}, [stated(1), stated(2)], FAIL),
        ("nobody knows about which head", {"verdict": 3, "head": None}, [stated(1), stated(2)], ERROR),
        ("nobody knows about which head, but something else came since", {"verdict": 1, "head": None, "at": WRITTEN}, [stated(1), stated(2, content=OTHER)], FAIL),
        ("the verdict is not among the statements", {"verdict": 3}, [stated(3, head="d" * 40)], ERROR),
        ("its hour has passed since it was written, however young the verdict is", {"verdict": 2, "at": "2026-11-23T11:44:00Z"}, [stated(1), stated(2)], FAIL),
    ],
)  # fmt: skip
def test_an_override_is_about_one_head_and_what_was_found_in_it(why, written, statements, outcome):
    gate = judged([comment("cid", **written)], changes={"sequence": 3}, statements=all_of(statements), now=SOON)
    assert gate.outcome is outcome, why


@pytest.mark.parametrize("how", ["absent", "failed"])
def test_statements_that_are_not_known_matter_only_where_an_override_would_count(how):
    gone = {how: {"statements": "the store is down"}}
    assert judged([comment("cid")], **gone).outcome is ERROR
    assert judged([comment("bob")], **gone).outcome is FAIL
    assert judged([], **gone).outcome is FAIL


def test_a_comment_that_says_nothing_of_what_it_was_written_about_is_a_doubt():
    made = comment("cid")
    for name in ("head", "verdict"):
        assert judged([{key: value for key, value in made.items() if key != name}]).outcome is ERROR


def test_ten_million_verdicts_are_not_counted_one_by_one():
    assert judged([comment("cid")], statements=all_of([stated(2**53)])).outcome is not PASS


def test_an_unknown_contributor_is_told_with_the_way_out():
    gate = judged([comment("cid")], commits=[commit(committer="who@example.com")])
    assert gate.outcome is ERROR
    assert f"the committer of commit {HEAD[:7]} (who@example.com) is unknown, and could be cid" in gate.because
    assert "link the address to an account on GitHub, or rewrite the commit" in gate.because


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
    assert list(map(tuple, missing)) == [
        ("or a comment `OVERRIDE: reason`, in 10 characters or more", ("ann", "cid", "dan"))
    ]
    missing = judged([comment("cid")], reviews=[]).missing
    assert ("1 more approval from reviewers", ("ann", "bob")) in list(map(tuple, missing))


def test_a_critical_finding_offers_no_override():
    gate = judged([], changes={"findings": [finding("critical")]})
    assert gate.missing == ()
    gate = judged([comment("cid")], changes={"findings": [finding("critical")]})
    assert "S3-ENC-001 of S3/data-lake is critical" in [cause.text for cause in gate.causes]


HIGH = {"result": "failed", "findings": [finding()]}


@pytest.mark.parametrize(
    ("why", "changes", "says"),
    [
        ("it failed", HIGH, "a comment `OVERRIDE: reason` by somebody of security"),
        ("who else, and how long", HIGH, "besides reviewed without them; it holds for an hour"),
        ("a critical finding", {"result": "failed", "findings": [finding("critical")]}, "none: S3-ENC-001 of"),
        ("a critical warning", {"result": "failed", "findings": [finding(), finding("critical", "warn")]}, "a comment"),
        ("it could not be judged", {"result": "error"}, "none: what could not be judged"),
    ],
)
def test_what_an_exception_would_take(why, changes, says):
    assert says in offer(RULES.overrides["exception"], verdict(**changes)), why


def test_what_was_used_is_part_of_the_decision():
    used = judged([given := comment("cid")]).override
    assert used.to_json() == {
        "name": "exception",
        "by": "cid",
        "id": given["user"]["id"],
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
