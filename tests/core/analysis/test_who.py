"""`who_can`: which gates ask whom, when, and what an override comes to, of rules that a reviewer never reads."""

import pytest

from engine.core.analysis.who import ALWAYS, IF, NEVER, Question, who_can
from engine.core.analysis.who_told import told
from engine.errors import EngineError
from engine.run.trusted import load_rules
from tests.support.decision import rules

SHIPPED = load_rules(".")
APPROVERS = """
version: 1
groups:
  peers: {users: [ann, bob]}
  guards: {users: [ann, cid]}
  crew: {teams: [acme/crew]}
  chiefs: {users: [dave], teams: [acme/chiefs]}
  alone: {users: [eve]}
"""
BODY = """
define: {{vague: "default(verdict.expires_at, '') == ''"}}
events: [{{event: pull_request_review, run: join}}]
gates:
  judged: {{needs: verdict, require: "verdict.result == 'passed'", override: hurry}}
  {gates}
overrides:
  hurry: {{command: "HURRY:", from: [chiefs], besides: [seen], never: [critical, high], expires: 2h}}
pipelines:
  - {{pipeline: join, gates: [judged, seen, {names}], actions: [{{id: note, uses: note.make}}]}}
"""
SEEN = "seen: {approvals: {count: 1, from: [peers], after: verdict}}"


def made(**gates):
    """Rules with `judged`, which may be overridden, `seen`, and these gates."""
    rows = [SEEN, *(f"{name}: {text}" for name, text in gates.items())]
    return rules(BODY.format(gates="\n  ".join(rows), names=", ".join(gates)), APPROVERS)


def asked(answer):
    """Gate → when it asks, and for what of a plan."""
    return {one.gate.name: (one.when, *one.deeds) for one in answer.asked}


S3, IAM = ("aws_s3_bucket",), ("aws_iam_role",)
RISKY = "security-reviewed"


@pytest.mark.parametrize(
    ("why", "environment", "types", "when"),
    [
        ("in production always", "production", S3, (ALWAYS,)),
        ("whatever is planned there", "production", (), (ALWAYS,)),
        ("of access always", "development", IAM, (ALWAYS,)),
        ("of several types if one is", "development", S3 + IAM, (ALWAYS,)),
        ("of a bucket if it goes", "development", S3, (IF, "destroys", "replaces")),
        ("of what nobody has said: under its condition", "development", (), (IF,)),
        ("nobody's environment is as any other", "otherwise", IAM, (ALWAYS,)),
    ],
)
def test_when_the_shipped_rules_ask_for_security(why, environment, types, when):
    answer = who_can(SHIPPED, Question(environment, types))
    assert asked(answer) == {"policy": (ALWAYS,), "reviewed": (ALWAYS,), RISKY: when}, why


def test_who_can_approve_a_production_change_of_access():
    answer = who_can(SHIPPED, Question("production", IAM))
    [enough] = answer.enough
    assert enough.gates == ("reviewed", RISKY)
    assert enough.people == (
        ("ann", "carol"),
        ("bob", "carol"),
        ("a member of acme/platform", "carol"),
        ("ann", "a member of acme/security", "a second member of acme/security"),
    )
    assert (answer.branch, answer.account) == ("prod", "333333333333")
    assert answer.sources == (("acme/dev-deployment", ("**",)),)


@pytest.mark.parametrize(
    ("why", "login", "counts", "says"),
    [
        ("one who may", "dave", True, "dave overrides (policy-exception"),
        ("in other letters, as GitHub takes them", "DAVE", True, "dave overrides"),
        ("one who may only approve", "ann", False, "ann is not in special_approvers"),
    ],
)
def test_what_if_somebody_overrides(why, login, counts, says):
    [tried] = who_can(SHIPPED, Question("production", IAM, login)).tried
    assert (tried.counts, says in tried.because) == (counts, True), why
    assert (tried.opens, tried.leaves) == (("policy",), ("reviewed", RISKY))
    assert tried.never == ("cannot be overridden: a finding of the change is critical",)


CREW = ("a member of acme/crew", "a second member of acme/crew")
GATES = {
    "both": "{approvals: {all: [{count: 1, from: [peers]}, {count: 1, from: [guards]}]}}",
    "team": "{approvals: {count: 2, from: [crew]}}",
    "mine": "{when: \"source.repo == 'acme/other'\", approvals: {count: 1, from: [guards]}}",
    "later": '{when: "freeze.active", approvals: {count: 1, from: [guards]}}',
    "masked": "{when: \"default(freeze.reason, '') != ''\", approvals: {count: 1, from: [guards]}}",
    "half-said": '{when: "default(pr.draft, `false`) && vague()", approvals: {from: [guards]}}',
    "many": "{when: \"length(plan_actions('delete')) > `3`\", approvals: {from: [guards]}}",
    "large": '{when: "length(verdict.resources) > `5`", approvals: {from: [guards]}}',
    "said": "{when: \"default(pr.base.ref, '') == 'prod'\", approvals: {from: [guards]}}",
    "rash": "{override: hurry, approvals: {count: 1, from: [guards]}}",
    "too-many": "{approvals: {count: 2, from: [alone]}}",
}


