"""When the clock starts a row of the rules: by what the store says, once for all that use it."""

import json
import os
from types import SimpleNamespace

import pytest

from engine.adapters.storage.memory import Memory
from engine.core.kept import keys
from engine.core.moment import later
from engine.errors import failure
from engine.run.kept.write import put
from engine.service import ticks
from engine.service.runs import Runs, of_delivery

AT = "2026-01-01T00:00:00Z"
REPO = "o/r"


def rules(*rows, sources=(REPO,)):
    triggers = [SimpleNamespace(run=run, every_s=every_s) for run, every_s in rows]
    return SimpleNamespace(triggers=triggers, sources=[SimpleNamespace(repo=repo) for repo in sources])


class Service:
    """One of those that use a store."""

    def __init__(self, folder, store) -> None:
        os.makedirs(folder)
        self.runs, self.store = Runs(str(folder)), store
        self.bodies: list[object] = []

    def add(self, run, body):
        self.runs.add(run)
        self.bodies.append(json.loads(body))

    def strike(self, at, *rows, sources=(REPO,)):
        return ticks.strike(rules(*rows, sources=sources), self.store, self.runs, self.add, lambda: at)

    def end_all(self):
        for run in self.runs.find():
            self.runs.end(run.run, "done", 0)


@pytest.fixture
def service(tmp_path):
    return Service(tmp_path / "one", Memory())


@pytest.mark.parametrize(
    ("why", "after_s", "started"),
    [
        ("it was just now", 1, 0),
        ("a tick before it is due", 540, 0),
        ("the tick at which it is due", 600, 1),
        ("that tick, a moment early", 590, 1),
        ("a day later, once", 86_400, 1),
        ("the clock was set back, by less than a row's time", -500, 0),
        ("the clock was a year ahead when it last was", -365 * 86_400, 1),
    ],
)
def test_a_row_is_due_by_when_it_was_last(service, why, after_s, started):
    assert service.strike(AT, ("sweep", 600)) == 1
    service.end_all()
    assert service.strike(later(AT, after_s), ("sweep", 600)) == started, why
    assert service.strike(later(AT, after_s), ("sweep", 600)) == 0


def test_what_it_starts_is_an_event_of_the_clock(service):
    service.strike(AT, ("sweep", 600))
    (run,) = service.runs.find()
    assert (run.event, run.action, run.repo, run.number, run.delivery) == ("schedule", "sweep", REPO, None, "")
    assert service.bodies == [{"schedule": "600s", "pipeline": "sweep", "repository": {"full_name": REPO}}]


def test_what_still_goes_is_not_started_beside_itself(service):
    service.strike(AT, ("sweep", 600))
    assert service.strike(later(AT, 3600), ("sweep", 600)) == 0
    service.end_all()
    assert service.strike(later(AT, 3660), ("sweep", 600)) == 1


def test_each_row_of_each_source(service):
    assert service.strike(AT, ("sweep", 600), ("drift", 86_400), (None, None), sources=("o/a", "o/b", "O/A-b")) == 6
    assert len({run.run for run in service.runs.find()}) == 6


def test_two_services_of_one_store_start_a_row_once(tmp_path, service):
    other = Service(tmp_path / "two", service.store)
    assert service.strike(AT, ("sweep", 600)) + other.strike(AT, ("sweep", 600)) == 1
    assert other.strike(later(AT, 600), ("sweep", 600)) == 1
    service.end_all()
    assert service.strike(later(AT, 610), ("sweep", 600)) == 0


def test_one_that_cannot_be_started_does_not_keep_the_others(service):
    service.store.put_if_absent(keys.struck("o/a", "sweep"), b"garbage")
    assert service.strike(AT, ("sweep", 600), sources=("o/a", "o/b")) == 1
    assert [run.repo for run in service.runs.find()] == ["o/b"]


def test_what_still_goes_is_seen_behind_any_number_of_others(service):
    service.strike(AT, ("sweep", 600))
    for number in range(60):
        service.runs.add(
            of_delivery(f"d{number}", event="push", action="", repo=REPO, number=None, subject="", head="")
        )
    assert service.strike(later(AT, 3600), ("sweep", 600)) == 0


class Cut(BaseException):
    """The process ends."""


@pytest.mark.parametrize("is_said", [False, True], ids=["before the store has said yes", "after it has"])
def test_what_was_cut_off_is_started_once(service, monkeypatch, is_said):
    def cut(store, key, data, version):
        if is_said:
            put(store, key, data, version)
        raise Cut

    monkeypatch.setattr(ticks, "put", cut)
    with pytest.raises(Cut):
        service.strike(AT, ("drift", 86_400))
    assert service.runs.due(later(AT, 60)) == [], "held"
    monkeypatch.undo()
    service.strike(later(AT, 60), ("drift", 86_400))
    service.strike(later(AT, 120), ("drift", 86_400))
    assert [run.state for run in service.runs.find()] == (["queued"] if is_said else ["queued", "superseded"])
    assert len(service.runs.due(later(AT, 120))) == 1


def test_what_the_disk_has_no_room_for_was_not_started(service, monkeypatch):
    def full(run, body):
        raise failure("ENG002", file="event.json", reason="No space left on device")

    monkeypatch.setattr(service, "add", full)
    assert service.strike(AT, ("drift", 86_400)) == 0
    monkeypatch.undo()
    assert service.strike(later(AT, 60), ("drift", 86_400)) == 1
