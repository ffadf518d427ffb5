"""`engine serve` under what happens to it in a month: killed at any moment, no disk, no store, no GitHub, chaos.

Whole lives on a real sandbox, with real Terraform and states. How many lives and kills is for whoever asks
(CONTRIBUTING has the numbers of the whole suite); each life must be what one is that nobody disturbed, and each
delivery must have led to one end.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.few import ALL, SEED
from tests.support.lives import BOT, Lives, Shape
from tests.support.sandbox import ENGINE, sandbox

pytestmark = [pytest.mark.slow, pytest.mark.terraform]

LIVES, KILLS = (20, 100) if ALL else (2, 3)
WITHIN_S = 240 + 90 * LIVES + 20 * KILLS


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """Where root tries it, serve keeps its state on a disk of its own, which is small."""
    state = tmp_path_factory.mktemp("serve") / "state"
    disk = state / "serve" / "state"
    with sandbox("--without-engine", "--state", str(state)):
        pass  # a directory that has something in it is no sandbox's, unless one has made it
    disk.mkdir(parents=True, mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", disk]
    is_small = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        with sandbox("--state", str(state), engine=True) as started:
            yield started
    finally:
        if is_small:
            subprocess.run(["umount", "-l", disk], check=True)


AWAY = {"path": "/app/installations/{id}/access_tokens", "method": "POST", "status": 503}
CALM = Shape(
    BOT, pulls=1, merges=1, deployments=("success",), labels=("opa-passed", "ready-for-review"), reports=2, made=1
)


@pytest.fixture(scope="module")
def lives(box):
    """With one life that nobody disturbs."""
    found = Lives(box)
    found.begin("calm")
    found.live(["calm"], within_s=WITHIN_S)
    as_if_nothing_had_happened(found, ["calm"])
    return found


def as_if_nothing_had_happened(lives, names):
    lives.settle()
    assert {name: lives.shape(name) for name in names} == dict.fromkeys(names, CALM)
    assert lives.unhandled() == []


def process(box, which):
    """The number of one of serve's processes; 0 where it is not there just now."""
    folder = os.path.join(box.ready["state"], "serve")
    try:
        if which == "worker":
            return int(Path(folder, "state", "worker.json").read_text().partition('"pid": ')[2].partition(",")[0])
        return int(Path(folder, "pid").read_text())
    except (OSError, ValueError):
        return 0


