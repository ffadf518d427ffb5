"""What a sweep finds, in how few requests: GitHub at the far end, and the store as earlier runs have left it."""

import json
import os
from threading import Event as Flag
from typing import Any

import pytest

from engine import __version__, data
from engine.adapters import settings
from engine.adapters.github.auth import Token
from engine.adapters.github.client import Client
from engine.adapters.github.look import Look
from engine.adapters.keys import Keyring
from engine.adapters.storage.memory import Memory
from engine.core.decision import due
from engine.core.decision.decide import decide
from engine.core.decision.document import freeze
from engine.core.events.envelope import read_event
from engine.core.events.kinds import Subject
from engine.core.kept import keys
from engine.core.kept.journal import Identity
from engine.core.moment import later
from engine.core.rules.load import load
from engine.run.actions.sweep import MOST, sweep
from engine.run.catalog import catalog
from engine.run.context import Context, Controller, Work
from engine.run.kept import freezes, swept
from engine.run.kept.journal import Journal
from engine.run.kept.owner import Owner
from engine.run.ports import Ports
from engine.run.today import digests
from engine.run.trusted import read_rules
from tests.support.facts import BASE, HEAD, KEY, NOW, OLD, REPO
from tests.support.http import Answer, Far
from tests.support.trail import trail

RULES = load(read_rules(data.ROOT), catalog())
SETTINGS = settings.read({"HOME": "/h", "PATH": os.environ["PATH"]})
CONTROLLER = Controller.at(data.ROOT)
BEFORE, AFTER = later(NOW, -600), later(NOW, 600)
SAID = {"comments": (1, 41), "reviews": (0, 0)}


class GitHub:
    """A repository at the far end: open pull requests, what was merged last, branches."""

    def __init__(self, pulls=1):
        self.pulls = [_pull(number) for number in range(1, pulls + 1)]
        self.merged, self.branches = [], [_branch("dev", BASE)]

    def __call__(self, asked):
        body = json.loads(asked.body)
        if "query Recent" in body["query"]:
            found: dict[str, Any] = {"pullRequests": {"nodes": self.merged}}
            found["refs"] = {"totalCount": len(self.branches), "nodes": self.branches}
        else:
            start = int(body["variables"]["after"] or 0)
            more = start + 100 < len(self.pulls)
            found = {"pullRequests": {
                "totalCount": len(self.pulls), "nodes": self.pulls[start : start + 100],
                "pageInfo": {"hasNextPage": more, "endCursor": str(start + 100)},
            }}  # fmt: skip
        return Answer(
            200,
            json.dumps(
                {"data": {"viewer": {"login": "interlock[bot]"}, "repository": {"nameWithOwner": REPO, **found}}}
            ).encode(),
        )


def _pull(number):
    return {
        "number": number, "isDraft": False, "updatedAt": BEFORE, "headRefName": f"f{number}", "headRefOid": HEAD,
        "viewerDidAuthor": False, "comments": _said(41), "reviews": _said(),
        "headRepository": {"nameWithOwner": REPO}, "baseRefName": "dev", "baseRef": {"target": {"oid": BASE}},
    }  # fmt: skip


def _said(*ids):
    return {"totalCount": len(ids), "nodes": [{"fullDatabaseId": str(one)} for one in ids[-1:]]}


def _branch(name, sha, at=NOW):
    return {"name": name, "target": {"oid": sha, "committedDate": at}}


def _merged(number, login="interlock", kind="Bot", at=BEFORE):
    by = {"__typename": kind, "login": login, "databaseId": 9}
    return {"number": number, "mergedBy": by, "headRefOid": HEAD, "baseRefName": "dev", "updatedAt": at,
            "comments": _said(41), "reviews": _said()}  # fmt: skip


