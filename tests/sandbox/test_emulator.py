"""The emulator: it answers, it has a state bucket, and it never outlives us."""

import os
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

from engine.sandbox.emulator import emulator
from tests.support.emulator import ask


def answers(url):
    host, port = urlsplit(url).netloc.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def test_it_has_the_state_bucket_and_stops_at_the_end():
    with emulator("111111111111") as aws:
        assert (aws.account, aws.bucket) == ("111111111111", "terraform-state-111111111111")
        assert ask(aws, "GET", f"/{aws.bucket}").status == 200
    assert not answers(aws.url)


@pytest.mark.slow
def test_a_second_one_has_its_own_port():
    with emulator("111111111111") as one, emulator("222222222222") as other:
        assert one.url != other.url
        assert ask(other, "GET", f"/{one.bucket}").status == 404


def test_it_ends_when_the_engine_is_killed():
    script = "import time\nfrom engine.sandbox.emulator import emulator\nwith emulator() as aws:\n"
    script += "    print(aws.url, flush=True)\n    time.sleep(60)"
    engine = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert engine.stdout is not None
    url = engine.stdout.readline().strip()
    assert answers(url)
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    end = time.monotonic() + 60
    while answers(url) and time.monotonic() < end:
        time.sleep(0.1)
    assert not answers(url)
