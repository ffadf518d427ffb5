"""Copies of a state, and the rehearsal of a restore: real Terraform, real backend, sealed backups; the state stays."""

import json
import os
import random
import signal
import stat
import time
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.sealed import SealingKey
from engine.adapters.terraform.workspace import SCRATCH
from engine.core.kept import keys
from engine.core.rules.model import Kept
from engine.errors import EngineError
from engine.run.applying import begun
from engine.run.kept import backups
from engine.run.mending import copies, tidying
from engine.run.mending.copies import Hand
from engine.run.mending.restore import restore
from engine.sandbox.emulator import ACCOUNT
from tests.run.mending.test_states import FOREIGN, LATER, SEALING, Two, _begun, applied, code_of
from tests.support.applied import bucket, came_to, only, path_of, put_state, state, state_of, things
from tests.support.few import SEED, few, some
from tests.support.merged import Machine, Merged, given
from tests.support.signing import signer
from tests.support.trail import told, trail

pytestmark = pytest.mark.terraform

TRIES = 20  # of kills, where all are asked for

LOCK = {
    "ID": "11111111-2222-3333-4444-555555555555", "Operation": "OperationTypeApply", "Info": "", "Who": "bob@host",
    "Version": "1.11.4", "Created": "2026-11-23T22:00:00.5Z", "Path": "S3/x",
}  # fmt: skip


def hand(merged: Any, now: str = LATER) -> Hand:
    store = merged.machine.store
    key = merged.resource(path_of(merged)).state_key
    return Hand(
        key, "carol on her laptop", "to look", store, trail(store, "h1", lambda: now, signer()), "h1", lambda: now
    )


def applied_twice(merge: Any) -> Any:
    first = applied(merge, a="1")
    second = first.next({path_of(first): {"a": "1", "b": "2"}})
    assert came_to(only(second.apply("r2")))[0] == "applied"
    return second


def scratch_of(merged: Any) -> int:
    """What S3 says when it is asked for the scratch copy."""
    return bucket(merged, "GET", f"env:/{SCRATCH}/{merged.resource(path_of(merged)).state_key}").status


def left_of(merged: Any) -> list[str]:
    """What is there of it: the copy, its lock."""
    place = f"env:/{SCRATCH}/{merged.resource(path_of(merged)).state_key}"
    return [what for what in ("", ".tflock") if bucket(merged, "GET", f"{place}{what}").status != 404]


def refused(act: Any) -> str:
    with pytest.raises(EngineError) as caught:
        act()
    return code_of(caught)


def test_a_copy_is_in_a_new_private_file_and_the_trail_says_who_has_it(merge, tmp_path):
    merged, file = applied(merge, a="1"), str(tmp_path / "out.tfstate")
    mine, ground = hand(merged), Two(merged).ground()
    made = copies.pull(mine, ground, file)
    there = state(merged)
    with open(file, "rb") as found:
        assert json.loads(found.read())["serial"] == there.serial == made["serial"]
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    last = told(mine.store)[-1]
    assert (last["what"], last["outcome"], last["key"]) == ("backup", "pulled", mine.key)
    assert last["actor"] == {"id": None, "login": "unverified: carol on her laptop"}
    assert "input" not in json.dumps(last), "which state, and nothing of what it says"
    for taken in (file, "/dev/stdout", "/dev/null"):
        assert refused(lambda taken=taken: copies.pull(mine, ground, taken)) == "ENG879"
    bucket(merged, "DELETE", mine.key)
    assert refused(lambda: copies.pull(mine, ground, str(tmp_path / "none"))) == "ENG874"
    assert refused(lambda: copies.pull(mine, ground._replace(jobs=[]), str(tmp_path / "none"))) == "ENG875"
    assert os.listdir(tmp_path).count("none") == 0


def test_a_backup_by_hand_is_one_of_the_series(merge):
    merged = applied_twice(merge)
    mine = hand(merged)
    assert copies.keep(mine, Two(merged).ground(), SEALING[0])["backup"] == 2
    about, data = backups.load(mine.store, SEALING, ACCOUNT, mine.key, 2)
    assert (about.serial, about.run, json.loads(data)["serial"]) == (state(merged).serial, "h1", state(merged).serial)
    assert [(one["what"], one["outcome"]) for one in told(mine.store)][-1] == ("backup", "kept")
    bucket(merged, "DELETE", mine.key)
    assert refused(lambda: copies.keep(mine, Two(merged).ground(), SEALING[0])) == "ENG874"


def test_a_rehearsal_says_what_a_restore_would_come_to_and_leaves_nothing(merge):
    merged = applied_twice(merge)
    two, mine, before = Two(merged), hand(merged), state_of(merged)
    made = copies.rehearse(mine, two.ground(), SEALING, merged.trusted, 1)
    assert (made["backup"], made["serial"], made["sealed_with"]) == (1, state(merged).serial - 1, "backup-1")
    assert (made["lineage"], made["state"]["serial"]) == (state(merged).lineage, state(merged).serial)
    assert made["plan"]["addresses"] == ['terraform_data.thing["b"]']
    assert (state_of(merged), two.outcomes) == (before, ["applied", "applied"]), "nothing has changed"
    assert scratch_of(merged) == 404
    assert list(mine.store.list("backups/")) == [keys.numbered(keys.backups(mine.key), 1)]
    assert os.listdir(merged.machine.workspace.kept) == []
    assert [(one["what"], one["outcome"]) for one in told(mine.store)][-1] == ("backup", "rehearsed")


