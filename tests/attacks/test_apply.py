"""Attacks and accidents between a merge and the infrastructure that it becomes."""

import json
import shutil
import sys
import threading
from typing import Any

import pytest

from engine.core.kept import keys
from engine.errors import EngineError, failure
from engine.run.applying.every import apply_all
from engine.sandbox.emulator import emulator
from tests.support.applied import (
    ASKED,
    bucket,
    came_to,
    left_behind,
    only,
    path_of,
    put_state,
    said,
    state,
    state_of,
    things,
)
from tests.support.emulator import aws
from tests.support.few import few
from tests.support.merged import MODULE, Machine, Merged, given, merge, passes, place
from tests.support.page import Hooked

__all__ = ["aws", "merge", "place"]

pytestmark = pytest.mark.terraform


def next_one(merge):
    """A merge that was applied, and the one after it, approved and not applied."""
    first = merge(a="1")
    assert came_to(only(first.apply()))[0] == "applied"
    return first, first.next({path_of(first): {"a": "1", "b": "2"}})


def swapped(data, **changes):
    """A state as somebody else has written it."""
    whole = json.loads(data)
    for name, change in changes.items():
        whole[name] = change(whole[name])
    return whole


FOREIGN = [
    ("same serial, another content", {"outputs": lambda _: {"x": {"value": "1", "type": "string"}}}, "same serial"),
    ("rolled back", {"serial": lambda serial: serial - 1}, "older"),
    ("written by somebody else", {"serial": lambda serial: serial + 1}, "newer"),
    ("another lineage", {"lineage": lambda _: "11111111-2222-3333-4444-555555555555"}, "lineage"),
]


@pytest.mark.parametrize(("why", "changes", "words"), FOREIGN)
def test_a_state_that_is_not_the_ledger_s(merge, why, changes, words):
    _, second = next_one(merge)
    put_state(second, swapped(state_of(second), **changes))
    before = state_of(second)
    row = only(second.apply("r2"))
    assert came_to(row) == ("stopped", "state", "ENG731"), why
    assert words in row["problem"]["message"], why
    assert "/engine adopt" in row["problem"]["hint"], why
    assert (state_of(second), second.outcomes(path_of(second))) == (before, ["applied", "stopped"]), why


def test_a_state_that_was_deleted(merge):
    _, second = next_one(merge)
    bucket(second, "DELETE", second.resource(path_of(second)).state_key)
    row = only(second.apply("r2"))
    assert came_to(row) == ("stopped", "state", "ENG731")
    assert state_of(second) == b""


def test_a_state_that_was_there_before_us(merge):
    first, _ = next_one(merge)
    stranger = merge({"z": "1"})
    put_state(stranger, state_of(first))
    row = only(stranger.apply("r9"))
    assert came_to(row) == ("stopped", "state", "ENG731")
    assert "nothing was ever applied by us" in row["problem"]["message"]


def test_an_empty_state_of_an_interrupted_plan_is_in_nobodys_way(merge):
    """Terraform writes one when it is interrupted while it plans what is not there yet."""
    merged = merge(a="1")
    put_state(
        merged,
        {
            "version": 4,
            "terraform_version": "1.11.4",
            "serial": 1,
            "lineage": "c724b71b-b65a-08d2-73e7-a5261e49e9bb",
            "outputs": {},
            "resources": [],
            "check_results": None,
        },
    )
    assert came_to(only(merged.apply())) == ("applied", None, None)
    assert things(merged) == {"a": "1"}


def test_a_state_that_is_swapped_between_its_plan_and_its_apply(merge):
    """Terraform would apply to it without a word, as long as the serial is the same."""
    _, second = next_one(merge)

    def judge(rows):
        put_state(second, swapped(state_of(second), outputs=lambda _: {"x": {"value": "1", "type": "string"}}))
        return passes(rows)

    row = only(second.apply("r2", judge=judge))
    assert came_to(row) == ("stopped", "state", "ENG731")
    assert things(second) == {"a": "1"}


def test_an_older_merge_after_a_newer_one(merge):
    """A late or repeated delivery."""
    _, second = next_one(merge)
    third = second.next({path_of(second): {"a": "3"}})
    assert came_to(only(third.apply("r3")))[0] == "applied"
    row = only(second.apply("r2"))
    assert came_to(row) == ("none", "older", "ENG733")
    assert things(third) == {"a": "3"}
    assert third.outcomes(path_of(third)) == ["applied", "applied"], "it leaves no entry: others would wait for it"


