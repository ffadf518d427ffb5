"""Whoever `who_can` calls enough opens every gate when the decision is made with their approvals; one less does not."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.analysis.who import NEVER, Question, who_can
from engine.core.decision.decide import decide
from engine.core.outcome import Outcome
from tests.support.decision import event, rules
from tests.support.facts import TODAY, approve, comment, document, finding, group, verdict

ENVIRONMENTS = ("development", "production")
PEOPLE = ("ann", "bob", "cid", "dan", "eve", "lea")
users = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4, unique=True)
groups = st.fixed_dictionaries(dict.fromkeys(("one", "two", "three"), users))
leaf = st.builds(
    lambda need, names: f"{{count: {need}, from: [{', '.join(names)}]}}",
    st.integers(1, 2),
    st.lists(st.sampled_from(("one", "two", "three")), min_size=1, max_size=2, unique=True),
)
tree = st.one_of(
    leaf,
    st.builds(
        lambda kind, parts: f"{{{kind}: [{', '.join(parts)}]}}",
        st.sampled_from(("any", "all")),
        st.lists(leaf, min_size=2, max_size=3),
    ),
)
WHENS = ("", "when: \"environment() == 'production'\", ", "when: \"plan_touches('aws_iam_*')\", ")


def gate(*whens):
    """A gate that asks for people, under one of these conditions."""
    return st.builds(
        lambda approvals, after, when: f"{{{when}approvals: {approvals[:-1]}{after}}}}}",
        tree,
        st.sampled_from(("", ", after: verdict", ", after: head")),
        st.sampled_from(whens),
    )


BODY = """
events: [{{event: pull_request_review, run: mergeable}}]
gates:
  judged: {{needs: verdict, require: "verdict.result == 'passed'", override: hurry}}
  first: {first}
  second: {second}
overrides:
  hurry: {{command: "OVERRIDE:", from: [three], besides: [second], never: [critical], expires: 2h}}
pipelines:
  - {{pipeline: mergeable, gates: [judged, first, second], actions: [{{id: note, uses: note.make}}]}}
"""


@settings(max_examples=12)  # each is a set of rules to load, and a score of decisions
@given(
    groups,
    gate(*WHENS),
    gate(""),
    st.sampled_from(("development", "production")),
    st.sampled_from((None, *PEOPLE)),
    st.booleans(),
)
def test_who_is_named_is_enough_and_not_too_many(members, first, second, environment, overrider, risky):
    lines = "".join(f"  {name}: {{users: [{', '.join(those)}]}}\n" for name, those in members.items())
    made = rules(BODY.format(first=first, second=second), f"version: 1\ngroups:\n{lines}")
    known = {login for those in members.values() for login in those}
    overrider = overrider if overrider in known else None
    touched = "aws_iam_role" if risky else "aws_s3_bucket"
    answer = who_can(made, Question(environment, (touched,), overrider))
    counts = all(tried.counts for tried in answer.tried) if overrider else False
    branch = made.environments[environment].branch

    def outcomes(approvers):
        base = document()
        change = {"address": "x", "type": touched, "actions": ["update"]}
        resources = [{**base.facts["verdict"]["resources"][0], "changes": [change]}]
        found = verdict(
            rules=made.digest, environment=environment, branch=branch, base_ref=branch, resources=resources,
            **({"result": "failed", "findings": [finding()]} if counts else {}),
        )  # fmt: skip
        facts = document(
            verdict=found,
            pr={**base.facts["pr"], "base": {**base.facts["pr"]["base"], "ref": branch}},
            reviews=[approve(login) for login in approvers],
            comments=[comment(overrider)] if overrider else [],
            groups={name: group(*those) for name, those in members.items()},
            rules={**made.fact(), **TODAY},
        )
        [pipeline] = decide(event(), facts, made).pipelines
        return {one.name: one.outcome for one in pipeline.gates}

    asked = {one.gate.name for one in answer.asked if one.when != NEVER}
    said = outcomes(())
    assert {name for name, outcome in said.items() if outcome is not Outcome.NOT_APPLICABLE} == asked
    for enough in answer.enough:
        if not enough.people:
            assert not all(_opens(enough.gates, outcomes(PEOPLE)))
        for people in enough.people:
            assert all(_opens(enough.gates, outcomes(people)))
            for gone in people:
                assert not all(_opens(enough.gates, outcomes([one for one in people if one != gone])))


def _opens(gates, outcomes):
    return [outcomes[name] is Outcome.PASS for name in gates]
