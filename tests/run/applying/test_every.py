"""Merges are applied, with real Terraform on the real S3 backend: what is done, what is said of it, and what is not."""

import json
import os
from pathlib import Path

import pytest

from engine.core.kept import keys
from engine.core.state import read
from engine.run.kept import backups
from tests.support.merged import passes

pytestmark = pytest.mark.terraform


def only(rows):
    (row,) = rows.values()
    return row


def came_to(row):
    return row["outcome"], row["waits"], (row["problem"] or {}).get("code")


def said(merged):
    """What the trail has, in order."""
    store = merged.machine.store
    lines = [line for key in store.list(keys.AUDIT) for line in store.get(key).data.splitlines()]
    found = [json.loads(line) for line in lines]
    return [(one["said"]["what"], one["said"]["outcome"]) for one in found if "said" in one]


def path_of(merged):
    (path,) = merged.resources
    return path


def state_of(merged, path=None):
    """What the backend has, wherever that came from."""
    import http.client
    from urllib.parse import urlsplit

    aws, key = merged.machine.aws, merged.resource(path or path_of(merged)).state_key
    connection = http.client.HTTPConnection(urlsplit(aws["url"]).netloc, timeout=30)
    scope = f"test/20200101/{aws['region']}/s3/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"}
    connection.request("GET", f"/{aws['bucket']}/{key}", headers=headers)
    answer = connection.getresponse()
    data = answer.read()
    return data if answer.status == 200 else None


def things(merged, path=None):
    data = state_of(merged, path)
    found = json.loads(data)["resources"] if data else []
    return {
        i["index_key"]: i["attributes"]["input"]["value"]
        for one in found
        if one["name"] == "thing"
        for i in one["instances"]
    }


def left_behind(merged):
    """Claims and work directories that nobody needs any more."""
    kept = merged.machine.workspace.kept
    return [*merged.machine.store.list("claims/"), *(os.listdir(kept) if os.path.isdir(kept) else [])]


def test_it_is_applied_once_and_said(merge):
    merged = merge(a="1", b="2")
    path, shown = path_of(merged), []
    row = only(merged.apply(live=shown.append))
    assert came_to(row) == ("applied", None, None)
    assert things(merged) == {"a": "1", "b": "2"}
    assert [(one["action"], one["status"], one["error"]) for one in row["addresses"]] == [("create", "done", None)] * 2
    (entry,) = merged.entries(path)
    state = read(state_of(merged))
    assert entry.said["state"] == {"lineage": state.lineage, "serial": state.serial, "digest": state.digest}
    assert entry.said["done"] == {one["address"]: one["digest"] for one in merged.approved[0]["changes"]}
    assert (entry.said["backup"], row["entry"]) == (None, 1)
    assert said(merged) == [("apply", "started"), ("apply", "completed")]
    assert {status for rows in shown for one in rows[0]["addresses"] for status in [one["status"]]} == {
        "started",
        "done",
    }
    assert left_behind(merged) == []
    again = only(merged.apply("r2", "you"))
    assert (came_to(again), again["entry"]) == (("applied", None, None), 1)
    assert (merged.outcomes(path), read(state_of(merged))) == (["applied"], state)
    assert said(merged) == [("apply", "started"), ("apply", "completed")]


def test_before_each_apply_the_state_is_backed_up(merge, machine):
    first = merge(a="1")
    path = path_of(first)
    first.apply()
    before = state_of(first)
    second = first.next({path: {"a": "1", "b": "2"}})
    assert came_to(only(second.apply("r2"))) == ("applied", None, None)
    (backup,) = backups.listed(machine.store, second.resource(path).state_key)
    sealing = second.applying("r3", "me", passes).sealing
    about, data = backups.load(machine.store, sealing, backup.account, backup.state_key, 1)
    assert (json.loads(data)["resources"], about.serial) == (
        json.loads(before)["resources"],
        json.loads(before)["serial"],
    )
    assert second.entries(path)[-1].said["backup"] == backup.key
    assert ("backup", "kept") in said(second)
    assert state_of(second) is not None


def test_a_resource_that_is_taken_out_is_planned_as_nothing(merge):
    first = merge(a="1")
    path = path_of(first)
    first.apply()
    gone = first.next({path: {}})
    assert [change["actions"] for change in gone.approved[0]["changes"]] == [["delete"]]
    assert came_to(only(gone.apply("r2"))) == ("applied", None, None)
    assert things(gone) == {}


