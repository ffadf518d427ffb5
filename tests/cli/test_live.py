"""What is seen of a run's resources while it works: on a terminal, in a log, by a program."""

import json
import os
import pty
import subprocess
import sys

import pytest

SCRIPT = """
import sys
from engine.cli.console import Console
from engine.cli.live import watching
from engine.core.report.progress import Step
console = Console()
console.configure(quiet="quiet" in sys.argv, colour=True)
with watching(console, as_json="json" in sys.argv) as (step, rest):
    step = step or (lambda one: console.progress(one.line()))
    step(Step("S3/[red]a", "plan", "begun"))
    console.progress("something else")
    step(Step("S3/[red]a", "plan", "planned", 2.0, "", 1, 2))
    step(Step("S3/b\\x1b[2J", "plan", "failed", 3.0, "ENG410", 2, 2))
    rest()
    console.out("the report")
print("rich" in sys.modules)
"""


def said(*arguments, terminal="xterm", stderr_is_a_terminal=False):
    """Standard output, and what came to the other one."""
    env = {**os.environ, "TERM": terminal, "COLUMNS": "80", "LINES": "24"}
    env.pop("NO_COLOR", None)
    argv = [sys.executable, "-c", SCRIPT, *arguments]
    if not stderr_is_a_terminal:
        done = subprocess.run(argv, capture_output=True, text=True, check=True, env=env)
        return done.stdout, done.stderr
    ours, theirs = pty.openpty()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=theirs, env=env) as one:
        os.close(theirs)
        shown = b""
        while True:
            try:
                data = os.read(ours, 4096)
            except OSError:  # Linux says so at the end
                break
            if not data:
                break
            shown += data
        os.close(ours)
        assert one.stdout
        return one.stdout.read().decode(), shown.decode()


@pytest.mark.parametrize("terminal", [None, "dumb"])
def test_in_a_log_each_end_is_a_line_and_rich_draws_nothing(terminal):
    out, err = said(terminal=terminal or "xterm", stderr_is_a_terminal=terminal is not None)
    assert [line.rstrip() for line in err.replace("\r", "").splitlines() if line] == [
        "something else", "  planned   S3/[red]a  2.0 s  (1 of 2)", "  failed    S3/b\\x1b[2J  3.0 s  ENG410  (2 of 2)",
    ]  # fmt: skip
    assert out.startswith("the report\n")
    assert terminal == "dumb" or out.endswith("False\n"), "nothing of it is imported"


def test_a_program_gets_lines_of_json_beside_the_data():
    out, err = said("json")
    rows = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert [(row["path"], row["state"], row["done"]) for row in rows] == [
        ("S3/[red]a", "begun", 0), ("S3/[red]a", "planned", 1), ("S3/b\x1b[2J", "failed", 2),
    ]  # fmt: skip
    assert out == "the report\nFalse\n"


def test_quiet_is_quiet():
    assert said("quiet") == ("the report\nFalse\n", "")
    assert said("quiet", "json") == ("the report\nFalse\n", "")
    assert said("quiet", stderr_is_a_terminal=True) == ("the report\nFalse\n", "")


def test_on_a_terminal_each_has_a_line_that_moves_and_nobody_writes_markup_or_escapes_into_it():
    out, shown = said(stderr_is_a_terminal=True)
    assert out == "the report\nTrue\n", "data goes nowhere else"
    assert "something else" in shown
    assert "S3/[red]a    planned  2.0 s" in shown
    assert "S3/b\\x1b[2J" in shown
    assert "\x1b[2J" not in shown
