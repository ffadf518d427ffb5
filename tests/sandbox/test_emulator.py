"""The emulator: it answers, it has a state bucket, and it never outlives us."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest

from engine.sandbox.emulator import emulator


def answers(url):
    host, port = urlsplit(url).netloc.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def test_it_has_the_state_bucket_and_stops_at_the_end():
    with emulator("my-state") as aws:
        assert b"my-state" in urllib.request.urlopen(f"{aws.url}/my-state", timeout=10).read()
    assert not answers(aws.url)


def test_a_second_one_has_its_own_port():
    with emulator() as one, emulator() as other:
        assert one.url != other.url
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{other.url}/my-state", timeout=10)


def test_it_ends_when_the_engine_is_killed():
    script = "import time\nfrom engine.sandbox.emulator import emulator\nwith emulator() as aws:\n"
    script += "    print(aws.url, flush=True)\n    time.sleep(60)"
    engine = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert engine.stdout is not None
    url = engine.stdout.readline().strip()
    assert answers(url)
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    end = time.monotonic() + 10
    while answers(url) and time.monotonic() < end:
        time.sleep(0.1)
    assert not answers(url)
