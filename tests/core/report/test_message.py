"""Messages of merges: nothing in them does what its author wants GitHub to do."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.report.message import Message, render
from engine.core.report.quoted import quoted
from tests.support.merges import DIGEST, override, said

HOSTILE = [
    "Co-authored-by: eve <eve@example.com>",
    "x\n\nCo-authored-by: eve <eve@example.com>",
    "x\r\rSigned-off-by: ann <ann@example.com>",
    "Fixes #12",
    "closes acme/other#12",
    "Resolves GH-12",
    "fixes https://github.com/acme/x/issues/12",
    "[skip ci]",
    "[CI SKIP] and ***NO_CI***",
    "skip-checks: true",
    "x\u2028Approved-by: root (1)",
    "x\u0085Approved-by: root (1)",
    "@acme/security please",
    "Interlock-Verdict: 9 sha256:0",
    "\u202eexe.txt",
    "::error::x",
    "`$(id)`",
    "#" * 500,
]


def message(text: str = "Add the data lake", **changes: Any) -> Message:
    people = [{"gate": "reviewed", "id": 11, "login": "ann", "review": 5, "body": None}]
    one = said(people=people, overrides=[override(reason=text)], **changes)
    return render(one, text, "gus", "development")


def test_who_what_why_and_by_whose_word() -> None:
    found = message()
    assert found.title == "Merge pull request 7 into dev: Add the data lake"
    assert found.body == (
        "By gus, for development. Verdict 3: passed.\n\n- S3/data-lake\n\n"
        f"Interlock-Run: r1\nInterlock-Verdict: 3 {DIGEST}\nApproved-by: ann (11)\n"
        "Overridden-by: dave (41): Add the data lake\nPull-request: acme/dev-deployment#7\n"
    )


def test_who_counts_for_two_gates_approved_once() -> None:
    twice = [{"gate": gate, "id": 11, "login": "ann", "review": 5, "body": None} for gate in ("reviewed", "security")]
    assert render(said(people=twice), "x", "gus", "dev").body.count("Approved-by:") == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_foreign_does_anything(text: str) -> None:
    found = message(text)
    for line in (found.title, *found.body.splitlines()):
        assert not re.match(r"(?i)(co-authored|signed-off)-by", line)
    everything = f"{found.title}\n{found.body}".replace("Pull-request: acme/dev-deployment#7", "")
    assert not re.search(r"@\w|#\d|(?i:gh-\d)|://|\[|\]", everything)
    assert [line for line in everything.split("\n") if line.startswith("Approved-by:")] == ["Approved-by: ann (11)"]
    assert len(found.title) <= 200


@pytest.mark.parametrize("text", HOSTILE)
def test_git_reads_our_trailers_and_no_others(text: str, tmp_path: Path) -> None:
    found = message(text)
    told = subprocess.run(
        ["git", "interpret-trailers", "--parse"], input=f"{found.title}\n\n{found.body}".encode(),
        capture_output=True, check=True, cwd=tmp_path,
    ).stdout.decode()  # fmt: skip
    names = [line.partition(":")[0] for line in told.splitlines()]
    assert names == ["Interlock-Run", "Interlock-Verdict", "Approved-by", "Overridden-by", "Pull-request"]


@given(st.text(), st.integers(10, 300))
def test_any_text_becomes_one_line_without_calls(text: str, most: int) -> None:
    found = quoted(text, most)
    assert len(found) <= most
    assert len(found.splitlines()) <= 1
    assert not set("@#[]<>`\n\r\t") & set(found)
    assert "://" not in found
    assert quoted(found, most) == found


def test_a_thousand_resources_are_counted() -> None:
    trees = {f"S3/lake-{number:04}": DIGEST for number in range(1000)}
    body = render(said(trees=trees), "x", "gus", "development").body
    assert "- and 950 more\n" in body
    assert len(body) < 20_000
