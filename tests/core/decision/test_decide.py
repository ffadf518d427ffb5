"""Which pipelines an event starts, what their outcome is, and which actions follow with which inputs."""

# ruff: noqa: E501 - one line per case

import json

import pytest

from engine.core import schema
from engine.core.decision.decide import decide
from engine.core.decision.inputs import resolve
from engine.core.decision.matching import match
from engine.core.declare import Action, Repeat
from engine.core.events.envelope import read_event
from engine.core.outcome import Outcome
from engine.core.source import load_json
from engine.errors import EngineError
from tests.support.decision import event, rules
from tests.support.facts import KEY, NUMBER, REPO, approve, document, pr, verdict

PASS, FAIL, PENDING, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.PENDING, Outcome.ERROR

RULES = rules("""
events:
  - {event: pull_request, types: [opened, edited], run: check}
  - {event: pull_request, types: [edited], when: "present(event.changes.base)", run: retarget}
  - {event: [pull_request_review, issue_comment], run: merge}
  - {event: pull_request_review, when: "event.action == 'dismissed'", run: check}
  - {event: check_run, when: "default(event.check_run.name, 'x') == event.check_run.conclusion", run: check}
  - {every: 10m, run: sweep}
  - {every: 1d, run: drift}
gates:
  ready: {reject: "pr.draft", unmet: pending}
  open: {require: "pr.state == 'open'"}
  policy: {needs: verdict, require: "verdict.result == 'passed'"}
  reviewed: {approvals: {from: [reviewers], after: verdict}}
  prod-only: {when: "pr.base.ref == 'prod'", require: "pr.title != ''"}
protect:
  note.merge: [policy, reviewed]
pipelines:
  - {pipeline: check, gates: [open], actions: [{id: note, uses: note.make}]}
  - {pipeline: retarget, gates: [prod-only], actions: [{id: note, uses: note.make}]}
  - pipeline: merge
    gates: [ready, policy]
    locks: "${verdict.resources[*].state_key}"
    actions:
      - {id: first, uses: note.make, with: {text: "PR ${pr.number}: ${pr.title}", about: {trees: "${verdict.trees}", fixed: [1, "${pr.draft}"]}}}
      - {id: merge, uses: note.merge}
      - {id: told, uses: note.make, if: "present(outputs.first)", with: {text: "${outputs.first.made}", about: "literal"}}
      - {id: never, uses: note.make, if: "pr.draft"}
      - {id: always, uses: note.make, if: "always()"}
    then: check
  - {pipeline: sweep, gates: none, actions: [{id: note, uses: note.make}]}
  - {pipeline: drift, gates: none, actions: [{id: note, uses: note.make}]}
""")
ALLOWED = {"reviews": [approve("ann")]}


def facts(**changes):
    return document(**{"verdict": verdict(rules=RULES.digest), **changes})


def decided(happening, pipeline=None, **changes):
    return decide(happening, facts(**changes), RULES, pipeline)


def scheduled(every="10m", **more):
    return read_event(json.dumps({"schedule": every, **more}).encode(), "schedule", delivery="1")


EDITED_BASE = event("pull_request", action="edited", changes={"base": {"ref": {"from": "main"}}})


@pytest.mark.parametrize(
    ("why", "happening", "started"),
    [
        ("a type that is listed", event("pull_request", action="opened"), ["check"]),
        ("a type that is not", event("pull_request", action="labeled"), []),
        ("another event", event("push", ref="refs/heads/x", before="0" * 40, after="0" * 40, deleted=False), []),
        ("`when` is false", event("pull_request", action="edited", changes={}), ["check"]),
        ("two rows, two pipelines, in their order", EDITED_BASE, ["check", "retarget"]),
        ("any type where none is listed", event(action="submitted"), ["merge"]),
        ("two rows start it and another", event(action="dismissed"), ["merge", "check"]),
        ("a row's own tick, and no other row", scheduled(), ["sweep"]),
        ("the other row's, in other words", scheduled("24h"), ["drift"]),
        ("a tick that names the pipeline", scheduled("24h", pipeline="drift"), ["drift"]),
        ("a tick of another pipeline's", scheduled("10m", pipeline="drift"), []),
        ("a tick of no row", scheduled("20m"), []),
        ("the clock of GitHub Actions", scheduled("*/10 * * * *"), []),
        ("no span of time", scheduled("\u0661m"), []),
    ],
)  # fmt: skip
def test_an_event_starts(why, happening, started):
    assert list(match(happening, RULES).pipelines) == started, why
    assert [p.name for p in decided(happening).pipelines] == started, why


