"""`/engine unlock KEY LOCK`: Terraform's lock of a state, from comments of people on a forge to the backend.

The events are those that the forge sends, `engine run` is what a job starts, and Terraform itself gives the lock back.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.clock import now
from engine.cli.main import main
from engine.core.kept import keys
from engine.core.kept.journal import Identity
from engine.run.kept.claims import locked
from engine.run.kept.journal import Journal
from engine.run.kept.owner import Owner
from engine.sandbox.forge.serve import running
from tests.support.applied import of_states
from tests.support.emulator import aws
from tests.support.hosted import REPO
from tests.support.merged import given
from tests.support.page import Page
from tests.support.states import mending
from tests.support.trail import told

__all__ = ["aws"]

pytestmark = [pytest.mark.slow, pytest.mark.terraform]

LOCK = "11111111-2222-3333-4444-555555555555"
OTHER = "66666666-7777-8888-9999-000000000000"
WAITS, NO = 8, 1


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, aws: Any) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("locks")
    with running(str(folder / "forge"), webhook="http://127.0.0.1:9/") as forge:
        yield mending(forge, folder, aws, **{"else": "answer"})


class Locked:
    """A merged pull request, the state of its resource, and who has Terraform's lock of that."""

    def __init__(self, page: Page, aws: Any, branch: str) -> None:
        self.page, self._aws, self.key = page, given(aws), f"S3/dev/{branch}/terraform.tfstate"
        self.number = page.hosted.pull(branch)
        assert page.hosted.as_("olga", "PUT", f"/pulls/{self.number}/merge", {"merge_method": "squash"}).status == 200
        self.locks(LOCK)

    def locks(self, lock: str) -> None:
        """A Terraform takes it."""
        body = {
            "ID": lock, "Operation": "OperationTypeApply", "Who": "bob@host", "Version": "1.11.4", "Info": "",
            "Created": "2026-11-23T22:00:00.5Z", "Path": "",
        }  # fmt: skip
        assert of_states(self._aws, "PUT", f"{self.key}.tflock", json.dumps(body).encode()).status == 200

    @property
    def lock(self) -> str | None:
        """Whose it is now, by its id."""
        found = of_states(self._aws, "GET", f"{self.key}.tflock")
        return str(json.loads(found.read())["ID"]) if found.status == 200 else None

    def say(self, who: str, lock: str = LOCK) -> int:
        self.page.forge.clock.advance(2)
        return self.page.hosted.comment(self.number, who, f"/engine unlock {self.key} {lock}")

    def edit(self, who: str, comment: int, body: str) -> None:
        self.page.forge.clock.advance(2)
        done = self.page.hosted.as_(who, "PATCH", f"/issues/comments/{comment}", {"body": body})
        assert done.status == 200, done

    @property
    def answer(self) -> str:
        return str(self.page.ours(self.number)[-1].body)


@pytest.fixture
def engine(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Carries out what the forge has sent of a comment: exit code, and what the run says."""
    for name, value in page.environ.items():
        monkeypatch.setenv(name, value)

    def run(comment: int) -> tuple[int, str]:
        rows = page.forge.kept.rows("SELECT body FROM deliveries WHERE event = 'issue_comment' AND action = 'created'")
        (body,) = {row["body"] for row in rows if json.loads(row["body"])["comment"]["id"] == comment}
        file = tmp_path / f"{comment}.json"
        file.write_bytes(body)
        given_ = ["--event", str(file), "--event-name", "issue_comment", "--rules", page.controller]
        code = main(["run", *given_, "--out", str(tmp_path / f"out-{comment}-{len(list(tmp_path.iterdir()))}")])
        return code, "".join(capsys.readouterr())

    return run


def test_two_people_take_a_lock_away(page: Page, aws: Any, engine: Any) -> None:
    it = Locked(page, aws, "stuck")
    code, said = engine(it.say("carol"))
    assert (code, it.lock) == (WAITS, LOCK), said
    assert "1 of 2" in it.answer
    last = it.say("dave")
    code, said = engine(last)
    assert (code, it.lock) == (0, None), said
    assert "Taken away: Terraform's lock" in it.answer
    assert "host has it since 2026-11-23 22:00:00.5" in it.answer
    [row] = [one for one in told(page.store) if one["what"] == "unlock"]
    assert (row["outcome"], row["key"], row["details"]["lock"]["id"]) == ("taken away", it.key, LOCK)
    assert [one["login"] for one in row["details"]["people"]] == ["carol", "dave"]
    it.locks(OTHER)
    assert (engine(last)[0], it.lock) == (NO, OTHER), "a delivery that comes twice, when somebody else has it"


def test_who_is_not_two_people_takes_none_away(page: Page, aws: Any, engine: Any) -> None:
    it = Locked(page, aws, "held")
    first = it.say("carol")
    for why, who, lock, code, says in (
        ("one person twice", "carol", LOCK, WAITS, "1 of 2"),
        ("two people of two locks", "dave", OTHER, WAITS, "1 of 2"),
        ("whoever may not say it", "ann", LOCK, NO, "may not say"),
    ):
        assert (engine(it.say(who, lock))[0], it.lock) == (code, LOCK), why
        assert says in it.answer, why
    it.edit("carol", first, "Never mind.")
    for comment in [one for one in page.pull(it.number).comments or () if one.user and one.user.login == "carol"]:
        it.edit("carol", comment.id, f"/engine unlock {it.key} {LOCK} ")
    assert (engine(it.say("dave"))[0], it.lock) == (WAITS, LOCK), "what one of them has edited since"
    mine = it.say("erin")
    it.edit("erin", mine, f"/engine unlock {it.key} {LOCK}\nAs I said.")
    assert (engine(mine)[0], it.lock) == (NO, LOCK), "the last one was edited before it was carried out"


def test_a_lock_that_somebody_works_under_is_not_taken_away(page: Page, aws: Any, engine: Any) -> None:
    it = Locked(page, aws, "alive")
    it.say("carol")
    last = it.say("dave")
    me = Owner("e.p", "another engine")
    journal = Journal(page.store, Identity("r9", "apply", f"{REPO}#{it.number}"), me, None)
    journal.begin_run({"asked": "x", "stance": {}})
    with locked(page.store, [keys.alone(it.key)], journal, now):
        code, said = engine(last)
        assert (code, it.lock) == (WAITS, LOCK), said
    assert "ENG742" in it.answer
    assert "write it again in a new comment" in it.answer, "no sweep carries it out"
    it.locks(OTHER)
    it.say("carol")
    assert (engine(it.say("erin"))[0], it.lock) == (NO, OTHER), "somebody else has taken it since it was named"
    assert "host has it since" in it.answer
    assert OTHER in it.answer
