"""Does a validation follow? Where a pull request waits for a verdict that is absent, or says no more what is merged.

Once for everything that a verdict is made from: whoever validates the same again finds the same again.
"""

from collections.abc import Mapping
from typing import Any

from engine.core import holding
from engine.core.canonical import digest
from engine.core.decision.decided import PipelineResult
from engine.core.decision.document import FactDocument
from engine.core.decision.protect import gates_of
from engine.core.outcome import Outcome
from engine.core.rules.model import Pipeline, Rules
from engine.core.verdict.about import MADE_WITH


def renewal(result: PipelineResult, document: FactDocument, rules: Rules) -> str | None:
    """Digest of what the validation would be made from, if one is to follow on `result`; None: it is not.

    `document` is the believed one. It follows but once: whoever starts it remembers the digest.
    """
    facts = document.facts
    pr, today, source = (facts.get(name) for name in ("pr", "rules", "source"))
    renewed_by = renews(rules.pipelines[result.name], rules)
    if renewed_by is None or result.outcome is Outcome.PASS or pr is None or today is None:
        return None
    if pr["state"] != "open" or source is None or not source["declared"] or not _waits(result, rules):
        return None
    if not ("verdict" in document.absent or is_stale(facts)):
        return None
    made_with = [today.get(name) for name in MADE_WITH]
    tips = [pr["head"]["sha"], pr["base"]["ref"], pr["base"]["sha"]]
    return digest([pr["base"]["repo"].lower(), pr["number"], *tips, rules.digest, *made_with])


def renews(pipeline: Pipeline, rules: Rules) -> str | None:
    """The pipeline that may follow on this one, to give a verdict again."""
    needed = any("verdict" in rules.gates[name].needs for name in gates_of(pipeline, rules))
    return rules.renewed_by if needed and rules.renewed_by != pipeline.name else None


def is_stale(facts: Mapping[str, Any]) -> bool:
    """Does the verdict not say any more what would be merged now, though nobody has changed the head?"""
    verdict, merge, pr = facts.get("verdict"), facts.get("merge"), facts.get("pr")
    if verdict is None or pr is None:
        return False
    if merge is not None and merge["clean"] and merge["trees"] != verdict["trees"]:
        return True
    if "merges" not in facts or "ledger" not in facts:
        return False
    found = holding.blocked(pr["base"]["repo"], pr["number"], verdict, facts["merges"], facts["ledger"])
    return any(one.unseen and not one.by for one in found)


def _waits(result: PipelineResult, rules: Rules) -> bool:
    """Does a gate that needs a verdict not hold? Else it is not for want of one."""
    return any(
        gate.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)
        and gate.name in rules.gates
        and "verdict" in rules.gates[gate.name].needs
        for gate in result.gates
    )