def test_an_event_that_starts_nothing_allows_nothing():
    decision = decided(event("pull_request", action="labeled"))
    assert (decision.pipelines, decision.outcome) == ((), ERROR)


def test_a_when_that_cannot_be_told_is_an_error_and_not_a_no():
    happening = event("check_run", action="completed", check_run={"head_sha": "a" * 40, "name": "x"})
    decision = decided(happening)
    assert [(p.name, p.outcome, p.gates) for p in decision.pipelines] == [("check", ERROR, ())]
    assert "cannot be told" in decision.pipelines[0].because


def test_a_pipeline_may_be_named():
    decision = decided(event("pull_request", action="labeled"), "merge", **ALLOWED)
    assert [(p.name, p.outcome) for p in decision.pipelines] == [("merge", PASS)]


def test_naming_an_unknown_pipeline_is_refused():
    with pytest.raises(EngineError, match=r"ENG201.*`mergee`[^?]*did you mean `merge`"):
        decided(event(), "mergee")


@pytest.mark.parametrize(
    ("why", "happening", "changes", "outcome"),
    [
        ("every gate passes", event(), ALLOWED, PASS),
        ("one gate waits", event(), {**ALLOWED, "pr": pr(draft=True)}, PENDING),
        ("a refusal outranks a wait", event(), {"verdict": verdict(rules=RULES.digest, result="failed"), "pr": pr(draft=True)}, FAIL),
        ("a doubt outranks a refusal", event(), {"verdict": verdict(rules=RULES.digest, result="failed"), "failed": {"reviews": "HTTP 502"}}, ERROR),
        ("a gate of the action's own `protect`", event(), {"reviews": []}, PENDING),
        ("`gates: none`", scheduled(), {}, PASS),
        ("none of the gates applies", EDITED_BASE, {}, ERROR),
    ],
)  # fmt: skip
def test_outcome_of_a_pipeline(why, happening, changes, outcome):
    assert decided(happening, **changes).pipelines[-1].outcome is outcome, why


def test_protect_adds_gates_that_the_pipeline_leaves_out():
    assert [gate.name for gate in decided(event()).pipelines[0].gates] == ["ready", "policy", "reviewed"]


def test_a_pipeline_without_gates_that_does_not_say_so_is_an_error():
    bare = RULES._replace(pipelines={"check": RULES.pipelines["check"]._replace(gates=())})
    assert decide(event(), facts(), bare, "check").outcome is ERROR


def test_actions_and_their_inputs():
    pipeline = decided(event(), **ALLOWED).pipelines[0].to_json()
    assert pipeline["locks"] == [KEY]
    assert pipeline["then"] == "check"
    trees = verdict()["trees"]
    assert pipeline["actions"] == [
        {"id": "first", "uses": "note.make", "runs": True, "with": {"text": f"PR {NUMBER}: Add the data lake", "about": {"trees": trees, "fixed": [1, False]}}, "deferred": {}},
        {"id": "merge", "uses": "note.merge", "runs": True, "with": {}, "deferred": {}},
        {"id": "told", "uses": "note.make", "runs": None, "with": {"about": "literal"}, "deferred": {"text": "${outputs.first.made}"}},
        {"id": "never", "uses": "note.make", "runs": False, "with": {}, "deferred": {}},
        {"id": "always", "uses": "note.make", "runs": True, "with": {}, "deferred": {}},
    ]  # fmt: skip


def test_deferred_inputs_are_resolved_by_the_same_function():
    action = decided(event(), **ALLOWED).pipelines[0].actions[2]
    scope = {"outputs": {"first": {"made": "a note"}}}
    assert resolve(action.deferred, scope) == ({"text": "a note"}, {})


def test_nothing_runs_and_nothing_is_locked_unless_every_gate_passes():
    for changes in ({}, {"pr": pr(draft=True)}, {"failed": {"reviews": "HTTP 502"}}):
        pipeline = decided(event(), **changes).pipelines[0]
        assert [(a.runs, a.inputs) for a in pipeline.actions] == [(False, {})] * 5
        assert pipeline.locks == ()