def test_nothing_to_apply_is_applied(merge):
    first = merge(a="1")
    path = path_of(first)
    first.apply()
    serial = read(state_of(first)).serial
    same = first.next({path: {"a": "1"}})
    assert came_to(only(same.apply("r2"))) == ("applied", None, None)
    assert same.outcomes(path) == ["applied", "applied"]
    assert read(state_of(same)).serial == serial
    assert list(backups.listed(same.machine.store, same.resource(path).state_key)) == []


@pytest.mark.parametrize(
    ("why", "approved", "wanted", "odd"),
    [
        ("one more", {"a": "1"}, {"a": "1", "b": "2"}, [('terraform_data.thing["b"]', None, "create", "new")]),
        ("another value", {"a": "1"}, {"a": "2"}, [('terraform_data.thing["a"]', "create", "create", "other")]),
        ("one less", {"a": "1", "b": "1"}, {"a": "1"}, [('terraform_data.thing["b"]', "create", None, "gone")]),
    ],
)
def test_what_was_not_approved_is_not_applied(merge, why, approved, wanted, odd):
    seen = merge(things=approved)
    other = seen.planned_as({path_of(seen): wanted})
    row = only(other.apply())
    assert came_to(row) == ("stopped", None, "ENG730"), why
    assert [(one["address"], one["approved"], one["fresh"], one["why"]) for one in row["difference"]] == odd, why
    assert (state_of(other), other.outcomes(path_of(other))) == (None, ["stopped"]), why
    assert said(other) == [("apply", "stopped")], why
    again = only(other.apply("r2"))
    assert (again["outcome"], other.outcomes(path_of(other))) == ("stopped", ["stopped"]), "not by itself"


def test_one_fails_alone_and_is_tried_again_when_somebody_asks(merge, tmp_path):
    go = tmp_path / "go"
    merged = merge({"a": "1"}, {"b": {"input": "1", "run": f"test -e {go}"}, "c": "1"})
    good, bad = merged.resources
    rows = merged.apply()
    assert [came_to(rows[path]) for path in (good, bad)] == [("applied", None, None), ("partial", None, "ENG410")]
    assert "done" in {one["status"] for one in rows[bad]["addresses"]}
    assert "exit status 1" in json.dumps(rows[bad])
    assert merged.entries(bad)[-1].said["done"] == {
        one["address"]: one["digest"] for one in merged.approved[1]["changes"] if '"c"' in one["address"]
    }
    go.touch()
    assert came_to(merged.apply("r2")[bad])[0] == "partial", "nobody has asked"
    merged.changes["asked"] = "2026-11-23T23:00:00Z"
    row = merged.apply("r3")[bad]
    assert came_to(row) == ("stopped", None, "ENG730"), "what failed is tainted, and would be replaced"
    assert [one["why"] for one in row["difference"]] == ["tainted"]


def test_what_is_left_over_is_applied_though_more_of_it_is_known_by_now(merge):
    """Terraform is asked to stop when the first is made: what follows it takes its id, which nobody knew before."""
    merged = merge(things={"a": {"input": "1", "run": "kill -INT $PPID", "follows": "a"}})
    path = path_of(merged)
    row = only(merged.apply())
    assert came_to(row)[0] == "partial", row
    assert list(merged.entries(path)[-1].said["done"]) == ['terraform_data.thing["a"]']
    merged.changes["asked"] = "2026-11-23T23:00:00Z"
    assert came_to(only(merged.apply("r2"))) == ("applied", None, None)
    assert len(json.loads(state_of(merged))["resources"]) == 2
    assert merged.outcomes(path) == ["partial", "applied"]


def test_policies_of_today_have_the_last_word(merge):
    merged = merge(a="1")
    path = path_of(merged)
    finding = {"rule": "R-1", "resource": path, "address": "x", "effect": "deny"}

    def denies(rows):
        assert json.loads(Path(rows[0]["file"]).read_text())["resource_changes"]
        return {**passes(rows), "findings": [finding]}

    row = only(merged.apply(judge=denies))
    assert came_to(row) == ("stopped", None, "ENG732")
    assert (state_of(merged), merged.outcomes(path)) == (None, ["stopped"])


def test_where_policy_cannot_tell_nothing_is_applied(merge):
    merged = merge(a="1")

    def silent(_rows):
        return {"findings": [], "judged": [], "doubts": []}

    def breaks(_rows):
        raise MemoryError

    for number, judge in enumerate((silent, breaks)):
        merged.changes["asked"] = "2026-11-23T23:00:00Z"
        assert came_to(only(merged.apply(f"r{number}", judge=judge)))[0] == "stopped"
    assert state_of(merged) is None