def test_a_commit_that_the_branch_was_never_at(merge):
    merged = merge(a="1")
    merged.changes["landed"] = False
    assert came_to(only(merged.apply())) == ("none", "older", "ENG733")
    assert (state_of(merged), merged.outcomes(path_of(merged))) == (b"", [])


def test_a_merge_of_another_repository_on_the_same_state(merge):
    _, second = next_one(merge)
    second.changes["repository"] = {"id": 98, "name": "acme/other"}
    assert came_to(only(second.apply("r2"))) == ("none", "older", "ENG733")


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("digests of another key", lambda m: m.changes.update(digest_key="hmac-sha256:" + "0" * 16)),
        ("other files", lambda m: m.approved[0].update(tree="sha256:" + "9" * 64)),
        ("never planned", lambda m: m.approved.clear()),
    ],
)
def test_a_verdict_that_is_not_about_this(merge, why, change):
    merged = merge(a="1")
    change(merged)
    assert came_to(only(merged.apply()))[::2] == ("stopped", "ENG735"), why
    assert state_of(merged) == b"", why


def test_two_engines_at_once_apply_once(merge, tmp_path):
    log = tmp_path / "log"
    merged = merge(things={"a": {"input": "1", "run": f"sleep 0.3; echo x >> {log}"}})
    rows = []
    runs = [threading.Thread(target=lambda n=n: rows.append(only(merged.apply(f"r{n}", f"e{n}")))) for n in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    # The other one finds the claim, and then waits for the next sweep; or, where it came late, the entry.
    found = {(row["outcome"], row["waits"]) for row in rows}
    assert ("applied", None) in found, rows
    assert found <= {("applied", None), ("none", "another")}, rows
    assert log.read_text() == "x\n"
    assert merged.outcomes(path_of(merged)) == ["applied"]
    assert said(merged) == [("apply", "started"), ("apply", "completed")]


class Failing(Hooked):
    """A store that does not answer the next writes below a key."""

    def __init__(self, merged, prefix, times=0):
        super().__init__(merged.machine.store, self.before)
        self.prefix, self.times = prefix, times

    def before(self, key):
        if key.startswith(self.prefix) and self.times:
            self.times -= 1
            raise failure("ENG592", store="s", what="PutObject", reason="it is down")


@pytest.mark.parametrize(
    ("why", "prefix", "waits"),
    few(
        [
            ("the trail cannot be written", "audit/", "trail"),
            ("the backup cannot be written", "backups/", "store"),
            ("that it begins cannot be written", "applying/", "store"),
            ("the journal cannot be written", "journal/", "store"),
            ("it cannot be claimed", "claims/", "store"),
        ],
        2,
    ),
)
def test_what_cannot_be_said_first_is_not_done(merge, why, prefix, waits):
    _, second = next_one(merge)
    before = state_of(second)
    store = Failing(second, prefix)
    applying = second.applying("r2", "me", passes, store=store)
    store.times = 1
    (row,) = apply_all(applying, second.targets, was={})["resources"]
    assert (row["outcome"], row["waits"]) == ("none", waits), why
    assert (state_of(second), second.outcomes(path_of(second))) == (before, ["applied"]), why
    assert came_to(only(second.apply("r2", "again")))[0] == "applied", why
    assert things(second) == {"a": "1", "b": "2"}, why


@pytest.mark.parametrize("times", [1, 2])
def test_what_was_done_and_could_not_be_said_is_said_later_and_not_done_again(merge, tmp_path, times):
    log = tmp_path / "log"
    merged = merge(things={"a": {"input": "1", "run": f"echo x >> {log}"}})
    row = only(merged.apply(store=Failing(merged, "ledger/", times)))
    assert came_to(row)[:2] == ("none", "store")
    assert merged.outcomes(path_of(merged)) == []
    assert things(merged) == {"a": "1"}
    row = only(merged.apply("r2" if times == 2 else "r1", "again"))
    assert came_to(row)[0] == "applied"
    assert log.read_text() == "x\n"
    assert left_behind(merged) == []


def test_a_lock_of_somebody_else_is_waited_for_and_leaves_no_entry(merge):
    merged = merge(a="1")
    path = path_of(merged)
    lock = {
        "ID": "8e5b1f3a-1111-2222-3333-444455556666", "Operation": "OperationTypeApply", "Info": "", "Who": "eve@there",
        "Version": "1.11.4", "Created": "2026-11-23T21:00:00Z", "Path": "p",
    }  # fmt: skip
    name = merged.resource(path).state_key + ".tflock"
    bucket(merged, "PUT", name, json.dumps(lock).encode())
    row = only(merged.apply())
    assert came_to(row) == ("none", "locked", "ENG412")
    assert "eve@there" in row["problem"]["message"]
    assert (state_of(merged), merged.outcomes(path), left_behind(merged)) == (b"", [], [])
    bucket(merged, "DELETE", name)
    assert came_to(only(merged.apply("r2")))[0] == "applied"


@pytest.mark.slow
def test_a_state_that_terraform_could_not_write_is_pushed_before_anything_else(tmp_path):
    """Its backend is gone when it has made everything, and comes back."""
    with emulator() as gone:
        reset = f"u.urlopen(u.Request('{gone.url}/moto-api/reset', method='POST'))"
        run = f'{sys.executable} -c "import urllib.request as u; {reset}"'
        merged = Merged(Machine(tmp_path, given(gone)), {"X/pushed": {"a": {"input": "1", "run": run}}})
        assert came_to(only(merged.apply()))[:2] == ("none", "backend")
        assert merged.outcomes("X/pushed") == []
        assert bucket(merged, "PUT", "").status == 200
        assert came_to(only(merged.apply("r1", "again")))[0] == "partial"
        assert things(merged) == {"a": "1"}
        assert merged.outcomes("X/pushed") == ["pushed", "partial"]
        assert left_behind(merged) == []
        merged.changes["asked"] = ASKED
        assert came_to(only(merged.apply("r2")))[0] == "applied", "nothing is left to do"


@pytest.mark.parametrize("is_here", [True, False])
def test_the_lock_of_a_killed_terraform_is_taken_away_where_it_was_begun_and_nowhere_else(merge, tmp_path, is_here):
    mark = tmp_path / "mark"
    merged = merge(things={"a": {"input": "1", "run": f"test -e {mark} || {{ touch {mark}; kill -9 $PPID; }}"}})
    path = path_of(merged)
    assert came_to(only(merged.apply()))[:2] == ("none", "unknown")
    assert (state_of(merged), merged.outcomes(path)) == (b"", [])
    if not is_here:
        merged.machine = merged.machine.elsewhere("there")
    row = only(merged.apply("r1", "again"))
    assert came_to(row)[:2] == (("applied", None) if is_here else ("none", "locked")), row
    assert (("apply", "unlocked") in said(merged)) is is_here
    assert merged.outcomes(path) == (["applied"] if is_here else [])


def test_a_ledger_that_was_cut_off_after_an_apply_began(merge):
    """Its last entry is gone, and what was begun after it tells so."""
    _, second = next_one(merge)
    second.apply("r2")
    store, key = second.machine.store, second.resource(path_of(second)).state_key
    for number in (1, 2):
        place = keys.numbered(keys.ledger(key), number)
        store.delete(place, store.get(place).version)
    third = second.next({path_of(second): {"a": "1", "b": "2"}})
    assert came_to(only(third.apply("r3"))) == ("none", "unknown", "ENG734")


def test_what_was_begun_is_believed_only_as_we_have_signed_it(merge):
    merged = merge(a="1")
    only(merged.apply(store=Failing(merged, "ledger/", 9)))
    store, place = merged.machine.store, keys.applying(merged.resource(path_of(merged)).state_key)
    item = store.get(place)
    forged = json.loads(item.data)
    forged["envelope"]["payload"] = forged["envelope"]["payload"][:-8] + "AAAAAAA="
    assert store.replace(place, json.dumps(forged, sort_keys=True, separators=(",", ":")).encode(), item.version)
    row = only(merged.apply("r1", "again"))
    assert row["outcome"] == "none"
    assert merged.outcomes(path_of(merged)) == []


def test_a_killed_apply_explains_no_other_change_of_the_state(merge, tmp_path):
    """It was begun from the ledger's state, and somebody else has used the moment."""
    _, second = next_one(merge)
    path, key = path_of(second), second.resource(path_of(second)).state_key
    only(second.apply("r2", store=Failing(second, "ledger/", 9)))
    (work,) = [name for name in left_behind(second) if not name.startswith("claims")]
    shutil.rmtree(f"{second.machine.workspace.kept}/{work}")  # it was another machine

    def theirs(resources):
        for one in resources:
            for each in one["instances"]:
                if each["index_key"] == "a":
                    each["attributes"]["id"] = "another object"
        return resources

    put_state(second, swapped(state_of(second), resources=theirs))
    row = only(second.apply("r2", "elsewhere"))
    assert came_to(row) == ("stopped", "state", "ENG731"), key
    assert 'terraform_data.thing["a"]' in row["problem"]["message"]
    assert second.outcomes(path) == ["applied", "stopped"]


def test_a_killed_apply_is_reconciled_by_another_machine(merge, tmp_path):
    _, second = next_one(merge)
    path = path_of(second)
    only(second.apply("r2", store=Failing(second, "ledger/", 9)))
    second.machine = second.machine.elsewhere("there")
    row = only(second.apply("r2", "there"))
    assert came_to(row)[0] == "applied"
    assert second.outcomes(path) == ["applied", "reconciled", "applied"]
    assert second.entries(path)[-1].said["state"]["digest"] == state(second).digest
    assert things(second) == {"a": "1", "b": "2"}


def test_no_secret_of_a_plan_is_told(merge):
    """Not in errors, rows, the ledger or the trail."""
    secret = "hunter22-hunter22"
    merged = merge(things={"a": {"input": "1", "run": f"echo {secret} >&2; false", "secret": secret}})
    shown: list[Any] = []
    row = only(merged.apply(live=shown.append))
    assert row["outcome"] == "failed", row
    assert "(sensitive)" in json.dumps(row), "it was said, and hidden"
    store = merged.machine.store
    kept = [item.data.decode() for key in store.list("") if (item := store.get(key))]
    assert secret not in json.dumps([row, shown])
    assert not [one for one in kept if secret in one]


MAKES = (
    MODULE
    + """
resource "terraform_data" "made" {
  for_each = var.things
  input    = sensitive("made-${uuid()}")
  provisioner "local-exec" {
    command     = "printf %s \\"$IT\\" > ${each.value.input}"
    environment = { IT = self.input }
  }
}
resource "terraform_data" "tells" {
  for_each = var.things
  provisioner "local-exec" {
    command = "cat ${each.value.input} >&2; false"
  }
  depends_on = [terraform_data.made]
}
"""
)


def test_no_secret_that_only_the_state_knows_is_told(tmp_path, aws):
    """A password that is made while applying, in the words of what fails with it."""
    (tmp_path / "module").mkdir()
    (tmp_path / "module" / "main.tf").write_text(MAKES)
    file = tmp_path / "secret"
    merged = Merged(Machine(tmp_path, given(aws)), {"X/makes": {"a": str(file)}})
    shown: list[Any] = []
    row = only(merged.apply(live=shown.append))
    secret = file.read_text()
    assert (row["outcome"], len(secret)) == ("partial", len("made-") + 36)
    assert secret.encode() in state_of(merged)
    (failed,) = [one["error"] for one in row["addresses"] if one["error"]]
    assert "(sensitive)" in failed, "it was said, and hidden"
    store = merged.machine.store
    kept = [item.data.decode() for key in store.list("") if (item := store.get(key))]
    assert secret not in json.dumps([row, shown, kept])


def test_no_secret_of_a_plan_is_told_by_whoever_only_finds_its_end(merge):
    """Killed once Terraform had failed; who goes on has planned nothing."""
    secret = "hunter22-hunter22"
    merged = merge(things={"a": {"input": "1", "run": f"echo {secret} >&2; false", "secret": secret}})
    only(merged.apply(store=Failing(merged, "ledger/", 1)))
    assert merged.outcomes(path_of(merged)) == []
    shown: list[Any] = []
    row = only(merged.apply("r1", "again", live=shown.append))
    assert (row["outcome"], merged.outcomes(path_of(merged))) == ("failed", ["failed"])
    assert "(sensitive)" in json.dumps(row), "it was said, and hidden"
    assert secret not in json.dumps([row, shown])


def test_a_run_whose_time_is_up_stops_terraform_once_and_says_what_it_did(merge, tmp_path):
    merged = merge(things={"a": "1", "b": {"input": "1", "run": "sleep 30"}})
    applying = merged.applying("r1", "me", passes)

    def live(rows):
        if rows[0]["addresses"]:
            applying.work.cancel.set()

    with pytest.raises(EngineError) as caught:
        apply_all(applying, merged.targets, was={}, live=live)
    assert caught.value.problems[0].code == "ENG452"
    (entry,) = merged.entries(path_of(merged))
    assert entry.outcome in ("partial", "failed")
    merged.changes["asked"] = ASKED
    assert came_to(only(merged.apply("r2")))[0] in ("applied", "stopped")
