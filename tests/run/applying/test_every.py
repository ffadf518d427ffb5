"""Merges are applied, with real Terraform on the real S3 backend: what is done, what is said of it, and what is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.run.kept import backups
from tests.support.applied import ASKED, came_to, left_behind, only, path_of, said, state, state_of, things
from tests.support.merged import MODULE, Machine, Merged, passes

pytestmark = pytest.mark.terraform


def test_it_is_applied_once_and_said(merge):
    merged = merge(a="1", b="2")
    path = path_of(merged)
    shown: list[Any] = []
    row = only(merged.apply(live=shown.append))
    assert came_to(row) == ("applied", None, None)
    assert things(merged) == {"a": "1", "b": "2"}
    assert [(one["action"], one["status"], one["error"]) for one in row["addresses"]] == [("create", "done", None)] * 2
    (entry,) = merged.entries(path)
    found = state(merged)
    assert entry.said["state"] == {"lineage": found.lineage, "serial": found.serial, "digest": found.digest}
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
    assert (merged.outcomes(path), state(merged)) == (["applied"], found)
    assert said(merged) == [("apply", "started"), ("apply", "completed")]


def test_before_each_apply_the_state_is_backed_up(merge, place):
    first = merge(a="1")
    path = path_of(first)
    first.apply()
    before = state_of(first)
    second = first.next({path: {"a": "1", "b": "2"}})
    assert came_to(only(second.apply("r2"))) == ("applied", None, None)
    (backup,) = backups.listed(place.store, second.resource(path).state_key)
    sealing = second.applying("r3", "me", passes).sealing
    about, data = backups.load(place.store, sealing, backup.account, backup.state_key, 1)
    assert (json.loads(data)["resources"], about.serial) == (
        json.loads(before)["resources"],
        json.loads(before)["serial"],
    )
    assert second.entries(path)[-1].said["backup"] == backup.key
    assert ("backup", "kept") in said(second)


def test_a_resource_that_is_taken_out_is_planned_as_nothing(merge):
    first = merge(a="1")
    path = path_of(first)
    first.apply()
    gone = first.next({path: {}})
    assert [change["actions"] for change in gone.approved[0]["changes"]] == [["delete"]]
    assert came_to(only(gone.apply("r2"))) == ("applied", None, None)
    assert things(gone) == {}


@pytest.mark.slow
def test_a_resource_whose_files_are_gone_is_destroyed_and_may_come_again(merge):
    first = merge(a="1")
    path = path_of(first)
    first.apply()
    gone = first.next({path: {}}, variables={path: {"environment": "development"}})
    assert [change["actions"] for change in gone.approved[0]["changes"]] == [["delete"]]
    row = only(gone.apply("r2"))
    assert came_to(row) == ("destroyed", None, None)
    assert things(gone) == {}, "the state stays, and holds nothing"
    assert gone.entries(path)[-1].said["backup"].endswith("0000000001")
    assert said(gone)[-1] == ("apply", "completed")
    assert came_to(only(gone.apply("r3"))) == ("destroyed", None, None), "once"
    assert gone.outcomes(path) == ["applied", "destroyed"]
    anew = gone.next({path: {"a": "2"}})
    assert came_to(only(anew.apply("r4"))) == ("applied", None, None)
    assert (things(anew), anew.outcomes(path)) == ({"a": "2"}, ["applied", "destroyed", "applied"])


def test_what_was_never_made_is_destroyed_without_a_state(merge):
    path = path_of(merge(a="1"))
    gone = merge(a="1").next({path: {}}, variables={path: {"environment": "development"}})
    assert came_to(only(gone.apply())) == ("destroyed", None, None)
    assert gone.entries(path)[-1].said["state"] is None


@pytest.mark.slow
def test_what_takes_something_back_has_to_leave_nothing_to_be_done(merge, place):
    first = merge(a="1", b="2")
    path = path_of(first)
    row = only(first.apply(twice=True))
    assert (came_to(row), row["outcome"]) == (("applied", None, None), "applied")
    # While it is applied something happens by which what is written is not all that has to be there.
    late = f"{place.workspace.template.module}/late.tf"
    hurt = {"input": "3", "run": f'echo \'resource "terraform_data" "late" {{}}\' > {late}'}
    second = first.next({path: {"a": "1", "b": hurt}})
    row = only(second.apply("r2", twice=True))
    assert came_to(row) == ("applied", None, "ENG838"), "the ledger says what is so"
    assert "terraform_data.late would be changed" in row["problem"]["message"]
    assert second.outcomes(path) == ["applied", "applied"]
    assert left_behind(second) == []


def test_nothing_to_apply_is_applied(merge):
    first = merge(a="1")
    path = path_of(first)
    first.apply()
    serial = state(first).serial
    same = first.next({path: {"a": "1"}})
    assert came_to(only(same.apply("r2"))) == ("applied", None, None)
    assert same.outcomes(path) == ["applied", "applied"]
    assert state(same).serial == serial
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
    assert (state_of(other), other.outcomes(path_of(other))) == (b"", ["stopped"]), why
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
    merged.changes["asked"] = ASKED
    row = merged.apply("r3")[bad]
    assert came_to(row) == ("stopped", None, "ENG730"), "what failed is tainted, and would be replaced"
    assert [one["why"] for one in row["difference"]] == ["tainted"]


# Terraform looks at the condition when it applies: the time is not known before.
NOT_YET = """
  lifecycle {
    precondition {
      condition     = timestamp() != var.environment ? fileexists("GO") : false
      error_message = "its name is taken"
    }
  }
