"""What a run has to tell people, before any form: the comment, the terminal and JSON all show this value."""

from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from engine.core.decision.explain import Missing
from engine.core.findings import Effect, Finding
from engine.core.outcome import Outcome
from engine.core.plan.told import Line, Summary
from engine.core.report.attempts import Applied, Touched
from engine.errors import Place, Problem

if TYPE_CHECKING:
    from engine.core.receipts import Tally
    from engine.core.redact import Redactor

Counts: TypeAlias = Summary  # of Terraform resources, by what the plan would do to them
Result: TypeAlias = Literal[
    "passed",
    "failed",
    "error",  # something could not be judged or done; these three are the words of a statement
    "refused",  # a gate says no
    "pending",  # a gate waits
    "unjudged",  # the gates have passed, and there is no verdict to tell of
    "idle",  # no pipeline starts on the event
    "superseded",  # the head has moved on
    "applied",  # what was merged is all applied
    "unapplied",  # some of it is not
]


class Diff(NamedTuple):
    """One planned change, with its sensitive values masked."""

    address: str
    action: str  # create, update, replace, delete, forget, read, no-op (a move or an import)
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """For people."""
        return "\n".join(map(str, self.lines))


class Standing(Enum):
    """How one resource came out."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"  # policy denies it
    ERROR = "error"  # it could not be judged


class Row(NamedTuple):
    """One resource of the change."""

    path: str
    service: str
    name: str
    change: str  # added, modified, deleted, moved
    counts: Counts | None  # None: it could not be planned, for the reason in `problem`
    diffs: tuple[Diff, ...] = ()
    seconds: float = 0.0
    problem: Problem | None = None
    judged: bool = True  # False: policy has said nothing about it, which is no praise
    after: tuple[str, ...] = ()  # paths of the resources of this change that are applied before it


class Signature(NamedTuple):
    """Which statement says the same, signed."""

    statement: str  # digest
    key: str
    sequence: int
    signed_at: str
    expires_at: str
    origin: str = "github"  # local: nobody but the one who ran it believes it


class Judged(NamedTuple):
    """How much policy has judged, and which receipts say it resource by resource."""

    digest: str  # of receipts.json
    counts: "Tally"


MARKS = {  # of what gates say, on pages; the worst first
    Outcome.FAIL: "❌",
    Outcome.ERROR: "⚠️",
    Outcome.PENDING: "⏳",
    Outcome.PASS: "✅",
    Outcome.NOT_APPLICABLE: "➖",
}


class Gate(NamedTuple):
    """What one gate has said."""

    name: str
    outcome: Outcome
    because: str
    missing: tuple[Missing, ...] = ()


class Validated(NamedTuple):
    """One verdict of a pull request, for its history."""

    number: int  # 0: nothing was signed, as of what is refused
    head: str
    result: str  # passed, failed, error, refused
    at: str


class Life(NamedTuple):
    """What is told on the pull request's own page, beside what was judged. Texts are plain."""

    words: str  # the first line: our own words, as in `state.State`
    detail: str = ""  # ... and what follows them
    merging: tuple[Gate, ...] = ()  # what the gates of merging say
    exception: str = ""  # what an exception would take, or that none is possible
    carried: tuple[str, ...] = ()  # what merging brings along, though it was never applied
    history: tuple[Validated, ...] = ()  # oldest first
    files: str = ""  # what a link to a file of the head begins with: https://github.com/acme/x/blob/<sha>
    envelope: bytes = b""  # the signed head, of which the comment is a person's view


