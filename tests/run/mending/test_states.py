"""States that two people adopt or restore: real Terraform, real backend, a ledger and sealed backups."""

import json
import threading
from typing import Any

import pytest

from engine.adapters.sealed import SealingKey
from engine.core.kept import ledger as core
from engine.errors import EngineError
from engine.run.applying import begun
from engine.run.kept import backups, ledger
from engine.run.mending.adopt import adopt
from engine.run.mending.model import Ground, Mending, Word
from engine.run.mending.restore import restore
from engine.run.mending.unlock import take_away, unlock
from engine.sandbox.emulator import ACCOUNT
from tests.support.applied import bucket, came_to, only, path_of, put_state, state, state_of, things
from tests.support.few import few
from tests.support.merged import LIMITS, REPOSITORY
from tests.support.signing import NOW, signer
from tests.support.terraform import a_job
from tests.support.trail import told, trail

pytestmark = pytest.mark.terraform

PEOPLE = [{"id": 31, "login": "carol", "comment": 1}, {"id": 41, "login": "dave", "comment": 2}]
LATER = "2026-11-23T22:30:00Z"
SEALING = [SealingKey("backup-1", b"s" * 32)]


class Two:
    """Two people, and a merge's resource."""

    def __init__(self, merged: Any, run: str = "m1", now: str = LATER, commit: str = "") -> None:
        self.merged, self.path = merged, path_of(merged)
        self.resource, store = merged.resource(self.path), merged.machine.store
        about = {
            "repository": REPOSITORY, "pr": merged.pr, "commit": merged.commit, "verdict": None, "merge": None,
            "service": self.resource.service, "name": self.resource.name, "environment": "development",
        }  # fmt: skip
        self.mending = Mending(
            key=self.resource.state_key,
            about=about,
            confirm=lambda: Word.of(PEOPLE, "we have looked at it"),
            by="interlock[bot]",
            store=store,
            trusted=merged.trusted,
            signer=signer(),
            trail=trail(store, run, lambda: now, signer()),
            run=run,
            now=lambda: now,
        )

    def ground(self, *several: dict[str, Any]) -> Ground:
        """Resources as commits have them: things, or variables."""
        made = [self.merged.resources[self.path]] if not several else [self._values(one) for one in several]
        jobs = [(f"{number:040x}", a_job(self.path, values)) for number, values in enumerate(made, 1)]
        return Ground(self.merged.machine.workspace, LIMITS, threading.Event(), jobs)

    @staticmethod
    def _values(things_: dict[str, str]) -> dict[str, Any]:
        return {"things": {name: {"input": value} for name, value in things_.items()}}

    @property
    def outcomes(self) -> list[str]:
        found: list[str] = self.merged.outcomes(self.path)
        return found

    @property
    def last(self) -> Any:
        return self.merged.entries(self.path)[-1]


def applied(merge: Any, **things_: str) -> Any:
    first = merge(**things_)
    assert came_to(only(first.apply()))[0] == "applied"
    return first


def code_of(error: "pytest.ExceptionInfo[EngineError]") -> str:
    return error.value.problems[0].code


def test_a_state_that_was_there_before_us_is_adopted_and_then_applied_to(merge):
    first = applied(merge, a="1")
    stranger = merge({"a": "1", "b": "2"})
    put_state(stranger, state_of(first))
    assert came_to(only(stranger.apply("r9")))[0] == "stopped"
    two = Two(stranger)
    made = adopt(two.mending, two.ground({"a": "1", "b": "2"}, {"a": "1"}))
    there = state(stranger)
    assert made["commit"] == f"{2:040x}", "as the branch had it before the merge"
    assert made["state"] == {"lineage": there.lineage, "serial": there.serial, "digest": there.digest}
    assert made["addresses"] == ['terraform_data.thing["a"]']
    assert (two.outcomes, two.last.said["people"], core.state_of([two.last])) == (
        ["stopped", "adopted"],
        PEOPLE,
        made["state"],
    )
    assert [(one["what"], one["outcome"]) for one in told(two.mending.store)][-1] == ("apply", "adopted")
    # It was planned from an empty state; what is left of it is a plan of its own.
    again = stranger.planned_as({two.path: {"a": "1", "b": "2"}})
    again.approved, again.changes = again.validated(), {"asked": LATER, "number": 2}
    assert came_to(only(again.apply("r10", now=lambda: LATER)))[0] == "applied"
    assert things(stranger) == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("why", "branch", "put", "code", "says"),
    [
        ("it holds more than the branch", {"a": "1"}, True, "ENG776", 'thing["b"]'),
        ("it holds less", {"a": "1", "b": "2", "c": "3"}, True, "ENG776", 'thing["c"]'),
        ("there is none", {"a": "1"}, False, "ENG775", "there is no state"),
    ],
)
def test_what_is_not_as_the_branch_says_is_not_adopted(merge, why, branch, put, code, says):
    first = applied(merge, a="1", b="2")
    stranger = merge({"a": "1"})
    if put:
        put_state(stranger, state_of(first))
    two = Two(stranger)
    with pytest.raises(EngineError) as caught:
        adopt(two.mending, two.ground(branch))
    assert (code_of(caught), two.outcomes) == (code, []), why
    assert says in caught.value.problems[0].message, why


