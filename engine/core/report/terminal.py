"""The report for a person at a terminal, or reading a CI log: plain lines, the worst never folded away."""

from collections.abc import Callable, Iterable, Sequence

from engine.columns import NARROWEST, wrapped
from engine.core.findings import Effect, Finding
from engine.core.receipts import told
from engine.core.report import attempts
from engine.core.report.model import Report, Row, Standing
from engine.core.report.problems import render as render_problems
from engine.core.report.problems import way_out
from engine.errors import Problem
from engine.names import plural
from engine.printable import COLOURS, PLAIN, harmless, printable

_RESULTS = {
    "passed": ("✓", "green", "policy checks passed"),
    "failed": ("✗", "red", "policy checks failed"),
    "error": ("!", "red", "this change could not be judged"),
    "refused": ("✗", "red", "this change is refused"),
    "pending": ("…", "yellow", "this change is waiting"),
    "unjudged": ("–", "yellow", "there is no verdict yet"),
    "idle": ("–", "dim", "nothing starts on this event"),
    "superseded": ("–", "dim", "a newer commit is there"),
    "applied": ("✓", "green", "applied"),
    "unapplied": ("✗", "red", "not all of it is applied"),
}
_MARKS = {
    Standing.PASSED: ("✓", "green"),
    Standing.WARNED: ("✓", "yellow"),
    Standing.FAILED: ("✗", "red"),
    Standing.ERROR: ("!", "red"),
}
_OUTCOMES = {"applied": ("✓", "green"), "destroyed": ("✓", "green"), "none": ("…", "yellow")}
_EFFECTS = {Effect.DENY: ("denied", "red"), Effect.WARN: ("warning", "yellow"), Effect.EXCEPTION: ("excused", "dim")}
_PLACES = 10  # of one finding
_DEEP = 6  # columns before what is said of a row


