"""The machine lets us down: killed, interrupted, no room, nowhere to write. Real signals and a real full disk."""

import os
import signal
import subprocess
import time

import pytest

from engine.errors import ExitCode
from tests.support.disk import fill, small_disk
from tests.support.machine import ended, good

pytestmark = pytest.mark.slow


def alive(number):
    """Does the process run? A zombie does not."""
    try:
        with open(f"/proc/{number}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def planning(machine, run, resources):
    """Wait until every Terraform is at work; their process ids."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert run.poll() is None, run.communicate()
        started = list(machine.answers.glob("pid-*"))
        if len(started) == resources:
            return [int(file.name.removeprefix("pid-")) for file in started]
        time.sleep(0.02)
    raise AssertionError("Terraform was not started")


@pytest.fixture
def hanging(machine):
    """Three resources whose plans do not end by themselves."""
    machine.program(plan="touch $A/pid-$$; exec sleep 600")
    machine.change({f"S3/r{n}.tfvars": good(f"acme-dev-r{n}") for n in range(3)})
    return machine


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_stops_us_stops_terraform(hanging, number):
    run = hanging.process()
    working = planning(hanging, run, 3)
    run.send_signal(number)
    done = ended(run)
    assert done.code == ExitCode.INTERRUPTED
    assert "Traceback" not in done.err
    assert [pid for pid in working if alive(pid)] == [], "nothing that we started outlives us"
    assert list((hanging.root / "cache" / "work").iterdir()) == [], "nor its variables"
    assert not (hanging.out / "statement.json").exists()


def test_after_kill_9_the_next_run_is_like_any_other(hanging):
    run = hanging.process()
    working = planning(hanging, run, 3)
    run.kill()
    run.communicate()
    for pid in working:  # nobody is left who could have
        os.kill(pid, signal.SIGKILL)
    hanging.program()
    done = ended(hanging.process())
    assert done.code == ExitCode.DONE, done.err
    assert (hanging.out / "statement.json").exists()


@pytest.fixture
def small(tmp_path):
    with small_disk(tmp_path / "small", 64) as place:
        yield place


@pytest.mark.parametrize(
    ("why", "option", "free", "code"),
    [
        ("no room for anything", "--out", 0, "ENG002"),
        ("room for the decision", "--out", 16_384, "ENG002"),
        ("room for plans, none for the statement", "--out", 28_672, "ENG002"),
        ("no room for work directories", "ENGINE_CACHE_DIR", 0, "ENG418"),
    ],
)
def test_a_full_disk(machine, engine, small, why, option, free, code):
    machine.change({"S3/a.tfvars": good()})
    place = small / "here"
    place.mkdir()
    fill(small, free=free)
    if option == "--out":
        done = engine(*machine.words("--out", str(place)))
        statement = place / "statement.json"
        assert not statement.exists() or statement.stat().st_size > 0, f"{why}: whole, or not at all"
        assert list(place.glob("*.new")) == [], why
    else:
        done = engine(*machine.words(), **{option: str(place)})
    assert (done.code, code in done.err) == (ExitCode.EXECUTOR, True), f"{why}: {done.err}"


def test_a_disk_that_is_read_only(machine, engine, small):
    machine.change({"S3/a.tfvars": good()})
    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
    done = engine(*machine.words("--out", str(small / "out")))
    assert (done.code, "ENG002" in done.err) == (ExitCode.EXECUTOR, True)
    done = engine(*machine.words("--out", str(small)))
    assert (done.code, "ENG002" in done.err) == (ExitCode.EXECUTOR, True)
    done = engine(*machine.words(), ENGINE_CACHE_DIR=str(small / "cache"))
    assert (done.code, "ENG418" in done.err) == (ExitCode.EXECUTOR, True)


def test_runs_that_fill_one_cache_together(machine):
    machine.program(init="sleep 0.5; mkdir -p .terraform; cp $A/record .terraform/terraform.tfstate")
    machine.change({"S3/a.tfvars": good()})
    runs = [machine.process("--out", str(machine.root / f"out{n}")) for n in range(3)]
    assert [ended(run).code for run in runs] == [ExitCode.DONE] * 3


def test_a_thousand_resources(machine):
    machine.change({f"S3/r{n}.tfvars": good(f"acme-dev-r{n}") for n in range(1000)})
    done = ended(machine.process(), timeout_s=240)
    assert done.code == ExitCode.DONE, done.err
    report = machine.report()
    assert (report["result"], len(report["resources"])) == ("passed", 1000)
    assert len((machine.out / "report.md").read_bytes()) <= 65_536
