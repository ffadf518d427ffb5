"""The one door to other programs, with real programs behind it."""

import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.adapters import process
from engine.adapters.process import ProcessError, run

ENV = {"PATH": "/usr/bin:/bin"}
PYTHON = [sys.executable, "-I", "-c"]


def go(argv, **options):
    return run(argv, **{"cwd": "/", "env": ENV, "timeout_s": 20, **options})


def refused(argv, **options):
    with pytest.raises(ProcessError) as caught:
        go(argv, **options)
    return caught.value, caught.value.problems[0]


def test_an_answer_is_bytes_on_both_outputs_and_a_time():
    done = go([*PYTHON, r"import sys; sys.stdout.buffer.write(b'\xff\x00'); sys.stderr.write('beside')"])
    assert (done.code, done.stdout, done.stderr) == (0, b"\xff\x00", b"beside")
    assert 0 < done.seconds < 60


def test_standard_input_is_fed_while_the_output_is_read():
    data = os.urandom(3_000_000)  # more than both pipes hold: reading after writing would never end
    assert go(["cat"], stdin=data).stdout == data


def test_a_program_that_reads_none_of_its_input_is_no_failure():
    assert go(["true"], stdin=b"x" * 1_000_000).code == 0


def test_the_environment_is_built_not_inherited():
    assert go(["env"]).stdout == b"PATH=/usr/bin:/bin\n"


@pytest.mark.parametrize(
    ("why", "argv", "options", "code", "message"),
    [
        ("there is no such program", ["no-such-program"], {}, "ENG450", "was not found"),
        ("a file that is no program", ["/etc/passwd"], {}, "ENG455", "cannot be started: Permission denied"),
        ("a directory that is not there", ["true"], {"cwd": "/nowhere"}, "ENG455", "no directory /nowhere"),
        ("a NUL byte in an argument", ["true", "a\0b"], {}, "ENG455", "null byte"),
        ("it hangs", ["sleep", "60"], {"timeout_s": 0.2}, "ENG451", "did not end within 0.2 s"),
        ("an exit code that is no answer", ["sh", "-c", "echo bad >&2; exit 3"], {}, "ENG454", "exit code 3: bad"),
        ("it says nothing", ["false"], {}, "ENG454", "it said nothing"),
        ("somebody kills it", ["sh", "-c", "kill -9 $$"], {}, "ENG453", "killed by SIGKILL"),
        ("it prints without end", ["yes"], {"limit": 1 << 20}, "ENG456", "more than 1 MiB"),
    ],
)
def test_what_is_no_answer_is_an_error(why, argv, options, code, message):
    _, problem = refused(argv, **options)
    assert problem.code == code, why
    assert message in problem.message


def test_exit_codes_that_are_answers_are_returned():
    assert go(["sh", "-c", "exit 2"], answers=(0, 2)).code == 2


def test_what_to_install_is_said():
    _, problem = refused(["no-such-program"], install="install the thing")
    assert problem.hint == "install the thing"


def test_an_error_carries_what_the_program_left():
    error, _ = refused(["sh", "-c", "echo half; exit 1"])
    assert error.done is not None
    assert error.done.stdout == b"half\n"


def refused_at_its_deadline(tmp_path, script, **options):
    """`script` says by the file `ready` that it has come so far: a deadline before that says nothing of it."""
    for seconds in (0.3, 1, 5, 30, 120):
        error, problem = refused(["sh", "-c", script], timeout_s=seconds, cwd=str(tmp_path), **options)
        if (tmp_path / "ready").exists():
            return error, problem
    raise AssertionError("it does not start")


def test_the_deadline_stops_gracefully_once(tmp_path):
    script = "trap 'echo saved; exit' INT; touch ready; while :; do sleep 0.01; done"
    error, problem = refused_at_its_deadline(tmp_path, script)
    assert problem.code == "ENG451"
    assert error.done is not None
    assert error.done.stdout == b"saved\n"


def test_what_does_not_stop_is_killed_with_all_that_it_started(tmp_path):
    script = "trap '' INT; sleep 61 & echo $!; touch ready; wait"
    error, problem = refused_at_its_deadline(tmp_path, script, grace_s=0.3)
    assert problem.code == "ENG451"
    assert error.done is not None
    assert error.done.code == -signal.SIGKILL
    assert not alive(int(error.done.stdout))


def test_children_left_behind_do_not_hold_us_up_and_do_not_outlive_us():
    done = go(["sh", "-c", "sleep 62 & echo $!"])
    assert done.seconds < 60
    assert not alive(int(done.stdout))


def test_cancelling_stops_it():
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    began = time.monotonic()
    _, problem = refused(["sleep", "60"], cancel=cancel)
    assert problem.code == "ENG452"
    assert time.monotonic() - began < 50


def test_after_a_cancellation_nothing_is_started(tmp_path):
    cancel = threading.Event()
    cancel.set()
    _, problem = refused(["touch", str(tmp_path / "made")], cancel=cancel)
    assert problem.code == "ENG452"
    assert not (tmp_path / "made").exists()


def test_an_error_shows_no_secret_and_no_terminal_escape():
    env = {**ENV, "API_TOKEN": "hunter2hunter2"}
    _, problem = refused(["sh", "-c", r"printf '\033[31mno: hunter2hunter2\033[0m' >&2; exit 1"], env=env)
    assert problem.message == "sh ended with exit code 1: no: (sensitive)"


def test_a_long_complaint_is_shown_by_its_end():
    _, problem = refused(["sh", "-c", "yes begin | head -2000; echo the end; exit 1"])
    assert problem.message.endswith("the end")
    assert len(problem.message) < 2100


def test_what_ended_before_its_deadline_is_read_to_its_end_even_when_we_look_late():
    child = process.start(["head", "-c", "60000", "/dev/zero"], "/", ENV, False, "")
    work = process._Exchange(child, b"", 1_000_000)
    assert process.has_ended(child, 20)  # it fits into the pipe, where it now waits for us
    assert work.until(time.monotonic() - 1, None) == "ended"
    process.kill(child)
    work.selector.close()
    assert len(work.output["stdout"]) == 60_000


def test_many_threads_run_many_programs():
    answers: list[bytes] = []

    def work(n):
        answers.append(go(["echo", str(n)]).stdout)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == sorted(f"{n}\n".encode() for n in range(16))


def test_a_program_does_not_outlive_an_interrupted_engine(tmp_path):
    script = f"""
from engine.adapters.process import run
run(["sh", "-c", "echo $$ > {tmp_path}/pid; exec sleep 63"], cwd="/", env={{"PATH": "/usr/bin:/bin"}}, timeout_s=60)
"""
    import subprocess

    engine = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        time.sleep(0.02)
    engine.send_signal(signal.SIGINT)
    engine.wait(60)
    assert not alive(int((tmp_path / "pid").read_text()))


def alive(pid: int) -> bool:
    """Is it still running, a moment after it was killed? One that its new parent has not reaped yet is not."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return False
        except FileNotFoundError:
            return False
        time.sleep(0.02)
    return True


def test_whoever_ends_the_process_ends_what_runs():
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(go, ["sleep", "60"]) for _ in range(3)]
        while len(process._RUNNING) < 3:
            time.sleep(0.01)
        process.end_all()
        for one in running:
            with pytest.raises(ProcessError, match="SIGKILL"):
                one.result(10)
    assert not process._RUNNING
