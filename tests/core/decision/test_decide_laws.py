"""Laws of a decision, over documents that nobody thought of: doubt and removal never turn into a yes."""

import json
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from engine.core.canonical import canonical
from engine.core.decision.decide import decide
from engine.core.decision.document import FactDocument, freeze, from_json
from engine.core.outcome import ALL, ANY, Outcome, combine
from tests.support.decision import event, rules_of
from tests.support.facts import (
    BEFORE,
    HEAD,
    LATER,
    NOW,
    OLD,
    OTHER,
    SIGNED,
    comment,
    commit,
    document,
    finding,
    pr,
    retarget,
    review,
    stated,
    statement,
    verdict,
)

RULES = rules_of(
    """
    policy: {needs: verdict, require: "verdict.result == 'passed'", override: exception}
    reviewed: {approvals: {from: [reviewers], after: verdict}}
    seniors:
      approvals: {any: [{count: 2, from: [security]}, {all: [{from: [leads]}, {from: [reviewers]}]}], after: verdict}
    same-tree: {needs: verdict, require: "merge.trees == verdict.trees", unmet: pending}
    ready: {reject: pr.draft, unmet: pending}
    not-frozen: {reject: freeze.active, unmet: pending}
    """,
    """
    overrides:
      exception: {command: "OVERRIDE:", from: [security], besides: [reviewed], never: [critical], expires: 1h}
    """,
)
EXCLUDED = ("author", "committer", "pusher", "helper", "bot")
APPROVERS = ("ann", "bob", "cid", "dan", "lea")
WORTH = {Outcome.PASS: 1, Outcome.NOT_APPLICABLE: 1}  # everything else is no yes

times = st.sampled_from([BEFORE, SIGNED, "2026-11-23T12:10:00Z", LATER, "2026-11-23T12:40:00Z"])
known = st.sampled_from([*APPROVERS, *EXCLUDED, "writer", "outsider"])
somebody = st.none() | known


@st.composite
def reviews(draw, users=somebody):
    state = draw(st.sampled_from(["APPROVED"] * 4 + ["CHANGES_REQUESTED", "COMMENTED", "DISMISSED"]))
    commit, at = draw(st.sampled_from([HEAD] * 4 + [OLD, None])), draw(times)
    edited = draw(st.sampled_from([False] * 5 + [True]))
    gone = state == "DISMISSED"
    was = draw(st.sampled_from(["APPROVED", "CHANGES_REQUESTED", None])) if gone else None
    by = draw(somebody) if gone else None
    return review(draw(users), state, commit, at, edited=edited, was=was, dismissed_by=by)


comments = st.builds(
    comment,
    somebody,
    st.sampled_from(["OVERRIDE: it is urgent"] * 3 + ["OVERRIDE:", "looks good"]),
    times,
    edited=st.booleans(),
    kind=st.sampled_from(["pull_request"] * 3 + ["review", "diff"]),
    verdict=st.sampled_from([2] * 5 + [1, 3, 0, None]),
    head=st.sampled_from([HEAD] * 5 + [OLD, None]),
)
contributors = st.sampled_from(["author"] * 6 + ["x@example.com", "y@example.com", "X@EXAMPLE.com", None, "web-flow"])
retargets = st.lists(st.builds(retarget, st.sampled_from(["dev", "dev", "prod"]), times), max_size=2)


@st.composite
def changes(draw):
    """Facts, most of them in order, so that passes are not rare."""
    severities = draw(st.lists(st.sampled_from(["high", "critical", "low"]), max_size=2))
    result = draw(st.sampled_from(["passed", "failed", "error"] if severities else ["passed"]))
    trees = verdict()["trees"]
    clean = draw(st.sampled_from([True] * 4 + [False]))
    this = verdict(rules=RULES.digest, result=result, findings=[finding(s) for s in severities], sequence=2)
    earlier = draw(st.sampled_from([{}, {}, {}, {"head": OLD}, {"content": OTHER}, {"hands": None}]))
    return {
        "verdict": this,
        "statements": [stated(this), *draw(st.sampled_from([[statement(1, BEFORE, **earlier)]] * 3 + [[]]))],
        "commits": [commit(author=draw(contributors), committer=draw(contributors))],
        "reviews": draw(st.lists(reviews(), max_size=7)),
        "comments": draw(st.lists(comments, max_size=3)),
        "pr": pr(draft=draw(st.sampled_from([False] * 4 + [True])), retargeted=draw(st.none() | retargets)),
        "merge": {"clean": clean, "trees": draw(st.sampled_from([trees, trees, {}]))},
        "now": draw(st.sampled_from([NOW, "2026-11-23T13:30:00Z", "2026-12-01T00:00:00Z"])),
    }


