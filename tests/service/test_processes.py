"""`engine serve` as two real processes: what happens when they are told to end, and when they are killed."""

import contextlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import pytest

from engine import data
from engine.errors import ExitCode
from engine.service.inbox import Inbox
from engine.service.runs import FILE, Runs
from tests.support import events

pytestmark = pytest.mark.slow

SOON_S = 180  # what takes seconds on a quiet machine

SECRET = "0123456789" * 4
REPO = "acme/dev-deployment"


class GitHub:
    """Takes every request and answers none, or refuses them all: what a run meets is in the test's hand."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.refuses = False
        self._held: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.asked.set()
            if self.refuses:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
                connection.close()
            else:
                self._held.append(connection)

    def close(self) -> None:
        self._listener.close()
        for one in self._held:
            one.close()


class Served:
    """A service and its state, which outlives it."""

    def __init__(self, root, github) -> None:
        self.root, self.state, self.controller = root, root / "state", root / "controller"
        self.state.mkdir(mode=0o700)
        self.controller.mkdir()
        for name in ("deployment-rules.yaml", "approvers-config.yaml", "specs", "policies", "terraform"):
            source = data.path(name)
            (shutil.copytree if os.path.isdir(source) else shutil.copy)(source, self.controller / name)
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ENGINE_", "GITHUB_"))},
            "CI": "",
            "GITHUB_API_URL": github.url,
            "GITHUB_TOKEN": "ghs_16C7e42F292c6912E7710c838347Ae178B4a",
            "ENGINE_STORE": f"dir:{root / 'store'}",
            "ENGINE_WEBHOOK_SECRET": SECRET,
            "ENGINE_CACHE_DIR": str(root / "cache"),
        }
        self.process: subprocess.Popen[str] | None = None
        self.told: dict = {}

    def start(self, *more: str) -> "Served":
        words = ["serve", "--rules", str(self.controller), "--state", str(self.state), "--port", "0", "--json"]
        with open(self.root / "err", "a") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "engine.cli.main", *words, "--without-clock", *more],
                env=self.environ,
                stdout=subprocess.PIPE,
                stderr=err,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (self.root / "err").read_text()
        self.told = json.loads(line)
        return self

    def send(self, event="pull_request", body=None, number=1):
        body = json.dumps(body or self.pull(number)).encode()
        id_ = str(uuid.uuid4())
        sign = "sha256=" + hmac.new(SECRET.encode(), body, "sha256").hexdigest()
        headers = {"X-GitHub-Event": event, "X-GitHub-Delivery": id_, "X-Hub-Signature-256": sign}
        request = urllib.request.Request(
            self.told["webhook_url"], body, {**headers, "Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=SOON_S) as answer:
            assert answer.status == 202
        return id_

    def pull(self, number):
        body = events.pull_request("opened")
        body["number"] = body["pull_request"]["number"] = number
        body["repository"] = {**body["repository"], "full_name": REPO, "id": 5}
        return body

    def run(self, id_):
        runs = Runs(str(self.state))
        try:
            return runs.get(f"gh-{id_}")
        finally:
            runs.close()

    def until(self, holds, seconds=SOON_S):
        end = time.monotonic() + seconds
        while not (found := holds()):
            assert time.monotonic() < end, (self.root / "err").read_text()[-3000:]
            time.sleep(0.05)
        return found

    def worker(self) -> int:
        return int(json.loads((self.state / "worker.json").read_text())["pid"])

    def ended(self, seconds=SOON_S) -> int:
        assert self.process is not None
        return self.process.wait(seconds)

    def log(self):
        return [json.loads(line) for line in (self.state / "log" / "serve.log").read_text().splitlines()]


def lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def github():
    found = GitHub()
    yield found
    found.close()


@pytest.fixture
def served(tmp_path, github):
    found = Served(tmp_path, github)
    yield found
    if found.process is not None and found.process.poll() is None:
        found.process.kill()
        found.process.wait()


def test_it_ends_in_order_and_what_waited_is_for_the_next_one(served, github):
    served.start("--grace", "1")
    worker = served.told["worker"]
    id_ = served.send()
    kept = served.send("star", {"action": "created", "repository": {"full_name": REPO, "id": 5}})
    assert github.asked.wait(SOON_S)
    served.process.send_signal(signal.SIGTERM)
    assert served.ended() == ExitCode.DONE
    assert not lives(worker)
    run = served.run(id_)
    assert (run.state, run.tries) == ("running", 0), "it was cut off, and that was not its fault"
    assert "cut_off" in json.dumps(served.log())
    github.asked.clear()
    served.start()
    assert github.asked.wait(SOON_S), "the next one goes on with it"
    assert served.run(id_).tries == 1
    inbox = Inbox(str(served.state / FILE))
    assert [one.state for one in map(inbox.get, (kept, id_)) if one is not None] == ["kept", "running"]
    inbox.close()


@pytest.mark.parametrize("after_s", [0.2, 0.8, 1.6, 3.0])
def test_told_to_end_while_it_starts_it_leaves_nobody_behind(served, after_s):
    """Wherever it is by then: a worker that nobody waits for would keep the next one out."""
    words = [sys.executable, "-m", "engine.cli.main", "serve", "--rules", str(served.controller)]
    with open(served.root / "err", "w") as err:
        served.process = subprocess.Popen(
            [*words, "--state", str(served.state), "--port", "0", "--json"],
            env=served.environ, stdout=subprocess.DEVNULL, stderr=err, text=True,
        )  # fmt: skip
    time.sleep(after_s)
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(SOON_S) in (ExitCode.DONE, ExitCode.INTERRUPTED, -signal.SIGTERM)
    served.until(lambda: not of_state(str(served.state)))
    served.process = None


def of_state(state: str) -> list[str]:
    """The processes that name it."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{name}/cmdline").read_bytes().decode(errors="replace")
            found += [name] if state in words and "engine" in words else []
    return found


