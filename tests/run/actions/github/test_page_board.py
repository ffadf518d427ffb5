"""What is kept of each pull request for the engine's own pages: whose turn it is, what is missing, who can give it."""

import pytest

from engine.core.kept import keys
from engine.run.kept import board
from tests.support.hosted import REPO


def kept(page, number):
    return board.get(page.store, REPO, number)


def told(page, branch, *pipelines):
    number = page.hosted.pull(branch)
    for pipeline in pipelines:
        assert page.run(pipeline, number)
    return kept(page, number).entry


@pytest.mark.parametrize(
    ("why", "pipelines", "turn", "line", "who"),
    [
        ("nothing was validated yet", ["comment"], "engine", "Stale: validating again", ()),
        ("a reviewer is missing", ["pass", "comment"], "people", "Passed: waiting for 1 more approval from reviewers",
         ("ann", "bob")),
        ("what is denied is the author's, or of who may excuse it; an approval brings nothing on", ["fail", "comment"],
         "author", "Failed: 1 finding denies it, the worst is high", ("alice", "dave", "erin")),
        ("what nobody may excuse is the author's alone", ["severe", "comment"], "author",
         "Failed: 1 finding denies it, the worst is critical", ("alice",)),
    ],
)  # fmt: skip
def test_whose_turn_it_is(page, why, pipelines, turn, line, who):
    entry = told(page, f"board-{turn}-{len(who)}", *pipelines)
    assert (entry.turn, entry.line, entry.who) == (turn, line, who), why
    assert (entry.stage, entry.author, entry.environment, entry.base) == ("open", "alice", "development", "dev")


def test_what_is_missing_and_who_can_give_it_and_the_reasons_of_every_gate(page):
    found = kept(page, told(page, "board-missing", "pass", "comment").pr)
    [wait] = found.entry.waits
    assert wait.to_json() == {
        "gate": "reviewed", "outcome": "pending", "what": "1 more approval from reviewers", "who": ["ann", "bob"],
        "words": "",
    }  # fmt: skip
    gates = {gate["name"]: gate for gate in found.gates}
    assert gates["reviewed"]["outcome"] == "pending"
    assert gates["security-reviewed"]["causes"][0]["causes"][0]["text"] == "environment() == 'production'"
    assert [step.line for step in found.steps] == [found.entry.line]


def test_there_is_one_record_of_each_and_it_is_put_anew_only_when_it_says_something_else(page):
    number = told(page, "board-once", "comment").pr
    first = kept(page, number)
    page.run("comment", number)
    assert kept(page, number) == first
    page.run("pass", number)
    page.run("comment", number)
    again = kept(page, number)
    prefix = keys.board(REPO, number)
    assert list(page.store.list(prefix)) == [keys.numbered(prefix, 2)]
    assert [step.line for step in again.steps] == [first.entry.line, again.entry.line]
    assert again.entry.since >= first.entry.since


def test_one_that_is_closed_waits_for_nothing_and_one_that_is_opened_again_does(page):
    number = told(page, "board-closed", "comment").pr
    page.hosted.as_("alice", "PATCH", f"/pulls/{number}", {"state": "closed"})
    page.run("closed", number)
    ended = kept(page, number).entry
    assert (ended.turn, ended.line, ended.waits) == ("nobody", "Closed, not merged", ())
    assert list(page.store.list(keys.board(REPO, number))) == []
    assert number not in {entry.pr for entry in board.Board(page.store).read().entries}
    page.hosted.as_("alice", "PATCH", f"/pulls/{number}", {"state": "open"})
    page.run("comment", number)
    again = kept(page, number)
    assert (again.entry.turn, again.entry.number) == ("engine", ended.number + 1)
    assert list(page.store.list(keys.board(REPO, number, ended=True))) == []


def test_what_is_merged_waits_to_be_applied(page):
    number = page.ready("board-merged")
    page.run("merge", number)
    entry = kept(page, number).entry
    assert (entry.stage, entry.turn, entry.line, entry.who) == ("merged", "engine", "Merged into dev", ())
    page.run("apply-comment", number)
    entry = kept(page, number).entry
    assert (entry.stage, entry.line) == ("merged", "Merged into dev, nothing of it applied")
    page.run("closed", number)  # what applying has said is not taken back by it
    assert kept(page, number).entry == entry


def test_it_is_kept_though_github_cannot_be_written_to(page):
    number = page.hosted.pull("board-down")
    page.fault(path=f"/repos/{REPO}/issues/{number}/comments", method="POST", status=403, message="no", count=1)
    page.run("comment", number)
    assert page.ours(number) == []
    assert kept(page, number).entry.line == "Stale: validating again"


def test_no_credential_gets_onto_the_board(page, monkeypatch):
    secret = "AKIA0SECRET0SECRET0X"
    values = page.settings._replace(credentials={**page.settings.credentials, "AWS_SECRET_ACCESS_KEY": secret})
    monkeypatch.setattr(page, "settings", values)
    number = page.hosted.pull("board-secret")
    renamed = page.hosted.as_("alice", "PATCH", f"/pulls/{number}", {"title": f"with {secret} in it"})
    assert renamed.status == 200
    page.run("comment", number)
    found = kept(page, number)
    assert secret not in str(found)
    assert found.entry.title.startswith("with ")


ANN, BOT = {"login": "ann", "id": 4}, {"login": "interlock", "id": 12, "bot": True}
OWNERS = [
    ("who has opened it", ANN, [{"user": {"login": "bob", "id": 5}}], [], ("ann",)),
    ("of one that the engine has opened, who has pushed last", BOT, [{"user": {"login": "bob", "id": 5}},
     {"user": ANN}], [], ("ann",)),
    ("an App that has pushed is nobody either", BOT, [{"user": ANN}, {"user": BOT}], [], ("ann",)),
    ("nobody knows who has pushed", BOT, [{"user": None}], [{"author": {"login": "bob", "id": 5}}], ("bob",)),
    ("an address behind which nobody stands", BOT, [], [{"author": {"email": "x@y"}}], ()),
    ("nothing is known", None, None, None, ()),
]  # fmt: skip


@pytest.mark.parametrize(("why", "author", "pushers", "commits", "who"), OWNERS, ids=[row[0] for row in OWNERS])
def test_whose_change_it_is_and_who_can_mend_it(why, author, pushers, commits, who):
    from engine.run.actions.github.board import _author

    assert _author({"pr": {"author": author}, "pushers": pushers, "commits": commits}) == who, why


def test_what_several_gates_wait_for_is_missing_once():
    from engine.core.decision.explain import Missing
    from engine.core.decision.gates import GateResult
    from engine.core.outcome import Outcome
    from engine.run.actions.github.board import _gates

    verdict = Missing("a verdict", ())
    gates = [GateResult(name, Outcome.PENDING, "no verdict", (), (verdict,), None, None) for name in ("policy", "own")]
    (wait,) = _gates(gates)
    assert (wait.what, wait.gate) == ("a verdict", "policy, own")


def test_where_there_is_nothing_to_validate_no_verdict_is_missing(page):
    number = page.hosted.pull("board-words", files={"README.md": "Better words.\n"})
    page.run("comment", number)
    entry = kept(page, number).entry
    assert (entry.line, entry.turn, entry.waits, entry.who) == ("Nothing to validate", "person", (), ())
