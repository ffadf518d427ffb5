"""A program that stays and answers."""

import os
import threading

import pytest

from engine.adapters.process import ProcessError, has_ended
from engine.adapters.session import Session

ENV = {"PATH": os.environ["PATH"], "AWS_SECRET_ACCESS_KEY": "a-secret-of-mine"}


def session(script, timeout_s=20.0, cancel=None):
    argv = ["python3", "-S", "-u", "-c", "import sys\n" + script]
    return Session(argv, cwd="/", env=ENV, timeout_s=timeout_s, install="install it", cancel=cancel)


ECHO = "for line in sys.stdin.buffer: sys.stdout.buffer.write(b'%d\\n' % len(line) + line)"


def ended(call, *arguments):
    with pytest.raises(ProcessError) as caught:
        call(*arguments)
    return caught.value.problems[0]


def test_questions_and_answers():
    talk = session(ECHO)
    for size in (1, 10, 5_000_000):
        talk.ask(b"x" * size + b"\n")
        assert talk.line() == b"%d" % (size + 1)
        assert talk.take(size + 1) == b"x" * size + b"\n"


def test_it_ends_with_us():
    talk = session(ECHO)
    pid = talk._child.pid
    del talk
    assert not os.path.exists(f"/proc/{pid}")


@pytest.mark.parametrize(
    ("why", "script", "code", "said"),
    [
        ("an end, and why", "sys.stdin.readline(); sys.exit('no: a-secret-of-mine')", "ENG454", "no: "),
        ("an end without a word", "sys.stdin.readline()", "ENG454", "it said nothing"),
        ("a signal", "import os; sys.stdin.readline(); os.kill(os.getpid(), 9)", "ENG453", "SIGKILL"),
        ("no answer", "sys.stdin.readline(); sys.stdin.readline()", "ENG451", "within 0.5 s"),
        ("no end of a line", "print('x' * 10000, end=''); sys.stdin.readlines()", "ENG456", "4096 bytes in a line"),
        ("half an answer", "sys.stdin.readline(); print('x')", "ENG454", ""),
    ],
)
def test_answers_that_do_not_come(why, script, code, said):
    talk = session(script, timeout_s=0.5 if code == "ENG451" else 20)
    talk.ask(b"?\n")
    problem = ended(talk.take, 10) if "half" in why else ended(talk.line)
    assert problem.code == code, why
    assert said in problem.message
    assert "a-secret" not in problem.message


def test_a_program_that_is_gone_before_it_is_asked():
    talk = session("")
    assert has_ended(talk._child, 20)
    assert ended(talk.ask, b"x" * 1_000_000).code == "ENG454"


def test_what_it_says_on_the_side_does_not_stop_it():
    talk = session("sys.stderr.write('w' * 1_000_000); sys.stdin.readline(); print('done')")
    talk.ask(b"?\n")
    assert talk.line() == b"done"


def test_a_program_that_is_not_there():
    with pytest.raises(ProcessError, match="install it"):
        Session(["no-such-program"], cwd="/", env=ENV, timeout_s=1, install="install it")


def test_it_is_not_waited_for_once_somebody_says_stop():
    stop = threading.Event()
    talk = session("sys.stdin.readlines()", cancel=stop)
    talk.ask(b"?\n")
    threading.Timer(0.1, stop.set).start()
    assert ended(talk.line).code == "ENG452"
