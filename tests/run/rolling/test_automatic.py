"""What a run has half done is taken back by itself: real Terraform, real backend; and all that it must not touch."""

import json
from typing import Any

import pytest

from engine.core.kept.begun import Begun
from engine.run.applying import begun, entries
from engine.run.applying.model import Target
from engine.run.rolling.automatic import undo
from tests.support.applied import ASKED, came_to, left_behind, only, path_of, put_state, said, state, state_of, things
from tests.support.few import few
from tests.support.merged import passes
from tests.support.terraform import a_job

pytestmark = pytest.mark.terraform

FAILS = {"input": "9", "run": "false"}


def half(merge, before, after, **more):
    """A merge that was applied, and the next one, which fails half way; and its row."""
    first = merge(things=before)
    path = path_of(first)
    row = only(first.apply())
    assert came_to(row)[0] == "applied", row
    second = first.next({path: after}, **more)
    row = only(second.apply("r2"))
    assert row["outcome"] in ("partial", "failed"), row
    return first, second, row


def back(first, second, row, *, judge=passes, run="r2", to=None):
    """What came of taking it back, to what the first one has."""
    path = path_of(second)
    values = {"things": {name: {"input": one} for name, one in to.items()}} if to else first.resources[path]
    asked: list[str] = []

    def target_at(commit):
        asked.append(commit)
        return Target(1, first.resource(path)._replace(variables=values), a_job(path, values))

    made = undo(second.applying(run, "me", judge), row, target_at)
    assert set(asked) <= {first.commit}
    return made


def test_what_was_made_is_taken_away_and_what_was_there_stays(merge, tmp_path):
    until = {"input": "9", "run": f"test -e {tmp_path}/flag"}
    first, second, row = half(merge, {"a": "1", "b": "2"}, {"a": "1", "b": "2", "c": "3", "d": until})
    before = json.loads(state_of(first))
    made = back(first, second, row)
    assert (made["outcome"], made["to"], made["problem"]) == ("rolled_back", first.commit, None)
    assert things(second) == {"a": "1", "b": "2"}
    assert second.outcomes(path_of(second)) == ["applied", "partial", "rolled_back"]
    entry, there = second.entries(path_of(second))[-1], state(second)
    assert entry.said["state"] == {"lineage": there.lineage, "serial": there.serial, "digest": there.digest}
    assert there.lineage == before["lineage"]
    assert entry.said["backup"].endswith("0000000002"), "the state was kept before"
    words = [outcome for what, outcome in said(second) if what == "apply"]
    assert words == ["started", "completed", "started", "partial", "rolling_back", "rolled_back"]
    assert left_behind(second) == []
    again = back(first, second, row, run="r9")
    assert (again["outcome"], again["problem"]["code"]) == ("none", "ENG839"), "once for each merge"
    again = back(first, second, row)
    assert (again["outcome"], again["problem"]) == ("rolled_back", None), "the same run says what it has done"
    assert second.outcomes(path_of(second)) == ["applied", "partial", "rolled_back"]
    # Nobody applies it anew by themselves; where a person asks, all of it is to be done again.
    assert came_to(only(second.apply("r3")))[0] == "partial"
    second.changes["asked"] = ASKED
    (tmp_path / "flag").touch()
    row = only(second.apply("r4", now=lambda: ASKED))
    assert (row["outcome"], things(second)) == ("applied", {"a": "1", "b": "2", "c": "3", "d": "9"})


@pytest.mark.slow
def test_what_was_taken_away_is_made_again(merge):
    first, second, row = half(merge, {"a": "1", "b": "2"}, {"a": "1", "d": FAILS})
    assert back(first, second, row)["outcome"] == "rolled_back"
    assert things(second) == {"a": "1", "b": "2"}


def denies(rows):
    found = [
        {"rule": "CMP-DEL-001", "effect": "deny", "resource": row["path"], "address": "a", "severity": "high"}
        for row in rows
    ]
    return {"findings": found, "judged": [row["path"] for row in rows], "doubts": []}


def silent(_rows):
    return {"findings": [], "judged": [], "doubts": []}


@pytest.mark.parametrize(
    ("why", "after", "how", "code", "says"),
    few(
        [
            ("what was replaced was there before", {"a": "5", "d": FAILS}, {}, "ENG839", "more than made"),
            ("it would make what the run has not touched", {"a": "1", "d": FAILS}, {"to": {"a": "1", "z": "1"}},
             "ENG839", 'thing["z"]'),
            ("it would take away what was there before", {"a": "1", "d": FAILS}, {"to": {"q": "1"}},
             "ENG839", 'thing["a"]'),
            ("policy says no", {"a": "1", "d": FAILS}, {"judge": denies}, "ENG732", "CMP-DEL-001"),
            ("policy says nothing", {"a": "1", "d": FAILS}, {"judge": silent}, "ENG561", ""),
            ("another run has tried it", {"a": "1", "d": FAILS}, {"run": "r5"}, "ENG839", "another run"),
        ],
        2,
    ),
)  # fmt: skip
def test_and_nothing_else(merge, why, after, how, code, says):
    first, second, row = half(merge, {"a": "1"}, after)
    before = state_of(second)
    made = back(first, second, row, **how)
    assert (made["outcome"], made["problem"]["code"]) == ("none", code), why
    assert says in made["problem"]["message"], why
    assert state_of(second) == before, why
    assert second.outcomes(path_of(second)) == ["applied", row["outcome"]], why
    assert left_behind(second) == [], why


@pytest.mark.slow
def test_a_state_that_somebody_else_has_written_since_is_left_alone(merge):
    first, second, row = half(merge, {"a": "1"}, {"a": "1", "d": FAILS})
    put_state(second, {**json.loads(state_of(second)), "serial": 99})
    before = state_of(second)
    assert back(first, second, row)["problem"]["code"] == "ENG731"
    assert state_of(second) == before


def test_a_first_apply_has_nowhere_to_go_back_to(merge):
    first = merge(a="1", d=FAILS)
    row = only(first.apply("r2"))
    assert row["outcome"] in ("partial", "failed")
    made = back(first, first, row)
    assert (made["problem"]["code"], "first try" in made["problem"]["message"]) == ("ENG839", True)
    assert things(first)["a"] == "1"


def test_what_was_never_begun_is_not_taken_back(merge):
    first = merge(a="1")
    row: Any = {"path": path_of(first), "state_key": "k", "outcome": "stopped", "entry": 2}
    made = undo(first.applying("r2", "me", passes), row, lambda _: None)  # type: ignore[arg-type,return-value]
    assert (made["outcome"], made["problem"]) == ("none", None)


def test_one_that_was_cut_off_is_never_gone_on_with_and_never_applied_anew(merge):
    """A lost way back, on another machine: what it was to change is not what the merge would."""
    first, second, _ = half(merge, {"a": "1"}, {"a": "1", "c": "3", "d": FAILS})
    path = path_of(second)
    last, there = second.entries(path)[-1], state(second)
    applying = second.applying("r2", "me", passes)
    mark = Begun("gone", last.number + 1, last.key, last.said["state"], None, [], {}, {},
                 entries.about(applying, second.targets[0]), "2026-11-23T12:00:00Z", first.commit)  # fmt: skip
    begun.say(applying, mark)
    second.changes["asked"] = ASKED
    row = only(second.apply("r3", now=lambda: ASKED))
    assert came_to(row)[0] == "half_back"
    assert (second.outcomes(path), state(second)) == (["applied", "partial", "half_back"], there)
    assert "cut off" in second.entries(path)[-1].said["why"]
