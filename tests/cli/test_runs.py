"""`engine runs`: a line for each run where programs read it, and what fits where a person does."""

import json
import os

import pytest

from engine.cli.console import Console
from engine.cli.main import main
from engine.cli.runs import line
from engine.service.runs import Run, Runs

ID = "gh-aefce7c6-3328-42a1-9d15-23f916d389ea"
RUN = Run(ID, ID[3:], "pull_request", "opened", "acme/dev-deployment", 7, "acme/dev-deployment#7", "", "")
DONE = RUN._replace(state="done", pipeline="validate", outcome="done")
GOES = RUN._replace(state="running", pipeline="validate", phase="S3/data-lake: planning")
WAITS = RUN._replace(reason="ENG542 GitHub does not answer GET /repos/acme/dev-deployment: HTTP 503, asked four times")


class Seen(Console):
    """A terminal of that many columns; None: a pipe."""

    def __init__(self, columns):
        super().__init__()
        self._columns = columns

    @property
    def is_watched(self):
        return self._columns is not None

    @property
    def width(self):
        return self._columns or 100


@pytest.mark.parametrize(
    ("why", "columns", "run", "lines"),
    [
        ("a pipe", None, DONE, [f"done       {ID}  acme/dev-deployment#7  validate  done"]),
        (
            "a pipe is never broken",
            None,
            WAITS,
            [f"queued     {ID}  acme/dev-deployment#7  pull_request opened  {WAITS.reason}"],
        ),
        ("it fits", 160, DONE, [f"done       {ID}  acme/dev-deployment#7  validate  done"]),
        ("to the last column", 89, DONE, [f"done       {ID}  acme/dev-deployment#7  validate  done"]),
        (
            "one too few",
            88,
            DONE,
            ["done       acme/dev-deployment#7  validate", f"           {ID}", "           done"],
        ),
        (
            "as wide as most",
            80,
            GOES,
            ["running    acme/dev-deployment#7  validate", f"           {ID}", "           S3/data-lake: planning"],
        ),
        (
            "a phone",
            40,
            WAITS,
            [
                "queued     acme/dev-deployment#7",
                "           pull_request opened",
                f"           {ID}",
                "           ENG542 GitHub does not answer",
                "           GET",
                "           /repos/acme/dev-deployment:",
                "           HTTP 503, asked four times",
            ],
        ),
    ],
)
def test_one_run(why, columns, run, lines):
    assert line(run, Seen(columns)).split("\n") == lines, why


@pytest.fixture
def state(tmp_path):
    runs = Runs(str(tmp_path))
    for number, one in enumerate((DONE, WAITS)):
        runs.add(one._replace(run=f"gh-{number}", queued_at="2026-11-27T12:00:00Z"))
    folder = runs.folder("gh-0")
    os.makedirs(folder)
    with open(os.path.join(folder, "log"), "w", encoding="utf-8") as file:
        file.write("2026-11-27T12:00:01.000Z it begins\n2026-11-27T12:00:02.000Z validate: every gate has passed\n")
    runs.close()
    return str(tmp_path)


def test_the_newest_come_first_and_one_is_shown_with_what_it_has_said(state, capsys):
    assert main(["runs", "--state", state]) == 0
    assert [one.split()[1] for one in capsys.readouterr().out.splitlines()] == ["gh-1", "gh-0"]
    assert main(["runs", "--state", state, "--only", "done"]) == 0
    assert capsys.readouterr().out == "done       gh-0  acme/dev-deployment#7  validate  done\n"
    assert main(["runs", "gh-0", "--state", state]) == 0
    assert capsys.readouterr().out == (
        "done       gh-0  acme/dev-deployment#7  validate  done\n"
        "  queued at   2026-11-27T12:00:00Z\n"
        "  pipeline    validate\n"
        "  outcome     done\n"
        "12:00:01  it begins\n"
        "12:00:02  validate: every gate has passed\n"
    )


def test_there_is_none(state, capsys):
    assert main(["runs", "--state", state, "--only", "poisoned"]) == 0
    assert capsys.readouterr().out == "no run\n"
    assert main(["runs", "gh-9", "--state", state]) == 2
    assert "ENG790" in capsys.readouterr().err
    assert main(["runs", "--state", state, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"] == {"done": 1, "queued": 1}