class Swept:
    """A store and a far end, and one sweep after the other."""

    def __init__(self, github):
        self.github, self.store, self.calls = github, Memory(), 0

    def __call__(self, now=NOW, keys=None, number=None):
        payload: dict[str, Any] = {"schedule": "10m"}
        if number:
            payload = {"version": 1, "source_repo": REPO, "event": "look", "pr_number": number}
        event = read_event(json.dumps(payload).encode())
        document = freeze({}, origin="github")
        with Far(self.github).serving() as far:
            client = Client(f"{far.url}/api/v3", Token("ghs_x"))
            context = Context(
                event=event, document=document, rules=RULES, controller=CONTROLLER,
                discovery=None,  # type: ignore[arg-type]  # a sweep is about no change
                settings=SETTINGS, ports=Ports(self.store, Keyring({}), lambda: now, trail(self.store), Look(client)),  # type: ignore[arg-type]  # a sweep is handed nothing that writes
                work=Work("/nowhere", lambda _: None, lambda _: None, Flag()),
                result=decide(event, document, RULES, "sweep").pipelines[0], decision="", now=now, run="r",
                check_head=lambda: None,
                journal=Journal(self.store, Identity("r", "sweep", "none"), Owner("me.1", "me"), None),
            )  # fmt: skip
            found = sweep(context, keys)
            self.calls = client.calls
        assert found["failed"] == {}
        self.left = found["left"]
        return {row["subject"].removeprefix(REPO): row["why"] for row in found["found"]}

    def decided(self, number, until=AFTER, keys=(), depends=(), **seen):
        """As the run of a pull request leaves it."""
        marks = due.marks(
            due.Seen(**{"head": HEAD, "base_ref": "dev", "base_sha": BASE, "updated_at": BEFORE, "said": SAID, **seen}),
            made_with=due.made_with(RULES, __version__, digests(CONTROLLER, SETTINGS)),
            frozen=swept.frozen(self.store),
            holders=(),
            depends=depends,
        )
        swept.note(self.store, "r", REPO, number, due.Last(marks, tuple(keys), tuple(depends), until))


def test_a_hundred_that_rest_take_two_requests_and_none_is_decided():
    run = Swept(GitHub(100))
    for number in range(1, 101):
        run.decided(number)
    assert (run(), run.calls) == ({}, 2)


def test_one_that_nobody_has_decided_is_found_once_it_is_there():
    run = Swept(GitHub(2))
    run.decided(1)
    assert run() == {"#2": "nobody has decided it yet"}
    run.decided(2)
    assert run() == {}


@pytest.mark.parametrize(
    ("why", "decided", "says"),
    [
        ("a lost push", {"head": OLD}, "it was pushed to"),
        ("the base moved on", {"base_sha": OLD}, "its base is another one"),
        ("a lost review", {"updated_at": later(BEFORE, -1)}, "something was said or done on it"),
        ("a lost comment of the same second", {"said": {"comments": (0, 0)}}, "a comment was written"),
        ("a verdict that has expired", {"until": NOW}, f"what was decided holds until {NOW}"),
        ("the one it depends on is closed", {"depends": (99,)}, "one that it depends on is no longer open"),
    ],
)
def test_what_is_newer_than_its_last_decision_is_found(why, decided, says):
    run = Swept(GitHub(1))
    run.decided(1, **decided)
    assert next(iter(run().values())).startswith(says), why


def test_a_freeze_and_its_end_are_each_found_once():
    run = Swept(GitHub(1))
    run.decided(1)
    for active in (True, False):
        freezes.say(run.store, freezes.Said(f"r{active}", None, active, "ann", NOW, "Christmas"))
        assert list(run()) == ["#1"], active
        run.decided(1)
        assert run() == {}, active


def test_a_record_that_nobody_can_read_is_none():
    run = Swept(GitHub(1))
    run.store.put_if_absent(f"swept/{REPO}/1", b"garbage")
    assert list(run()) == ["#1"]


def test_one_of_which_something_cannot_be_believed_keeps_no_other_from_its_turn():
    """What stands at its resource is no word of ours: its own run says so."""
    run = Swept(GitHub(2))
    run.decided(1, keys=[KEY])
    run.decided(2)
    run.store.put_if_absent(keys.hold(KEY, REPO, 7), b"{}")
    found = run()
    assert list(found) == ["#1"]
    assert "is not believed" in found["#1"]


