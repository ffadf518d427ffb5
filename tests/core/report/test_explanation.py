"""The tree that a person reads: every line is there, and says who can do what."""

# ruff: noqa: E501 - as wide as it is shown

import textwrap

from engine.core.decision.decide import decide
from engine.core.report.explanation import render, sentence
from tests.support.decision import event, rules, rules_of
from tests.support.facts import BEFORE, OLD, approve, comment, document, finding, pr, reject, verdict

RULES = rules_of(
    """
    policy: {needs: verdict, require: "verdict.result == 'passed'", override: exception, message: "Policy said no."}
    reviewed: {approvals: {from: [reviewers], after: verdict}}
    iam: {needs: verdict, when: "plan_touches('aws_iam_*') || verdict.branch == 'prod'", require: "pr.merged"}
    ready: {reject: pr.draft, unmet: pending}
    """,
    """
    overrides:
      exception: {command: "OVERRIDE:", from: [security], besides: [reviewed], never: [], expires: 1h}
    """,
)


def shown(happening=None, ours=RULES, **changes):
    known = {"verdict": verdict(rules=ours.digest), **changes}
    return render(decide(happening or event(), document(**known), ours))


def text(block):
    return textwrap.dedent(block).strip("\n")


def test_a_pass():
    assert shown(reviews=[approve("ann"), approve("author")]) == text("""
        pull_request_review (submitted) of acme/dev-deployment#7

        ✓ mergeable: pass — every gate that applies has passed
          ✓ policy — `verdict.result == 'passed'` holds   (verdict.result is "passed")
          ✓ reviewed — approved by ann
            ✓ 1 approval from reviewers: 1 of 1
              ✓ ann approved
            · the approval of author does not count: author is the author of the pull request
          – iam — not asked for, as `plan_touches('aws_iam_*') || verdict.branch == 'prod'` does not hold
            – plan_touches('aws_iam_*')   (verdict.resources[*].changes[*].type is [["aws_s3_bucket"]])
            – verdict.branch == 'prod'   (verdict.branch is "dev")
          ✓ ready — `pr.draft` does not hold   (pr.draft is false)
          ▸ note: note.make
    """)


def test_a_refusal_with_what_is_missing_and_who_can_give_it():
    failed = verdict(rules=RULES.digest, result="failed", findings=[finding()])
    assert shown(verdict=failed, reviews=[reject("bob")], pr=pr(draft=True), comments=[comment("cid")]) == text("""
        pull_request_review (submitted) of acme/dev-deployment#7

        ✗ mergeable: fail — refused by: reviewed
          … policy — Policy said no. (cid overrides (exception, until 2026-11-23T13:30:00Z), but a second person is missing)
            ✗ verdict.result == 'passed'   (verdict.result is "failed")
            … cid overrides (exception, until 2026-11-23T13:30:00Z), but a second person is missing
              ✗ reviewed, without cid: bob (reviewers) requested changes
            → missing: the veto taken back, by a new approval or a dismissal of their own: bob can give it
            → missing: 1 more approval from reviewers: ann and bob can give it
          ✗ reviewed — bob (reviewers) requested changes
            … 1 approval from reviewers: 0 of 1
            → missing: the veto taken back, by a new approval or a dismissal of their own: bob can give it
            → missing: 1 more approval from reviewers: ann and bob can give it
          – iam — not asked for, as `plan_touches('aws_iam_*') || verdict.branch == 'prod'` does not hold
            – plan_touches('aws_iam_*')   (verdict.resources[*].changes[*].type is [["aws_s3_bucket"]])
            – verdict.branch == 'prod'   (verdict.branch is "dev")
          … ready — `pr.draft` holds   (pr.draft is true)
            → missing: `pr.draft` has to end
    """)


def test_an_absent_fact_and_a_failed_one():
    told = shown(absent={"verdict": "none is signed for this head"}, failed={"pr": "HTTP 502"})
    assert "  … policy — there is no verdict yet: none is signed for this head\n" in told
    assert "    → missing: a verdict; validating the pull request gives one\n" in told
    assert "  ! ready — `pr.draft` cannot be judged: pr could not be fetched: HTTP 502" in told


