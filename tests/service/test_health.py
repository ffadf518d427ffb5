"""What the service stands on: each part alone, and what is slow never while somebody waits."""

import json
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from engine.adapters.storage.memory import Memory
from engine.core.kept import keys, record
from engine.errors import failure, problem
from engine.run.machine import Check
from engine.service import health
from engine.service.health import Component, Health, Parts

NOW = "2026-11-27T12:00:00Z"


class Shared(Memory):
    durable = True


def parts(**fields):
    row = SimpleNamespace(every_s=600, run="sweep")
    other = SimpleNamespace(every_s=None, run="x")
    rules: Any = SimpleNamespace(triggers=[row, other], sources=[SimpleNamespace(repo="a/b")])
    inbox: Any = counted(waiting=1)
    runs: Any = counted(running=2, queued=3)
    made = Parts(Shared(), "dir:/store", inbox, runs, lambda: rules, there, lambda: NOW)
    return made._replace(**fields)


def there(names):
    return [Check(name, f"{name} is there") for name in names]


def counted(**counts):
    return SimpleNamespace(counts=lambda: counts)


NO_CLOCK = SimpleNamespace(triggers=[], sources=[])


def lack(optional):
    return lambda names: [Check(name, "", LACKS, optional) for name in names]


def part(name, **fields):
    whole = Health(parts(**fields))
    whole.look()
    return next(one for one in whole() if one.name == name)


def struck(at):
    store = Shared()
    said = record.encode("struck", run="r", repository="a/b", pipeline="sweep", at=at)
    store.put_if_absent(keys.struck("a/b", "sweep"), said)
    return store


def down():
    raise failure("ENG001", file="store", reason="down")


def crash():
    raise ValueError("something of somebody's")


LACKS = problem("ENG001", file="x", reason="gone")


@pytest.mark.parametrize(
    ("why", "name", "fields", "how", "said"),
    [
        ("it answers", "store", {}, "well", "dir:/store answers"),
        ("nobody else sees it", "store", {"store": Memory()}, "warned", "dir:/store: nobody else sees it"),
        ("there is none", "store", {"place": ""}, "absent", "none: nothing is kept for later runs"),
        ("it works", "queue", {}, "well", "2 at work, 3 queued, 1 not looked at"),
        ("the worker is gone", "queue", {"worker": lambda: "it is gone"}, "broken", "it is gone; 2 at work"),
        ("some were given up", "queue", {"runs": counted(poisoned=1)}, "warned", "1 given up"),
        ("much waits", "queue", {"inbox": counted(waiting=501)}, "warned", "2 at work"),
        ("its file is gone", "queue", {"inbox": SimpleNamespace(counts=down)}, "broken", "ENG001: store"),
        ("nobody has expected that", "queue", {"inbox": SimpleNamespace(counts=crash)}, "broken", "ENG563"),
        ("it was never due", "schedule", {}, "well", "nothing was due yet"),
        ("it was due not long ago", "schedule", {"store": struck("2026-11-27T11:31:00Z")}, "well", "last at"),
        ("its clock has stopped", "schedule", {"store": struck("2026-11-27T11:29:00Z")}, "broken", "late: sweep of"),
        ("the rules have no clock", "schedule", {"rules": lambda: NO_CLOCK}, "absent",
         "the rules start nothing"),
        ("the rules cannot be read", "schedule", {"rules": down}, "broken", "ENG001"),
        ("it is there", "Terraform", {}, "well", "terraform is there"),
        ("all keys are there", "keys", {}, "well", "signing key; digest key; audit key; backup key"),
        ("one is missing", "keys", {"checks": lack(False)}, "broken", "ENG001"),
        ("one that may be", "keys", {"checks": lack(True)}, "warned", "ENG"),
        ("a look breaks", "GitHub", {"checks": lambda names: crash()}, "broken", "ENG563: the GitHub"),
    ],
)  # fmt: skip
def test_how_it_is(why, name, fields, how, said):
    found = part(name, **fields)
    assert (found.how, found.said.startswith(said)) == (how, True), (why, found)
    assert "somebody's" not in found.said


def test_nobody_waits_for_what_is_slow_and_it_is_looked_at_once():
    going, began, looks = threading.Event(), threading.Event(), []

    def checks(names):
        looks.append(names)
        began.set()
        going.wait(60)
        return [Check(name, "there") for name in names]

    whole = Health(parts(checks=checks))
    first = whole()
    assert began.wait(60)
    assert [one.how for one in first[2:]] == ["unknown"] * 6
    assert isinstance(first[0], Component)
    assert len(whole()) == 8
    whole._again_s = 0
    whole()
    assert [thread.name for thread in threading.enumerate()].count("health") == 1, (
        "one that hangs is not joined by more"
    )
    whole._again_s = 300
    going.set()
    for _ in range(5_000):
        if all(one.how == "well" for one in whole()[3:]):
            break
        threading.Event().wait(0.02)
    assert [one.how for one in whole()[3:]] == ["well"] * 5
    assert len(looks) == 5


def said(**changes):
    return json.dumps({"at": NOW, "trouble": "", **changes})


@pytest.mark.parametrize(
    ("why", "text", "trouble"),
    [
        ("it lives", said(), ""),
        ("it has lived half a minute ago", said(at="2026-11-27T11:59:30Z"), ""),
        ("it is silent", said(at="2026-11-27T11:59:29Z"), "the worker was last heard of at 2026-11-27T11:59:29Z"),
        ("it says what is wrong", said(trouble="the rules do not load"), "the rules do not load"),
        ("it has never begun", None, "the worker has not begun"),
        ("half of it was written", said()[:9], "what the worker says of itself cannot be read"),
        ("another form", "[]", "what the worker says of itself cannot be read"),
        ("no moment", said(at="yesterday"), "what the worker says of itself cannot be read"),
    ],
)
def test_whether_the_worker_lives(tmp_path, why, text, trouble):
    if text is not None:
        (tmp_path / "worker.json").write_text(text)
    assert health.trouble(str(tmp_path / "worker.json"), NOW) == trouble, why
