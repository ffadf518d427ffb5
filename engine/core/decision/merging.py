"""What a merge decision says of the decision that allowed it: who counted, what was overridden, what it holds."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.core.canonical import digest_bytes
from engine.core.decision.decided import PipelineResult
from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Json
from engine.core.decision.gates import GateResult
from engine.core.decision.overrides import reason_of
from engine.core.outcome import Outcome
from engine.core.rules.model import Rules

APPLY = "terraform.apply"


def said(
    result: PipelineResult,
    document: FactDocument,
    rules: Rules,
    *,
    repository_id: int,
    commit: str,
    verdict_digest: str,
    run: str,
    decision: str,
    merged_at: str,
) -> Json:
    """The predicate of the merge decision about `commit`, which is what `result` allowed.

    Raises:
        ValueError: `result` allowed nothing, or does not lean on a verdict; a bug in whoever merged.
    """
    verdict, pr, merge = (document.facts.get(name) for name in ("verdict", "pr", "merge"))
    if result.outcome is not Outcome.PASS or verdict is None or pr is None or merge is None:
        raise ValueError(f"{result.name} has allowed no merge")
    return {
        "repository": {"id": repository_id, "name": pr["base"]["repo"]},
        "pr": pr["number"],
        "base": {"ref": pr["base"]["ref"], "sha": pr["base"]["sha"]},
        "head": {"ref": pr["head"]["ref"], "sha": pr["head"]["sha"]},
        "commit": commit,
        "trees": dict(merge["trees"]),
        "verdict": {"sequence": verdict["sequence"], "digest": verdict_digest, "result": verdict["result"]},
        "keys": holds(verdict, rules),
        "people": list(_people(result.gates, document)),
        "overrides": list(_overrides(result.gates, document, rules, verdict)),
        "run": run,
        "rules": rules.whole,
        "decision": decision,
        "merged_at": merged_at,
    }


def holds(verdict: Mapping[str, Any], rules: Rules) -> list[str]:
    """The state keys that a merge holds: none without an account, or where nothing would ever apply and free them."""
    applies = any(step.uses == APPLY for pipeline in rules.pipelines.values() for step in pipeline.steps)
    if not applies or verdict.get("applies") is False:
        return []
    return sorted(resource["state_key"] for resource in verdict["resources"])


def _people(gates: Iterable[GateResult], document: FactDocument) -> Iterator[Json]:
    texts = {review["id"]: review.get("digest") for review in document.facts.get("reviews", ())}
    for gate in gates:
        for person in gate.people:
            yield {
                "gate": gate.name,
                "id": person.id,
                "login": person.login,
                "review": person.review,
                "body": texts.get(person.review),
            }


def _overrides(
    gates: Iterable[GateResult], document: FactDocument, rules: Rules, verdict: Mapping[str, Any]
) -> Iterator[Json]:
    comments = {comment["id"]: comment for comment in document.facts.get("comments", ())}
    names = ("rule", "severity", "resource", "address")
    covered = [{name: f[name] for name in names} for f in verdict["findings"] if f["effect"] == "deny"]
    for gate in gates:
        if used := gate.override:
            body = comments[used.comment]["body"]
            yield {
                "gate": gate.name,
                "name": used.name,
                "id": used.id,
                "login": used.by,
                "comment": used.comment,
                "body": digest_bytes(body.encode(errors="surrogatepass")),
                "reason": reason_of(body, rules.overrides[used.name].command),
                "expires_at": used.expires_at,
                "findings": covered,
            }
