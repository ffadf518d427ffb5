"""Which pull requests sweep decides again: a row for each thing that a decision hangs on."""

from typing import Any

import pytest

from engine.core.decision import due
from engine.core.decision.decide import decide
from engine.core.decision.due import Last, Seen
from engine.core.moment import later
from tests.support.decision import event, rules_of
from tests.support.facts import BASE, HEAD, KEY, NOW, OLD, REPO, approve, comment, document, verdict

SEEN = Seen(HEAD, "dev", BASE, "2026-11-23T12:40:00Z", {"comments": (2, 41), "reviews": (0, 0)})
TODAY: dict[str, Any] = {"made_with": "sha256:x", "frozen": (), "holders": ((REPO, 5),), "depends": (8,)}
LAST = Last(due.marks(SEEN, **TODAY), (KEY,), (8,), "2026-11-30T12:00:00Z")


@pytest.mark.parametrize(
    ("why", "seen", "today", "says"),
    [
        ("nothing has changed", SEEN, TODAY, ""),
        ("the same holders in another order and case", SEEN, {**TODAY, "holders": ((REPO.upper(), 5),)}, ""),
        ("a push", SEEN._replace(head=OLD), TODAY, "it was pushed to"),
        ("a retarget", SEEN._replace(base_ref="prod"), TODAY, "its base is another one"),
        ("the base has moved on", SEEN._replace(base_sha=OLD), TODAY, "its base is another one, or has moved on"),
        ("the base was deleted", SEEN._replace(base_sha=None), TODAY, "its base is another one"),
        ("a review, a comment, a label", SEEN._replace(updated_at=NOW), TODAY, "something was said or done"),
        (
            "a comment within the second of the last look, whose webhook was lost",
            SEEN._replace(said={"comments": (3, 42), "reviews": (0, 0)}),
            TODAY,
            "a comment was written",
        ),
        ("one removed", SEEN._replace(said={"comments": (1, 40), "reviews": (0, 0)}), TODAY, "or removed"),
        ("another one instead", SEEN._replace(said={"comments": (2, 42), "reviews": (0, 0)}), TODAY, "was written"),
        ("a review", SEEN._replace(said={"comments": (2, 41), "reviews": (1, 7)}), TODAY, "it was reviewed"),
        ("a list that does not tell of them", SEEN._replace(said={}), TODAY, ""),
        ("other rules", SEEN, {**TODAY, "made_with": "sha256:y"}, "rules, policies, module or engine"),
        ("frozen", SEEN, {**TODAY, "frozen": ("development: Christmas",)}, "what is frozen"),
        ("another was merged", SEEN, {**TODAY, "holders": ((REPO, 5), (REPO, 6))}, "others were merged"),
        ("the one it depends on is merged or closed", SEEN, {**TODAY, "depends": ()}, "it depends on"),
    ],
)
def test_what_makes_it_due(why: str, seen: Seen, today: dict[str, Any], says: str) -> None:
    found = due.due(LAST, due.marks(seen, **today), NOW)
    assert (found == "") == (says == ""), why
    assert says in found, why


def test_what_was_never_decided_is_due() -> None:
    assert due.due(None, due.marks(SEEN, **TODAY), NOW) == "nobody has decided it yet"


@pytest.mark.parametrize(
    ("moment", "is_due"),
    [("2026-11-30T11:59:59Z", False), ("2026-11-30T12:00:00Z", True), ("2026-12-01T00:00:00Z", True)],
)
def test_a_time_in_it_has_passed(moment: str, is_due: bool) -> None:
    assert bool(due.due(LAST, LAST.marks, moment)) is is_due


def test_a_mark_that_an_older_engine_did_not_make_is_due() -> None:
    older = Last({n: v for n, v in LAST.marks.items() if n != "frozen"}, (), (), None)
    assert due.due(older, LAST.marks, NOW) == due.WORDS["frozen"]


PLAIN = "open: {require: \"pr.state == 'open'\"}"
POLICY = """
policy: {needs: verdict, require: "verdict.result == 'passed'", override: exception}
reviewed: {approvals: {count: 1, from: [reviewers]}}
"""
EXCEPTION = """
overrides:
  exception: {command: "OVERRIDE:", from: [leads], besides: [reviewed], never: [critical], expires: 24h}
"""


