"""`engine lint`: what it prints and returns, in each format."""

import argparse
import json
from pathlib import Path

import pytest

from engine.cli import lint
from engine.cli.console import Console
from tests.support.rules import APPROVERS, MINIMAL

FINDING = MINIMAL + b"  - {pipeline: idle, gates: [ready], actions: [{id: report, uses: report.write}]}\n"
BROKEN = MINIMAL.replace(b"[ready, reviewed]", b"[ready, reviewd]")


def run(root: Path, *arguments: str) -> int:
    parser = argparse.ArgumentParser()
    lint.arguments(parser)
    return lint.run(parser.parse_args(["--rules", str(root), *arguments]), Console())


def rules(root: Path, text: bytes, approvers: bytes = APPROVERS) -> Path:
    (root / "deployment-rules.yaml").write_bytes(text)
    (root / "approvers-config.yaml").write_bytes(approvers)
    return root


@pytest.mark.parametrize(
    ("why", "text", "code"),
    [("nothing to say", MINIMAL, 0), ("only findings", FINDING, 1), ("does not load", BROKEN, 2), ("empty", b"", 2)],
)
@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_exit_codes(tmp_path: Path, why: str, text: bytes, code: int, form: str) -> None:
    assert run(rules(tmp_path, text), "--format", form) == code, why


def test_no_rules_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path) == 2
    assert "ENG050 deployment-rules.yaml is not here" in capsys.readouterr().out
    assert run(tmp_path / "nowhere") == 2


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory."""
    monkeypatch.chdir(tmp_path)
    return Path()


def test_text(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(rules(here, BROKEN))
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "deployment-rules.yaml:11:38: error ENG052 unknown gate `reviewd`",
        "  11 |   - {pipeline: check, gates: [ready, reviewd], actions: [{id: report, uses: report.write}]}",
        "     |                                      ^^^^^^^",
        "  Fix: did you mean `reviewed`?",
    ]
    assert err == "1 problem in 1 file: 1 error\n"


def test_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(rules(here, FINDING), "--format", "json")
    out, err = capsys.readouterr()
    assert json.loads(out) == [
        {
            "code": "ENG080",
            "file": "deployment-rules.yaml",
            "line": 12,
            "column": 16,
            "message": "nothing starts pipeline `idle`",
            "hint": "start it in `events:`, `then:` or `else:`, or remove it",
            "severity": "warning",
            "end_line": 12,
            "end_column": 20,
            "page": "docs/reference/errors.md#eng080",
        }
    ]
    assert err == ""
    run(rules(here, MINIMAL), "--format", "json")
    assert json.loads(capsys.readouterr().out) == []


def test_github(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(rules(here, BROKEN), "--format", "github")
    run(rules(here, FINDING), "--format", "github")
    assert capsys.readouterr().out.splitlines() == [
        "::error file=deployment-rules.yaml,line=11,col=38,title=ENG052::unknown gate `reviewd`%0A"
        "Fix: did you mean `reviewed`?",
        "::warning file=deployment-rules.yaml,line=12,col=16,title=ENG080::nothing starts pipeline `idle`%0A"
        "Fix: start it in `events:`, `then:` or `else:`, or remove it",
    ]


def test_annotations_cannot_be_forged_by_what_a_file_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(rules(tmp_path, MINIMAL + b'"x\\n::error::50%": 1\n'), "--format", "github")
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1
    assert "unknown key `x%0A::error::50%25`" in out


def test_paths_can_be_followed_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    (tmp_path / "controller").mkdir()
    rules(tmp_path / "controller", BROKEN)
    monkeypatch.chdir(tmp_path)
    run(Path("controller"))
    assert capsys.readouterr().out.startswith("controller/deployment-rules.yaml:11:38: error ENG052")


def test_some_files_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = rules(tmp_path, BROKEN, b"version: 1\ngroups: {reviewers: {users: [ann], team: []}}\n")
    assert run(root, str(root / "approvers-config.yaml")) == 2
    out = capsys.readouterr().out
    assert "ENG040" in out
    assert "ENG052" not in out
    rules(tmp_path, BROKEN)
    assert run(root, str(root / "approvers-config.yaml")) == 0


def test_the_entry_file_stands_for_all_that_it_includes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = rules(tmp_path, MINIMAL, b"version: 1\ngroups: {reviewers: {users: [ann], team: []}}\n")
    parser = argparse.ArgumentParser()
    lint.arguments(parser)
    assert lint.run(parser.parse_args([str(root / "deployment-rules.yaml")]), Console()) == 2
    assert "ENG040" in capsys.readouterr().out


def test_a_file_that_nobody_includes_is_not_a_file_without_problems(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = rules(tmp_path, MINIMAL)
    (root / "forgotten.yaml").write_text("pipeline: forgotten\n")
    assert run(root, str(root / "forgotten.yaml")) == 2
    assert "ENG077" in capsys.readouterr().out


def test_a_directory_stands_for_the_files_in_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules(here, BROKEN)
    (here / "docs").mkdir()
    parser = argparse.ArgumentParser()
    lint.arguments(parser)
    said = {}
    for name in (".", "docs"):
        assert lint.run(parser.parse_args([name]), Console()) == 2, name
        said[name] = capsys.readouterr().out
    assert "ENG052" in said["."]
    assert "docs is not part of the rules" in said["docs"]
