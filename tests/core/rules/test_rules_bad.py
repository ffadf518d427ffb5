"""Every kind of mistake: the files in tests/cases/rules-bad, each with what has to be said about it.

A case is an entry file, or a directory with all files of a rule set. What is expected stands where it belongs:
`#! 19 ENG052 did you mean` after a line means column 19, that code, and a part of the message or the hint (column 0:
any). Files that cannot hold a comment have an `expected.txt` with `file:line:column ENG052 text`.
"""

import os
import re

import pytest

from engine.core.rules.draft import ENTRY
from engine.core.rules.lint import CHECKS, lint
from engine.errors import TABLE, ExitCode, Problem
from tests.support.rules import CASES, catalog, small

MARK = re.compile(r"#! (\d+) (ENG\d+) ?([^#]*)")
SIDECAR = re.compile(r"(.+?):(\d+):(\d+) (ENG\d+) ?(.*)")
CATALOG = catalog()


def cases() -> list[str]:
    return sorted(os.listdir(CASES))


def read(case: str) -> tuple[dict[str, bytes], list[tuple[str, int, int, str, str]]]:
    """The files of a case, and (file, line, column, code, text) for all that is expected."""
    path = os.path.join(CASES, case)
    files: dict[str, bytes] = {}
    if case.endswith(".yaml"):
        with open(path, "rb") as file:
            files = small(file.read())
    for folder, _, names in os.walk(path):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                files[os.path.relpath(os.path.join(folder, name), path)] = file.read()
    expected = [
        (file, int(line), int(column), code, text)
        for file, line, column, code, text in SIDECAR.findall(files.pop("expected.txt", b"").decode())
    ]
    for name, data in files.items():
        for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
            expected += [(name, number, int(column), code, text.strip()) for column, code, text in MARK.findall(line)]
    return files, expected


def fits(problem: Problem, expected: tuple[str, int, int, str, str]) -> bool:
    file, line, column, code, text = expected
    place = problem.place
    assert place is not None, f"{problem} has no place"
    said = f"{problem.message} {problem.hint}"
    return (
        (problem.code, place.file) == (code, file)
        and line in (0, place.line)
        and column in (0, place.column)
        and text in said
    )


@pytest.mark.parametrize("case", cases())
def test_every_mistake_is_told_where_it_is(case: str) -> None:
    files, expected = read(case)
    assert expected, f"{case} expects nothing"
    problems = list(lint(files, CATALOG))
    shown = "\n".join(p.text() for p in problems)
    for one in expected:
        found = next((p for p in problems if fits(p, one)), None)
        assert found, f"not told: {one}\n{shown}"
        problems.remove(found)
    assert not problems, "told and not expected:\n" + "\n".join(p.text() for p in problems)


def test_every_check_and_every_refusal_has_a_case() -> None:
    seen = {code for case in cases() for *_, code, _ in read(case)[1]}
    rows = {code for code in TABLE if "ENG020" <= code <= "ENG099"}
    # too large a file, and what only JSON or a library can bring about, are in test_source and test_schema; too many
    # problems in test_errors;
    # links out of the directory are in tests/run/test_trusted, files that nobody includes in tests/cli/test_lint
    elsewhere = {"ENG020", "ENG035", "ENG036", "ENG038", "ENG047", "ENG048", "ENG049", "ENG077"}
    assert rows - elsewhere == seen & rows
    assert {check.code for check in CHECKS} <= seen


def test_a_check_says_only_what_its_row_says() -> None:
    assert len({check.code for check in CHECKS}) == len(CHECKS)
    assert {TABLE[check.code].exit for check in CHECKS} == {ExitCode.CONFIG, ExitCode.NEGATIVE}
    assert ENTRY in small()