def render(report: Report, *, colour: bool = False, width: int = 100) -> str:
    """Lines of at most `width` columns, except for words that are longer themselves."""
    paint = _painter(colour)
    width = max(width, NARROWEST)
    mark, hue, said = _RESULTS[report.result]
    lines = [
        paint(f"{mark} {said}", hue),
        *_wrapped(_subject(report), 2, width),
        *(_wrapped(f"{report.pipeline}: {report.because}", 2, width) if report.pipeline and not report.rows else ()),
        "",
    ]
    cells = [_cells(row) for row in report.rows]
    widths = [min(max(map(len, column)), width // 2) for column in zip(*cells, strict=True)]
    again = _again(report.rows)
    for row, cell in zip(report.rows, cells, strict=True):
        line = "  ".join(f"{text:<{size}}" for text, size in zip(cell, widths, strict=True))
        lines += [
            f"  {paint(*_MARKS[report.standing(row)])} {line}",
            *_reasons(report, row, again.get(row.path), width, paint),
        ]
    known = {row.path for row in report.rows}
    lines += _findings([one for one in report.findings if one.resource not in known], width, paint)
    if report.receipts:
        lines += _wrapped(told(report.receipts.counts), 2, width)
    for title, problems in (("refused", report.refused), ("could not be done", report.broken)):
        if problems:
            lines += ["", paint(title, "bold"), *_problems(problems, 2, width, paint)]
    for one in report.applied.attempts if report.applied else ():
        (_, first), *more = attempts.lines(one)
        lines += [f"  {paint(*_OUTCOMES.get(one.outcome, ('✗', 'red')))} {_line(first)}"]
        lines += [line for depth, text in more for line in _wrapped(text, 4 + 2 * depth, width)]
    if report.applied and report.applied.summary:
        lines += ["", *(line for text in report.applied.summary.lines() for line in _wrapped(text, 2, width))]
    if report.unknown:
        lines += ["", paint("unknown here, so only validation can tell", "bold")]
        lines += [line for what in report.unknown for line in _wrapped(f"? {what}", 2, width)]
    if signed := report.signature:
        lines += ["", paint(f"statement {_line(signed.statement)}", "dim")]
        lines.append(paint(f"sequence {signed.sequence}, signed with {_line(signed.key)}", "dim"))
        lines.append(paint(f"signed {_line(signed.signed_at)}, expires {_line(signed.expires_at)}", "dim"))
        if signed.origin == "local":
            lines.append(paint("of a local run: no run on GitHub believes it", "dim"))
    return harmless("\n".join(line.rstrip() for line in lines), coloured=colour)


def _subject(report: Report) -> str:
    """What it is about: a commit of a pull request, or the files of a working tree."""
    if report.unknown:
        return f"{report.repo}, the working tree: {report.because}"
    subject = report.repo if report.pr is None else f"{report.repo}#{report.pr}"
    place = f"{report.environment} (branch {report.branch})" if report.branch else "no environment"
    nowhere = "" if report.applies or not report.branch else " without an account: nothing is applied"
    return f"{subject} at {report.head_sha[:12]}, {place}{nowhere}"


def _painter(colour: bool) -> Callable[[str, str], str]:
    return (lambda text, name: f"{COLOURS[name]}{text}{PLAIN}") if colour else (lambda text, _: text)


def _cells(row: Row) -> tuple[str, str, str, str]:
    told = str(row.counts) if row.counts else "could not be planned"
    return _line(row.path), _line(row.change), told, f"{row.seconds:.1f} s" if row.seconds else ""


def _again(rows: Sequence[Row]) -> dict[str, str]:
    """Path of a row → that of the first one with the same problem, where three or more have it."""
    alike = dict[Problem, list[str]]()
    for row in rows:
        if row.problem:
            alike.setdefault(row.problem._replace(place=None), []).append(row.path)
    return {path: first for first, *others in alike.values() if len(others) > 1 for path in others}


def _reasons(report: Report, row: Row, again: str | None, width: int, paint: Callable[[str, str], str]) -> list[str]:
    lines = _problems([row.problem], _DEEP, width, paint) if row.problem and again is None else []
    if row.problem and again is not None:
        lines = _wrapped(f"error {row.problem.code}, the same as of {again}", _DEEP, width)
    return [*lines, *_findings(report.of(row), width, paint)]


def _findings(findings: Iterable[Finding], width: int, paint: Callable[[str, str], str]) -> list[str]:
    """Each once, with all the places that it is about."""
    alike = dict[tuple[object, ...], list[Finding]]()
    for one in findings:
        alike.setdefault((one.effect, one.severity, one.rule, one.message, one.remediation), []).append(one)
    return [line for same in alike.values() for line in _finding(same, width, paint)]


def _finding(same: Sequence[Finding], width: int, paint: Callable[[str, str], str]) -> list[str]:
    finding = same[0]
    word, hue = _EFFECTS[finding.effect]
    places = [where for one in same[:_PLACES] if (where := _where(one))]
    more = [f"and {plural(len(same) - _PLACES, 'more place')}"] if len(same) > _PLACES else []
    first, *rest = _wrapped(f"{word} ({finding.severity.value}) {finding.rule}: {finding.message}", 6, width)
    return [
        first.replace(word, paint(word, hue), 1),
        *rest,
        *(line for where in (*places, *more) for line in _wrapped(where, 8, width)),
        *(way_out(_line(finding.remediation), width, " " * (_DEEP + 2), paint) if finding.remediation else ()),
    ]


def _where(finding: Finding) -> str:
    place = f"{finding.file}:{finding.line}" if finding.file and finding.line else finding.file
    statement = f"statement {finding.sid}" if finding.sid else ""
    return ", ".join(part for part in (finding.address, place, statement) if part)


def _problems(problems: Sequence[Problem], indent: int, width: int, paint: Callable[[str, str], str]) -> list[str]:
    return [f"{' ' * indent}{line}" for line in render_problems(problems, width - indent, paint)]


def _wrapped(text: str, indent: int, width: int) -> list[str]:
    space = " " * indent
    return wrapped(_line(text), width, space, space + "  ")


def _line(text: str) -> str:
    return " ".join(printable(text).split())
