"""`engine serve` behind the forge's webhooks: what the control door tells of it, and what outlives which end."""

import base64
import os
import signal
import urllib.request
from pathlib import Path

import pytest

from tests.support.receiver import until
from tests.support.sandbox import sandbox

pytestmark = pytest.mark.slow

REPO = "/repos/acme/dev-deployment"
OWNERS = "of-whoever-has-started-it"


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    return tmp_path_factory.mktemp("served") / "state"


@pytest.fixture(scope="module")
def box(state):
    with sandbox("--state", str(state), engine=True, AWS_SECRET_ACCESS_KEY=OWNERS, GITHUB_TOKEN=OWNERS) as started:
        yield started


def idle(box):
    assert box.control("POST", "idle", timeout_s=120) == (200, {"idle": True})


def runs(box, **wanted):
    found = box.control("GET", "runs")[1]
    return [run for run in found if all(run[name] == value for name, value in wanted.items())]


def push(box, name):
    """A branch with a file that is no resource, so that nothing is planned; the engine opens its pull request."""
    sha = box("GET", f"{REPO}/git/ref/heads/dev")[1]["object"]["sha"]
    assert box("POST", f"{REPO}/git/refs", {"ref": f"refs/heads/{name}", "sha": sha}, login="alice")[0] == 201
    body = {"message": name, "content": base64.b64encode(name.encode()).decode(), "branch": name}
    assert box("PUT", f"{REPO}/contents/{name}.txt", body, login="alice")[0] == 201


def serve(state):
    """The number of its process, as long as it lives."""
    file = state / "serve" / "pid"
    number = int(file.read_text()) if file.exists() else 0
    return number if Path(f"/proc/{number}").exists() else 0


def test_the_ready_line_says_where_its_pages_are_and_who_may_do_something(box):
    for path, token, status in (("/pulls", None, 200), ("/api/v1/overview", box.ready["engine_token"], 200)):
        request = urllib.request.Request(box.ready["engine_url"] + path)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == status


def test_a_push_leads_to_a_pull_request_and_its_run_is_told(box):
    push(box, "told")
    idle(box)
    assert [one["head"]["ref"] for one in box("GET", f"{REPO}/pulls?head=acme:told")[1]] == ["told"]
    run = next(run for run in runs(box, event="push") if "open-pr" in run["log"])
    assert (run["repository"], run["state"], run["exit_code"]) == ("acme/dev-deployment", "done", 0)
    assert run["delivery"]


def test_it_sees_no_credentials_of_whoever_started_the_sandbox(box, state):
    for name in (str(serve(state)), str(worker(state))):
        environ = Path(f"/proc/{name}/environ").read_text()
        assert OWNERS not in environ
        assert "ENGINE_TRUSTED_KEYS" in environ


def worker(state):
    return int((state / "serve" / "state" / "worker.json").read_text().partition('"pid": ')[2].partition(",")[0])


def test_a_tick_starts_each_row_of_the_rules_clock_once(box):
    assert box.control("POST", "tick") == (200, {"started": 1})
    idle(box)
    assert [run["state"] for run in runs(box, event="schedule")][-1] == "done"


def test_its_clock_is_that_of_the_sandbox(box, state):
    assert box.control("POST", "clock", advance_s=7200)[0] == 200
    assert float((state / "serve" / "state" / "clock-ahead").read_text()) >= 7200


def test_it_is_started_again_at_the_same_address(box, state):
    number = serve(state)
    os.kill(number, signal.SIGKILL)
    until(lambda: serve(state) not in (0, number), 60)
    until(lambda: answers(box.ready["engine_url"]), 60)
    push(box, "again")
    idle(box)
    assert box("GET", f"{REPO}/pulls?head=acme:again")[1]


def answers(url):
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=60):
            return True
    except OSError:
        return False


def test_what_waited_when_the_sandbox_was_killed_is_handled_by_the_next_one(box, state):
    """The last test of this sandbox: nothing of it is left but what is on the disk."""
    working = worker(state)
    push(box, "outlives")
    box.end(signal.SIGKILL)
    until(lambda: not Path(f"/proc/{working}").exists(), 60)
    with sandbox("--state", str(state), engine=True) as next_one:
        assert next_one.ready["engine_url"] == box.ready["engine_url"]
        idle(next_one)
        assert next_one("GET", f"{REPO}/pulls?head=acme:outlives")[1]
        assert next_one.end() == 0