@pytest.mark.slow
def test_a_rehearsal_where_the_state_is_gone(merge):
    merged = applied_twice(merge)
    bucket(merged, "DELETE", merged.resource(path_of(merged)).state_key)
    made = copies.rehearse(hand(merged), Two(merged).ground(), SEALING, merged.trusted, 1)
    assert (made["state"], made["plan"]["counts"]["create"], state_of(merged)) == (None, 1, b"")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("why", "left"),
    few(
        [
            ("killed before anything was written: a lock, and no state that it is of", (".tflock",)),
            ("killed while it was written", ("", ".tflock")),
        ],
        2,
    ),
)
def test_what_a_killed_rehearsal_has_left_is_deleted_by_the_next_one(merge, why, left):
    merged = applied_twice(merge)
    key = merged.resource(path_of(merged)).state_key
    copy = json.dumps({**json.loads(state_of(merged)), "lineage": FOREIGN, "serial": 99}).encode()
    for what in left:
        body = json.dumps(LOCK).encode() if what else copy
        assert bucket(merged, "PUT", f"env:/{SCRATCH}/{key}{what}", body).status == 200
    made = copies.rehearse(hand(merged), Two(merged).ground(), SEALING, merged.trusted, 1)
    assert (made["plan"]["problem"], left_of(merged)) == (None, []), why


