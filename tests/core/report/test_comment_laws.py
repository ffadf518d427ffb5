from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.decision.explain import Missing
from engine.core.findings import Effect, Finding, Severity
from engine.core.outcome import Outcome
from engine.core.plan.summary import Line, Summary
from engine.core.receipts import Tally
from engine.core.redact import Redactor
from engine.core.report.attempts import Applied, Attempt, Differs, Touched
from engine.core.report.comment import render
from engine.core.report.fitting import LIMIT
from engine.core.report.model import Diff, Gate, Judged, Life, Report, Result, Row, Validated, redacted
from engine.core.report.terminal import render as render_terminal
from engine.errors import Place, Problem
from tests.support.reports import SIGNATURE, diff, envelope_of, page

NASTY = st.text(st.sampled_from("ab|`\\<>&*_[]()#~$@!{}- \n\r\t\x00\x1b\u202e😀é/:."), max_size=12)
TEXT = NASTY | st.text(max_size=8)
PLACES = st.none() | st.builds(Place, TEXT, st.integers(0, 9), st.integers(0, 9))
PROBLEMS = st.builds(Problem, TEXT, TEXT, TEXT, PLACES)
LINES = st.builds(Line, TEXT, st.lists(TEXT, max_size=2).map(tuple), TEXT)
DIFFS = st.builds(Diff, TEXT, TEXT, st.lists(LINES, max_size=2).map(tuple))
ROWS = st.builds(
    Row,
    path=TEXT,
    service=TEXT,
    name=TEXT,
    change=TEXT,
    counts=st.none() | st.builds(Summary, st.integers(0, 3), st.integers(0, 3)),
    diffs=st.lists(DIFFS, max_size=2).map(tuple),
    seconds=st.floats(0, 9),
    problem=st.none() | PROBLEMS,
)
FINDINGS = st.builds(
    Finding,
    rule=TEXT,
    severity=st.sampled_from(Severity),
    effect=st.sampled_from(Effect),
    message=TEXT,
    resource=TEXT,
    address=TEXT,
    remediation=TEXT,
    file=TEXT,
    line=st.integers(0, 9),
)
MISSING = st.builds(Missing, TEXT, st.lists(TEXT, max_size=2).map(tuple))
GATES = st.builds(Gate, TEXT, st.sampled_from(Outcome), TEXT, st.lists(MISSING, max_size=2).map(tuple))
COUNTS = st.integers(0, 9)
TALLIES = st.builds(Tally, **dict.fromkeys(Tally._fields, COUNTS))
REPORTS = st.builds(
    Report,
    repo=TEXT,
    pr=st.none() | st.integers(1, 9),
    head_sha=TEXT,
    environment=TEXT,
    branch=TEXT,
    result=st.sampled_from(get_args(Result)),
    rows=st.lists(ROWS, max_size=4).map(tuple),
    findings=st.lists(FINDINGS, max_size=4).map(tuple),
    refused=st.lists(PROBLEMS, max_size=2).map(tuple),
    signature=st.none() | st.just(SIGNATURE),
    base_ref=TEXT,
    pipeline=TEXT,
    because=TEXT,
    gates=st.lists(GATES, max_size=3).map(tuple),
    broken=st.lists(PROBLEMS, max_size=2).map(tuple),
    receipts=st.none() | st.builds(Judged, TEXT, TALLIES),
    life=st.none(),
    applied=st.none(),
)
LIVES = st.builds(
    Life,
    words=st.sampled_from(["Passed: waiting for ", "Waiting behind #5", "Frozen: "]),
    detail=TEXT,
    merging=st.lists(GATES, max_size=3).map(tuple),
    exception=TEXT,
    carried=st.lists(TEXT, max_size=2).map(tuple),
    history=st.lists(st.builds(Validated, st.integers(0, 9), TEXT, TEXT, TEXT), max_size=3).map(tuple),
    files=st.sampled_from(["", "https://github.example/acme/x/blob/abc"]),
    envelope=st.binary(max_size=20),
)


TOUCHED = st.builds(Touched, TEXT, TEXT, st.sampled_from(["started", "done", "failed"]), st.floats(0, 9), TEXT)
DIFFERS = st.builds(Differs, TEXT, TEXT, TEXT, *(st.lists(LINES, max_size=2).map(tuple),) * 2, TEXT)
ATTEMPTS = st.builds(
    Attempt,
    *(TEXT, TEXT, TEXT, TEXT),
    outcome=st.sampled_from(["applied", "failed", "partial", "stopped", "refused", "none"]),
    waits=st.sampled_from(["", "locked", "state", "what nobody knows"]),
    touched=st.lists(TOUCHED, max_size=2).map(tuple),
    seconds=st.floats(),
    problem=st.none() | PROBLEMS,
    difference=st.none() | st.lists(DIFFERS, max_size=2).map(tuple),
)
APPLIED = st.builds(
    Applied,
    st.lists(ATTEMPTS, max_size=3).map(tuple),
    commit=TEXT,
    is_live=st.booleans(),
    may=st.dictionaries(st.sampled_from(["apply", "replan", "adopt", "unlock"]), TEXT),
    log=st.sampled_from(["", "https://github.example/acme/x/actions/runs/7"]),
)


