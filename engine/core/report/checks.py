"""The two check runs of a pull request: `plan` is the verdict, `merge` all that a merge takes.

They are named with the base branch: a check is bound to a commit, and one that was given for another base must satisfy
no rule of this one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from engine.core.decision.explain import people
from engine.core.findings import Effect, Finding
from engine.core.outcome import ALL, Outcome, combine
from engine.core.report import markdown as md
from engine.core.report.labels import Validation
from engine.core.report.model import MARKS, Gate, Report
from engine.core.report.state import State
from engine.core.verdict.shown import external_id

Conclusion: TypeAlias = Literal["success", "failure", "neutral", "cancelled"]

ANNOTATIONS = 50  # in one request; more follow by updating the same check
_SUMMARY = 65_535  # characters, as GitHub counts; here bytes, which are never fewer
_MESSAGE = 2_000

_PLAN: Mapping[Validation, Conclusion | None] = {
    "passed": "success",
    "failed": "failure",
    "error": "failure",
    "refused": "failure",
    "nothing": "neutral",
    "running": None,
    "unknown": "failure",
}
_MERGE: Mapping[Outcome, Conclusion | None] = {
    Outcome.PASS: "success",
    Outcome.PENDING: None,  # in progress
    Outcome.FAIL: "failure",
    Outcome.ERROR: "failure",
    Outcome.NOT_APPLICABLE: "failure",  # nothing was proven
}
_LEVELS = {Effect.DENY: "failure", Effect.WARN: "warning", Effect.EXCEPTION: "notice"}


class Check(NamedTuple):
    """A check run as it has to be."""

    name: str
    external_id: str
    conclusion: Conclusion | None  # None: in progress
    title: str
    summary: str
    annotations: tuple[Mapping[str, Any], ...] = ()
    text: str = ""  # the trail's newest head: whoever cuts off its tail cannot take it back from here

    def requests(self) -> tuple[Mapping[str, Any], ...]:
        """The bodies of the requests that make it so: the first one, and an update for every 50 annotations more."""
        batches = [self.annotations[at : at + ANNOTATIONS] for at in range(0, len(self.annotations), ANNOTATIONS)]
        state = {"status": "completed", "conclusion": self.conclusion} if self.conclusion else {"status": "in_progress"}
        common = {"name": self.name, "external_id": self.external_id, **state}
        output = {"title": self.title, "summary": self.summary, **({"text": self.text} if self.text else {})}
        return tuple({**common, "output": {**output, "annotations": list(batch)}} for batch in batches or [()])


def name(kind: Literal["plan", "merge"], base: str) -> str:
    """`interlock plan: dev`"""
    return f"interlock {kind}: {base}"


def is_ours(name: str, app: int | None, ours: int | None) -> bool:
    """Is a check run one of these? By our App; where we are none, by its name."""
    return (
        app == ours if ours is not None else name.startswith(tuple(f"interlock {kind}: " for kind in ("plan", "merge")))
    )


def plan(report: Report, state: State, validation: Validation, sequence: int, *, is_closed: bool = False) -> Check:
    """The verdict, or what is being planned."""
    assert report.pr is not None
    counts = [f"{len(report.rows)} {'resource' if len(report.rows) == 1 else 'resources'}"] if report.rows else []
    lines = [f"{md.prose(report.because)}" if report.because else "", ", ".join(counts)]
    lines += [
        f"- {md.code(row.path)}: {md.text(str(row.counts)) if row.counts else 'not planned'}" for row in report.rows
    ]
    return Check(
        name("plan", report.base_ref),
        external_id(report.pr, sequence, validation),
        "cancelled" if is_closed else _PLAN[validation],
        state.plain,
        _fitting([line for line in lines if line]),
        tuple(annotations(report)),
    )


def merge(pr: int, base: str, sequence: int, state: State, gates: Sequence[Gate], is_nothing: bool = False) -> Check:
    """All gates of merging: what is missing, who can give it, and what to write."""
    outcome = combine(ALL, (gate.outcome for gate in gates))
    lines = []
    for gate in gates:
        lines.append(f"- {MARKS[gate.outcome]} {md.code(gate.name)} {md.prose(gate.because)}")
        for missing in gate.missing:
            who = f", from {md.text(people(missing.who))}" if missing.who else ""
            lines.append(f"  - {md.prose(missing.what)}{who}")
    return Check(
        name("merge", base),
        external_id(pr, sequence, "nothing" if is_nothing else outcome.value),
        "neutral" if is_nothing else _MERGE[outcome],
        state.plain,
        _fitting(lines) or "No gate was asked.",
    )


def _fitting(lines: Sequence[str]) -> str:
    """As many whole lines as there is room for, and a word if some are missing."""
    more = "\n\n… and more; the comment has it."
    room, kept = _SUMMARY - len(more.encode()), list[str]()
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            return "\n".join(kept) + more
        kept.append(line)
    return "\n".join(kept)


def annotations(report: Report) -> Iterator[Mapping[str, Any]]:
    """What is said of single lines, the worst first, in the form of a check run's annotations."""
    for finding in sorted(report.findings, key=_worst):
        if finding.file and finding.line:
            yield _annotation(
                finding.file, finding.line, _LEVELS[finding.effect],
                f"{finding.rule} ({finding.severity.value}){f', statement {finding.sid}' if finding.sid else ''}",
                f"{finding.message}\nFix: {finding.remediation}" if finding.remediation else finding.message,
            )  # fmt: skip
    for problem in (*report.refused, *(row.problem for row in report.rows if row.problem)):
        if problem.place and problem.place.line:
            said = f"{problem.message}\nFix: {problem.hint}" if problem.hint else problem.message
            yield _annotation(problem.place.file, problem.place.line, "failure", problem.code, said)


def _worst(finding: Finding) -> tuple[int, int]:
    effects, severities = list(Effect), list(type(finding.severity))
    return effects.index(finding.effect), severities.index(finding.severity)


def _annotation(path: str, line: int, level: str, title: str, message: str) -> Mapping[str, Any]:
    """Plain text: GitHub renders none of it."""
    said = "\n".join(md.line(part) for part in message.split("\n"))
    return {
        "path": path,
        "start_line": line,
        "end_line": line,
        "annotation_level": level,
        "title": md.line(title)[:255],
        "message": said[:_MESSAGE],
    }
