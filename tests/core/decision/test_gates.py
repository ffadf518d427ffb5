"""How a gate comes to its outcome: what it needs, whether it applies, and its kind."""

# ruff: noqa: E501 - one line per case

import pytest

from engine.core.decision.decide import decide
from engine.core.decision.gates import KINDS
from engine.core.outcome import ALL, ANY, Outcome, combine
from engine.core.rules.model import Gate
from tests.support.decision import event, rules_of
from tests.support.facts import KEY, TODAY, TREE, approve, document, finding, pr, reject, verdict

PASS, FAIL, PENDING, ERROR, NOT_APPLICABLE = (
    Outcome.PASS,
    Outcome.FAIL,
    Outcome.PENDING,
    Outcome.ERROR,
    Outcome.NOT_APPLICABLE,
)


def judged(gate, **facts):
    """The first gate of a pipeline of these gates."""
    rules = rules_of(gate)
    if facts.get("verdict", True):
        facts["verdict"] = {"rules": rules.digest, **facts.get("verdict", verdict(rules=rules.digest))}
    return decide(event(), document(**facts), rules).pipelines[0].gates[0]


def mine(**changes):
    """A verdict under the rules of the test."""
    known = verdict(**changes)
    del known["rules"]
    return {**known, **({"rules": changes["rules"]} if "rules" in changes else {})}


POLICY = "policy: {needs: verdict, require: \"verdict.result == 'passed'\"}"
TREES = "same-tree: {needs: verdict, require: 'merge.trees == verdict.trees', unmet: pending}"
RISKY = "risky: {needs: verdict, when: \"plan_touches('aws_iam_*')\", require: \"pr.base.ref == 'prod'\"}"
FROZEN = "not-frozen: {reject: freeze.active, unmet: pending}"
OTHER_TREES = {"clean": True, "trees": {"S3/data-lake": "sha256:" + "8" * 64}}
CONFLICT = {"clean": False, "trees": {"S3/data-lake": TREE}}
TOUCHES_IAM = [{"path": "IAM/x", "service": "IAM", "name": "x", "state_key": KEY, "tree": TREE, "plan": "keyed:1",
                "changes": [{"address": "aws_iam_role.this", "type": "aws_iam_role", "actions": ["create"]}]}]  # fmt: skip


@pytest.mark.parametrize(
    ("why", "gate", "facts", "outcome"),
    [
        ("what is required holds", POLICY, {}, PASS),
        ("what is required does not hold", POLICY, {"verdict": mine(result="failed")}, FAIL),
        ("what is rejected does not hold", FROZEN, {}, PASS),
        ("what is rejected holds; unmet says pending", FROZEN, {"freeze": {"active": True}}, PENDING),
        ("what is rejected holds; unmet is fail unless said", "g: {reject: pr.draft}", {"pr": pr(draft=True)}, FAIL),
        ("no verdict yet", POLICY, {"absent": {"verdict": "none is signed"}}, PENDING),
        ("the verdict's lookup failed", POLICY, {"failed": {"verdict": "HTTP 502"}}, ERROR),
        ("nobody fetched the verdict", POLICY, {"verdict": None}, ERROR),
        ("absent, but the gate does not say `needs`", "g: {require: \"verdict.result == 'passed'\"}", {"absent": {"verdict": "none"}}, ERROR),
        ("validation ended in an error", POLICY, {"verdict": mine(result="error")}, ERROR),
        ("... and that counts for people too", "g: {approvals: {from: [reviewers], after: verdict}}", {"verdict": mine(result="error"), "reviews": [approve("ann")]}, ERROR),
        ("people after a verdict that is not there", "g: {approvals: {from: [reviewers], after: verdict}}", {"absent": {"verdict": "none"}, "reviews": [approve("ann")]}, PENDING),
        ("a veto does not wait for the verdict", "g: {approvals: {from: [reviewers], after: verdict}}", {"absent": {"verdict": "none"}, "reviews": [reject("bob")]}, FAIL),
        ("... but whether the gate applies at all may", "g: {needs: verdict, when: \"verdict.branch == 'prod'\", approvals: {from: [reviewers]}}", {"absent": {"verdict": "none"}, "reviews": [reject("bob")]}, PENDING),
        ("`when` does not hold: not applicable, never a silent pass", RISKY, {}, NOT_APPLICABLE),
        ("`when` holds, so it is asked", RISKY, {"verdict": mine(resources=TOUCHES_IAM)}, FAIL),
        ("whether it applies cannot be known without the verdict", RISKY, {"absent": {"verdict": "none"}}, PENDING),
        ("whether it applies cannot be told: a resource was not planned", RISKY, {"verdict": mine(resources=[{**TOUCHES_IAM[0], "plan": None}])}, ERROR),
        ("the trees are those of the verdict", TREES, {}, PASS),
        ("the base has moved on", TREES, {"merge": OTHER_TREES}, PENDING),
        ("a merge conflict is fail, whatever `unmet` says and the trees are", TREES, {"merge": CONFLICT}, FAIL),
        ("a merge conflict outranks the missing verdict", TREES, {"merge": CONFLICT, "absent": {"verdict": "none"}}, FAIL),
        ("... however they are read", "g: {needs: verdict, require: 'contains(merge.*, verdict.trees)'}", {"merge": CONFLICT}, FAIL),
        ("a conflict does not matter to a gate that reads no trees", POLICY, {"merge": CONFLICT}, PASS),
        ("a gate may ask for a clean merge by itself", "g: {require: merge.clean, unmet: pending}", {"merge": CONFLICT}, PENDING),
        ("comparing with a conflict in `when`", "g: {needs: verdict, when: 'merge.trees == verdict.trees', require: pr.draft}", {"merge": CONFLICT}, FAIL),
        ("the merge could not be tried", TREES, {"failed": {"merge": "git broke"}}, ERROR),
    ],
)  # fmt: skip
def test_outcome(why, gate, facts, outcome):
    assert judged(gate, **facts).outcome is outcome, why