class Report(NamedTuple):
    """Everything that is told about one pipeline of one event. Show only what `redacted` returned."""

    repo: str
    pr: int | None
    head_sha: str
    environment: str  # empty when discovery could not name one
    branch: str
    result: Result
    rows: tuple[Row, ...] = ()
    findings: tuple[Finding, ...] = ()
    refused: tuple[Problem, ...] = ()  # files that a change may not touch, policies that could not be evaluated
    signature: Signature | None = None
    base_ref: str = ""
    pipeline: str = ""  # empty: none started, or it did not come to that
    because: str = ""  # why the gates say what they say, in one sentence
    gates: tuple[Gate, ...] = ()
    broken: tuple[Problem, ...] = ()  # what could not be done: actions, or the run as a whole
    receipts: Judged | None = None  # None: policy was not asked in this run
    applies: bool = True  # False: its environment has no account, so that nothing of it will ever be applied
    life: Life | None = None  # None: it is shown elsewhere than on its pull request
    applied: Applied | None = None  # None: nothing of it was to be applied in this run
    unknown: tuple[
        str, ...
    ] = ()  # what could not be told here, and is not praised; only `engine check` leaves anything

    def of(self, row: Row) -> tuple[Finding, ...]:
        """The findings about one resource."""
        return tuple(f for f in self.findings if f.resource == row.path)

    def standing(self, row: Row) -> Standing:
        """How `row` came out."""
        if row.problem or row.counts is None or not row.judged:
            return Standing.ERROR
        effects = {f.effect for f in self.of(row)}
        if Effect.DENY in effects:
            return Standing.FAILED
        return Standing.WARNED if Effect.WARN in effects else Standing.PASSED

    def to_json(self) -> dict[str, Any]:
        """For machines; the names stay stable."""
        return {
            "version": 1,
            "result": self.result,
            "pipeline": self.pipeline or None,
            "because": self.because,
            "repo": self.repo,
            "pr": self.pr,
            "head_sha": self.head_sha or None,
            "base_ref": self.base_ref or None,
            "environment": self.environment or None,
            "branch": self.branch or None,
            "applies": self.applies,
            "gates": [
                {**g._asdict(), "outcome": g.outcome.value, "missing": [m.to_json() for m in g.missing]}
                for g in self.gates
            ],
            "resources": [self._row(row) for row in self.rows],
            "findings": [f.to_json() for f in self.findings],
            "refused": [p.to_json() for p in self.refused],
            "broken": [p.to_json() for p in self.broken],
            "receipts": (
                {"digest": self.receipts.digest, "counts": self.receipts.counts._asdict()} if self.receipts else None
            ),
            "signature": self.signature._asdict() if self.signature else None,
            "unknown": list(self.unknown),
            "applied": self.applied.to_json() if self.applied else None,
        }

    def _row(self, row: Row) -> dict[str, Any]:
        return {
            "path": row.path,
            "service": row.service,
            "name": row.name,
            "change": row.change,
            "standing": self.standing(row).value,
            "plan": row.counts._asdict() if row.counts else None,
            "seconds": round(row.seconds, 3),
            "after": list(row.after),
            "changes": [{"address": d.address, "action": d.action, "diff": d.text} for d in row.diffs],
            "problem": row.problem.to_json() if row.problem else None,
        }


# What is told in words; everything else says what something is, and is decided by.
_TEXTS: dict[type, tuple[str, ...]] = {
    Problem: ("message", "hint"),
    Place: ("excerpt",),
    Finding: ("message", "remediation"),
    Line: ("values",),
    Life: ("detail", "exception"),
    Touched: ("error",),
}


def redacted(report: Report, redactor: "Redactor | None") -> Report:
    """`report` without secrets in its texts and in the values of its diffs; None: it has none, and is made writable.

    Done on the values, before any renderer: what is escaped for Markdown would not be recognised any more.
    """
    clean = _redacted(report, redactor, False)
    assert isinstance(clean, Report)
    return clean


def _redacted(value: object, redactor: "Redactor | None", is_text: bool) -> object:
    if isinstance(value, str):
        # Half of a character, which JSON's escapes and git's names can bring, could be written nowhere.
        return (redactor.text(value) if redactor and is_text else value).encode(errors="backslashreplace").decode()
    if isinstance(value, tuple):
        texts = _TEXTS.get(type(value), ())
        if hasattr(value, "_make") and hasattr(value, "_fields"):  # a NamedTuple keeps its type
            return value._make(
                _redacted(part, redactor, name in texts) for name, part in zip(value._fields, value, strict=True)
            )
        return tuple(_redacted(part, redactor, is_text) for part in value)
    return value