def test_what_is_ours_need_not_be_adopted(merge):
    two = Two(applied(merge, a="1"))
    with pytest.raises(EngineError) as caught:
        adopt(two.mending, two.ground())
    assert code_of(caught) == "ENG775"
    with pytest.raises(EngineError) as caught:
        adopt(two.mending, two.ground()._replace(jobs=[]))
    assert (code_of(caught), two.outcomes) == ("ENG776", ["applied"])


@pytest.mark.slow
def test_an_older_state_is_brought_back_under_a_newer_serial(merge):
    first = applied(merge, a="1")
    second = first.next({path_of(first): {"a": "1", "b": "2"}})
    assert came_to(only(second.apply("r2")))[0] == "applied"
    before, two = state(second), Two(second)
    made = restore(two.mending, two.ground(), SEALING, 1)
    there = state(second)
    assert (there.lineage, there.serial, things(second)) == (before.lineage, before.serial + 2, {"a": "1"})
    assert made["plan"] == {
        "problem": None,
        "counts": {**made["plan"]["counts"], "create": 1, "delete": 0},
        "addresses": ['terraform_data.thing["b"]'],
    }
    assert (two.outcomes, core.state_of([two.last]), made["kept"]) == (
        ["applied", "applied", "restored"],
        made["state"],
        2,
    )
    assert two.last.said["backup"].endswith("0000000001")
    kept, data = backups.load(two.mending.store, SEALING, ACCOUNT, two.mending.key, 2)
    assert (kept.serial, json.loads(data)["serial"]) == (before.serial, before.serial), "it can be taken back"
    said = [(one["what"], one["outcome"]) for one in told(two.mending.store)]
    assert said[-2:] == [("backup", "restoring"), ("backup", "restored")]
    # The verdict is older than the state that is there now.
    second.changes["asked"] = "2026-11-23T22:31:00Z"
    row = only(second.apply("r3", now=lambda: "2026-11-23T22:32:00Z"))
    assert (came_to(row)[0], row["problem"]["code"]) == ("stopped", "ENG735")
    assert "brought back since" in row["problem"]["message"]


@pytest.mark.slow
def test_a_state_that_was_deleted_is_brought_back(merge):
    first = applied(merge, a="1")
    second = first.next({path_of(first): {"a": "1", "b": "2"}})
    assert came_to(only(second.apply("r2")))[0] == "applied"
    bucket(second, "DELETE", second.resource(path_of(second)).state_key)
    two = Two(second)
    made = restore(two.mending, two.ground(), SEALING, 1)
    assert (made["kept"], things(second), two.outcomes[-1]) == (None, {"a": "1"}, "restored")


FOREIGN = "11111111-2222-3333-4444-555555555555"


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
def test_a_backup_that_is_none_of_this_state(merge, why, sealing, number, lineage, code):
    first = applied(merge, a="1")
    second = first.next({path_of(first): {"a": "1", "b": "2"}})
    assert came_to(only(second.apply("r2")))[0] == "applied"
    if lineage:
        put_state(second, {**json.loads(state_of(second)), "lineage": lineage})
    before, two = state_of(second), Two(second)
    with pytest.raises(EngineError) as caught:
        restore(two.mending, two.ground(), sealing, number)
    assert (code_of(caught), state_of(second)) == (code, before), why
    assert two.outcomes == ["applied", "applied"], why


def test_a_backup_of_another_life_of_the_resource(merge):
    """Its states were made anew; what was sealed before is of another lineage."""
    two = Two(applied(merge, a="1"))
    there = state(two.merged)
    other = {**json.loads(there.data), "lineage": FOREIGN}
    sealed = there._replace(lineage=FOREIGN, data=json.dumps(other).encode())
    backups.keep(two.mending.store, SEALING[0], ACCOUNT, two.mending.key, sealed, "r", NOW)
    with pytest.raises(EngineError) as caught:
        restore(two.mending, two.ground(), SEALING, 1)
    assert (code_of(caught), two.outcomes) == ("ENG774", ["applied"])