@pytest.mark.parametrize(
    ("why", "verdict_facts", "facts", "because"),
    [
        ("another head", mine(head_sha="d" * 40), {}, "the last one is of another head, ddddddd"),
        ("another base: a retarget", mine(base_ref="prod"), {}, "the last one is of another base, prod"),
        ("another repository", mine(repo="acme/evil"), {}, "the last one is of another repository, acme/evil"),
        ("another pull request", mine(pr=8), {}, "the last one is of another pull request"),
        ("a pull request it does not name", mine(pr=None), {}, "the last one is of another pull request"),
        ("other rules", mine(rules="sha256:" + "2" * 64), {}, "the last one was given under other rules"),
        ("other policies", mine(policy="sha256:x"), {}, "the last one was given under other policies"),
        ("another module", mine(module="sha256:x"), {}, "the last one was planned with another Terraform module"),
        ("another lock file", mine(lock_file="sha256:x"), {}, "the last one was planned with another provider lock file"),
        ("policies that it does not name", mine(policy=None), {}, "the last one was given under other policies"),
        ("policies that neither of the two names", mine(policy=None), {"rules": {**TODAY, "policy": None}}, "the last one was given under other policies"),
        ("policies that nobody names today", mine(), {"rules": {**TODAY, "policy": None}}, "the last one was given under other policies"),
        ("a lock file that is gone", mine(), {"rules": {**TODAY, "lock_file": None}}, "the last one cannot be compared: the module has no provider lock file; `terraform providers lock` makes one"),
        ("signed more than five minutes ahead", mine(signed_at="2026-11-23T13:05:01Z"), {}, "the last one was signed in the future, at 2026-11-23T13:05:01Z"),
        ("a local run", mine(origin="local"), {}, "the last one is of a local run, which only such runs believe"),
        ("expired", mine(expires_at="2026-11-23T12:59:59Z"), {}, "the last one expired at 2026-11-23T12:59:59Z"),
        ("at the very moment of its expiry it is expired", mine(expires_at="2026-11-23T13:00:00Z"), {}, "the last one expired"),
    ],
)  # fmt: skip
def test_a_verdict_that_is_not_about_this_is_absent(why, verdict_facts, facts, because):
    gate = judged(POLICY, verdict=verdict_facts, **facts)
    assert gate.outcome is PENDING, why
    assert because in gate.because, why


def test_clocks_may_differ_by_five_minutes():
    assert judged(POLICY, verdict=mine(signed_at="2026-11-23T13:05:00Z")).outcome is PASS


def test_a_repository_is_the_same_in_either_case():
    assert judged(POLICY, verdict=mine(repo="Acme/Dev-Deployment")).outcome is PASS


def test_when_no_real_moment_is_known_nothing_can_be_said_of_a_verdict_from_the_future():
    assert judged(POLICY, verdict=mine(signed_at="2026-12-01T00:00:00Z"), now="2026-11-31T00:00:00Z").outcome is ERROR


def test_expressions_see_what_is_compared_with():
    assert judged("g: {needs: verdict, require: 'rules.policy == verdict.policy'}").outcome is PASS


@pytest.mark.parametrize("fact", ["now", "pr", "rules"])
@pytest.mark.parametrize("how", ["absent", "failed", "unfetched"])
def test_a_verdict_that_cannot_be_compared_is_an_error(fact, how):
    assert judged(POLICY, **({fact: None} if how == "unfetched" else {how: {fact: "?"}})).outcome is ERROR


def test_a_verdict_that_holds_one_more_second_counts():
    assert judged(POLICY, verdict=mine(expires_at="2026-11-23T13:00:01Z")).outcome is PASS


