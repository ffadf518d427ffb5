"""`engine test`: do the rules decide as their fixtures say?"""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine.cli.files import rules_option
from engine.errors import EngineError, Errors, ExitCode, Problem, failure
from engine.names import plural
from engine.printable import in_line

if TYPE_CHECKING:
    from engine.cli.console import Console
    from engine.core.analysis.coverage import Point
    from engine.core.analysis.fixtures import Case, Mismatch, Result
    from engine.core.rules.model import Rules

_LISTS = ("pipelines", "actions")  # mismatches that name several

HELP = "run rule fixtures: events and facts in, expected gates and actions out"


def arguments(parser: ArgumentParser) -> None:
    """Declare the fixtures, the rules and the reports."""
    parser.add_argument("paths", metavar="PATH", nargs="*", default=["tests/specs"], help="files or directories")
    rules_option(parser)
    parser.add_argument("--junit", metavar="FILE", help="write the results as JUnit XML")
    parser.add_argument("--coverage", action="store_true", help="list the gates and conditions no case has seen")
    parser.add_argument(
        "--fail-under", metavar="N", type=int, choices=range(101), help="fail when less than N %% of the rules was seen"
    )
    parser.add_argument("--verbose", "-v", action="store_true", help="of what failed the whole explanation")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: "Console") -> int:
    """0: every case came out as expected; 1: one did not, or the coverage is too low."""
    from engine.core.analysis import fixtures
    from engine.core.analysis.coverage import coverage, percent
    from engine.core.report.problems import error, row
    from engine.run.trusted import load_rules

    rules = load_rules(options.rules)
    loaded = _cases(options.paths, rules)
    results = [fixtures.run(case, rules) for case in loaded.cases]
    points = coverage(rules, (result.decision for result in results), loaded.stated)
    failed = [result for result in results if result.mismatches]
    short = options.fail_under is not None and percent(points) < options.fail_under
    if options.junit:
        _write(options.junit, results)
    if options.json:
        console.json({**_json(results, points), "problems": [row(one, error(one)) for one in loaded.problems]})
    else:
        for result in failed:
            console.out(f"{_told(result, console, verbose=options.verbose)}\n")
        if options.coverage or short:
            console.out(_uncovered(points))
        console.out(_summary(results, failed, points, console))
        if failed and not options.verbose:
            console.progress("-v shows why each of them is decided as it is")
    if short:
        console.err(f"{percent(points)} % of the rules was seen, {options.fail_under} % is asked for (--fail-under)")
    if loaded.problems:
        raise EngineError(*loaded.problems)
    return ExitCode.NEGATIVE if failed or short else ExitCode.DONE


class _Loaded(NamedTuple):
    cases: "list[Case]"
    stated: list[str]
    problems: Sequence[Problem]  # of files that could not be read: the others are run all the same


def _cases(paths: Sequence[str], rules: "Rules") -> _Loaded:
    """The cases of all files.

    Raises:
        EngineError: nothing is said in them: nothing to check is not a pass.
    """
    from engine.adapters.files import read
    from engine.core.analysis.fixtures import load

    cases: list[Case] = []
    stated: list[str] = []
    errors = Errors()
    for file in _files(paths):
        try:
            found = load(file, rules, read)
            cases += found.cases
            stated += found.stated
        except EngineError as error:
            errors.extend(error.problems)
    if not cases:
        errors.check()
    if not cases and not stated:
        raise failure("ENG250", paths=", ".join(paths))
    return _Loaded(cases, stated, errors.problems)


def _files(paths: Iterable[str]) -> list[str]:
    """Files as they are named; of directories, every YAML file below.

    Raises:
        EngineError: ENG250, a directory without any: nothing to check is not a pass.
    """
    found: list[str] = []
    for path in paths:
        below = [] if os.path.isdir(path) else [path]
        for folder, inner, names in os.walk(path):
            inner.sort()
            below += [os.path.join(folder, name) for name in sorted(names) if name.endswith((".yaml", ".yml"))]
        if not below:
            raise failure("ENG250", paths=path)
        found += map(os.path.normpath, below)
    return list(dict.fromkeys(found))


def _told(result: "Result", console: "Console", *, verbose: bool) -> str:
    lines = [f"{console.colour('✗', 'red')} {result.case.place}: {in_line(result.case.why)}"]
    for mismatch in result.mismatches:
        lines += _differs(mismatch, console)
    tree = result.explanation.splitlines() if verbose else ()
    return "\n".join([*lines, *(f"    | {line}".rstrip() for line in tree)])


def _differs(mismatch: "Mismatch", console: "Console") -> Iterator[str]:
    """What was expected over what came; of lists, what is only in one of them."""
    from difflib import ndiff

    expected, got = (text.split(", ") for text in (mismatch.expected, mismatch.got))
    if mismatch.what in _LISTS and len(expected) + len(got) > 2:
        yield f"    {mismatch.what} (- expected, + got):"
        for line in ndiff(expected, got):
            hue = {"-": "green", "+": "red"}.get(line[0])
            if line[0] != "?":
                yield "      " + (console.colour(line, hue) if hue else line)
        return
    yield f"    {mismatch.what}: expected {console.colour(mismatch.expected, 'green')}"
    yield f"    {' ' * len(mismatch.what)}       got {console.colour(mismatch.got, 'red')}"


def _uncovered(points: "Sequence[Point]") -> str:
    lines = [f"not seen: {point.place.file}:{point.place.line}: {point.what}" for point in points if not point.seen]
    return "\n".join(lines or ["every gate and condition was seen both ways"])


def _summary(
    results: "Sequence[Result]", failed: "Sequence[Result]", points: "Sequence[Point]", console: "Console"
) -> str:
    from engine.core.analysis.coverage import percent

    seen = f"{percent(points)} % of the rules was seen ({sum(p.seen for p in points)} of {len(points)})"
    cases = plural(len(results), "case")
    if failed:
        return f"{console.colour(f'{len(failed)} of {cases} failed', 'red')}; {seen}"
    return f"{console.colour(f'{cases} passed', 'green')}; {seen}"


def _json(results: "Sequence[Result]", points: "Sequence[Point]") -> dict[str, object]:
    from engine.core.analysis.coverage import percent

    return {
        "version": 1,
        "cases": [
            {
                "file": r.case.place.file,
                "line": r.case.place.line,
                "why": r.case.why,
                "passed": not r.mismatches,
                "mismatches": [m._asdict() for m in r.mismatches],
            }
            for r in results
        ],
        "coverage": {
            "percent": percent(points),
            "points": [{"what": p.what, "seen": p.seen, "file": p.place.file, "line": p.place.line} for p in points],
        },
    }


def _write(file: str, results: "Sequence[Result]") -> None:
    from engine.adapters.files import failing
    from engine.core.report.junit import Tried, junit

    rows = [
        Tried(
            r.case.place.file,
            r.case.why,
            r.case.place.line,
            "; ".join(f"{m.what}: expected {m.expected}, got {m.got}" for m in r.mismatches),
            r.explanation if r.mismatches else "",
        )
        for r in results
    ]
    report = junit("engine test", rows)
    with failing("ENG002", file), open(file, "wb") as handle:  # as a person says: /dev/stdout, too
        handle.write(report)