def decided(facts: dict) -> dict[str, Outcome]:
    return outcomes(document(**facts))


def outcomes(known_facts: FactDocument) -> dict[str, Outcome]:
    pipeline = decide(event(), known_facts, RULES).pipelines[0]
    return {"": pipeline.outcome, **{gate.name: gate.outcome for gate in pipeline.gates}}


def no_better(after: dict[str, Outcome], before: dict[str, Outcome]) -> bool:
    return all(WORTH.get(after[name], 0) <= WORTH.get(before[name], 0) for name in before)


def test_the_generated_documents_could_pass():
    """Otherwise the laws below would say nothing."""
    approved = [review(name, "APPROVED") for name in ("ann", "bob", "cid", "dan")]
    assert set(decided({"verdict": verdict(rules=RULES.digest), "reviews": approved}).values()) == {Outcome.PASS}


@given(changes(), st.data())
def test_removing_an_approval_that_counts_never_turns_anything_into_a_pass(facts, data):
    counted = [
        r
        for r in facts["reviews"]
        if r["state"] == "APPROVED"
        and r["user"]
        and r["commit_id"] == HEAD
        and not r["edited"]
        # a later review of the same person may be the reason why this one does not count
        and r["submitted_at"] > SIGNED
        and not any(o is not r and o["user"] == r["user"] for o in facts["reviews"])
    ]
    if counted:
        gone = data.draw(st.sampled_from(counted))
        fewer = {**facts, "reviews": [r for r in facts["reviews"] if r is not gone]}
        assert no_better(decided(fewer), decided(facts))


@given(changes(), st.sampled_from(EXCLUDED))
def test_an_approval_of_somebody_excluded_changes_nothing(facts, who):
    facts = {**facts, "reviews": [r for r in facts["reviews"] if not r["user"] or r["user"]["login"] != who]}
    more = {**facts, "reviews": [*facts["reviews"], review(who, "APPROVED", at="2026-11-23T12:45:00Z")]}
    assert decided(more) == decided(facts)


@given(changes(), st.sampled_from(EXCLUDED))
def test_an_override_of_somebody_excluded_changes_nothing(facts, who):
    more = {**facts, "comments": [*facts["comments"], comment(who, at="2026-11-23T12:45:00Z")]}
    before, after = decided(facts), decided(more)
    # asking may uncover that nobody can tell who is excluded, but is never a yes
    assert no_better(after, before)


@given(changes(), st.sampled_from((*APPROVERS, "writer")))
def test_a_veto_never_turns_anything_into_a_pass(facts, who):
    more = {**facts, "reviews": [*facts["reviews"], review(who, "CHANGES_REQUESTED", at="2026-11-23T12:45:00Z")]}
    after = decided(more)
    assert no_better(after, decided(facts))
    if who in ("ann", "bob", "writer"):
        assert after["reviewed"] in (Outcome.FAIL, Outcome.ERROR)


@given(changes(), st.sampled_from(["x@example.com", "z@example.com", None, "web-flow", "ann"]), st.booleans())
def test_one_more_contributor_never_turns_anything_into_a_pass(facts, who, signed):
    more = {**facts, "commits": [*facts["commits"], commit(author=who, sha=OLD, github_signed=signed)]}
    assert no_better(decided(more), decided(facts))


@given(changes(), times)
def test_a_retarget_never_turns_anything_into_a_pass(facts, when):
    changed = [*(facts["pr"]["retargeted"] or ()), retarget("dev", when)]
    known = {**facts, "pr": {**facts["pr"], "retargeted": facts["pr"]["retargeted"] or []}}
    if all(change["to"] == "dev" for change in changed):  # otherwise it may end a doubt
        assert no_better(decided({**known, "pr": {**known["pr"], "retargeted": changed}}), decided(known))


