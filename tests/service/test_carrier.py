"""What a turn comes to where the machine, or a bug, has ended it; and what is kept of what a run says."""

import errno
import os

import pytest

from engine.core.decision.decided import PipelineResult
from engine.core.outcome import Outcome
from engine.core.report.progress import Step
from engine.errors import ExitCode, failure
from engine.run.handled import Handled
from engine.service import carrier, steps
from engine.service.carrier import Carrier
from engine.service.runs import Runs, of_delivery


@pytest.fixture
def runs(tmp_path):
    found = Runs(str(tmp_path))
    yield found
    found.close()


def added(runs):
    run = of_delivery("d", event="push", action="", repo="o/r", number=None, subject="o/r@refs/heads/x", head="")
    runs.add(run)
    os.makedirs(runs.folder(run.run))
    return run


@pytest.mark.parametrize(
    ("why", "error", "state", "again", "code"),
    [
        ("the disk is full", OSError(errno.ENOSPC, "No space left on device"), None, "failed", "ENG860"),
        ("too many files are open", OSError(errno.EMFILE, "Too many open files"), None, "failed", "ENG860"),
        ("there is no memory", MemoryError(), None, "failed", "ENG860"),
        ("a file of ours cannot be written", failure("ENG002", file="x", reason="full"), None, "failed", "ENG002"),
        ("the rows cannot be written", failure("ENG788", file="x", reason="locked"), None, "failed", "ENG788"),
        ("its head has moved on", failure("ENG552", ref="x", then="a" * 40, now="b"), "superseded", "", "ENG552"),
        ("the rules are others by now", failure("ENG575", run="x", reason="rules"), "superseded", "", "ENG575"),
        ("the process ends", failure("ENG786"), None, "handed over", "ENG786"),
        ("a setting is none", failure("ENG004", name="X", reason="no"), "failed", "", "ENG004"),
        ("a bug", KeyError("x"), "failed", "", "ENG999"),
    ],
)
def test_what_ends_a_turn(runs, monkeypatch, why, error, state, again, code):
    """What passes by itself is no end of a run: nobody would begin it again."""

    def broken(self, live):
        raise error

    monkeypatch.setattr(Carrier, "_handled", broken)
    end = Carrier(runs, "", lambda: {}).carry(added(runs))
    assert (end.state, end.again, end.reason.split()[0]) == (state, again, code), why


@pytest.mark.parametrize(
    ("why", "passes", "state", "again"),
    [("a lookup failed", True, None, "failed"), ("all was found, and does not fit together", False, "failed", "")],
)
def test_what_nobody_could_decide(runs, monkeypatch, why, passes, state, again):
    """Twelve more tries, an hour and a half long, tell nobody anything where nothing can become another."""
    result = PipelineResult("validate", Outcome.ERROR, "group a has no members", (), (), (), (), None, None)
    monkeypatch.setattr(Carrier, "_handled", lambda *_: (Handled(result, (), "", "", passes=passes),))
    end = Carrier(runs, "", lambda: {}).carry(added(runs))
    assert end == (state, int(ExitCode.NEGATIVE), "group a has no members", again), why


def test_a_run_that_says_more_than_anybody_reads_does_not_fill_the_disk(runs, monkeypatch):
    monkeypatch.setattr(carrier, "LOG_LIMIT", 10_000)
    run = added(runs)
    for _ in range(2):  # turns
        with carrier._writing(runs, run) as (say, _):
            for number in range(1_000):
                say(f"line {number}")
    file = os.path.join(runs.folder(run.run), "log")
    assert os.stat(file).st_size < 10_100
    said = [line.text for line in runs.log(run.run)]
    assert said[0] == "line 0"
    assert said.count("(it says more than is kept)") == 1


def test_each_step_is_kept_and_what_it_comes_to_is_said(runs):
    run = added(runs)
    with carrier._writing(runs, run) as (_, stepped):
        stepped(Step("S3/a", "plan", "begun"))
        stepped(Step("S3/a", "plan", "planned", 2.5, done=1, of=2))
        stepped(Step("SNS/b", "plan", "begun"))
    assert [line.text.strip() for line in runs.log(run.run)] == ["planned   S3/a  2.5 s  (1 of 2)"]
    rows, more = steps.shown(runs.steps_file(run.run), None, 9)
    assert [(row.path, row.said) for row in rows] == [("S3/a", "planned"), ("SNS/b", "plans")]
    assert more == 0