"""
# The module's own output is written though nothing else is.
REFUSED_AT_FIRST = f"""
output "where" {{ value = var.environment }}
resource "terraform_data" "last" {{
  input = "1"
{NOT_YET}
}}
"""


def of_module(place, root, text, resources):
    """A merge by a module of that text."""
    folder = root / "its-module"
    folder.mkdir()
    (folder / "main.tf").write_text(text.replace("GO", str(root / "go")))
    return Merged(Machine(root, place.aws, module=str(folder)), resources, asked=ASKED)


@pytest.mark.slow
def test_what_failed_before_anything_was_made_is_tried_again_by_the_same_module_alone(place, tmp_path):
    merged = of_module(place, tmp_path, MODULE + REFUSED_AT_FIRST, {"S3/taken": {}})
    assert came_to(only(merged.apply())) == ("failed", None, "ENG410")
    assert '"where"' in json.dumps(json.loads(state_of(merged))["outputs"])
    (tmp_path / "go").touch()
    (Path(merged.machine.module) / "more.tf").write_text('output "more" { value = 1 }')
    machine = Machine(tmp_path, place.aws, module=merged.machine.module)
    other = Merged(machine, {"S3/taken": {}}, approved=merged.approved, asked=ASKED)
    assert came_to(only(other.apply("r2"))) == ("stopped", None, "ENG730"), "nobody has approved that"
    assert came_to(only(merged.apply("r3"))) == ("applied", None, None)


def test_what_is_left_over_is_applied_though_more_of_it_is_known_by_now(place, tmp_path):
    """What follows the first one takes its id, which nobody knew before."""
    known = "  input    = terraform_data.thing[each.value].id\n"
    assert known in MODULE
    things = {"a": {"input": "1", "follows": "a"}}
    merged = of_module(place, tmp_path, MODULE.replace(known, known + NOT_YET), {"S3/late": things})
    row = only(merged.apply())
    assert came_to(row)[0] == "partial", row
    assert list(merged.entries("S3/late")[-1].said["done"]) == ['terraform_data.thing["a"]']
    (tmp_path / "go").touch()
    assert came_to(only(merged.apply("r2"))) == ("applied", None, None)
    assert len(json.loads(state_of(merged))["resources"]) == 2
    assert merged.outcomes("S3/late") == ["partial", "applied"]


def test_policies_of_today_have_the_last_word(merge):
    merged = merge(a="1")
    path = path_of(merged)
    finding = {"rule": "R-1", "resource": path, "address": "x", "effect": "deny"}

    def denies(rows):
        assert json.loads(Path(rows[0]["file"]).read_text())["resource_changes"]
        return {**passes(rows), "findings": [finding]}

    row = only(merged.apply(judge=denies))
    assert came_to(row) == ("stopped", None, "ENG732")
    assert (state_of(merged), merged.outcomes(path)) == (b"", ["stopped"])


def test_where_policy_cannot_tell_nothing_is_applied(merge):
    merged = merge(a="1")

    def silent(_rows):
        return {"findings": [], "judged": [], "doubts": []}

    def breaks(_rows):
        raise MemoryError

    for number, judge in enumerate((silent, breaks)):
        merged.changes["asked"] = ASKED
        assert came_to(only(merged.apply(f"r{number}", judge=judge)))[0] == "stopped"
    assert state_of(merged) == b""
