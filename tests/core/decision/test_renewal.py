"""When a validation follows by itself, and that it does so once."""

from typing import Any

import pytest

from engine.core.decision.belief import believe
from engine.core.decision.decide import decide
from engine.core.decision.renewal import renewal
from tests.support.decision import event, rules_of
from tests.support.facts import BASE, HEAD, KEY, OLD, PATH, REPO, TODAY, document, pr, verdict

GATES = """
policy: {needs: verdict, require: "verdict.result == 'passed'"}
same-tree: {needs: verdict, require: "merge.trees == verdict.trees", unmet: pending}
free: {needs: verdict, require: "length(locked_by_others()) == `0`", unmet: pending}
open: {require: "pr.state == 'open'"}
"""
RENEW = """
  - {pipeline: validate, gates: [open, policy], actions: [{id: note, uses: note.make}]}
verdicts: {expires: 7d, renew: validate}
"""
MOVED: Any = {"merge": {"clean": True, "trees": {PATH: "sha256:other"}}}
MERGE = {"repo": REPO, "pr": 5, "commit": "m5", "keys": [KEY], "time": "2026-11-23T11:00:00Z"}
ENTRY = {"number": 1, "key": KEY, "outcome": "failed", "commit": "m5", "contains": [], "time": "2026-11-23T12:30:00Z"}
NONE: Any = {"absent": {"verdict": "none is signed for this head"}}


def asked(more: str = RENEW, pipeline: str | None = None, **facts: Any) -> str | None:
    rules = rules_of(GATES, more)
    if "verdict" not in facts.get("absent", {}) | facts.get("failed", {}):
        facts["verdict"] = verdict(**{"rules": rules.digest, **facts.pop("said", {})})
    known = document(**facts)
    result = decide(event(), known, rules, pipeline).pipelines[0]
    return renewal(result, believe(known, rules), rules)


@pytest.mark.parametrize(
    ("why", "facts"),
    [
        ("none is signed", NONE),
        ("the last one is of another head", {"pr": pr(head={"ref": "feature", "sha": OLD, "repo": REPO})}),
        ("the last one was given under other rules", {"said": {"rules": "sha256:other"}}),
        ("the last one was planned with another module", {"said": {"module": "sha256:other"}}),
        ("the last one has expired", {"now": "2026-11-30T12:00:00Z"}),
        ("the base has moved on", MOVED),
        ("what it would carry along has failed since", {"merges": [MERGE], "ledger": [ENTRY]}),
    ],
)
def test_it_follows(why: str, facts: dict[str, Any]) -> None:
    assert asked(**facts), why


@pytest.mark.parametrize(
    ("why", "facts"),
    [
        ("the verdict holds", {}),
        ("it has failed, which another would say again", {"said": {"result": "failed"}}),
        ("it is an error, which another would be too", {"said": {"result": "error"}}),
        ("another is ahead, so nothing is to be done yet", {"merges": [MERGE]}),
        ("merging is a conflict", {"merge": {"clean": False, "trees": {}}}),
        ("whether there is one is not known", {"failed": {"verdict": "the store is down"}}),
        ("it is closed", {**NONE, "pr": pr(state="closed")}),
        ("its source is not declared", {**NONE, "source": {"repo": REPO, "declared": False, "owns": []}}),
        ("today's rules are not known", {"failed": {"rules": "no"}, **NONE}),
        ("the rules name no pipeline for it", {**NONE, "more": ""}),
        ("that pipeline does not follow on itself", {**NONE, "pipeline": "validate"}),
    ],
)
def test_it_does_not_follow(why: str, facts: dict[str, Any]) -> None:
    assert asked(**facts) is None, why


def test_a_gate_that_needs_no_verdict_is_no_reason() -> None:
    rules = rules_of(
        "open: {require: \"pr.state == 'open'\"}\ntitle: {require: \"pr.title == 'x'\"}", RENEW.replace(", policy", "")
    )
    known = document(**NONE)
    assert renewal(decide(event(), known, rules).pipelines[0], known, rules) is None


def test_once_for_everything_that_it_is_made_from() -> None:
    head, base = pr()["head"], pr()["base"]
    one = asked(**NONE)
    again = {asked(**NONE, pr=pr(title="Another title", draft=True)), asked(**NONE, labels=["x"])}
    assert again == {one}
    others = {
        asked(**NONE, pr=pr(head={**head, "sha": OLD})),
        asked(**NONE, pr=pr(base={**base, "sha": "d" * 40})),
        asked(**NONE, pr=pr(base={**base, "ref": "prod"})),
        asked(**NONE, pr=pr(number=8)),
        asked(RENEW + "limits: {parallelism: 9}\n", **NONE),
        *(
            asked(
                **NONE,
                rules={
                    "digest": "x",
                    "environments": {},
                    "otherwise": {"branch": "main"},
                    "sources": [],
                    **TODAY,
                    name: "y",
                },
            )
            for name in TODAY
        ),
    }
    assert None not in others
    assert len(others | {one}) == 9
    assert (head["sha"], base["sha"]) == (HEAD, BASE)