@pytest.mark.parametrize(
    ("why", "gates", "more", "facts", "until"),
    [
        ("the check would be called stale", PLAIN, "", {"verdict": None}, "2026-12-06T13:00:00Z"),
        ("its verdict expires", PLAIN, "", {}, "2026-11-30T12:00:00Z"),
        (
            "none is signed, which is no reason to ask again",
            PLAIN,
            "",
            {"absent": {"verdict": "none"}},
            "2026-12-06T13:00:00Z",
        ),
        ("a lookup has failed", PLAIN, "", {"failed": {"checks": "HTTP 502"}}, NOW),
        ("the list of pushes does not hold the last one yet", PLAIN, "", {"absent": {"pushers": "not yet"}}, NOW),
        ("a gate reads the clock", 'late: {require: "seconds_since(pr.title) > `9`"}', "", {}, NOW),
        (
            "an override expires",
            POLICY,
            EXCEPTION,
            {
                "verdict": "failed",
                "reviews": [approve("ann")],
                "comments": [comment("lea", "OVERRIDE: the auditor waits")],
            },
            "2026-11-24T12:30:00Z",
        ),
    ],
)
def test_until_when_a_decision_holds(why: str, gates: str, more: str, facts: dict[str, Any], until: str) -> None:
    rules = rules_of(gates, more)
    if facts.get("verdict") == "failed":
        facts = {**facts, "verdict": verdict(rules=rules.digest, result="failed")}
    elif facts.get("verdict", "passed") == "passed" and "absent" not in facts:
        facts = {**facts, "verdict": verdict(rules=rules.digest)}
    known = document(**facts)
    result = decide(event(), known, rules).pipelines[0]
    assert due.until(result, known, rules) == until, why
    assert until <= later(NOW, 13 * 86_400)


def test_what_the_marks_are_made_from() -> None:
    depends: dict[str, Any] = {"on": [8, 9], "wrong": None, "pulls": {}}
    depends["pulls"] = {"8": _pull("open"), "9": _pull("closed"), "10": None, "11": _pull("open")}
    known = document(depends=depends)
    assert due.state_keys(known) == (KEY,)
    assert due.said(known) == {"comments": (0, 0), "reviews": (0, 0)}
    talk = document(comments=[{**comment("lea", "yes"), "id": 9}, {**comment("lea", "no"), "id": 8}])
    assert due.said(talk)["comments"] == (2, 9)
    assert due.said(document(failed={"comments": "HTTP 502"})).keys() == {"reviews"}
    assert due.still_open(known) == (8, 11)
    assert due.state_keys(document(absent={"verdict": "none"})) == ()
    assert due.still_open(document(failed={"depends": "HTTP 502"})) == ()


@pytest.mark.parametrize(
    ("why", "name", "more", "waits"),
    [
        ("open here, the list tells when it is not", "8", {}, False),
        ("open elsewhere", "acme/other#8", {}, True),
        ("merged here, and not applied", "8", {"merged": True, "decided": True, "applied": False}, True),
        ("merged here, and nobody has decided it", "8", {"merged": True}, True),
        ("applied here", "8", {"merged": True, "decided": True, "applied": True}, False),
        ("merged elsewhere, and nothing of it is applied", "acme/other#8", {"merged": True, "decided": True}, False),
    ],
)
def test_what_no_list_of_open_ones_tells_is_looked_at_by_each_sweep(
    why: str, name: str, more: Any, waits: bool
) -> None:
    rules = rules_of("in-order: {order: depends-on}")
    pull = {**_pull("closed" if more else "open"), **more}
    known = document(depends={"on": [8], "wrong": None, "pulls": {"8": _pull("open"), name: pull}})
    result = decide(event(), known, rules).pipelines[0]
    assert (due.until(result, known, rules) == NOW) is waits, why


def _pull(state: str) -> dict[str, Any]:
    return {"state": state, "merged": False, "decided": False, "applied": None, "on": []}


def test_other_rules_module_or_engine_are_another_mark() -> None:
    rules, today = rules_of(PLAIN), {"policy": "p", "module": "m", "lock_file": None}
    one = due.made_with(rules, "1.0", today)
    others = {
        due.made_with(rules_of(POLICY, EXCEPTION), "1.0", today),
        due.made_with(rules, "1.1", today),
        *(due.made_with(rules, "1.0", {**today, name: "x"}) for name in today),
    }
    assert one == due.made_with(rules, "1.0", dict(today))
    assert len(others | {one}) == 6