def test_what_has_no_turn_has_the_next():
    run = Swept(GitHub(MOST + 10))
    first = run()
    assert (len(first), run.left) == (MOST, 10)
    second = run()
    assert set(second) >= {f"#{number}" for number in range(1, MOST + 11)} - set(first), "nobody waits for ever"


def test_branches_that_were_pushed_and_have_no_pull_request():
    run = Swept(GitHub(1))
    run.decided(1)
    run.github.branches += [_branch("f1", HEAD), _branch("old", OLD)]
    assert run() == {}, "the first sweep only looks"
    run.github.branches[2] = _branch("old", HEAD)
    run.github.branches += [_branch("new", OLD, at="2001-01-01T00:00:00Z"), _branch("prod", OLD)]
    why = "it was pushed, and has no pull request"
    assert run() == {"@refs/heads/old": why, "@refs/heads/new": why}, "what changes go to is none, nor what has one"
    assert run() == {}, "each once"


def test_a_branch_that_was_merged_and_is_still_there_needs_no_other_pull_request():
    run = Swept(GitHub(0))
    run()
    run.github.merged = [{**_merged(5, "ann", "User"), "headRefOid": "d" * 40}]
    run.github.branches += [_branch("merged", "d" * 40), _branch("went-on", "e" * 40)]
    assert run() == {"@refs/heads/went-on": "it was pushed, and has no pull request"}


def test_of_a_page_that_is_not_all_of_them_only_new_commits_count():
    run = Swept(GitHub(0))
    run()
    run.github.branches = [_branch(f"b{number}", OLD, at="2001-01-01T00:00:00Z") for number in range(3)]
    full = run.github.__call__

    def cut(asked):
        answer = full(asked)
        return Answer(200, answer.body.replace(b'"totalCount": 3', b'"totalCount": 300'))

    run.github = cut
    assert run() == {}


def test_a_merge_of_ours_without_a_decision_is_told_of_once():
    run = Swept(GitHub(0))
    run.github.merged = [_merged(5), _merged(6, "ann", "User"), _merged(7, "interlock", "User"), _merged(8), _merged(9)]
    run.store.put_if_absent(f"merges/{REPO}/8", b"whatever it says, others read it")
    swept.begin(run.store, "a", Subject("pull_request", REPO, 9), "merge", NOW)  # about to sign
    assert run() == {"#5": "it was merged by us, and no merge decision says so"}
    assert run() == {}


def test_runs_that_were_left_lying():
    run = Swept(GitHub(0))
    run.github.branches.append(_branch("f", HEAD))
    pull, ref = Subject("pull_request", REPO, 7), Subject("ref", REPO, ref="refs/heads/f")
    swept.begin(run.store, "a", pull, "merge", NOW)
    swept.begin(run.store, "b", ref, "open-pr", NOW)
    swept.begin(run.store, "c", Subject("ref", REPO, ref="refs/heads/gone"), "open-pr", NOW)
    assert run() == {}, "they may be at work"
    assert run(now=later(NOW, 86_400)) == {
        "#7": "a run of `merge` was begun and left lying",
        "@refs/heads/f": "a run of `open-pr` was begun and left lying",
    }
    assert {one.pr or one.ref for one in swept.begun(run.store, REPO)} == {7, "refs/heads/f"}
    for one in list(swept.begun(run.store, REPO)):
        swept.end(run.store, one.key)
    assert run(now=later(NOW, 86_401)) == {}


def test_after_a_merge_those_on_the_same_resource_are_found():
    run = Swept(GitHub(4))
    run.decided(1, keys=[KEY])
    run.decided(2, keys=["another"])
    run.decided(3, keys=["another", KEY])
    assert (list(run(keys=[KEY], number=3)), run.calls) == (["#1"], 1)
