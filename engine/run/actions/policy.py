"""`policy.*`: judge plans."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.errors import EngineError, Problem
from engine.run.actions.verdict import told

if TYPE_CHECKING:
    from engine.core.findings import Finding
    from engine.run.context import Context


def evaluate(ctx: "Context", resources: Sequence[Mapping[str, Any]], engine: str) -> Mapping[str, Any]:
    """Judge every plan by the controller's policies. What cannot be planned cannot be judged, and says so itself.

    A doubt about the answer (no policies, one that does not parse, a time-out) is the output `problem`: the verdict is
    then `error`, and the report tells why.
    """
    from engine.adapters.policy.bundle import policy_set, read_directory
    from engine.adapters.policy.port import Plan, Programs
    from engine.adapters.policy.port import evaluate as judge
    from engine.run.plans import hidden, load, redactor

    loaded = load(resources)
    plans = [Plan(path, plan) for path, plan in loaded.items()]
    values = ctx.settings
    redact = redactor(loaded.values(), values.credentials)
    bundle: str | None = None
    found: tuple[Finding, ...] = ()
    doubt: Problem | None = None
    try:
        policies = policy_set(read_directory(ctx.controller.policies))
        bundle = policies.digest
        if plans:
            programs = Programs(values.opa, values.checkov, values.path)
            timeout_s = ctx.rules.limits.policy_timeout_s
            found = judge(plans, policies, engine, timeout_s, programs=programs, cancel=ctx.cancel, now=ctx.now)
    except EngineError as error:
        doubt = hidden(error.problems[0], redact)
        ctx.progress(f"  not judged: {doubt.message}")
    hide = redact.text
    resources_by_path = {resource.path: resource for resource in ctx.discovery.resources}
    findings = [
        {
            **finding._asdict(),
            "severity": finding.severity.value,
            "effect": finding.effect.value,
            "rule": hide(finding.rule),
            "message": hide(finding.message),
            "remediation": hide(finding.remediation),
            "address": hide(finding.address),
            "value": hide(finding.value),
            "file": resources_by_path[finding.resource].tfvars,
            "line": resources_by_path[finding.resource].line_of(finding.address),
        }
        for finding in found
    ]
    ctx.progress(f"  judged   {len(plans)} plans with {engine}: {len(findings)} findings")
    judged = [] if doubt else sorted(loaded)
    return {"findings": findings, "judged": judged, "bundle": bundle, "problem": told(doubt) if doubt else None}


ACTIONS = (
    Action(
        "policy.evaluate",
        evaluate,
        inputs={
            "resources": {"type": "array", "items": {"type": "object"}},
            "engine": {"enum": ["rego", "opa", "checkov"], "type": "string", "default": "rego"},
        },
        outputs=("findings", "judged", "bundle", "problem"),
        permissions=("contents:read",),
        repeat=Repeat.SAFE,
        doc="Judge the plans by the policies of the controller repository.",
    ),
)
