"""`engine policy convert`: policies of before Rego 1.0 become what both engines read, and mean the same."""

import os
import shutil

import pytest

from engine.cli.main import main
from tests.support.opa import executable

OLD = """package main

deny[msg] {
  r := input.resource_changes[_]
  named(r)
  re_match("^a", r.address)
  msg := "re_match(x) begins with a"
}

named(r) {
  r.name
}
"""
TEST = """package main

test_deny {
  count(deny) == 1 with input as {"resource_changes": [{"address": "a.b", "name": "b"}]}
}
"""
NEW = 'package main\n\nimport rego.v1\n\ndeny contains "x" if input.errored\n'
PLAN = '{"format_version": "1.2", "resource_changes": []}'


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("ENGINE_OPA", executable(tmp_path / "bin"))
    (tmp_path / "policies/team").mkdir(parents=True)
    (tmp_path / "policies/main.rego").write_text(OLD)
    (tmp_path / "policies/main_test.rego").write_text(TEST)
    (tmp_path / "policies/team/new.rego").write_text(NEW)
    (tmp_path / "plan.json").write_text(PLAN)
    return tmp_path


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_difference_is_shown_and_nothing_is_written(here, capsys):
    before = everything(here)
    assert main(["policy", "convert"]) == 1
    said = capsys.readouterr().out
    for line in ("+import rego.v1", "-deny[msg] {", "+deny contains msg if {", '+  regex.match("^a", r.address)'):
        assert line in said.splitlines()
    assert "re_match(x) begins with a" in said
    assert said.endswith("3 files, 2 to convert: --write does it\n")
    assert everything(here) == before


def test_what_is_written_is_judged_and_tested_as_before(here, capsys):
    os.chmod(here / "policies/main.rego", 0o644)
    assert main(["policy", "eval", "--plan", "plan.json"]) == 2
    assert "ENG525" in capsys.readouterr().err
    assert main(["policy", "convert", "--write"]) == 0
    assert capsys.readouterr().out == "3 files, 2 converted\n"
    assert (here / "policies/team/new.rego").read_text() == NEW
    assert (here / "policies/main.rego").stat().st_mode & 0o777 == 0o644
    assert main(["policy", "eval", "--plan", "plan.json"]) == 0
    assert main(["policy", "test", "--fail-under", "80"]) == 0
    capsys.readouterr()
    before = everything(here)
    assert main(["policy", "convert", "--write"]) == 0
    assert capsys.readouterr().out == "3 files, nothing to convert\n"
    assert everything(here) == before


def test_a_directory_of_ones_own_choice(here, capsys):
    shutil.move(here / "policies", here / "elsewhere")
    assert main(["policy", "convert", "elsewhere", "--write"]) == 0
    assert "deny contains msg if {" in (here / "elsewhere/main.rego").read_text()


def test_without_opa_it_says_so(here, capsys, monkeypatch):
    monkeypatch.setenv("ENGINE_OPA", str(here / "none"))
    before = everything(here)
    assert main(["policy", "convert", "--write"]) == 3
    assert "ENGINE_OPA" in capsys.readouterr().err
    assert everything(here) == before


def test_without_opa_what_needs_none_is_done(here, monkeypatch):
    monkeypatch.setenv("ENGINE_OPA", str(here / "none"))
    for name in ("main.rego", "main_test.rego"):
        (here / "policies" / name).unlink()
    (here / "policies/match.rego").write_text(NEW + 'warn contains "x" if re_match("a", "a") # re_match(\n')
    assert main(["policy", "convert", "--write"]) == 0
    assert (here / "policies/match.rego").read_text().endswith('regex.match("a", "a") # re_match(\n')


@pytest.mark.parametrize(
    ("why", "name", "content", "code"),
    [
        ("what nobody can read", "broken.rego", b"package main\n\ndeny[msg] {\n", "ENG529"),
        ("text in another encoding", "latin.rego", b"package main # gr\xfcn\n", "ENG021"),
    ],
)
def test_all_or_nothing(here, capsys, why, name, content, code):
    (here / "policies" / name).write_bytes(content)
    before = everything(here)
    assert main(["policy", "convert", "--write"]) > 1, why
    said = capsys.readouterr().err
    assert code in said, why
    assert name in said, why
    assert everything(here) == before, why


def test_a_file_elsewhere_is_never_touched(here, capsys):
    """A link among the policies leads to somebody else's file."""
    (here / "theirs.rego").write_text(OLD)
    (here / "policies/link.rego").symlink_to(here / "theirs.rego")
    before = everything(here)
    assert main(["policy", "convert", "--write"]) == 2
    assert "ENG049" in capsys.readouterr().err
    assert everything(here) == before


def test_nothing_to_convert_at_all(here, capsys):
    (here / "empty").mkdir()
    assert main(["policy", "convert", "empty"]) == 2
    assert "ENG500" in capsys.readouterr().err


@pytest.mark.skipif(not shutil.which("opa"), reason="no package ships the `opa` program; here it is tried where it is")
def test_the_real_program(here, monkeypatch):
    monkeypatch.setenv("ENGINE_OPA", shutil.which("opa") or "")
    assert main(["policy", "convert", "--write"]) == 0
    assert main(["policy", "test", "--fail-under", "80"]) == 0


def test_one_file_is_one(here, capsys):
    assert main(["policy", "convert", "policies/team"]) == 0
    assert capsys.readouterr().out == "1 file, nothing to convert\n"
