"""`engine policy test`: the `test_…` rules, how much of the policies they reach, and what they would not notice."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.cli.policy import mutants
from engine.cli.policy.common import percent, policies, programs, seconds
from engine.errors import ExitCode
from engine.names import plural

if TYPE_CHECKING:
    from engine.adapters.policy.bundle import PolicySet
    from engine.adapters.policy.mutation.run import Judged
    from engine.adapters.policy.port import Terms
    from engine.adapters.policy.suite import Report, TestResult
    from engine.cli.console import Console

HELP = "run `test_…` rules; exit code 1 when one fails, coverage is too low, or a change survives"


def arguments(parser: ArgumentParser) -> None:
    """Declare its arguments."""
    parser.add_argument("paths", metavar="DIR", nargs="*", help="policy directories (default: ./policies)")
    parser.add_argument("--shipped", action="store_true", help="the policies that come with the engine")
    parser.add_argument(
        "--fail-under",
        metavar="N",
        type=percent,
        default=90.0,
        help="least coverage in %% (default: 90); a policy without a test is too little, unless N is 0",
    )
    parser.add_argument(
        "--mutate",
        action="store_true",
        help="change the policies one place at a time: each change must make a test fail",
    )
    parser.add_argument("--only", metavar="FILE", default="", help="as --mutate, for this policy only")
    parser.add_argument("--junit", metavar="FILE", help="write the results as JUnit XML")
    parser.add_argument("--timeout", metavar="S", type=seconds, default=120.0, help="seconds (default: 120)")
    parser.add_argument("--json", action="store_true", help="for machines")


class _Suite(NamedTuple):
    """A policy set and what came of its tests."""

    policies: "PolicySet"
    report: "Report"
    judged: "tuple[Judged, ...] | None"  # None: nothing was changed, as that was not asked for or tests fail already

    def good(self, least: float) -> bool:
        return self.report.good(least) and not mutants.survivors(self.judged or ())


def run(options: Namespace, console: "Console") -> int:
    """Run them, and show what failed, was not reached, or survived."""
    from engine.adapters.policy.port import Terms

    terms = Terms(programs(), options.timeout)
    sets = [policies(None, shipped=True)] if options.shipped else []
    sets += [policies(path) for path in options.paths or ([] if sets else [None])]
    suites = [_suite(chosen, terms, options, console) for chosen in sets]
    good = all(suite.good(options.fail_under) for suite in suites)
    if options.junit:
        _write(options.junit, suites)
    if options.json:
        console.json({"passed": good, "suites": [_suite_json(suite) for suite in suites]})
    else:
        for suite in suites:
            _show(suite.report, options.fail_under, console)
            if suite.judged is not None:
                mutants.show(suite.judged, suite.policies, console)
    return ExitCode.DONE if good else ExitCode.NEGATIVE


def _suite(chosen: "PolicySet", terms: "Terms", options: Namespace, console: "Console") -> _Suite:
    from engine.adapters.policy.annotations import annotations
    from engine.adapters.policy.slips import slips
    from engine.adapters.policy.suite import test

    annotations(chosen.modules)
    console.problems(slips(chosen.modules), lambda _: "warning")
    report = test(chosen, terms)
    judged = None
    if options.mutate or options.only:
        from engine.adapters.policy.mutation.run import mutate

        if all(result.passed for result in report.results):
            judged = mutate(chosen, terms, options.only, console.progress)
        else:
            console.progress("nothing is changed while tests fail")
    return _Suite(chosen, report, judged)


def _outcome(result: "TestResult") -> str:
    return "pass" if result.passed else "error" if result.problem else "fail"


def _reason(result: "TestResult") -> str:
    return result.problem.text() if result.problem else f"it is {result.said}, not true" if result.said else ""


def _suite_json(suite: _Suite) -> dict[str, Any]:
    report = suite.report
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
    files = {
        path: {"percent": round(c.percent, 1), "covered": len(c.covered), "missed": list(c.missed)}
        for path, c in sorted(report.coverage.items())
    }
    coverage = {"percent": round(report.percent, 1), "untested": list(report.untested), "files": files}
    mutation = {} if suite.judged is None else {"mutation": mutants.as_json(suite.judged, suite.policies)}
    return {"policies": suite.policies.origin, "tests": tests, "coverage": coverage, **mutation}


def _show(report: "Report", least: float, console: "Console") -> None:
    for result in report.results:
        for line in result.prints if not result.passed else ():
            console.out(f"    {line}")
        if not result.passed:
            console.out(console.colour(f"✗ {result.name}", "red"))
            console.out(f"    {result.rule.file}:{result.rule.line}: {_reason(result)}")
    failed = sum(not result.passed for result in report.results)
    console.out(
        f"{plural(len(report.results), 'test')}, {failed} failed; {report.percent:.1f} % of the policies' lines reached"
    )
    for path, file in sorted(report.coverage.items()):
        missed = f"  not reached: {_ranges(file.missed)}" if file.missed else ""
        console.out(f"    {file.percent:5.1f} %  {path}{missed}")
    if least and report.percent < least:
        console.out(console.colour(f"✗ {least:g} % is asked for", "red"))
    for path in report.untested if least else ():
        console.out(console.colour(f"✗ no test reaches {path}", "red"))


def _ranges(lines: Sequence[int]) -> str:
    """`3, 7-9`."""
    found: list[list[int]] = []
    for line in sorted(lines):
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def _write(file: str, suites: Sequence[_Suite]) -> None:
    from engine.adapters.files import failing
    from engine.core.report.junit import Tried, junit

    rows = []
    for suite in suites:
        for r in suite.report.results:
            rows.append(Tried(r.rule.file, r.name, r.rule.line, _reason(r).split("\n")[0], _reason(r)))
        for path, c in sorted(suite.report.coverage.items()):
            wrong = "no test reaches it" if path in suite.report.untested else ""
            lines = plural(len(c.covered) + len(c.missed), "line")
            told = f"{c.percent:.1f} % of {lines}; not reached: {_ranges(c.missed) or '–'}"
            rows.append(Tried(path, "coverage", 1, wrong, told))
        rows += mutants.rows(suite.judged or (), suite.policies)
    report = junit("policies", rows)
    with failing("ENG002", file), open(file, "wb") as handle:  # as a person says: /dev/stdout, too
        handle.write(report)
