"""Merging once, over real HTTP and git: two at once, lost answers, kills, and what people do meanwhile."""

from contextlib import suppress
from itertools import count
from threading import Thread

import pytest

from engine.core.kept import keys
from engine.errors import EngineError
from engine.run.request import Going
from tests.support.clone import bucket
from tests.support.hosted import REPO
from tests.support.page import Hooked


def commits(page, branch="dev"):
    """How many there are on a branch."""
    return len(page.hosted.as_("alice", "GET", f"/commits?sha={branch}&per_page=100").body)


def test_it_is_merged_and_accounted_for(page):
    number = page.ready("first")
    page.run("tell", number)
    before = commits(page)
    done = page.run("merge", number, "r1")
    pull, decision = page.pull(number), page.decision(number)
    assert pull.merged
    assert commits(page) == before + 1
    assert done["github.merge"] == {"commit": pull.merge_commit, "decision": decision.digest, "overridden": False}
    assert decision.said["commit"] == pull.merge_commit
    assert [one["login"] for one in decision.said["people"]] == ["ann"]
    assert [one.body.splitlines()[0] for one in page.ours(number)] == ["Merged into dev"]
    assert pull.labels == ("opa-passed",)
    message = page.hosted.as_("alice", "GET", f"/commits/{pull.merge_commit}").body["commit"]["message"]
    assert message.splitlines()[0].startswith(f"Merge pull request {number} into dev: ")
    assert "Interlock-Run: r1" in message.splitlines()
    assert done.calls <= 12
    again = page.run("merge", number, "r2")
    assert (again.outcome, commits(page)) == ("fail", before + 1), "it is not open any more"


def test_two_runs_at_once_merge_one_pull_request_once(page):
    number, before = page.ready("race"), commits(page)
    done = []
    runs = [Thread(target=lambda: done.append(page.run("merge", number))) for _ in range(2)]
    for one in runs:
        one.start()
    for one in runs:
        one.join()
    assert commits(page) == before + 1
    assert page.decision(number).said["commit"] == page.pull(number).merge_commit
    assert len(page.ours(number)) == 1
    assert not list(page.store.list(keys.claim("merge", REPO, "dev")))


def test_two_pull_requests_into_one_branch_go_one_after_another(page):
    """The second one's base moves under it: it is decided again, by the base of then, and merged all the same."""
    numbers, before = [page.ready("side-a"), page.ready("side-b")], commits(page)
    runs = [Thread(target=page.run, args=("merge", number)) for number in numbers]
    for one in runs:
        one.start()
    for one in runs:
        one.join()
    merged = [page.decision(number) for number in numbers]
    assert all(merged)
    assert commits(page) == before + 2
    first, second = sorted(merged, key=lambda one: one.said["merged_at"])
    assert len({first.said["base"]["sha"], second.said["base"]["sha"]}) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("why", "fault"),
    [
        ("an answer of 502, and it was done", {"status": 502, "after_effect": True}),
        ("an answer of 500, and nothing was done", {"status": 500}),
    ],
)
def test_a_lost_answer_is_looked_up(page, why, fault):
    number, before = page.ready(f"lost-{len(why)}"), commits(page)
    page.fault(method="PUT", path=f"/repos/{REPO}/pulls/{number}/merge", count=1, **fault)
    done = page.run("merge", number)
    if not page.pull(number).merged:
        assert done.ran["github.merge"].problems, why
        done = page.run("merge", number)
    assert page.pull(number).merged, why
    assert commits(page) == before + 1, why
    assert page.decision(number).said["commit"] == page.pull(number).merge_commit, why


@pytest.mark.slow
@pytest.mark.parametrize("status", [405, 409])
def test_what_github_refuses_is_pending_with_its_reason(page, status):
    number, before = page.ready(f"refused-{status}"), commits(page)
    page.fault(method="PUT", path=f"/repos/{REPO}/pulls/{number}/merge", count=9, status=status, message="a queue")
    done = page.run("merge", number)
    page.fault(method="PUT", path=f"/repos/{REPO}/pulls/{number}/merge", count=0, status=status)
    assert done.code("github.merge") == "ENG622"
    assert "a queue" in done.ran["github.merge"].problems[0].message
    assert (commits(page), page.decision(number)) == (before, None)
    assert page.run("merge", number)["github.merge"]["commit"]


