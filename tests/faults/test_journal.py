"""A run that is killed, stopped, or left without a disk between any two lines of its journal. Real processes."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from engine.errors import ExitCode
from tests.support.disk import fill, small_disk
from tests.support.machine import ended, good

pytestmark = pytest.mark.slow

# The engine, whose process is stopped by its own hand once it has written line N: between two lines, nowhere else.
_STOPS = """
import os, signal, sys
from engine.adapters.storage.directory import Directory
put, number = Directory.put_if_absent, int(sys.argv.pop(1))
def stop_behind(self, key, data):
    version = put(self, key, data)
    if key.startswith("journal/") and key.endswith(f"/{number:06}"):
        os.kill(os.getpid(), SIGNAL)
    return version
Directory.put_if_absent = stop_behind
from engine.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def start(machine):
    """Starts a run with a store that gets a signal behind line `number` of its journal."""
    machine.change({"S3/a.tfvars": good()})
    store = {"ENGINE_STORE": f"dir:{machine.root / 'store'}"}

    def _start(number, sent="signal.SIGKILL", *more):
        program = _STOPS.replace("SIGNAL", sent)
        return subprocess.Popen(
            [sys.executable, "-c", program, str(number), *machine.words("--run", "7", *more)],
            env={**os.environ, **machine.environ, **store},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return _start


def lines(machine):
    return [json.loads(file.read_bytes()) for file in sorted((machine.root / "store" / "journal").glob("*/*="))]


def test_kill_9_behind_one_line_after_the_other(machine, start):
    """However often, and wherever: the last one comes to the outcome that one without a kill comes to."""
    number, killed = 1, 0
    while True:
        more = ("--resume",) if killed else ()
        done = ended(start(number, "signal.SIGKILL", *more))
        if done.code == ExitCode.DONE:
            break
        assert done.code == -signal.SIGKILL, done.err
        killed += 1
        number = len(lines(machine)) + 2 + killed % 3  # one to take it over, and one to three to go on
        assert killed < 40, "it never ends"
    kinds = [line["kind"] for line in lines(machine)]
    assert (kinds[0], kinds[-1], kinds.count("finish")) == ("start", "finish", 1)
    assert kinds.count("take") in (killed - 1, killed), "behind the last line there was nothing to take over"
    assert killed >= 5
    assert machine.report()["result"] == "passed"
    assert machine.statement()["predicate"]["verdict"]["result"] == "passed"


def test_who_wakes_up_after_somebody_took_over_does_nothing_more(machine, start):
    """The first owner is stopped behind the line that begins the plan; a person goes on; it wakes up."""
    machine.program(plan="echo . >> $A/planned; exit 2")
    first = start(3, "signal.SIGSTOP")
    end = time.monotonic() + 60
    while len(lines(machine)) < 3:
        assert time.monotonic() < end
        time.sleep(0.05)
    second = start(0, "signal.SIGKILL", "--resume", "--out", str(machine.root / "second"))
    assert ended(second).code == ExitCode.DONE
    whole = lines(machine)
    first.send_signal(signal.SIGCONT)
    done = ended(first)
    assert (done.code, "ENG572" in done.err) == (ExitCode.STALE, True), done.err
    assert lines(machine) == whole, "not a line more"
    assert not (machine.out / "statement.json").exists()
    assert (machine.root / "second" / "statement.json").exists()


@pytest.fixture
def small(tmp_path):
    with small_disk(tmp_path / "small", 256) as place:
        yield place


@pytest.mark.parametrize("free", [0, 16_384, 24_576])
def test_a_store_whose_disk_is_full(machine, engine, small, free):
    """Nothing is done that cannot be written down, and with room again the run goes on to its end."""
    machine.change({"S3/a.tfvars": good()})
    store = {"ENGINE_STORE": f"dir:{small / 'store'}"}
    (small / "store").mkdir()
    fill(small, free=free)
    done = engine(*machine.words("--run", "7"), **store)
    assert (done.code, "ENG002" in done.err) == (ExitCode.EXECUTOR, True), done.err
    (small / "filler").unlink()
    begun = list((small / "store").rglob("000001="))
    more = ("--resume",) if begun else ()
    assert engine(*machine.words("--run", "7", *more), **store).code == ExitCode.DONE


def test_a_store_that_goes_away_while_a_run_is_at_work(machine, engine):
    machine.program(plan=f"mv {machine.root}/store {machine.root}/gone; mkdir {machine.root}/store; exit 2")
    machine.change({"S3/a.tfvars": good()})
    done = engine(*machine.words("--run", "7"), ENGINE_STORE=f"dir:{machine.root / 'store'}")
    assert (done.code, "ENG190" in done.err) == (ExitCode.CONFIG, True), done.err
    assert not (machine.out / "statement.json").exists(), "what cannot be written down is not done"
