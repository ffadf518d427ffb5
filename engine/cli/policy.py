"""`engine policy`: judge a plan by hand, and run the tests of policies."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from engine.adapters.policy.bundle import PolicySet
    from engine.adapters.policy.port import Plan, Programs
    from engine.adapters.policy.suite import Report, TestResult
    from engine.cli.console import Console
    from engine.core.findings import Finding

HELP = "judge a plan by the policies, or run the tests of the policies"

_HERE = "policies"
_MARKS = {"deny": ("✗", "red"), "warn": ("!", "yellow"), "exception": ("○", "dim")}


def arguments(parser: ArgumentParser) -> None:
    """Declare the two verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    judged = verbs.add_parser("eval", help="judge plans; exit code 1 when one is denied")
    judged.add_argument(
        "--plan", metavar="FILE", action="append", required=True, help="`terraform show -json`; may be repeated"
    )
    judged.add_argument("--policies", metavar="DIR", help="default: ./policies, or the shipped ones")
    judged.add_argument("--engine", metavar="NAME", default="rego", help="rego (default), opa or checkov")
    judged.add_argument(
        "--namespace", metavar="PACKAGE", action="append", default=[], help="ask this package only; may be repeated"
    )
    judged.add_argument("--timeout", metavar="S", type=float, default=120.0, help="seconds (default: 120)")
    tested = verbs.add_parser("test", help="run `test_…` rules; exit code 1 when one fails or coverage is too low")
    tested.add_argument(
        "paths", metavar="DIR", nargs="*", help="policy directories (default: ./policies, or the shipped ones)"
    )
    tested.add_argument(
        "--fail-under", metavar="N", type=float, default=90.0, help="least coverage in %% (default: 90)"
    )
    tested.add_argument("--junit", metavar="FILE", help="write the results as JUnit XML")
    tested.add_argument("--timeout", metavar="S", type=float, default=120.0, help="seconds (default: 120)")
    for verb in (judged, tested):
        verb.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: "Console") -> int:
    """Carry out one of them."""
    return _eval(options, console) if options.verb == "eval" else _test(options, console)


def _policies(directory: str | None, namespaces: Sequence[str] = ()) -> "PolicySet":
    from engine.adapters.policy.bundle import policy_set, read_directory
    from engine.data import path

    place = directory or (_HERE if os.path.isdir(_HERE) else path(_HERE))
    return policy_set(read_directory(place), (directory or _HERE).rstrip("/"), tuple(namespaces))


def _programs() -> "Programs":
    from engine.adapters import settings
    from engine.adapters.policy.port import Programs

    values = settings.read()
    return Programs(values.opa, values.checkov, values.path)


# ---------------------------------------------------------------- eval


def _eval(options: Namespace, console: "Console") -> int:
    from engine.adapters.clock import now
    from engine.adapters.policy.port import evaluate
    from engine.core.findings import Effect
    from engine.run.plans import redactor, told

    plans = [_plan(file) for file in options.plan]
    policies = _policies(options.policies, options.namespace)
    found = evaluate(plans, policies, options.engine, options.timeout, programs=_programs(), now=now())
    judged = {plan.resource: dict(plan.plan) for plan in plans}
    shown = told(found, judged, policies, redactor(judged.values(), {}))
    denied = any(finding.effect is Effect.DENY for finding in shown)
    if options.json:
        result = "failed" if denied else "passed"
        console.json({"result": result, "policies": policies.digest, "findings": [_json(f) for f in shown]})
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


# ---------------------------------------------------------------- test


def _test(options: Namespace, console: "Console") -> int:
    from engine.adapters.policy.port import Terms
    from engine.adapters.policy.suite import test

    terms = Terms(_programs(), options.timeout)
    reports = [test(_policies(path), terms) for path in options.paths or [None]]
    good = all(r.percent >= options.fail_under and all(t.passed for t in r.results) for r in reports)
    if options.junit:
        _write(options.junit, [result for report in reports for result in report.results])
    if options.json:
        console.json({"passed": good, "suites": [_report_json(report) for report in reports]})
    else:
        for report in reports:
            _show(report, options.fail_under, console)
    return ExitCode.DONE if good else ExitCode.NEGATIVE


def _outcome(result: "TestResult") -> str:
    return "pass" if result.passed else "error" if result.problem else "fail"


def _reason(result: "TestResult") -> str:
    return result.problem.text() if result.problem else f"it is {result.said}, not true" if result.said else ""


def _report_json(report: "Report") -> dict[str, Any]:
    tests = [
        {
            "name": result.name,
            "file": result.rule.file,
            "line": result.rule.line,
            "outcome": _outcome(result),
            "seconds": round(result.seconds, 6),
            "message": _reason(result),
            "prints": list(result.prints),
        }
        for result in report.results
    ]
    files = {path: {"covered": len(c.covered), "missed": list(c.missed)} for path, c in report.coverage.items()}
    return {"tests": tests, "coverage": {"percent": round(report.percent, 1), "files": files}}


def _show(report: "Report", least: float, console: "Console") -> None:
    for result in report.results:
        for line in result.prints if not result.passed else ():
            console.out(f"    {line}")
        if not result.passed:
            console.out(console.colour(f"✗ {result.name}", "red"))
            console.out(f"    {result.rule.file}:{result.rule.line}: {_reason(result)}")
    failed = sum(not result.passed for result in report.results)
    console.out(f"{len(report.results)} tests, {failed} failed; {report.percent:.1f} % of the policies' lines reached")
    if report.percent < least:
        console.out(console.colour(f"✗ {least:g} % is asked for; not reached:", "red"))
        for path, lines in sorted(report.coverage.items()):
            if lines.missed:
                console.out(f"    {path}: {_ranges(lines.missed)}")


def _ranges(lines: Sequence[int]) -> str:
    """`3, 7-9`."""
    found: list[list[int]] = []
    for line in sorted(lines):
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def _write(file: str, results: "Sequence[TestResult]") -> None:
    from engine.core.report.junit import Row, junit

    rows = [
        Row(r.rule.file, r.name, r.rule.line, "" if r.passed else _reason(r).split("\n")[0], _reason(r))
        for r in results
    ]
    try:
        with open(file, "wb") as handle:
            handle.write(junit("policies", rows))
    except OSError as error:
        raise failure("ENG002", file=file, reason=error.strerror or str(error)) from error
