"""Stories: each goes as it is told, from a push to what stands on the page; and what is said of one that is none."""

import json
import os
import subprocess
import threading
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from engine import data
from engine.cli.main import main
from engine.errors import EngineError
from engine.sandbox.scenarios.reach import Reach
from engine.sandbox.scenarios.stories import _UNDO, STORIES
from tests.support.few import ALL
from tests.support.sandbox import ENGINE

# The way of CI has nothing of its own in a story but who is started and who is killed; ENGINE_TEST_ALL=1 has all.
# What the longest ones are made of `tests/run/rolling` and `tests/run/applying` try with real Terraform, too.
AS_CI = STORIES if ALL else ("killed-in-the-middle",)
LONG = ("two", "plan-changed-after-merge", "half-applied-then-retried", "fixed", "undone", "destroyed", "sources")
SERVED = STORIES if ALL else [name for name in STORIES if name not in LONG]


@pytest.mark.slow
@pytest.mark.terraform
@pytest.mark.parametrize(
    ("name", "way"), [*((name, []) for name in SERVED), *((name, ["--actions"]) for name in AS_CI)]
)
def test_a_story_goes_as_it_is_told(name, way):
    done = subprocess.run([ENGINE, "sandbox", *way, "--scenario", name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.rstrip().endswith("── so it went\nthe sandbox ends")


def test_the_list_needs_no_sandbox(capsys):
    assert main(["sandbox", "--scenario", "list"]) == 0
    said = capsys.readouterr().out
    assert [line.split()[0] for line in said.splitlines()] == list(STORIES)
    assert {"happy", "fixed", "override", "forged", "stale", "two", "outsider", "lost"} <= set(STORIES)


def test_one_that_is_none(capsys):
    assert main(["sandbox", "--scenario", "hapy"]) == 2
    said = capsys.readouterr().err
    assert "ENG641" in said
    assert "happy" in said


def test_what_a_story_changes_in_a_file_of_the_rules_is_there():
    """No default test plays that story, and the shipped file has changed before."""
    with open(os.path.join(data.path("specs"), "apply.yaml")) as file:
        shipped = file.read()
    assert [before for before, _ in _UNDO if before not in shipped] == []


@pytest.mark.slow
def test_one_that_does_not_go_as_told_says_where(tmp_path):
    """A branch is asked for what only a pull request has: nobody can decide that, and the story waits for no more."""
    state = tmp_path / "state"
    first = subprocess.Popen([ENGINE, "sandbox", "--json", "--state", str(state)], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    ready = json.loads(first.stdout.readline())
    first.terminate()
    first.wait(60)
    first.stdout.close()
    with open(f"{ready['controller']}/specs/open-pr.yaml", "w") as file:
        file.write("pipeline: open-pr\ngates: [open]\nactions: [{id: report, uses: report.write}]\n")
    command = [ENGINE, "sandbox", "--scenario", "happy", "--state", str(state)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1
    assert "ENG640" in done.stderr
    assert "found that it failed: cannot be judged: open" in done.stderr


GOES = {"id": 1, "log": "", "event": "push", "repository": "acme/x", "reason": "no such fact"}


@pytest.mark.parametrize(
    ("why", "state", "failures", "over", "raised", "looks"),
    [
        ("it goes", "running", 1, False, nullcontext(), 2),
        ("it may have been the network", "queued", 1, False, nullcontext(), 2),
        ("it waits for its turn", "queued", 0, False, nullcontext(), 2),
        ("nobody waits for hours", "queued", 2, False, pytest.raises(EngineError, match="2 tries that failed: no"), 1),
        ("it was given up before the story began", "failed", 12, False, nullcontext(), 2),
        ("nobody wants to see it", "running", 0, True, pytest.raises(KeyboardInterrupt), 1),
    ],
)
def test_how_long_a_story_waits(why, state, failures, over, raised, looks):
    asked: list[str] = []
    ended = threading.Event()
    if over:
        ended.set()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self):  # idle: the second time
            asked.append(self.path)
            self.answer({"idle": True} if asked[1:] else {"idle": False, "deliveries": 0, "runs": 1}, len(asked))

        def do_GET(self):
            self.answer([{**GOES, "state": state, "failures": failures}])

        def answer(self, said, turn=2):
            self.send_response(200 if turn > 1 else 408)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        reach = Reach(
            {"users": [], "control": {"url": f"http://127.0.0.1:{server.server_port}", "token": "t"}}, "", ended
        )
        try:
            with raised:
                reach.settle(lambda _: None)
        finally:
            server.shutdown()
    assert asked == ["/idle"] * looks, why
