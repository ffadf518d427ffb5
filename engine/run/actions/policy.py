"""`policy.*`: judge plans."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.alone import alone
from engine.core.declare import Action, Repeat
from engine.errors import TABLE, EngineError, ExitCode, Place, Problem
from engine.names import plural

if TYPE_CHECKING:
    from engine.adapters.policy.port import Judgement, Plan
    from engine.adapters.settings import Settings
    from engine.adapters.storage.port import Store
    from engine.core.findings import Finding
    from engine.core.outcome import Result
    from engine.core.redact import Redactor
    from engine.core.resources.model import Resource
    from engine.core.resources.spots import Spots
    from engine.run.context import Context, Work

_MOST = 8  # plans that cannot be judged; where there are more it is no plan's fault


class Judging(NamedTuple):
    """What plans are judged by, and about what."""

    policies: str  # directory
    resources: "Sequence[Resource]"
    settings: "Settings"
    timeout_s: float
    now: str
    work: "Work"
    store: "Store"  # of receipts


def evaluate(ctx: "Context", resources: Sequence[Mapping[str, Any]], engine: str) -> Mapping[str, Any]:
    """The action."""
    limit = ctx.rules.limits.policy_timeout_s
    judging = Judging(
        ctx.controller.policies, ctx.discovery.resources, ctx.settings, limit, ctx.now, ctx.work, ctx.ports.store
    )
    return judge_all(resources, engine, judging)


def judge_all(resources: Sequence[Mapping[str, Any]], engine: str, judging: Judging) -> Mapping[str, Any]:
    """Judge every plan by the controller's policies. What cannot be planned cannot be judged, and says so itself.

    A doubt about the answer (no policies, one that does not parse, a time-out, a plan that breaks the engine) is one of
    the output `doubts`: the verdict is then `error`, and the report tells why, beside what was found in the others.
    What each rule came to about each resource is kept in `receipts.json` and in the store, of which the output
    `receipts` has the digest (the file's own) and the counts.

    Raises:
        EngineError: ENG002, the receipts cannot be kept.
    """
    from engine.adapters import files
    from engine.adapters.policy.bundle import policy_set, read_directory
    from engine.adapters.policy.judging import judge
    from engine.adapters.policy.port import Plan, Programs, Terms
    from engine.core import receipts as receipt
    from engine.core.canonical import canonical
    from engine.core.resources.spots import Spots
    from engine.run import plans as kept
    from engine.run.kept.receipts import put

    values = judging.settings
    programs = Programs(values.opa, values.checkov, values.path)
    loaded: dict[str, dict[str, Any]] = {}
    doubts: list[Problem] = []
    bundle: str | None = None
    findings: list[dict[str, Any]] = []
    parts: list[Judgement] = []
    judged: list[str] = []
    redact = kept.redactor((), values.credentials)
    for row in resources:
        try:
            with alone(row["path"], Place(row["path"])):
                loaded |= kept.load([row])
        except EngineError as error:
            doubts.append(error.problems[0])
    try:
        with alone("what policy says"):
            redact = kept.redactor(loaded.values(), values.credentials)
            policies = policy_set(read_directory(judging.policies))
            bundle = policies.digest

            def ask(plans: Sequence[Plan], timeout_s: float) -> "Judgement":
                return judge(plans, policies, engine, Terms(programs, timeout_s, judging.work.cancel), now=judging.now)

            plans = [Plan(path, plan) for path, plan in loaded.items()]
            parts, judged, unsure = _apart(plans, ask, judging.timeout_s)
            doubts += unsure
            found = [finding for part in parts for finding in part.findings]
            spots = {resource.path: Spots(resource) for resource in judging.resources}
            told = kept.told(found, loaded, policies, redact)
            findings = [_row(spots[f.resource], f, redact) for f in told]
    except EngineError as error:
        parts, judged = [], []
        doubts.append(error.problems[0])
    silent = [row["path"] for row in resources if row["path"] not in set(judged)]
    lost = [subject for path in silent for subject in receipt.subjects(path, loaded.get(path, {}))]
    receipts = receipt.joined([part.receipts for part in parts], lost)
    said = receipt.encoded(receipts)
    files.write(os.path.join(judging.work.out, "receipts.json"), canonical(said))
    put(judging.store, said)
    doubts = [kept.hidden(doubt, redact) for doubt in doubts]
    for doubt in doubts:
        judging.work.progress(f"  not judged: {doubt.message}")
    if resources:
        judging.work.progress(
            f"  judged   {plural(len(judged), 'plan')} with {engine}: {plural(len(findings), 'finding')}"
        )
    return {
        "findings": findings,
        "judged": sorted(judged),
        "bundle": bundle,
        "doubts": [why.to_json() for why in doubts],
        "receipts": receipt.summary(receipts),
    }


def _apart(
    plans: "Sequence[Plan]", ask: "Callable[[Sequence[Plan], float], Judgement]", timeout_s: float
) -> "tuple[list[Judgement], list[str], list[Problem]]":
    """Judgements, the resources that they are about, and doubts: a plan that breaks the engine hides no other.

    All are asked about at once. If that fails, and not because the policies do not load, halves are, until those that
    cannot be judged stand alone; within twice the time.
    """
    parts: list[Judgement] = []
    judged: list[str] = []
    doubts: list[Problem] = []
    end = time.monotonic() + 2 * timeout_s
    waiting = [plans] if plans else []
    while waiting:
        part = waiting.pop()
        try:
            with alone("what policy says", Place(part[0].resource) if len(part) == 1 else None):
                parts.append(ask(part, min(timeout_s, max(end - time.monotonic(), 1))))
                judged += [plan.resource for plan in part]
        except EngineError as error:
            why = error.problems[0]
            if TABLE[why.code].exit is not ExitCode.EXECUTOR or len(doubts) == _MOST or time.monotonic() > end:
                doubts.append(why)
                break
            if len(part) == 1:
                doubts.append(why if why.place else why._replace(place=Place(part[0].resource)))
            else:
                waiting += [part[len(part) // 2 :], part[: len(part) // 2]]
    return parts, judged, doubts


def _row(spots: "Spots", finding: "Finding", redact: "Redactor") -> dict[str, Any]:
    file, line, sid = spots.of(finding)
    return finding._replace(file=file, line=line, sid=redact.text(sid)).to_json()


def _result(outputs: Mapping[str, Any]) -> "Result":
    if outputs["doubts"]:
        return "error"
    return "failed" if any(finding["effect"] == "deny" for finding in outputs["findings"]) else "passed"


ACTIONS = (
    Action(
        "policy.evaluate",
        evaluate,
        inputs={
            "resources": {"type": "array", "items": {"type": "object"}},
            "engine": {"enum": ["rego", "opa", "checkov"], "type": "string", "default": "rego"},
        },
        outputs=("findings", "judged", "bundle", "doubts", "receipts"),
        permissions=("contents:read",),
        repeat=Repeat.SAFE,
        result=_result,
        doc="Judge the plans by the policies of the controller repository.",
    ),
)