@given(REPORTS, APPLIED)
@settings(deadline=None, max_examples=20)
def test_whatever_was_applied_fits(report: Report, applied: Applied) -> None:
    told = report._replace(applied=applied._replace(attempts=applied.attempts * 300))
    assert len(render(told).encode()) <= LIMIT


@given(REPORTS, APPLIED)
@settings(deadline=None, max_examples=50)
def test_whatever_was_applied_begins_with_its_state_and_ends_what_it_opens(report: Report, applied: Applied) -> None:
    body = render(report._replace(applied=applied))
    assert body.startswith("Merged into ")
    assert body.split("\n")[1] == "---"
    shown = page(body)
    assert not shown.unclosed
    assert {len(cells) for cells in shown.cells} <= {4}
    assert not {"img", "script", "h1", "input", "blockquote"} & set(shown.elements)
    assert body.count("<!--") == 1


@given(REPORTS)
@settings(deadline=None)
def test_any_report_is_one_table_and_ends_what_it_opens(report: Report) -> None:
    shown = page(render(report))
    assert not shown.unclosed
    assert shown.elements.count("table") == bool(report.rows)
    assert [len(cells) for cells in shown.cells] == [4] * (len(report.rows) + bool(report.rows))
    assert not {"a", "img", "script", "h1", "input", "blockquote"} & set(shown.elements)


@given(REPORTS, LIVES, st.sampled_from([1, 1, 300]))
@settings(deadline=None, max_examples=60)
def test_any_life_begins_with_its_state_and_ends_what_it_opens(report: Report, life: Life, times: int) -> None:
    big = report._replace(rows=report.rows * times, life=life._replace(merging=life.merging * times))
    body = render(big)
    assert len(body.encode()) <= LIMIT
    assert body.startswith(life.words)
    assert body.split("\n")[1] == "---"
    assert envelope_of(body) == life.envelope
    shown = page(body)
    assert not shown.unclosed
    assert {len(cells) for cells in shown.cells} <= {4}
    assert shown.elements.count("h2") == 1
    assert not {"img", "script", "h1", "input", "blockquote"} & set(shown.elements)
    assert body.count("<!--") == (2 if life.envelope else 1)


@given(REPORTS, st.sampled_from([1, 20, 300]), st.sampled_from([1, 2000]))
@settings(deadline=None, max_examples=12)
def test_any_report_fits(report: Report, times: int, longer: int) -> None:
    long = diff("+ 😀\n" * longer, "x")
    rows = tuple(r._replace(diffs=(*r.diffs, long)) for r in report.rows)
    big = report._replace(rows=rows * times, findings=report.findings * times, refused=report.refused * times)
    assert len(render(big).encode()) <= LIMIT


def _telling(secret: str) -> Applied:
    """An apply whose errors and differences hold it."""
    touched = Touched("aws_sns_topic.this", "create", "failed", 1.0, f"it says {secret}")
    differs = Differs("aws_sns_topic.this", "create", "update", (Line("+ k = ", (secret,)),))
    failed = Problem("ENG730", secret, secret)
    return Applied((Attempt("S3/a", "S3", "a", "k", "partial", "", (touched,), 1.0, failed, (differs,)),))


@given(REPORTS, st.data())
@settings(deadline=None)
def test_no_secret_is_told(report: Report, data: st.DataObject) -> None:
    secret = data.draw(st.sampled_from(["hunter2-hunter2", "p|a`s\\s<word>", 'quo"ted-secret', "passed"]))
    field = data.draw(st.sampled_from(["message", "remediation"]))
    leak: Any = {field: f"it is {secret} here"}
    found = Finding("R", Severity.HIGH, Effect.DENY, "m", "S3/a")._replace(**leak)
    row = Row("S3/a", "S3", "a", "added", Summary(1), (Diff("x", "create", (Line("+ k = ", (secret,)),)),))
    told = report._replace(
        rows=(*report.rows, row),
        findings=(*report.findings, found),
        refused=(Problem("ENG001", secret, secret, Place("a", excerpt=secret)),),
        applied=data.draw(st.none() | st.just(_telling(secret))),
    )
    clean = redacted(told, Redactor([secret]))
    if secret == "passed":  # one of our own words: nothing to look for, but nothing may break either
        render(clean)
        render_terminal(clean)
        return
    assert secret not in page(render(clean)).text
    assert secret not in render_terminal(clean, width=400)
    assert secret not in str(clean.to_json())


@given(REPORTS, st.integers(0, 200))
@settings(deadline=None)
def test_terminal_gets_no_controls(report: Report, width: int) -> None:
    plain = render_terminal(report, width=width)
    assert not any(ord(c) < 32 and c != "\n" for c in plain)
    assert "\u202e" not in plain
