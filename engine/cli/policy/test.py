"""`engine policy test`: the `test_…` rules, and how much of the policies they reach."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.cli.policy.common import policies, programs
from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from engine.adapters.policy.suite import Report, TestResult
    from engine.cli.console import Console

HELP = "run `test_…` rules; exit code 1 when one fails or coverage is too low"


def arguments(parser: ArgumentParser) -> None:
    """Declare its arguments."""
    parser.add_argument(
        "paths", metavar="DIR", nargs="*", help="policy directories (default: ./policies, or the shipped ones)"
    )
    parser.add_argument(
        "--fail-under", metavar="N", type=float, default=90.0, help="least coverage in %% (default: 90)"
    )
    parser.add_argument("--junit", metavar="FILE", help="write the results as JUnit XML")
    parser.add_argument("--timeout", metavar="S", type=float, default=120.0, help="seconds (default: 120)")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: "Console") -> int:
    """Run them, and show what failed or was not reached."""
    from engine.adapters.policy.port import Terms
    from engine.adapters.policy.suite import test

    terms = Terms(programs(), options.timeout)
    reports = [test(policies(path), terms) for path in options.paths or [None]]
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