@pytest.mark.parametrize(
    ("why", "locks"),
    [
        ("one text is no list: its letters would be locked", "verdict.branch"),
        ("a number", "pr.number"),
        ("a list of something else", "verdict.resources"),
        ("no state at all", "verdict.resources[?name == 'none'].state_key"),
    ],
)
def test_nothing_runs_when_what_it_locks_is_no_list_of_state_keys(why, locks):
    known = rules(f"""
    events: [{{event: pull_request_review, run: apply}}]
    gates: {{open: {{require: "pr.state == 'open'"}}}}
    pipelines: [{{pipeline: apply, gates: [open], locks: "${{{locks}}}", actions: [{{id: note, uses: note.make}}]}}]
    """)
    decision = decide(event(), document(verdict=verdict(rules=known.digest)), known)
    assert (decision.outcome, decision.pipelines[0].locks) == (ERROR, ()), why
    assert "no list of state keys" in decision.pipelines[0].because
    assert decision.pipelines[0].actions[0].runs is False


def test_a_change_that_nothing_applies_locks_nothing():
    known = rules("""
    events: [{event: pull_request_review, run: apply}]
    gates: {open: {require: "pr.state == 'open'"}}
    pipelines: [{pipeline: apply, gates: [open], locks: "${verdict.resources[*].state_key}", actions: [{id: note, uses: note.make}]}]
    """)
    for said, number in (({}, 1), ({"applies": True}, 1), ({"applies": False}, 0)):
        decision = decide(event(), document(verdict=verdict(rules=known.digest, **said)), known)
        assert len(decision.pipelines[0].locks) == number, said


def test_an_input_that_cannot_be_resolved_stops_the_pipeline():
    broken = RULES.pipelines["merge"]._replace(gates=("ready",), locks=None)
    steps = (broken.steps[0],)
    bare = RULES._replace(pipelines={"merge": broken._replace(steps=steps)})
    decision = decide(event(), facts(failed={"verdict": "HTTP 502"}), bare)
    assert decision.outcome is ERROR
    assert decision.pipelines[0].actions[0].runs is False


@pytest.mark.parametrize(
    ("why", "pipeline", "needs"),
    [
        ("the gate's path", "check", {"pr"}),
        ("gates, protect, locks, inputs, and what they are compared with", "merge", {"pr", "verdict", "now", "rules", "reviews", "groups", "commits", "pushers", "permissions", "statements"}),
        ("nothing", "sweep", set()),
    ],
)  # fmt: skip
def test_the_facts_to_fetch(why, pipeline, needs):
    assert match(event(), RULES, pipeline).needs == needs, why


def test_the_facts_that_the_actions_read_themselves():
    actions = {"note.make": Action("note.make", dict, {}, (), (), Repeat.SAFE, "", needs=("resources", "rules"))}
    assert match(event(), RULES, "check", actions).needs == {"pr", "resources", "merge"}  # can it be merged at all?


def test_only_what_is_said_to_be_needed_is_read():
    for happening, pipeline in ((event(), None), (EDITED_BASE, None), (scheduled(), None)):
        needs = match(happening, RULES, pipeline).needs
        whole, asked = facts(**ALLOWED), facts(**ALLOWED)
        part = asked._replace(facts={name: value for name, value in asked.facts.items() if name in needs})
        results = [decide(happening, known, RULES, pipeline).pipelines for known in (whole, part)]
        assert results[0] == results[1]


@pytest.mark.parametrize(
    "changes", [ALLOWED, {}, {"failed": {"reviews": "HTTP 502"}}, {"absent": {"verdict": "none"}}, {"labels": None}]
)
@pytest.mark.parametrize("happening", [event(), EDITED_BASE, scheduled(), event("pull_request", action="labeled")])
def test_a_decision_fits_its_schema(happening, changes):
    decision = decided(happening, **changes).to_json()
    assert schema.check("decision", load_json(json.dumps(decision).encode(), "decision.json")) == ()


def test_a_decision_says_what_it_was_made_from():
    known = facts(absent={"verdict": "none is signed"}, failed={"groups": "HTTP 502"}, commits=None, statements=[])
    decision = decide(event(), known, RULES).to_json()
    assert decision["event"]["subject"] == f"{REPO}#{NUMBER}"
    assert decision["rules"] == RULES.whole
    assert decision["facts"]["digest"] == known.digest
    assert sorted(decision["facts"]["read"]) == [
        "now",
        "permissions",
        "pr",
        "pushers",
        "reviews",
        "rules",
        "statements",
    ]
    assert decision["facts"]["absent"] == {"verdict": "none is signed"}
    assert decision["facts"]["failed"] == {"groups": "HTTP 502"}
    assert decision["facts"]["unfetched"] == ["commits"]