def test_while_github_is_away_somebody_ends_a_run_and_has_it_go_on(box, lives):
    """Nothing of that asks GitHub, and nothing is lost: it fails again and waits, and is done once GitHub is back."""

    def engine(*words):
        state = os.path.join(box.ready["state"], "serve", "state")
        done = subprocess.run([ENGINE, *words, "--state", state, "--json"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["run"]

    def until(holds):
        end = time.monotonic() + WITHIN_S
        while not (found := next(filter(holds, box.control("GET", "runs")[1]), None)):
            assert time.monotonic() < end, lives.tail()
            time.sleep(0.1)
        return found["run"]

    seen = {one["run"] for one in box.control("GET", "runs")[1]}
    box.control("POST", "fault", **AWAY, count=1000)
    lives.begin("ended")
    run = until(lambda one: one["run"] not in seen and one["state"] == "queued" and one["reason"])
    engine("cancel", run)
    until(lambda one: (one["run"], one["state"]) == (run, "cancelled"))
    engine("run", "--resume", "--run", run)
    until(lambda one: (one["run"], one["state"]) == (run, "queued") and one["reason"])
    engine("cancel", run)
    until(lambda one: (one["run"], one["state"]) == (run, "cancelled"))
    box.control("POST", "fault", **AWAY, count=0)
    engine("run", "--resume", "--run", run)
    until(lambda one: (one["run"], one["state"]) == (run, "done"))
    lives.live(["ended"], within_s=WITHIN_S)
    as_if_nothing_had_happened(lives, ["ended"])


def test_killed_at_any_moment_nothing_is_lost_and_nothing_done_twice(box, lives):
    """Its worker, or all of it: what answers GitHub too, while deliveries come.

    What was killed twice in a row is let alone until it has ended: what ends its worker four times is poison, and is
    rightly given up.
    """
    names = [f"killed-{n}" for n in range(LIVES)]
    chance = random.Random(SEED)
    killed: list[str] = []
    due = [time.monotonic() + chance.uniform(0.5, 4)]

    def kill():
        if len(killed) < KILLS and time.monotonic() >= due[0] and lives.most_tries() < 3:
            which = chance.choice(["worker", "worker", "serve"])
            if number := process(box, which):
                try:
                    os.kill(number, signal.SIGKILL)
                    killed.append(which)
                except ProcessLookupError:
                    pass
            due[0] = time.monotonic() + chance.uniform(0.5, 8)

    lives.begin(*names)
    lives.live(names, within_s=WITHIN_S, between=kill)
    while len(killed) < KILLS:  # these lives were over sooner
        names.append(f"killed-{len(names)}")
        lives.begin(names[-1])
        lives.live(names[-1:], within_s=WITHIN_S, between=kill)
    as_if_nothing_had_happened(lives, names)
    assert len(killed) == KILLS
    assert len(names) < 10 * LIVES, "hardly anything was there to be killed"


def test_while_its_file_is_locked_everything_waits(box, lives):
    """Somebody looks at it with a tool that writes: longer than anybody waits for a lock."""
    lives.begin("locked")
    with sqlite3.connect(os.path.join(box.ready["state"], "serve", "state", "inbox.db")) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        time.sleep(12)
        somebody.execute("ROLLBACK")
    lives.live(["locked"], within_s=WITHIN_S)
    as_if_nothing_had_happened(lives, ["locked"])


def test_while_the_store_answers_nothing_everything_waits(box, lives):
    number = int(Path(box.ready["state"], "aws.port").read_text().split()[1])
    lives.begin("no-store")
    os.kill(number, signal.SIGSTOP)
    try:
        time.sleep(15)
    finally:
        os.kill(number, signal.SIGCONT)
    lives.live(["no-store"], within_s=WITHIN_S)
    as_if_nothing_had_happened(lives, ["no-store"])


def test_github_is_down_for_an_hour(box, lives):
    """What had come before is tried again, with the same ids, until GitHub answers."""
    box.control("POST", "fault", **AWAY, count=1000)
    lives.begin("no-github")
    time.sleep(5)
    box.control("POST", "clock", advance_s=3600)
    time.sleep(5)
    box.control("POST", "fault", **AWAY, count=0)
    lives.live(["no-github"], within_s=WITHIN_S)
    as_if_nothing_had_happened(lives, ["no-github"])


@pytest.mark.skipif(not ALL, reason="takes minutes: ENGINE_TEST_ALL=1")
def test_while_its_disk_is_full_everything_waits(box, lives):
    disk = Path(box.ready["state"], "serve", "state")
    if not os.path.ismount(disk):
        pytest.skip("nobody but root can make a small disk")
    lives.begin("no-room")
    filling = disk / "filling"
    with open(filling, "wb", buffering=0) as file:
        try:
            while file.write(bytes(65536)):
                pass
        except OSError:
            pass
    lives.begin("no-room-either")
    time.sleep(8)
    filling.unlink()
    lives.live(["no-room", "no-room-either"], within_s=WITHIN_S)
    as_if_nothing_had_happened(lives, ["no-room", "no-room-either"])


def test_whatever_github_answers_and_loses_all_end_as_they_should(tmp_path):
    """Slow, cut, refused and doubled, in both directions, always the same for one seed."""
    with sandbox("--state", str(tmp_path / "state"), "--chaos", SEED, engine=True) as box:
        lives, names = Lives(box), [f"chaos-{n}" for n in range(LIVES)]
        lives.sweep()
        lives.begin(*names)
        lives.live(names, within_s=2 * WITHIN_S)
        as_if_nothing_had_happened(lives, names)