def when(page, key, act):
    """A store that acts once, before the first write below a key."""
    left = [act]

    def before(at):
        if at.startswith(key) and left:
            left.pop()()

    return Hooked(page.store, before)


def during(page, number, key, act):
    """The run, and what somebody does while it is under way."""
    whole, page.store = page.store, when(page, key, act)
    try:
        return page.run("merge", number)
    finally:
        page.store = whole


def dismissed(page, number, review):
    page.hosted.as_("olga", "PUT", f"/pulls/{number}/reviews/{review}/dismissals", {"message": "no"})


def objected(page, number, _review):
    page.hosted.review(number, "bob", "REQUEST_CHANGES")


def pushed(page, number, _review):
    page.hosted.push(page.pull(number).head.ref, {"more.md": "x\n"})


def changed(**words):
    return lambda page, number, _review: page.hosted.as_("alice", "PATCH", f"/pulls/{number}", words)


@pytest.mark.parametrize(
    ("why", "act"),
    [
        ("an approval is dismissed", dismissed),
        ("somebody objects", objected),
        ("the head is pushed to", pushed),
        ("it is moved to another base", changed(base="stage")),
        ("it is closed", changed(state="closed")),
    ],
)
def test_facts_are_looked_at_last(page, why, act):
    """Between the decision and the call, while it waits for its turn."""
    number = page.ready(f"last-{why.replace(' ', '-')}")
    review = page.pull(number).reviews[0].id
    done = during(page, number, keys.claim("merge", REPO, "dev"), lambda: act(page, number, review))
    assert done.code("github.merge") == "ENG624", why
    assert not page.pull(number).merged, why


def test_a_person_merges_it_meanwhile(page):
    number, before = page.ready("person"), commits(page)
    page.run("tell", number)

    def merged():
        assert page.hosted.as_("olga", "PUT", f"/pulls/{number}/merge", {"merge_method": "squash"}).status == 200

    done = during(page, number, keys.claim("merge", REPO, "dev"), merged)
    assert done.code("github.merge") == "ENG626"
    assert (commits(page), page.decision(number)) == (before + 1, None)
    page.run("closed", number)
    assert page.decision(number) is None
    [ours] = page.ours(number)
    assert ours.body.splitlines()[0].startswith("Merged into dev, and not by us")


@pytest.mark.slow
@pytest.mark.parametrize("writes", range(3, 12))
def test_whoever_is_killed_is_accounted_for(page, writes):
    """The store is gone behind its so-many-th write; whoever comes next, a run or `closed`, brings it to its end."""
    number, before = page.ready(f"killed-{writes}"), commits(page)
    written = count()
    with page.losing(lambda _: next(written) >= writes), suppress(EngineError):
        page.run("merge", number, "killed")
    page.forge.clock.advance(3600)
    if page.pull(number).merged:
        page.run("closed", number)
    else:
        page.run("merge", number)
    pull = page.pull(number)
    assert pull.merged
    assert page.decision(number).said["commit"] == pull.merge_commit
    assert commits(page) == before + 1
    assert len(page.ours(number)) == 1


def test_an_approval_withdrawn_between_a_kill_and_its_resumption(page):
    number = page.ready("withdrawn")
    review = page.pull(number).reviews[0].id
    dead = list[str]()

    def is_lost(key):
        """From where the merge is about to be announced on, nothing is kept any more."""
        dead.extend([key] if key.startswith("merging/") else [])
        return dead

    with page.losing(is_lost), pytest.raises(EngineError):
        page.run("merge", number, "r7")
    gone = page.hosted.as_("olga", "PUT", f"/pulls/{number}/reviews/{review}/dismissals", {"message": "no"})
    assert gone.status == 200
    with pytest.raises(EngineError) as refused:
        page.run("merge", number, going=Going("r7", resume=True))
    assert refused.value.problems[0].code == "ENG575"
    assert not page.pull(number).merged


def test_a_base_that_moved_with_a_change_of_the_same_resource_is_not_merged(page):
    """Merging today would give something else than what was judged."""
    number = page.ready("moved")
    other = {"S3/moved/moved.tfvars": bucket("acme-other")}

    def moved():
        page.hosted.push("dev", other, by="olga")

    done = during(page, number, keys.claim("merge", REPO, "dev"), moved)
    assert done.code("github.merge") == "ENG624"
    assert not page.pull(number).merged