def test_nothing_starts_and_why():
    ours = rules("""
        events:
          - {event: pull_request_review, when: "event.action == 'dismissed'", run: other}
        gates:
          ready: {reject: pr.draft}
        pipelines:
          - {pipeline: other, gates: [ready], actions: [{id: note, uses: note.make}]}
    """)
    assert shown(ours=ours) == text("""
        pull_request_review (submitted) of acme/dev-deployment#7
          no pipeline starts on this event: nothing is allowed, and nothing happens
          – `events:` row 1 would start other, but
            – event.action == 'dismissed'   (event.action is "submitted")
    """)


def test_actions_with_their_inputs():
    ours = rules("""
        events:
          - {event: pull_request_review, run: other}
        gates:
          ready: {reject: pr.draft}
        pipelines:
          - pipeline: other
            gates: [ready]
            locks: "${verdict.resources[*].state_key}"
            actions:
              - {id: one, uses: note.make, with: {text: "${pr.title}"}}
              - {id: two, uses: note.make, with: {text: "${outputs.one.made}"}, if: "present(outputs.one)"}
              - {id: three, uses: note.make, if: "pr.merged"}
            then: last
          - {pipeline: last, gates: [ready], actions: [{id: note, uses: note.make}]}
    """)
    assert shown(ours=ours).endswith(
        text("""
          ▸ one: note.make (text="Add the data lake")
          ▸ two: note.make (text from outputs): if earlier outputs say so
          ▸ three: note.make: not run, its `if` does not hold
          locks S3/dev/data-lake/terraform.tfstate
          then last is decided, with fresh facts
        """).replace("\n", "\n  ")
    )


def test_colours_are_the_callers():
    painted = render(
        decide(event(), document(verdict=verdict(rules=RULES.digest)), RULES),
        lambda text, colour: f"<{colour}>{text}</>",
    )
    assert "<yellow>… mergeable: pending</>" in painted
    assert "<green>✓ policy</>" in painted


def test_a_long_value_is_cropped():
    assert "…" in shown(pr=pr(title="x" * 500), ours=rules_of("g: {require: \"pr.title == 'y'\"}"))
    assert (
        max(map(len, shown(pr=pr(title="x" * 500), ours=rules_of("g: {require: \"pr.title == 'y'\"}")).splitlines()))
        < 200
    )


NASTY = "x\n::stop-commands::y\r\x1b[2Jz\u202e\u2028"


def test_no_fact_can_write_a_line_of_its_own_or_speak_to_the_terminal():
    ours = rules_of("g: {require: \"pr.title == 'y'\", message: 'Title: ${pr.title}'}")
    told = shown(ours=ours, pr=pr(title=NASTY), absent={"verdict": NASTY}, failed={"freeze": NASTY})
    assert all(line.isprintable() for line in told.split("\n"))
    assert not any(line.strip().startswith("::") for line in told.splitlines())


def told(**changes):
    known = document(**{"verdict": verdict(rules=RULES.digest), **changes})
    return {gate.name: sentence(gate) for gate in decide(event(), known, RULES).pipelines[0].gates}


def test_where_the_tree_is_not_shown_it_is_said_which_approvals_do_not_count():
    early, older = approve("ann", at=BEFORE), approve("bob", OLD)
    assert told(reviews=[early, older])["reviewed"] == (
        "1 approval from reviewers: 0 of 1; the approval of ann does not count: it came before the verdict; "
        "the approval of bob does not count: it is of commit bbbbbbb, which nobody had validated when it was given"
    )
    assert told(reviews=[approve("ann"), older])["reviewed"] == "approved by ann"
    many = [approve(name, at=BEFORE) for name in ("ann", "bob", "cid", "dan", "lea")]
    assert told(reviews=many)["reviewed"].endswith("; 2 more in the explanation")


def test_an_override_that_does_not_count_is_said_once():
    failed = verdict(rules=RULES.digest, result="failed", findings=[finding()])
    assert told(verdict=failed, comments=[comment("bob")])["policy"].count("does not count") == 1
