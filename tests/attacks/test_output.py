"""Attacks on who reads the output: a terminal, the runner of GitHub Actions, a pull request's page, a pipe."""

import copy
import json
import re

import pytest
from markdown_it import MarkdownIt

from engine.cli.console import Console
from engine.errors import ExitCode
from tests.support.machine import bad, recorded

HOSTILE = "x\x1b]0;owned\x07\n::stop-commands::t\n ::error::fake ##[add-mask]e `</details>` | @acme/admins <img src=x>"


def hostile():
    plan = copy.deepcopy(recorded("s3-public"))
    change = plan["resource_changes"][0]
    change["address"] = f'aws_s3_bucket.this["{HOSTILE}"]'
    change["change"]["after"]["bucket"] = HOSTILE
    change["change"]["after"]["tags"] = {HOSTILE: HOSTILE}
    return plan


def commands(text):
    """The lines that the runner takes for commands: it looks behind leading space, and for `##[` anywhere."""
    return [line for line in text.split("\n") if line.strip().startswith("::") or "##[" in line]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_names_and_values_command_neither_terminal_nor_runner(machine, engine, form):
    machine.answer("bad", hostile())
    found = "some r in input.resource_changes; name := r.change.after.bucket"
    policy = f"package x\nimport rego.v1\ndeny contains name if {{ {found} }}\n"
    (machine.controller / "policies" / "x.rego").write_text(policy)
    clone = machine.change({"S3/a.tfvars": bad()})
    (machine.root / "event.json").write_bytes(clone.event(title=HOSTILE))
    ended = engine(*machine.words(*form))
    assert ended.code == ExitCode.NEGATIVE
    printed = ended.out + ended.err
    assert "stop-commands" in printed
    assert "\x1b" not in printed
    assert commands(printed) == []
    if form:
        assert "##[add-mask]" in json.dumps(json.loads(ended.out)), "JSON says what it was"


def test_a_refused_file_commands_neither(machine, engine):
    clone = machine.change({})
    clone.import_commit("feature", {"::error::x.tfvars": "", "S3/\n::warning::y": "", "S3/\x1b[31mz": ""}, parent="dev")
    clone.head = clone.git("rev-parse", "feature")
    (machine.root / "event.json").write_bytes(clone.event())
    for ended in (
        engine(*machine.words()),
        engine("discover", "--repo", clone.directory, "--base", "dev", "--head", "feature"),
    ):
        assert "error" in ended.out
        assert "\x1b" not in ended.out
        assert commands(ended.out) == []


def test_the_comment_calls_and_closes_nothing(machine, engine):
    machine.answer("bad", hostile())
    machine.change({"S3/a.tfvars": bad()})
    engine(*machine.words())
    markdown = (machine.out / "report.md").read_text()
    assert "\x1b" not in markdown
    html = MarkdownIt("gfm-like").render(markdown)
    outside = re.sub(r"<code.*?</code>", "", html, flags=re.DOTALL)
    assert outside.count("</details>") == outside.count("<details>") == 1
    assert "<img" not in outside
    assert "@acme" not in outside


@pytest.mark.parametrize(
    ("why", "text", "shown"),
    [
        ("plain text stays", "S3::x\nall ::fine", "S3::x\nall ::fine"),
        ("a command first in a line", "::error::x", ": :error::x"),
        ("behind space", "a\n   ::error::x", "a\n   : :error::x"),
        ("the older form, anywhere", "a ##[error]x", "a # #[error]x"),
    ],
)
def test_what_is_printed_is_no_command(capsys, why, text, shown):
    console = Console()
    console.out(text)
    console.err(text)
    console.progress(text)
    assert capsys.readouterr() == (f"{shown}\n", f"{shown}\n" * 2), why


def test_json_stays_json_and_is_no_command(capsys):
    Console().json({"::a": "##[error]x"})
    printed = capsys.readouterr().out
    assert "##[" not in printed
    assert json.loads(printed) == {"::a": "##[error]x"}
