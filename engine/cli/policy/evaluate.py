"""`engine policy eval`: judge plans by hand."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from engine.cli.policy.common import policies, programs, seconds
from engine.errors import ExitCode, failure
from engine.names import plural

if TYPE_CHECKING:
    from engine.adapters.policy.bundle import PolicySet
    from engine.adapters.policy.port import Plan
    from engine.cli.console import Console
    from engine.core.findings import Finding
    from engine.core.receipts import Receipts
    from engine.core.report.junit import Tried

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
    parser.add_argument("--timeout", metavar="S", type=seconds, default=120.0, help="seconds (default: 120)")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--sarif", metavar="FILE", help="write the findings as SARIF 2.1.0, for code scanning")
    parser.add_argument("--junit", metavar="FILE", help="write what each rule came to about each plan as JUnit XML")
    parser.add_argument(
        "--receipts", metavar="FILE", help="write what each rule came to about each resource, one JSON object a line"
    )


def run(options: Namespace, console: "Console") -> int:
    """Judge, show, and count."""
    from engine.adapters.clock import now
    from engine.adapters.policy.judging import judge
    from engine.adapters.policy.port import Terms
    from engine.core import receipts as kept
    from engine.core.findings import Effect
    from engine.run.plans import redactor, told

    plans = [_plan(file) for file in dict.fromkeys(options.plan)]  # what is named twice is one
    judging = policies(options.policies, options.namespace, shipped=options.shipped)
    found, receipts = judge(plans, judging, options.engine, Terms(programs(), options.timeout), now=now())
    judged = {plan.resource: dict(plan.plan) for plan in plans}
    shown = told(found, judged, judging, redactor(judged.values(), {}))
    denied = any(finding.effect is Effect.DENY for finding in shown)
    _write(options, shown, receipts, judging)
    if options.json:
        result = {"result": "failed" if denied else "passed", "policies": judging.digest}
        console.json({**result, "findings": [f.to_json() for f in shown], "receipts": kept.summary(receipts)})
    else:
        for finding in shown:
            console.out(_told(finding, console))
        number = plural(len(plans), "plan")
        console.out(f"{number}: {kept.told(kept.tally(receipts))}")
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


def _told(finding: "Finding", console: "Console") -> str:
    mark, colour = _MARKS[finding.effect.value]
    head = f"{mark} {finding.severity.value:<8} {finding.rule}  {finding.address or finding.resource}"
    rest = [finding.message, *([f"Fix: {finding.remediation}"] if finding.remediation else [])]
    return "\n".join([console.colour(head, colour), *(f"    {line}" for line in rest)])


def _write(options: Namespace, findings: "Sequence[Finding]", receipts: "Receipts", policies: "PolicySet") -> None:
    """The files that were asked for.

    Raises:
        EngineError: ENG002.
    """
    from engine.adapters import files
    from engine.core.receipts import rows

    if options.receipts:
        lines = ({**row._asdict(), "ruling": row.ruling.value} for row in rows(receipts))
        files.write(options.receipts, (f"{json.dumps(line)}\n".encode() for line in lines))
    if options.sarif:
        files.write(options.sarif, json.dumps(_sarif(findings, receipts, policies), indent=2).encode())
    if options.junit:
        from engine.core.report.junit import junit

        files.write(options.junit, junit("policies", _cases(receipts)))


def _sarif(findings: "Sequence[Finding]", receipts: "Receipts", policies: "PolicySet") -> Any:
    from engine import __version__
    from engine.adapters.policy.annotations import annotations
    from engine.core.receipts import summary
    from engine.core.report.sarif import Rule, sarif

    about = {
        one.id: Rule(one.id, one.title, one.description, one.severity, one.elsewhere)
        for one in annotations(policies.modules)
    }
    rules = [about.get(rule, Rule(rule)) for rule in receipts.rules]
    return sarif(findings, rules, __version__, summary(receipts)["counts"])


def _cases(receipts: "Receipts") -> "Iterator[Tried]":
    """A case for each plan and rule that judged something in it; it fails where it denies."""
    from engine.core.receipts import Ruling, rows
    from engine.core.report.junit import Tried

    denied: dict[tuple[str, str], list[str]] = {}
    for row in rows(receipts):
        if row.ruling is not Ruling.NOT_APPLICABLE:
            places = denied.setdefault((row.resource, row.rule), [])
            if row.ruling is Ruling.DENIED:
                places.append(row.address or "the plan as a whole")
    for (plan, rule), places in denied.items():
        failure = f"denied: {len(places)} {'resource' if len(places) == 1 else 'resources'}" if places else ""
        yield Tried(plan, rule, 0, failure, "\n".join(places))
