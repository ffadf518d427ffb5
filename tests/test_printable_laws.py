"""Laws of every outlet: whatever text comes, no line of what goes out is a command, and nothing moves a cursor."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.cli.console import Console
from engine.cli.lint import FORMATS
from engine.core.findings import Effect, Finding, Severity
from engine.core.plan.summary import Line, Summary
from engine.core.report import comment, terminal
from engine.core.report.model import Diff, Report, Row
from engine.errors import Place, Problem
from engine.printable import COLOURS, PLAIN, harmless, in_line, printable
from tests.support.output import PIECES, commands, lines, unprintable

TEXT = st.lists(st.one_of(st.sampled_from(PIECES), st.characters()), max_size=12).map("".join)


def problem(text: str) -> Problem:
    return Problem("ENG001", text, text, Place(text, 3, 2, 4, text))


def report(text: str) -> Report:
    finding = Finding(text, Severity.HIGH, Effect.DENY, text, text, address=text, file=text, line=1, remediation=text)
    rows = (
        Row(text, text, text, "added", Summary(1), (Diff(text, "create", (Line("+   a = ", (in_line(text),)),)),)),
        Row(f"{text}2", "S3", "b", "modified", None, problem=problem(text)),
    )
    return Report("acme/dev", 7, "0" * 40, text, text, "failed", rows, (finding,), (problem(text),))


def printed(say: Any, coloured: bool = False) -> str:
    console, stream = Console(), io.StringIO()
    with redirect_stdout(stream), redirect_stderr(stream):
        say(console)
    return stream.getvalue()


OUTLETS = {
    "out": lambda text: printed(lambda c: c.out(text)),
    "err": lambda text: printed(lambda c: c.err(text)),
    "progress": lambda text: printed(lambda c: c.progress(text)),
    "json": lambda text: printed(lambda c: c.json({text: [text]})),
    "problems": lambda text: printed(lambda c: c.problems([problem(text)])),
    "Problem.text": lambda text: problem(text).text(),
    "terminal": lambda text: terminal.render(report(text)),
    "comment": lambda text: comment.render(report(text)),
    "lint": lambda text: printed(lambda c: FORMATS["text"]([problem(text)], c)),
}


@pytest.mark.parametrize("outlet", OUTLETS)
@given(text=TEXT)
def test_no_outlet_commands_anybody(outlet: str, text: str) -> None:
    told = OUTLETS[outlet](text)
    assert commands(told) == []
    assert unprintable(told) - {"\t"} == set()
    assert lines(told) == told.split("\n")


@given(TEXT)
def test_an_annotation_is_one_command_and_ours(text: str) -> None:
    told = printed(lambda c: FORMATS["github"]([problem(text)], c))
    (line, end) = lines(told)
    assert (line.startswith("::error file="), end) == (True, "")
    assert "##[" not in line
    assert unprintable(line) - {"\t"} == set()
    assert line.count("::") - line.partition("title=ENG001::")[2].count("::") == 2


@given(TEXT)
def test_json_says_what_it_was(text: str) -> None:
    assert json.loads(OUTLETS["json"](text)) == {text: [text]}


@given(TEXT, TEXT)
@example(":", "::error::x")
def test_colours_are_ours_alone(text: str, other: str) -> None:
    told = harmless(f"{COLOURS['red']}{printable(text)}{PLAIN}{in_line(other)}", coloured=True)
    assert commands(told) == []
    for code in (PLAIN, *COLOURS.values()):
        told = told.replace(code, "")
    assert not any(line.strip().startswith("::") for line in lines(told)), "nor where something takes colours away"
    assert unprintable(told) - {"\t"} == set()


@given(TEXT)
def test_what_was_made_printable_stays_as_it_is(text: str) -> None:
    assert printable(printable(text)) == printable(text)
    assert harmless(harmless(text)) == harmless(text)