@pytest.mark.parametrize(
    ("why", "gate", "facts", "because"),
    [
        ("a pass says what held", POLICY, {}, "`verdict.result == 'passed'` holds"),
        ("a message is written for people", POLICY.replace("}", ", message: 'Not passed at ${pr.head.ref}.'}"), {"verdict": mine(result="failed")}, "Not passed at feature. (`verdict.result == 'passed'` does not hold)"),
        ("a message that cannot be written hides nothing", POLICY.replace("}", ", message: 'Frozen: ${freeze.active}.'}"), {"verdict": mine(result="failed"), "freeze": None}, "`verdict.result == 'passed'` does not hold"),
        ("a message is not used for what it is not about", TREES.replace("}", ", message: Moved on.}"), {"merge": CONFLICT}, "merging into the base as it is now is a conflict"),
        ("an absent fact has its reason", POLICY, {"absent": {"verdict": "none is signed for this head"}}, "there is no verdict yet: none is signed for this head"),
        ("a failed one too", POLICY, {"failed": {"verdict": "HTTP 502"}}, "verdict could not be fetched: HTTP 502"),
        ("an error names the fact", FROZEN, {"freeze": None}, "`freeze.active` cannot be judged: freeze was not fetched"),
        ("not applicable says so", RISKY, {}, "not asked for, as `plan_touches('aws_iam_*')` does not hold"),
    ],
)  # fmt: skip
def test_because(why, gate, facts, because):
    assert judged(gate, **facts).because == because, why


def causes(gate):
    """(outcome, text, facts) of every cause of the tree."""
    todo, found = list(gate.causes), []
    while todo:
        cause = todo.pop(0)
        todo = [*cause.causes, *todo]
        found.append((cause.outcome, cause.text, dict(cause.facts)))
    return found


@pytest.mark.parametrize(
    ("why", "require", "facts", "told", "silent"),
    [
        ("of `&&` only what is false", "pr.state == 'open' && pr.base.ref == 'prod'", {}, (FAIL, "pr.base.ref == 'prod'", {"pr.base.ref": "dev"}), "pr.state == 'open'"),
        ("of `||` only what is true", "pr.draft || pr.state == 'open'", {}, (PASS, "pr.state == 'open'", {"pr.state": "open"}), "pr.draft"),
        ("of `||` that is false, both", "pr.draft || pr.state == 'closed'", {}, (FAIL, "pr.draft", {"pr.draft": False}), "nothing"),
        ("under `!`, what it turns round", "!(pr.state == 'open')", {}, (FAIL, "(pr.state == 'open')", {"pr.state": "open"}), "nothing"),
        ("what could not be told", "pr.state == 'open' && freeze.active", {"freeze": None}, (ERROR, "`pr.state == 'open' && freeze.active` cannot be judged: freeze was not fetched", {}), "nothing"),
    ],
)  # fmt: skip
def test_the_tree_names_the_facts_that_made_the_difference(why, require, facts, told, silent):
    found = causes(judged(f'g: {{require: "{require}"}}', **facts))
    assert told in found, (why, found)
    assert silent not in [text for _, text, _ in found], why


def test_every_gate_has_one_kind_and_every_kind_a_field():
    assert {kind.name for kind in KINDS} <= set(Gate._fields)


def test_a_gate_that_requires_nothing_is_an_error():
    rules = rules_of(POLICY)
    empty = {name: gate._replace(require=None) for name, gate in rules.gates.items()}
    decision = decide(event(), document(verdict=verdict(rules=rules.digest)), rules._replace(gates=empty))
    assert decision.pipelines[0].outcome is ERROR


@pytest.mark.parametrize(
    ("why", "order", "outcomes", "outcome"),
    [
        ("an error outranks a refusal", ALL, [PASS, PENDING, FAIL, ERROR], ERROR),
        ("a refusal outranks a wait", ALL, [PASS, PENDING, FAIL], FAIL),
        ("one waits", ALL, [PASS, PENDING], PENDING),
        ("what does not apply adds nothing", ALL, [NOT_APPLICABLE, PASS], PASS),
        ("nothing applies", ALL, [NOT_APPLICABLE, NOT_APPLICABLE], ERROR),
        ("nothing was judged", ALL, [], ERROR),
        ("one yes is enough", ANY, [FAIL, ERROR, PENDING, PASS], PASS),
        ("broken outranks waiting", ANY, [FAIL, ERROR, PENDING], ERROR),
        ("waiting outranks refused", ANY, [FAIL, PENDING], PENDING),
        ("all refused", ANY, [FAIL], FAIL),
        ("nothing was judged", ANY, [], ERROR),
    ],
)
def test_combine(why, order, outcomes, outcome):
    assert combine(order, outcomes) is outcome, why


def test_findings_do_not_matter_to_a_gate_that_asks_for_the_result():
    assert judged(POLICY, verdict=mine(findings=[finding("critical", "warn")])).outcome is PASS
