"""Stories: each goes as it is told, from a push to what stands on the page; and what is said of one that is none."""

import json
import os
import subprocess

import pytest

from engine import data
from engine.cli.main import main
from engine.sandbox.scenarios.stories import _UNDO, STORIES
from tests.support.sandbox import ENGINE

# The way of CI has nothing of its own in a story but who is started and who is killed; ENGINE_TEST_STORIES=all has all.
# What the longest ones are made of `tests/run/rolling` and `tests/run/applying` try with real Terraform, too.
ALL = os.environ.get("ENGINE_TEST_STORIES") == "all"
AS_CI = STORIES if ALL else ("happy", "killed-in-the-middle")
LONG = ("two", "half-applied-then-retried", "fixed", "undone", "destroyed", "sources")
SERVED = STORIES if ALL else [name for name in STORIES if name not in LONG]


@pytest.mark.slow
@pytest.mark.terraform
@pytest.mark.parametrize(
    ("name", "way"), [*((name, []) for name in SERVED), *((name, ["--actions"]) for name in AS_CI)]
)
def test_a_story_goes_as_it_is_told(name, way):
    done = subprocess.run([ENGINE, "sandbox", *way, "--scenario", name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.rstrip().endswith("── so it went\nthe sandbox ends")


def test_the_list_needs_no_sandbox(capsys):
    assert main(["sandbox", "--scenario", "list"]) == 0
    said = capsys.readouterr().out
    assert [line.split()[0] for line in said.splitlines()] == list(STORIES)
    assert {"happy", "fixed", "override", "forged", "stale", "two", "outsider", "lost"} <= set(STORIES)


def test_one_that_is_none(capsys):
    assert main(["sandbox", "--scenario", "hapy"]) == 2
    said = capsys.readouterr().err
    assert "ENG641" in said
    assert "happy" in said


def test_what_a_story_changes_in_a_file_of_the_rules_is_there():
    """No default test plays that story, and the shipped file has changed before."""
    with open(os.path.join(data.path("specs"), "apply.yaml")) as file:
        shipped = file.read()
    assert [before for before, _ in _UNDO if before not in shipped] == []


@pytest.mark.slow
def test_one_that_does_not_go_as_told_says_where(tmp_path):
    """Rules that do not load: the push opens no pull request."""
    state = tmp_path / "state"
    first = subprocess.Popen([ENGINE, "sandbox", "--json", "--state", str(state)], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    ready = json.loads(first.stdout.readline())
    first.terminate()
    first.wait(60)
    first.stdout.close()
    with open(f"{ready['controller']}/specs/open-pr.yaml", "w") as file:
        file.write("pipeline: open-pr\ngates: [open]\nactions: [{id: report, uses: report.write}]\n")
    command = [ENGINE, "sandbox", "--scenario", "happy", "--state", str(state)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1
    assert "ENG640" in done.stderr
    assert "expected a pull request of reports, found there is none" in done.stderr