@pytest.mark.slow
@pytest.mark.parametrize("at", some(range(TRIES), 1))
def test_a_rehearsal_that_is_killed_at_any_moment_leaves_nothing_to_people(merge, aws, at):
    merged = applied_twice(merge)
    before, things_ = state_of(merged), merged.resources[path_of(merged)]["things"]
    root = merged.machine.root
    about = {"commit": merged.commit, "pr": merged.pr, "behind": merged.behind, "approved": merged.approved}
    values = {name: row["input"] for name, row in things_.items()}
    life = get_context("spawn").Process(target=_rehearsing, args=(root, given(aws), path_of(merged), values, about))
    life.start()
    until = time.monotonic() + 120
    while life.is_alive() and not (root / "begun").exists():
        assert time.monotonic() < until, "it never began"
        time.sleep(0.01)
    drawn = random.Random(f"{SEED} {at}").uniform(0, 2.5)  # from the first of its commands to its end, about
    # The first as soon as its lock is there, before there is anything that it is of; the others when it is drawn.
    ends = until if at == 0 else time.monotonic() + drawn
    while life.is_alive() and time.monotonic() < ends and not (at == 0 and ".tflock" in left_of(merged)):
        time.sleep(0.002)
    assert life.pid
    for pid in [life.pid, *_at_work_in(root / merged.machine.cache)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    life.join()
    made = copies.rehearse(hand(merged), Two(merged).ground(), SEALING, merged.trusted, 1)
    assert (made["plan"]["problem"], left_of(merged), state_of(merged)) == (None, [], before)


def _rehearsing(root: Path, aws: dict[str, Any], path: str, values: dict[str, str], about: dict[str, Any]) -> None:
    """What a process does that is to be killed."""
    merged = Merged(Machine(root, aws), {path: values}, **about)
    mine, ground = hand(merged), Two(merged).ground()
    (root / "begun").touch()
    copies.rehearse(mine, ground, SEALING, merged.trusted, 1)


def _at_work_in(folder: Path) -> list[int]:
    """Terraform, and what it has started."""
    found = []
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        with suppress(OSError):
            if os.readlink(f"/proc/{pid}/cwd").startswith(str(folder)):
                found.append(int(pid))
    return found


@pytest.mark.parametrize(
    ("why", "sealing", "number", "lineage", "code"),
    few(
        [
            ("a wrong key", [SealingKey("backup-1", b"t" * 32)], 1, None, "ENG717"),
            ("a key of another id", [SealingKey("backup-2", b"s" * 32)], 1, None, "ENG717"),
            ("there is none of that number", SEALING, 9, None, "ENG716"),
            ("another lineage is there", SEALING, 1, FOREIGN, "ENG774"),
        ],
        1,
    ),
)
def test_a_rehearsal_refuses_what_a_restore_would(merge, why, sealing, number, lineage, code):
    merged = applied_twice(merge)
    if lineage:
        put_state(merged, {**json.loads(state_of(merged)), "lineage": lineage})
    before, two = state_of(merged), Two(merged)
    assert refused(lambda: copies.rehearse(hand(merged), two.ground(), sealing, merged.trusted, number)) == code, why
    assert (state_of(merged), scratch_of(merged)) == (before, 404), why


@pytest.mark.slow
def test_a_rehearsal_that_is_interrupted_leaves_no_copy(merge):
    merged = applied_twice(merge)
    ground = Two(merged).ground()

    def interrupted() -> None:
        with copies.scratch(hand(merged), ground, ground.jobs[0][1]) as folder:
            folder.push(state_of(merged))
            assert scratch_of(merged) == 200
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (scratch_of(merged), things(merged)) == (404, {"a": "1", "b": "2"})


def test_a_copy_that_cannot_be_deleted_is_told_beside_what_has_failed(merge):
    merged = applied_twice(merge)
    ground = Two(merged).ground()
    key = merged.resource(path_of(merged)).state_key

    def stuck() -> None:
        with copies.scratch(hand(merged), ground, ground.jobs[0][1]) as folder:
            bucket(merged, "PUT", f"env:/{SCRATCH}/{key}.tflock", b"{")  # no lock: nobody gives it back
            folder.push(state_of(merged))

    with pytest.raises(EngineError) as caught:
        stuck()
    assert [one.code for one in caught.value.problems][-1] == "ENG878"
    assert len(caught.value.problems) == 2
    assert key in caught.value.problems[-1].message


@pytest.mark.slow
def test_a_lock_whose_owner_is_alive_stops_a_restore_and_is_named(merge):
    merged = applied_twice(merge)
    two, before = Two(merged), state_of(merged)
    assert copies.lock(two.mending.key, two.ground()) is None
    place = f"{two.mending.key}.tflock"
    assert bucket(merged, "PUT", place, json.dumps(LOCK).encode()).status == 200
    ground = two.ground()
    with pytest.raises(EngineError) as caught:
        restore(two.mending, ground, SEALING, 1)
    assert code_of(caught) == "ENG412"
    assert "bob@host" in caught.value.problems[0].message
    assert (state_of(merged), two.outcomes) == (before, ["applied", "applied"])
    found = copies.lock(two.mending.key, ground)
    assert found is not None
    assert (found.id, found.who, found.operation) == (LOCK["ID"], "bob@host", "OperationTypeApply")
    assert bucket(merged, "GET", place).status == 200, "who looks, or is refused, takes nothing away"
    assert copies.pull(hand(merged), ground, str(merged.machine.root / "pulled"))["serial"] == state(merged).serial


def test_old_backups_are_dropped_but_never_what_may_be_needed(merge):
    merged = applied_twice(merge)
    mine, ground, rule = hand(merged), Two(merged).ground(), Kept(1, 86_400)
    for _ in range(3):
        copies.keep(mine, ground, SEALING[0])
    much = hand(merged, "2027-11-23T22:30:00Z")
    look = tidying.tidy(much, SEALING, merged.trusted, rule, only_look=True)
    assert look == {"key": mine.key, "dropped": [2, 3], "kept": 2}, "the last entry of the ledger names the first one"
    assert [one.dropped for one in backups.listed(mine.store, mine.key)] == [None] * 4
    assert tidying.tidy(mine, SEALING, merged.trusted, rule, only_look=False)["dropped"] == [], "they are young"
    assert tidying.tidy(much, SEALING, merged.trusted, rule, only_look=False) == look
    assert [one.number for one in backups.listed(mine.store, mine.key) if not one.dropped] == [1, 4]
    assert tidying.tidy(much, SEALING, merged.trusted, rule, only_look=False)["dropped"] == []
    assert [(one["what"], one["outcome"]) for one in told(mine.store)][-1] == ("backup", "dropping")
    assert refused(lambda: copies.rehearse(mine, ground, SEALING, merged.trusted, 2)) == "ENG873"


def test_the_backup_of_an_apply_that_has_not_ended_is_not_dropped(merge):
    merged = applied_twice(merge)
    mine, ground = hand(merged), Two(merged).ground()
    for _ in range(3):
        copies.keep(mine, ground, SEALING[0])
    mark = _begun(merged, mine.key)._replace(number=3, backup=2)
    begun.say(merged.applying("r3", "me", lambda rows: {}), mark)
    much = hand(merged, "2027-11-23T22:30:00Z")
    assert tidying.tidy(much, SEALING, merged.trusted, Kept(1, 86_400), only_look=False)["dropped"] == [3]


@pytest.mark.slow
def test_a_key_that_follows_another_opens_all_when_they_are_sealed_anew(merge):
    merged = applied_twice(merge)
    mine, ground = hand(merged), Two(merged).ground()
    both = [SealingKey("backup-2", b"t" * 32), SEALING[0]]
    copies.keep(mine, ground, both[0])
    assert [backups.load(mine.store, both, ACCOUNT, mine.key, n)[0].sealed_with for n in (1, 2)] == [
        "backup-1",
        "backup-2",
    ]
    assert tidying.reseal(mine, both)["resealed"] == [1]
    assert copies.rehearse(mine, ground, both[:1], merged.trusted, 1)["sealed_with"] == "backup-2"
    assert tidying.reseal(mine, both)["resealed"] == []
