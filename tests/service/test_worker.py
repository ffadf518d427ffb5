"""What the worker does beside its runs: the minute, and room on its disk."""

import io
import json
import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.adapters.github import deliveries
from engine.errors import ExitCode, failure
from engine.service import log, lost
from engine.service import worker as workers
from engine.service.runs import of_delivery
from engine.service.worker import Worker, Working


@pytest.fixture
def worker(tmp_path):
    return Worker(Working(str(tmp_path), str(tmp_path)), {"ENGINE_STORE": f"dir:{tmp_path / 'store'}"})


def test_what_fails_in_one_minute_is_looked_at_in_the_next(worker, monkeypatch):
    """Whatever it fails with; and it ends when we do."""
    monkeypatch.setattr(workers, "_MINUTE_S", 0.01)
    fails = [failure("ENG749", reason="no store"), KeyError()]

    def look():
        if fails:
            raise fails.pop(0)
        worker.end()

    thread = threading.Thread(target=worker._each_minute, args=("nothing starts", look), daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("why", "free", "left"),
    [
        ("there is room", [10**12], ["d0", "d1", "d2", "d3"]),
        ("there is none, until the oldest has gone", [0, 10**12], ["d0", "d2", "d3"]),
        ("there is none at all", [0], ["d0", "d3"]),
    ],
)
def test_where_the_disk_is_nearly_full_what_old_runs_have_made_goes_first(worker, monkeypatch, why, free, left):
    for name, state in (("d0", "failed"), ("d1", "done"), ("d2", "superseded"), ("d3", "queued")):
        run = of_delivery(name, event="push", action="", repo="o/r", number=None, subject="", head="")
        worker.runs.add(run)
        os.makedirs(worker.runs.folder(run.run))
        if state != "queued":
            worker.runs.end(run.run, state, 0)
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: SimpleNamespace(total=10**12, free=free.pop(0) if len(free) > 1 else free[0])
    )
    worker._make_room()
    assert [n for n in ("d0", "d1", "d2", "d3") if os.path.isdir(worker.runs.folder(f"gh-{n}"))] == left, why
    assert worker.runs.get("gh-d1").state == "done"


def test_what_was_lost_is_not_sent_while_it_could_not_be_kept(worker, monkeypatch):
    """GitHub is asked four times for each; a disk may be full for a night."""
    asked: list[str] = []
    room, hour = [10**12, 0, 10**12], ["2026-01-01T10:00:00Z", "2026-01-01T20:00:00Z"]
    worker._values = worker._values._replace(app=1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=10**12, free=room.pop(0)))
    monkeypatch.setattr(deliveries, "as_app", lambda _: None)

    def sweep(_client, _inbox, since, *_):
        asked.append(since)
        return lost.Found([], [], [])

    monkeypatch.setattr(lost, "sweep", sweep)
    monkeypatch.setattr(worker, "_now", lambda: hour.pop(0))
    for many in (1, 1, 2):  # at once where there is room again
        worker._look_for_lost()
        assert len(asked) == many
    assert asked == ["2025-12-29T10:00:00Z", "2026-01-01T07:00:00Z"], "all that has come since the last look"


def test_a_worker_ends_with_who_started_it_whatever_it_meets_then(worker, monkeypatch):
    """The next one would wait for its lock for ever."""
    ended: list[int] = []
    monkeypatch.setattr(workers, "_die", ended.append)
    monkeypatch.setattr("sys.stdin", io.FileIO(os.devnull))

    def abandon():
        raise KeyError

    monkeypatch.setattr(worker.dispatcher, "abandon", abandon)
    with suppress(KeyError):
        workers._until_left(worker)
    assert ended == [ExitCode.INTERRUPTED]


@pytest.mark.parametrize(
    ("why", "error", "said"),
    [
        ("the rules do not load", failure("ENG004", name="X", reason="no"), "ENG004 "),
        ("the disk fails", OSError("Input/output error"), "Input/output error"),
        ("a bug", KeyError("pa55word"), "ENG999 a bug in the engine: KeyError"),
    ],
)
def test_what_keeps_everything_waiting_is_said_once_and_shown(worker, monkeypatch, why, error, said):
    def fails():
        raise error

    told: list[str] = []
    monkeypatch.setattr(log, "error", lambda _, *, reason: told.append(reason))
    monkeypatch.setattr(worker.dispatcher, "step", fails)
    for _ in range(3):
        assert worker._step() > 1
    assert [one.startswith(said) for one in told] == [True], why
    worker._say_alive()
    shown = json.loads(Path(worker._working.state_dir, "worker.json").read_text())["trouble"]
    assert shown.startswith(said)
    monkeypatch.setattr(worker.dispatcher, "step", lambda: 0)
    worker._step()
    assert worker._trouble == ""


def test_each_word_of_who_started_it_wakes_it(worker, monkeypatch):
    """And the end of their words is its own."""
    heard, said = os.pipe()
    monkeypatch.setattr("sys.stdin", os.fdopen(heard))
    monkeypatch.setattr(workers, "_die", lambda _: None)
    assert not worker._bell.wait(0)
    os.write(said, b"..")
    os.close(said)
    workers._until_left(worker)
    assert worker._bell.wait(0)
    assert not worker._bell.wait(0)