@pytest.mark.parametrize("name", ["many", "large"])
def test_how_much_is_changed_is_not_known(name):
    answer = who_can(made(**{name: GATES[name]}), Question("production", ("aws_sqs_queue",)))
    assert asked(answer)[name] == (IF,)


@pytest.mark.parametrize(
    ("why", "gates", "overrider", "when", "people"),
    [
        ("nobody counts twice in one gate", ["both"], None, {"both": ALWAYS}, [("ann", "bob"), ("ann", "cid")]),
        ("a team is whoever is in it", ["team"], None, {"team": ALWAYS}, [("ann", *CREW), ("bob", *CREW)]),
        ("a source that never sends", ["mine"], None, {"mine": NEVER}, [("ann",), ("bob",)]),
        ("a fact that nobody has said", ["later"], None, {"later": IF}, [("ann",), ("bob",)]),
        ("a default says nothing of it", ["masked"], None, {"masked": IF}, [("ann",), ("bob",)]),
        ("nor of a part that nobody has said", ["half-said"], None, {"half-said": IF}, [("ann",), ("bob",)]),
        ("what is said needs no default", ["said"], None, {"said": ALWAYS}, [("ann",), ("bob", "cid")]),
        ("the overrider is nobody's second", ["rash"], "dave", {"rash": ALWAYS}, [("ann",), ("bob",)]),
        ("too few for it", ["too-many"], None, {"too-many": ALWAYS}, []),
    ],
)  # fmt: skip
def test_who_is_enough(why, gates, overrider, when, people):
    answer = who_can(made(**{name: GATES[name] for name in gates}), Question("production", (), overrider))
    assert {name: asked(answer)[name][0] for name in gates} == when, why
    assert list(answer.enough[0].people[:2])[: len(people)] == people, why
    assert bool(answer.enough[0].people) is bool(people)


def test_what_is_asked_only_if_is_counted_apart():
    answer = who_can(made(later=GATES["later"], both=GATES["both"]), Question("production"))
    assert [one.gates for one in answer.enough] == [("seen", "both"), ("seen", "later", "both")]


def test_a_stranger_may_be_in_a_team_that_may_override():
    [tried] = who_can(made(), Question("production", (), "somebody-else")).tried
    assert (tried.counts, tried.teams) == (True, ("acme/chiefs",))
    [named] = who_can(made(), Question("production", (), "dave")).tried
    assert named.teams == ()


@pytest.mark.parametrize(
    ("why", "question", "code", "hint"),
    [
        ("no such environment", Question("producton"), "ENG760", "did you mean `production`?"),
        ("its branch", Question("prod"), "ENG760", "that is the branch of `production`"),
        ("nobody of that name", Question("production", (), "dav"), "ENG761", "did you mean `dave`?"),
        ("nobody at all", Question("production", (), "zoe"), "ENG761", "known: ann, bob, carol, dave, erin"),
    ],
)
def test_unknown(why, question, code, hint):
    with pytest.raises(EngineError) as caught:
        who_can(SHIPPED, question)
    [problem] = caught.value.problems
    assert (problem.code, problem.hint) == (code, hint), why


def test_it_is_told_without_a_word_of_yaml():
    said = told(who_can(SHIPPED, Question("production", IAM, "dave")))
    for line in (
        "A change of production that touches aws_iam_role and nothing else goes to branch prod (account 333333333333).",
        "  acme/dev-deployment may send one, of what it owns: **",
        "security-reviewed: 2 approvals from security, or 1 approval from ciso",
        "  asked, as `risky()` holds",
        "    by somebody who had no hand in the change: special_approvers: dave and erin",
        "If dave overrides (policy-exception):",
        "  once there is, without dave: reviewed",
        "  ann and carol",
        "  not-frozen: `freeze.active` must not hold",
    ):
        assert f"{line}\n" in said, line


def test_each_gate_is_told_by_its_own_case():
    said = told(who_can(made(**GATES), Question("production", (), "stranger-to-all")))
    for line in (
        "both: 1 approval from peers, and 1 approval from guards",
        "mine: not asked, as `source.repo == 'acme/other'` does not hold",
        "  asked if `freeze.active` holds",
        "  if stranger-to-all is a member of acme/chiefs:",
        "Nobody can open judged, seen, both, team, said, rash and too-many: of those who may there are too few.",
    ):
        assert f"{line}\n" in said, said