@given(changes(), st.integers(1, 4), st.sampled_from([{}, {"head": OLD}, {"content": OTHER}]))
def test_a_validation_of_something_else_never_turns_anything_into_a_pass(facts, number, other):
    row = statement(number, BEFORE, **other)
    missing = {1, 2, 3, 4} - {row["sequence"] for row in facts["statements"]}
    if number not in missing:  # otherwise it may end a doubt
        assert no_better(decided({**facts, "statements": [*facts["statements"], row]}), decided(facts))


@given(changes(), st.integers(0, 2**32))
def test_the_order_of_lists_is_irrelevant(facts, seed):
    shuffled = {
        name: list(value) if isinstance(value, list) else value for name, value in document(**facts).facts.items()
    }
    for value in shuffled.values():
        if isinstance(value, list):
            Random(seed).shuffle(value)
    assert outcomes(freeze(shuffled)) == decided(facts)


@given(changes())
def test_a_recorded_document_replays_to_the_same_bytes(facts):
    known_facts = document(**facts)
    backwards = {name: known_facts.facts[name] for name in reversed(list(known_facts.facts))}
    recorded = json.dumps({"facts": backwards, "version": 1}, indent=3).encode()
    first = canonical(decide(event(), known_facts, RULES).to_json())
    assert canonical(decide(event(), from_json(recorded), RULES).to_json()) == first


@given(changes())
def test_deciding_changes_no_fact(facts):
    known_facts = document(**facts)
    before = known_facts.digest
    decide(event(), known_facts, RULES)
    assert known_facts.digest == before


NAMES = sorted(document(**{"verdict": verdict()}).facts)


@given(changes(), st.sets(st.sampled_from(NAMES), min_size=1), st.sampled_from(["failed", "absent", "unfetched"]))
def test_a_fact_that_is_not_there_never_turns_anything_into_a_pass(facts, names, how):
    whole = document(**facts)
    rest = {name: value for name, value in whole.facts.items() if name not in names}
    reasons = dict.fromkeys(names, "the forge is down")
    part = freeze(rest, reasons if how == "absent" else {}, reasons if how == "failed" else {})
    assert no_better(outcomes(part), outcomes(whole))


def test_without_any_fact_nothing_passes():
    assert set(outcomes(FactDocument({})).values()) == {Outcome.ERROR}


@given(changes(), st.sampled_from(["labels", "checks", "source", "merges"]), st.none() | st.text())
def test_a_fact_that_no_gate_reads_changes_nothing(facts, name, reason):
    whole = document(**facts)
    rest = {n: value for n, value in whole.facts.items() if n != name}
    part = freeze(rest, {}, {} if reason is None else {name: reason})
    decisions = [decide(event(), known_facts, RULES).pipelines for known_facts in (whole, part)]
    assert decisions[0] == decisions[1]


@given(changes())
def test_a_pipeline_passes_only_if_every_gate_does(facts):
    found = decided(facts)
    gates = [outcome for name, outcome in found.items() if name]
    assert (found[""] is Outcome.PASS) == (set(gates) <= {Outcome.PASS})


many = st.lists(st.sampled_from(Outcome))


@given(many, st.randoms(use_true_random=False))
def test_combining_ignores_order_and_repetition(found, random):
    shuffled = found * 2
    random.shuffle(shuffled)
    for order in (ALL, ANY):
        assert combine(order, shuffled) is combine(order, found)


@given(many, many.filter(bool))
def test_combining_can_be_done_in_parts(left, right):
    for order in (ALL, ANY):
        parts = [combine(order, part) for part in (left, right) if set(part) - {Outcome.NOT_APPLICABLE}]
        assert combine(order, parts) is combine(order, [*left, *right])


@given(many, st.sampled_from(Outcome))
def test_all_never_gets_better_by_one_more(found, more):
    if combine(ALL, found) is not Outcome.PASS and set(found) - {Outcome.NOT_APPLICABLE}:
        assert combine(ALL, [*found, more]) is not Outcome.PASS


@given(many)
def test_what_does_not_apply_adds_nothing(found):
    for order in (ALL, ANY):
        assert combine(order, [*found, Outcome.NOT_APPLICABLE]) is combine(order, found)