def test_a_second_word_ends_it_at_once(served, github):
    served.start("--grace", "3600")
    served.send()
    assert github.asked.wait(SOON_S)
    worker = served.told["worker"]
    served.process.send_signal(signal.SIGTERM)
    served.until(lambda: any("ends, as it was told" in one["message"] for one in served.log()))
    assert lives(worker), "it waits for what goes"
    served.process.send_signal(signal.SIGTERM)
    assert served.ended() == ExitCode.DONE
    assert not lives(worker)


def test_a_worker_that_is_killed_is_started_again_and_goes_on(served, github):
    served.start()
    id_ = served.send()
    assert github.asked.wait(SOON_S)
    first = served.told["worker"]
    github.asked.clear()
    os.kill(first, signal.SIGKILL)
    other = served.send(number=2)  # meanwhile webhooks are taken
    assert github.asked.wait(SOON_S)
    served.until(lambda: served.worker() != first)
    served.until(lambda: served.run(other) is not None)
    served.until(lambda: served.run(id_).tries == 2)
    assert served.run(id_).turn == 1, "it was begun, and begun again by the same executor"
    served.process.send_signal(signal.SIGTERM)
    served.process.send_signal(signal.SIGTERM)
    assert served.ended() == ExitCode.DONE


def test_a_worker_that_hangs_is_ended_and_another_goes_on(served, github):
    """A stopped one: nothing of it moves, and nothing of it has ended."""
    served.start("--silent", "5")
    id_ = served.send()
    assert github.asked.wait(SOON_S)
    first = served.told["worker"]
    github.asked.clear()
    os.kill(first, signal.SIGSTOP)
    other = served.send(number=2)  # meanwhile webhooks are taken
    assert github.asked.wait(SOON_S)
    assert not lives(first)
    served.until(lambda: served.worker() != first)
    served.until(lambda: served.run(other) is not None)
    served.until(lambda: served.run(id_).tries == 2)
    assert served.run(id_).turn == 1, "as after a kill: begun again by the same executor"
    assert any("the worker hangs" in one["message"] and one["worker"] == first for one in served.log())


def test_a_worker_that_ends_in_order_is_not_taken_for_one_that_hangs(served, github):
    """Its loop has ended, and what it waits for may take longer."""
    served.start("--silent", "5", "--grace", "8")
    served.send()
    assert github.asked.wait(SOON_S)
    served.process.send_signal(signal.SIGTERM)
    assert served.ended() == ExitCode.DONE
    assert "the worker hangs" not in json.dumps(served.log())
    assert "cut_off" in json.dumps(served.log()), "it waited to the end of its grace"


def test_a_worker_does_not_outlive_who_started_it(served, github):
    served.start()
    served.send()
    assert github.asked.wait(SOON_S)
    worker = served.told["worker"]
    served.process.kill()
    served.ended()
    served.until(lambda: not lives(worker))
    served.start()
    assert served.told["worker"] != worker


def test_of_one_state_there_is_one_worker(served, tmp_path):
    served.start()
    words = ["serve", "--rules", str(served.controller), "--state", str(served.state), "--port", "0"]
    second = subprocess.run(
        [sys.executable, "-m", "engine.cli.main", *words], env=served.environ, capture_output=True, text=True,
        timeout=SOON_S, check=False,
    )  # fmt: skip
    assert (second.returncode, "ENG787" in second.stderr) == (ExitCode.EXECUTOR, True), second.stderr
    assert lives(served.told["worker"])


def test_what_goes_is_cancelled_and_goes_on_when_somebody_says_so(served, github):
    served.start()
    id_ = served.send()
    assert github.asked.wait(SOON_S)

    def engine(*words):
        return subprocess.run(
            [sys.executable, "-m", "engine.cli.main", *words, "--state", str(served.state), "--json"],
            env=served.environ, capture_output=True, text=True, timeout=SOON_S, check=False,
        )  # fmt: skip

    assert engine("cancel", f"gh-{id_}").returncode == 0
    github.close()  # what it asks is answered by nobody any more: now it comes to where it may end
    served.until(lambda: served.run(id_).state == "cancelled")
    shown = json.loads(engine("runs", f"gh-{id_}").stdout)["run"]
    assert shown["state"] == "cancelled"
    assert "has cancelled it" in shown["reason"]
    assert engine("run", "--resume", "--run", f"gh-{id_}").returncode == 0
    served.until(lambda: served.run(id_).turn > 1 and served.run(id_).failures)
    assert "ghs_16C7" not in "".join(file.read_text() for file in (served.state / "log").iterdir())
