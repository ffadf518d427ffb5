"""Behind whom, what frees the resource, and who can: as the gate says it."""

from typing import Any

from engine.core.decision.decide import decide
from engine.core.decision.explain import Missing
from engine.core.outcome import Outcome
from tests.support.decision import event, rules_of
from tests.support.facts import KEY, REPO, document, verdict

GATE = (
    'free: {needs: verdict, require: "length(locked_by_others()) == `0`", unmet: pending, message: "${why_locked()}."}'
)
COMMANDS = "commands: {apply: {from: [reviewers]}, unlock: {from: [security], count: 2}}\n"
MERGE = {"repo": REPO, "pr": 5, "commit": "m5", "keys": [KEY], "time": "2026-11-23T11:00:00Z"}
ENTRY = {"number": 1, "key": KEY, "outcome": "failed", "commit": "m5", "contains": [], "time": "2026-11-23T12:30:00Z"}


def free(more: str = COMMANDS, **facts: Any) -> Any:
    rules = rules_of(GATE, more)
    return decide(event(), document(verdict=verdict(rules=rules.digest), **facts), rules).pipelines[0].gates[0]


def test_what_frees_it_and_who_can() -> None:
    gate = free(merges=[MERGE])
    assert (gate.outcome, gate.because.startswith("Waiting behind #5.")) == (Outcome.PENDING, True)
    assert gate.missing == (
        Missing("#5 applied, which is tried again by itself"),
        Missing("or #5 applied: comment `/engine apply` there", ("reviewers",)),
        Missing(f"or #5 given up: comment `/engine unlock {KEY}` there, by 2 people", ("security",)),
    )


def test_a_command_that_the_rules_do_not_have_is_not_offered() -> None:
    assert free("", merges=[MERGE]).missing == (Missing("#5 applied, which is tried again by itself"),)


def test_after_a_failure_it_is_validated_again() -> None:
    gate = free(merges=[MERGE], ledger=[ENTRY])
    assert (gate.outcome, gate.missing) == (Outcome.PENDING, (Missing("a new validation, which comes by itself"),))


def test_nobody_is_ahead() -> None:
    gate = free()
    assert (gate.outcome, gate.missing) == (Outcome.PASS, ())


def test_what_is_ahead_is_not_known() -> None:
    rules = rules_of(GATE, COMMANDS)
    known = document(verdict=verdict(rules=rules.digest), failed={"merges": "the store is down"})
    gate = decide(event(), known, rules).pipelines[0].gates[0]
    assert gate.outcome is Outcome.ERROR
    assert "the store is down" in gate.because
