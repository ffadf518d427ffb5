"""Nothing that a run started outlives it or the sandbox, in whatever session it is; what applies is left alone."""

import os
import signal
import subprocess
import sys

import pytest

from engine.adapters import attached
from engine.sandbox.runner import supervisor
from tests.support.receiver import until

SUPERVISOR = supervisor.__file__ or ""
# Starts a program in a session of its own, says its number, and waits: as the engine starts Terraform.
RUN = """
import subprocess, sys, time
child = subprocess.Popen(sys.argv[2:], start_new_session=True)
with open(sys.argv[1], "w") as file:
    file.write(str(child.pid))
time.sleep(100)
"""


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Run:
    """A supervised run with one grandchild."""

    def __init__(self, folder, *words):
        self.pid_file, started = folder / "pid", folder / "started"
        command = [sys.executable, "-I", "-S", SUPERVISOR, str(self.pid_file), sys.executable, "-c", RUN, str(started)]
        self.supervisor = subprocess.Popen([*command, *words], stdin=subprocess.PIPE, start_new_session=True)
        until(lambda: started.exists() and started.read_text())
        self.run, self.grandchild = int(self.pid_file.read_text()), int(started.read_text())


ENDS = [
    ("the sandbox is gone", lambda one: one.supervisor.stdin.close()),
    ("the run is killed", lambda one: os.kill(one.run, signal.SIGKILL)),
    ("it is interrupted", lambda one: one.supervisor.send_signal(signal.SIGINT)),
]


@pytest.mark.parametrize(("why", "end"), ENDS, ids=[row[0] for row in ENDS])
def test_everything_ends_with_it(tmp_path, why, end):
    one = Run(tmp_path, "sleep", "100")
    end(one)
    one.supervisor.wait(60)
    assert (is_alive(one.run), is_alive(one.grandchild)) == (False, False), why


def test_a_killed_supervisor_takes_the_run_along(tmp_path):
    one = Run(tmp_path, "sleep", "0.1")
    one.supervisor.kill()
    one.supervisor.wait()
    until(lambda: not is_alive(one.run))


def test_it_ends_as_the_run_does(tmp_path):
    command = [sys.executable, "-I", "-S", SUPERVISOR, str(tmp_path / "pid"), sys.executable, "-c"]
    for code, ended in (("raise SystemExit(5)", 5), ("import os; os.kill(os.getpid(), 9)", -9)):
        with subprocess.Popen([*command, code], stdin=subprocess.PIPE) as started:
            assert started.wait(60) == ended


def terraform(tmp_path, word):
    """One that goes on until somebody writes into the pipe."""
    program = tmp_path / "terraform"
    program.write_text('#!/bin/sh\nread line < "$2"\n')
    program.chmod(0o755)
    os.mkfifo(tmp_path / "pipe")
    one = Run(tmp_path, str(program), word, str(tmp_path / "pipe"))
    assert one.supervisor.stdin is not None
    one.supervisor.stdin.close()
    one.supervisor.wait(60)
    assert not is_alive(one.run)
    return one.grandchild


def test_a_terraform_that_applies_is_left_alone(tmp_path):
    applies = terraform(tmp_path, "apply")
    assert is_alive(applies), "killed, it would lose what it has done and not yet written"
    (tmp_path / "pipe").write_text("go on\n")
    until(lambda: not is_alive(applies))


def test_a_terraform_that_plans_is_not(tmp_path):
    assert not is_alive(terraform(tmp_path, "plan"))


def test_nor_is_who_waits_for_it(tmp_path):
    """`adapters/attached`: whoever goes on with the run finds out how it ended."""
    program = tmp_path / "terraform"
    program.write_text('#!/bin/sh\nread line < "$2"\nexit 3\n')
    program.chmod(0o755)
    os.mkfifo(tmp_path / "pipe")
    folder = str(tmp_path / "apply")
    begin = f"attached.begin({folder!r}, [{str(program)!r}, 'apply', {str(tmp_path / 'pipe')!r}], cwd='/', env={{}})"
    code = f"import time\nfrom engine.adapters import attached\n{begin}\nprint('begun', flush=True)\ntime.sleep(60)"
    command = [sys.executable, "-I", "-S", SUPERVISOR, str(tmp_path / "pid"), sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "begun\n"
        started.communicate()  # the sandbox is gone
    assert attached.look(folder) == attached.Running()
    (tmp_path / "pipe").write_text("go on\n")
    found = attached.follow(folder, line=lambda _: None)
    assert isinstance(found, attached.Ended)
    assert found.code == 3
