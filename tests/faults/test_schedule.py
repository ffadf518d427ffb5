"""Ten resources that wait for each other, and somebody who kills or cancels: in the end all is there, in order, once.

`ENGINE_TEST_ALL=1` has it at ten random moments instead of one.
"""

import os
import random
import signal
import threading
import time
from contextlib import suppress

import pytest

from engine.errors import EngineError
from engine.run.applying.every import apply_all
from tests.support.applied import ASKED, came_to, left_behind, things
from tests.support.emulator import aws
from tests.support.few import ALL, some
from tests.support.merged import Machine, Merged, given, passes

__all__ = ["aws"]

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

POINTS = some(range(10), 1)
SEED, LIFE_S, TRIES = 20261128, 6.0, 30
# Two ways that meet, something beside them, and what hangs on all.
AFTER = {2: [0], 3: [0, 1], 4: [2], 5: [3], 6: [4, 5], 9: [6, 8]}


class Ten:
    """A merge of ten, each of which writes down when it is made."""

    def __init__(self, root, aws, size=10, after=AFTER, failing=None):
        self.log = root / "log"
        self.machine = Machine(root, given(aws))
        self.paths = [f"X/ten-{os.getpid()}-{root.name}-{number}" for number in range(size)]
        made = {path: {"a": {"input": "1", "run": f"echo {path} >> {self.log}"}} for path in self.paths}
        if failing is not None:
            made[self.paths[failing]]["a"]["run"] = "exit 1"
        self.after = {
            self.paths[one]: [self.paths[other] for other in others] for one, others in after.items() if one < size
        }
        self.merged = Merged(self.machine, made, after=self.after)

    def made(self):
        """In the order in which they were made."""
        return self.log.read_text().split() if self.log.exists() else []

    def check(self, rows, why):
        assert {came_to(row)[0] for row in rows.values()} == {"applied"}, (why, rows)
        assert sorted(self.made()) == sorted(self.paths), why
        for path in self.paths:
            assert things(self.merged, path) == {"a": "1"}, why
            assert self.merged.outcomes(path).count("applied") == 1, why
            assert set(self.merged.outcomes(path)) <= {"applied", "reconciled"}, why
            for other in self.after.get(path, ()):
                assert self.made().index(other) < self.made().index(path), why
        assert not [one for one in left_behind(self.merged) if one.startswith("claims/")], why


@pytest.mark.parametrize("number", POINTS)
def test_killed_while_ten_run_all_is_there_in_order_and_once(tmp_path, aws, number):
    ten, after_s = Ten(tmp_path, aws), random.Random(SEED + number).uniform(0.2, LIFE_S)
    process = ten.merged.process("r1")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(after_s)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    rows = {}
    for attempt in range(TRIES):
        rows = ten.merged.apply("r1", f"next{attempt}")
        if all(row["outcome"] != "none" for row in rows.values()):
            break
        time.sleep(0.1)
    ten.check(rows, f"killed after {after_s:.2f} s")


@pytest.mark.parametrize("number", POINTS)
def test_cancelled_while_ten_run_nothing_more_begins_and_the_rest_comes_later(tmp_path, aws, number):
    ten, after_s = Ten(tmp_path, aws), random.Random(SEED - number).uniform(0.2, LIFE_S)
    applying = ten.merged.applying("r1", "me", passes)
    threading.Timer(after_s, applying.work.cancel.set).start()
    with suppress(EngineError):  # it may have been at its end
        apply_all(applying, ten.merged.targets, was={})
    said = {path: ten.merged.outcomes(path) for path in ten.paths}
    assert "skipped" not in {one for outcomes in said.values() for one in outcomes}, "it was nobody's failure"
    ten.merged.changes["asked"] = ASKED
    rows = ten.merged.apply("r2")
    stopped = {path for path, outcomes in said.items() if outcomes and outcomes != ["applied"]}
    for path, row in rows.items():
        # What Terraform was stopped at may have been half made, and is for people; all that hangs on it waits for them.
        wanted = ("applied",) if not stopped else ("applied", "stopped", "partial", "failed", "skipped")
        assert row["outcome"] in wanted, (path, row, said)
        if row["outcome"] == "applied":
            assert all(rows[other]["outcome"] == "applied" for other in ten.after.get(path, ()))


FAILURES = [(bad, how) for bad in (range(10) if ALL else [3]) for how in ("failed", "stopped")]


@pytest.mark.parametrize(("bad", "how"), some(FAILURES, 1))
def test_one_of_ten_fails_and_all_that_does_not_hang_on_it_is_applied(tmp_path, aws, bad, how):
    """In Terraform itself; or the policies of today stop it."""
    ten = Ten(tmp_path, aws, failing=bad if how == "failed" else None)
    about = [{"rule": "R-1", "resource": ten.paths[bad], "address": "x", "effect": "deny"}]
    judge = passes if how == "failed" else lambda rows: {**passes(rows), "findings": about}
    rows = ten.merged.apply(judge=judge)
    gone, found = {ten.paths[bad]}, True
    while found:
        more = {path for path, others in ten.after.items() if gone & set(others)} - gone
        gone, found = gone | more, bool(more)
    assert rows[ten.paths[bad]]["outcome"] == how
    assert {path for path, row in rows.items() if row["outcome"] != "applied"} == gone
    assert {ten.merged.outcomes(path)[-1] for path in gone} <= {how, "skipped"}
    assert not gone & set(ten.made())
    ten.merged.changes["asked"] = ASKED
    rows = ten.merged.apply("r2")
    again = gone if how == "failed" else set()  # what was left tainted is for people, and the others wait for them
    assert {path for path, row in rows.items() if row["outcome"] != "applied"} == again
    assert sorted(ten.made()) == sorted(set(ten.paths) - again), "what was made is made once"


def test_two_engines_on_graphs_that_overlap(tmp_path, aws):
    """The same merge twice at once: whoever comes second finds claims, and nobody is skipped for that."""
    ten = Ten(tmp_path, aws, size=4, after={1: [0], 2: [1], 3: [2]})
    processes = [ten.merged.process(run) for run in ("r1", "r2")]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert all("skipped" not in one for one in said), said
    rows = ten.merged.apply("r3")
    ten.check(rows, said)
