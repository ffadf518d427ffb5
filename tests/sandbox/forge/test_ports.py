"""A port of last time is had again, if nobody listens there; a new one is nobody's by chance."""

import socket
import subprocess
from contextlib import closing

import pytest

from engine.sandbox.forge import ports


def bound(last):
    with closing(socket.socket()) as listener:
        ports.bind(listener, last)
        listener.listen()
        return listener.getsockname()


def test_a_new_one_is_none_that_systems_give_to_connections():
    found = {bound(0) for _ in range(20)}
    assert {host for host, _ in found} == {"127.0.0.1"}
    assert all(20_000 <= port < 32_000 for _, port in found)
    assert len(found) > 1


def test_the_one_of_last_time():
    host, port = bound(0)
    assert bound(port) == (host, port)


@pytest.mark.parametrize(
    ("why", "child", "same"),
    [("somebody listens there", "read _", False), ("who did has ended, and was just starting a program", "", True)],
)
def test_what_has_a_copy_of_it(monkeypatch, why, child, same):
    monkeypatch.setattr(ports, "_ENDED_S", 0 if not same else 60)
    with closing(socket.socket()) as listener:
        ports.bind(listener, 0)
        listener.listen()
        port = listener.getsockname()[1]
        words = ["sh", "-c", f"sleep 0.1; {child}"]
        copy = subprocess.Popen(words, stdin=subprocess.PIPE, pass_fds=[listener.fileno()])
    with copy:
        assert (bound(port)[1] == port) == same, why