def test_whoever_takes_their_word_back_stops_it(merge):
    first = applied(merge, a="1")
    second = first.next({path_of(first): {"a": "1", "b": "2"}})
    assert came_to(only(second.apply("r2")))[0] == "applied"

    def nobody() -> Word:
        raise EngineError(*_no())

    two, before = Two(second), state_of(second)
    mending = two.mending._replace(confirm=nobody)
    with pytest.raises(EngineError) as caught:
        restore(mending, two.ground(), SEALING, 1)
    assert (code_of(caught), state_of(second), two.outcomes) == ("ENG771", before, ["applied", "applied"])
    with pytest.raises(EngineError):
        unlock(mending._replace(about={**mending.about, "commit": "e" * 40}))
    assert two.outcomes == ["applied", "applied"]


def _no() -> Any:
    from engine.errors import problem

    return [problem("ENG771", command="/engine restore KEY VERSION", because="nobody says so")]


def test_what_is_applied_is_not_given_up(merge):
    two = Two(applied(merge, a="1"))
    with pytest.raises(EngineError) as caught:
        unlock(two.mending)
    assert (code_of(caught), two.outcomes) == ("ENG773", ["applied"])


def test_what_has_begun_and_never_ended_is_given_up_and_said_so(merge):
    """An apply that was lost holds the resource; its state is compared by whoever comes next."""
    first = merge(a="1")
    store = first.machine.store
    key = first.resource(path_of(first)).state_key
    applying = first.applying("r1", "me", lambda rows: {})
    begun.say(applying, _begun(first, key))
    two = Two(first)
    assert unlock(two.mending) == {"entry": 1, "begun": True}
    assert begun.unanswered(store, key, ledger.entries(store, key, first.trusted), first.trusted) is None


LOCK = {
    "ID": "5f2a", "Operation": "OperationTypeApply", "Who": "ann@laptop", "Version": "1.11.4", "Info": "",
    "Created": "2026-01-02T03:04:05.6Z", "Path": "",
}  # fmt: skip


def locked(two: Two) -> str:
    """A lock as a Terraform has left it that was killed; its object."""
    place = f"{two.mending.key}.tflock"
    assert bucket(two.merged, "PUT", place, json.dumps(LOCK).encode()).status == 200
    return place


def test_a_lock_of_terraforms_is_taken_away_by_its_id(merge):
    two = Two(merge(a="1"))
    place = locked(two)
    assert "ann@laptop" in take_away(two.mending, two.ground(), "5f2a")["lock"]
    assert bucket(two.merged, "GET", place).status == 404
    last = told(two.mending.store)[-1]
    assert (last["what"], last["outcome"], last["details"]["lock"]["id"]) == ("unlock", "taken away", "5f2a")
    assert two.outcomes == [], "it is given up by another word"
    with pytest.raises(EngineError) as caught:
        take_away(two.mending, two.ground(), "5f2a")
    assert "nobody has it" in caught.value.problems[0].message


def test_a_lock_that_stays(merge):
    two = Two(merge(a="1"))
    place = locked(two)

    def nobody() -> Word:
        raise EngineError(*_no())

    begun.say(two.merged.applying("r1", "me", lambda rows: {}), _begun(two.merged, two.mending.key))
    cases = [
        ("another one", two.mending, "5f2b", "ENG842", "ann@laptop has it since"),
        ("an apply of ours may have it", two.mending, "5f2a", "ENG842", "an apply of ours has begun"),
    ]
    for why, mending, lock, code, says in cases:
        with pytest.raises(EngineError) as caught:
            take_away(mending, two.ground(), lock)
        assert code_of(caught) == code, why
        assert says in caught.value.problems[0].message, why
    unlock(two.mending)  # its machine is lost
    with pytest.raises(EngineError) as caught:
        take_away(two.mending._replace(confirm=nobody), two.ground(), "5f2a")
    assert code_of(caught) == "ENG771"
    assert bucket(two.merged, "GET", place).status == 200
    take_away(two.mending, two.ground(), "5f2a")
    assert bucket(two.merged, "GET", place).status == 404


def _begun(merged: Any, key: str) -> Any:
    from engine.core.kept.begun import Begun
    from engine.run.applying import entries

    about = entries.about(merged.applying("r0", "me", lambda rows: {}), merged.targets[0])
    return Begun("id", 1, key, None, None, [], {}, {}, about, NOW)
