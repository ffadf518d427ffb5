"""Coverage counts what was seen both ways, and only that."""

import pytest

from engine.core.analysis.coverage import coverage, percent
from engine.core.analysis.settled import settled
from engine.core.decision.decide import decide
from tests.support.decision import event, rules
from tests.support.facts import approve, comment, document, finding, pr, verdict

RULES = rules("""
events:
  - {event: pull_request_review, types: [submitted], run: merge}
  - {event: pull_request_review, types: [edited], when: "event.pull_request.base.ref == 'dev'", run: merge}
gates:
  policy: {needs: verdict, require: "verdict.result == 'passed'", override: exception}
  reviewed: {approvals: {from: [reviewers], after: verdict}}
  prod: {when: "pr.base.ref == 'prod'", reject: "pr.draft"}
overrides:
  exception: {command: "OVERRIDE:", from: [security], besides: [reviewed], never: [], expires: 1h}
pipelines:
  - {pipeline: merge, gates: [policy, reviewed, prod], actions: [{id: note, uses: note.make}]}
""")
ALL = [
    "events 1 (pull_request_review → merge)",
    "events 2 (pull_request_review → merge)",
    "events 2 (pull_request_review → merge): its `when` is false",
    "gate policy: pass",
    "gate policy: not pass",
    "gate reviewed: pass",
    "gate reviewed: not pass",
    "gate prod: pass",
    "gate prod: not pass",
    "gate prod: its `when` is true",
    "gate prod: its `when` is false",
    "override exception: counts",
]
SETTLED = [one.what for one in settled(RULES)]


def seen(*decisions):
    return [point.what for point in coverage(RULES, decisions) if point.seen]


def decided(happening=None, **changes):
    known = {"verdict": verdict(rules=RULES.digest), **changes}
    return decide(happening or event(), document(**known), RULES)


def test_every_point_is_listed_with_its_place():
    points = coverage(RULES, [])
    assert [point.what for point in points] == [*ALL, *SETTLED]
    assert all(point.place.line for point in points)
    assert percent(points) == 0


def test_no_points_are_not_all_points():
    assert percent([]) == 0


def test_what_one_decision_shows():
    assert seen(decided(reviews=[])) == [
        "events 1 (pull_request_review → merge)",
        "gate policy: pass",
        "gate reviewed: not pass",
        "gate prod: its `when` is false",
    ]


def test_a_gate_that_does_not_apply_has_neither_passed_nor_refused():
    assert not [what for what in seen(decided()) if what.startswith("gate prod") and "when" not in what]


def test_a_trigger_whose_when_is_false():
    edited = event(action="edited", pull_request={**event().payload["pull_request"], "base": {"ref": "prod"}})
    assert seen(decided(edited)) == ["events 2 (pull_request_review → merge): its `when` is false"]


def test_an_override_that_counts():
    failed = verdict(rules=RULES.digest, result="failed", findings=[finding()])
    shown = seen(decided(verdict=failed, reviews=[approve("bob")], comments=[comment("cid")]))
    assert "override exception: counts" in shown
    assert "gate policy: not pass" not in shown


def test_all_of_them():
    prod = pr(base={"ref": "prod", "sha": "c" * 40, "repo": "acme/dev-deployment"})
    edited = event(action="edited", pull_request={**event().payload["pull_request"], "base": {"ref": "prod"}})
    failed = verdict(rules=RULES.digest, result="failed", findings=[finding()])
    decisions = [
        decided(reviews=[approve("bob")]),
        decided(verdict=failed, reviews=[]),
        decided(verdict=failed, reviews=[approve("bob")], comments=[comment("cid")]),
        decided(edited),
        decided(event(action="edited")),
        decided(pr=prod),
        decided(pr={**prod, "draft": True}),
    ]
    assert seen(*decisions) == ALL
    assert percent(coverage(RULES, decisions)) < 100
    assert percent(coverage(RULES, decisions, SETTLED)) == 100


def test_what_no_event_shows_has_to_be_stated():
    assert {"settled: besides exception", "settled: never exception", "settled: expires verdicts"} < set(SETTLED)
    points = coverage(RULES, [], ["settled: never exception"])
    assert [point.what for point in points if point.seen] == ["settled: never exception"]


JOINED = rules("""
define: {risky: "pr.draft || pr.base.ref == 'prod'"}
events: [{event: pull_request_review, types: [submitted, edited], run: merge}]
gates: {calm: {reject: "risky() && pr.state == 'open'"}}
pipelines: [{pipeline: merge, gates: [calm], actions: [{id: note, uses: note.make}]}]
""")


def decides(*facts):
    """What decides, of pull requests of which this is said: (draft, base, state)."""
    many = [
        decide(event(), document(pr=pr(draft=draft, base={**pr()["base"], "ref": base}, state=state)), JOINED)
        for draft, base, state in facts
    ]
    return {point.what.partition(": ")[2] for point in coverage(JOINED, many) if point.seen and "decides" in point.what}


@pytest.mark.parametrize(
    ("why", "facts", "shown"),
    [
        (
            "both sides are false, so neither of an and has decided, and both of an or",
            [(False, "dev", "closed")],
            {"`pr.draft` decides by being false", "`pr.base.ref == 'prod'` decides by being false"},
        ),
        (
            "one of an or is true alone, and the other side of the and is false alone",
            [(True, "dev", "closed")],
            {"`pr.draft` decides by being true", "`pr.state == 'open'` decides by being false"},
        ),
        (
            "both of an or are true: neither has decided",
            [(True, "prod", "open")],
            {"`risky()` decides by being true", "`pr.state == 'open'` decides by being true"},
        ),
    ],
)
def test_a_side_has_decided_if_turning_it_over_alone_changes_the_answer(why, facts, shown):
    assert decides(*facts) == shown, why


def test_each_type_of_an_event_is_a_point():
    points = coverage(JOINED, [decide(event(), document(pr=pr()), JOINED)])
    assert {p.what.rpartition(": ")[2]: p.seen for p in points if p.what.startswith("events") and ": " in p.what} == {
        "submitted": True,
        "edited": False,
    }


FILTERED = rules("""
events: [{event: pull_request_review, types: [submitted], run: merge}]
gates: {calm: {require: "length(labels[?starts_with(@, 'a') && @ != 'ab']) > `0`"}}
pipelines: [{pipeline: merge, gates: [calm], actions: [{id: note, uses: note.make}]}]
""")


def test_a_filter_is_asked_of_each_of_its_items() -> None:
    decided = decide(event(), document(labels=["a", "b"]), FILTERED)
    seen = {point.what: point.seen for point in coverage(FILTERED, [decided]) if "decides" in point.what}
    assert seen == {
        "gate calm: `starts_with(@, 'a')` decides by being true": True,
        "gate calm: `starts_with(@, 'a')` decides by being false": True,
        "gate calm: `@ != 'ab'` decides by being true": True,
        "gate calm: `@ != 'ab'` decides by being false": False,
    }
