"""What a run goes on with: the parts of a decision that its actions stand on, so that another decision is noticed.

Not all of a decision is among them. Facts are fetched again, and some say another thing each time (`now`); a title that
was edited, or a commit on the base that touches none of the change's resources, changes nothing of what was planned.
"""

from collections.abc import Mapping
from typing import Any

from engine.core.canonical import digest
from engine.core.decision.decided import Decision, PipelineResult
from engine.core.decision.explain import Json
from engine.core.outcome import Outcome


def stance(result: PipelineResult, decision: Decision, made_with: Mapping[str, str | None]) -> Json:
    """By name, each as a short text; `made_with`: digests of what the actions work with, besides the rules."""
    facts = decision.document.facts
    return {
        **made_with,
        "rules": decision.rules,
        "head": _at(facts, "pr", "head", "sha"),
        "base": _at(facts, "pr", "base", "ref"),
        "outcome": result.outcome.value,
        "gates": {gate.name: _HOLDS.get(gate.outcome, gate.outcome).value for gate in result.gates},
        "resources": digest(_at(facts, "resources")),
        "merge": digest(_at(facts, "merge", "trees")),
        "actions": digest([action.to_json() for action in result.actions]),
    }


# A gate that is not asked for by now permits as much as one that holds: what the run has done may have made it so.
_HOLDS = {Outcome.NOT_APPLICABLE: Outcome.PASS}


def difference(then: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """What is no longer as it was, in a few words; None: nothing that counts."""
    for name in sorted(then.keys() | now.keys()):
        one, other = then.get(name), now.get(name)
        if one == other:
            continue
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            inner = difference(one, other)
            return f"of its {name}, {inner}"
        return f"`{name}` is {_short(other)}, and was {_short(one)}"
    return None


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 24 else f"{text[:20]}…"


def _at(facts: Mapping[str, Any], *path: str) -> Any:
    value: Any = facts
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
