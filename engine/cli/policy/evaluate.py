"""`engine policy eval`: judge plans by hand."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.cli.policy.common import policies, programs
from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from engine.adapters.policy.port import Plan
    from engine.cli.console import Console
    from engine.core.findings import Finding

HELP = "judge plans; exit code 1 when one is denied"

_MARKS = {"deny": ("✗", "red"), "warn": ("!", "yellow"), "exception": ("○", "dim")}


def arguments(parser: ArgumentParser) -> None:
    """Declare its arguments."""
    parser.add_argument(
        "--plan", metavar="FILE", action="append", required=True, help="`terraform show -json`; may be repeated"
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--policies", metavar="DIR", help="default: ./policies")
    chosen.add_argument("--shipped", action="store_true", help="the policies that come with the engine")
    parser.add_argument("--engine", metavar="NAME", default="rego", help="rego (default), opa or checkov")
    parser.add_argument(
        "--namespace", metavar="PACKAGE", action="append", default=[], help="ask this package only; may be repeated"
    )
    parser.add_argument("--timeout", metavar="S", type=float, default=120.0, help="seconds (default: 120)")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: "Console") -> int:
    """Judge, show, and count."""
    from engine.adapters.clock import now
    from engine.adapters.policy.port import evaluate
    from engine.core.findings import Effect
    from engine.run.plans import redactor, told

    plans = [_plan(file) for file in options.plan]
    judging = policies(options.policies, options.namespace, shipped=options.shipped)
    found = evaluate(plans, judging, options.engine, options.timeout, programs=programs(), now=now())
    judged = {plan.resource: dict(plan.plan) for plan in plans}
    shown = told(found, judged, judging, redactor(judged.values(), {}))
    denied = any(finding.effect is Effect.DENY for finding in shown)
    if options.json:
        result = "failed" if denied else "passed"
        console.json({"result": result, "policies": judging.digest, "findings": [_json(f) for f in shown]})
    else:
        for finding in shown:
            console.out(_told(finding, console))
        console.out(_counted(shown, len(plans)))
    return ExitCode.NEGATIVE if denied else ExitCode.DONE


def _plan(file: str) -> "Plan":
    """A plan, named after its file.

    Raises:
        EngineError: ENG001, or ENG515 when it is no JSON object.
    """
    from engine.adapters import files
    from engine.adapters.policy.port import Plan
    from engine.core.plan.form import RefusedPlanError, read

    try:
        return Plan(file, read(files.read(file), lambda reason: failure("ENG515", resource=file, reason=reason)))
    except RefusedPlanError as error:
        raise failure("ENG515", hint=error.mend, resource=file, reason=error.reason) from error


def _json(finding: "Finding") -> dict[str, Any]:
    return {**finding._asdict(), "severity": finding.severity.value, "effect": finding.effect.value}


def _told(finding: "Finding", console: "Console") -> str:
    mark, colour = _MARKS[finding.effect.value]
    head = f"{mark} {finding.severity.value:<8} {finding.rule}  {finding.address or finding.resource}"
    rest = [finding.message, *([f"→ {finding.remediation}"] if finding.remediation else [])]
    return "\n".join([console.colour(head, colour), *(f"    {line}" for line in rest)])


def _counted(findings: "Sequence[Finding]", plans: int) -> str:
    counts = {name: sum(f.effect.value == name for f in findings) for name in _MARKS}
    judged = "1 plan" if plans == 1 else f"{plans} plans"
    return f"{judged}: {counts['deny']} denied, {counts['warn']} warned of, {counts['exception']} excused"
