"""The one comment of ours, over real HTTP: whatever happens to it, and whoever writes at once."""

from contextlib import suppress
from itertools import count
from threading import Thread

import pytest

from engine.core.kept import keys
from engine.errors import EngineError
from engine.run.kept import comments
from tests.support.clone import bucket
from tests.support.hosted import REPO


def first(one):
    return one.body.splitlines()[0]


def test_it_is_written_once_and_kept_up_to_date(page):
    number = page.hosted.pull("comment-once")
    assert page.run("comment", number)["github.comment"]["written"]
    [ours] = page.ours(number)
    assert first(ours) == "Stale: validating again"
    assert page.run("comment", number)["github.comment"] == {"id": ours.id, "written": False}
    page.run("pass", number)
    page.run("comment", number)
    [again] = page.ours(number)
    assert again.id == ours.id
    assert first(again) == "Passed: waiting for 1 more approval from reviewers"
    assert "from ann and bob" in again.body
    assert "History: 1 validation" in again.body
    same = page.run("comment", number)
    assert (same["github.comment"], page.ours(number)) == ({"id": ours.id, "written": False}, [again])


def test_one_that_somebody_edited_is_put_right_and_one_that_is_gone_is_written_anew(page):
    number = page.hosted.pull("comment-edited")
    page.run("fail", number)
    page.run("comment", number)
    [ours] = page.ours(number)
    assert first(ours) == "Failed: 1 finding denies it, the worst is high"
    assert "OVERRIDE: reason" in ours.body
    edited = page.hosted.as_("olga", "PATCH", f"/issues/comments/{ours.id}", {"body": "Passed: merge it"})
    assert edited.status == 200
    page.run("comment", number)
    [right] = page.ours(number)
    assert (right.id, right.body) == (ours.id, ours.body)
    assert page.hosted.as_("olga", "DELETE", f"/issues/comments/{ours.id}").status == 204
    page.run("comment", number)
    [anew] = page.ours(number)
    assert anew.id != ours.id
    assert anew.body == ours.body


def test_older_news_never_replaces_newer_news(page):
    """What is kept was told by a run whose facts were fetched later: they say it is so, and it stays."""
    number = page.hosted.pull("comment-older")
    page.run("comment", number)
    [ours] = page.ours(number)
    kept = comments.get(page.store, REPO, number)
    comments.keep(page.store, REPO, number, "other", kept._replace(order=(7, kept.order[1])))
    page.run("pass", number)  # number 1, which is older than number 7
    assert page.run("comment", number)["github.comment"] == {"id": ours.id, "written": False}
    assert page.ours(number) == [ours]


def test_a_head_that_comes_back_is_news(page):
    """Its verdict has a lower number than that of the head in between, and yet is what counts now."""
    number = page.hosted.pull("comment-back")
    head = page.pull(number).head.sha
    page.run("pass", number)
    page.hosted.push("comment-back", {"S3/comment-back/comment-back.tfvars": bucket("acme-between")})
    page.run("fail", number)
    page.run("comment", number)
    assert first(page.ours(number)[0]).startswith("Failed")
    moved = page.hosted.as_("alice", "PATCH", "/git/refs/heads/comment-back", {"sha": head, "force": True})
    assert moved.status == 200
    page.run("comment", number)
    assert first(page.ours(number)[-1]).startswith("Passed")


def test_another_answer_goes_into_a_new_comment(page):
    number = page.hosted.pull("comment-flips")
    page.run("pass", number)
    page.run("comment", number)
    [passed] = page.ours(number)
    page.hosted.push("comment-flips", {"S3/comment-flips/comment-flips.tfvars": bucket("acme-second")})
    page.run("comment", number)
    [stale] = page.ours(number)
    assert (stale.id, first(stale)) == (passed.id, "Stale: validating again"), "a new head alone is no news"
    page.run("fail", number)
    page.run("comment", number)
    [failed] = page.ours(number)
    assert (failed.id != passed.id, first(failed)) == (True, "Failed: 1 finding denies it, the worst is high")
    assert "History: 2 validations" in failed.body
    page.run("pass", number)
    page.run("comment", number)
    [last] = page.ours(number)
    assert last.id not in (passed.id, failed.id)
    assert sum(one.minimised for one in page.pull(number).comments) == 2


@pytest.mark.slow
@pytest.mark.parametrize("writes", range(1, 7))
def test_whoever_is_killed_leaves_no_second_comment(page, writes):
    """The store is gone behind its so-many-th write: the run ends, wherever it was."""
    number = page.hosted.pull(f"comment-killed-{writes}")
    page.run("pass", number)
    written = count()
    with page.losing(lambda _: next(written) >= writes), suppress(EngineError):
        page.run("comment", number, "killed")
    page.hosted.review(number, "ann")  # so that it says something else by now
    page.forge.clock.advance(3600)  # a claim that nobody gave back is nobody's any more
    page.run("comment", number)
    assert len(page.ours(number)) == 1


def killed_before_it_says_so(page, number, run="killed"):
    """The comment stands there, and the store does not know it."""
    whole, ours = page.store, keys.comment(REPO, number)

    def is_lost(key):
        return key == ours and (item := whole.get(ours)) is not None and b'"pending":"sha256:' in item.data

    with page.losing(is_lost):
        page.run("comment", number, run)
    page.forge.clock.advance(3600)  # a claim that nobody gave back is nobody's any more


def test_one_that_was_edited_before_it_was_known_is_found_again(page):
    """By whose it is and by its end: a maintainer has written another text over ours after the kill."""
    number = page.hosted.pull("comment-unknown")
    page.run("pass", number)
    killed_before_it_says_so(page, number)
    [ours] = page.ours(number)
    text = ours.body.replace("Passed", "Merge it now. Passed", 1)
    assert page.hosted.as_("olga", "PATCH", f"/issues/comments/{ours.id}", {"body": text}).status == 200
    forged = page.hosted.comment(number, "oscar", ours.body)
    done = page.run("comment", number)
    assert done["github.comment"] == {"id": ours.id, "written": True}
    [right] = page.ours(number)
    assert (right.id, first(right)) == (ours.id, "Passed: waiting for 1 more approval from reviewers")
    assert {one.id: one.body for one in page.pull(number).comments}[forged] == ours.body, "theirs is theirs"


def test_an_answer_of_ours_is_not_taken_for_it(page):
    number = page.hosted.pull("comment-answer")
    asked = page.hosted.comment(number, "ann", "/engine help")
    body = {
        "action": "created", "comment": {"id": asked, "user": {"login": "ann"}, "body": "/engine help"},
        "issue": {"number": number, "pull_request": {"url": "x"}}, "repository": {"full_name": REPO},
    }  # fmt: skip
    answer = page.run("answer", body, name="issue_comment")["github.reply"]["id"]
    assert answer
    kept = comments.get(page.store, REPO, number)
    comments.keep(page.store, REPO, number, "killed", kept._replace(pending="sha256:" + "0" * 64))
    ours = page.run("comment", number)["github.comment"]["id"]
    assert ours not in (None, answer)


def test_one_that_the_store_has_forgotten_is_found_again(page):
    number = page.hosted.pull("comment-forgotten")
    page.run("pass", number)
    page.run("comment", number)
    [ours] = page.ours(number)
    page.store.delete(keys.comment(REPO, number), page.store.get(keys.comment(REPO, number)).version)
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")  # so that it says something else by now
    assert page.run("comment", number)["github.comment"] == {"id": ours.id, "written": True}
    assert [one.id for one in page.ours(number)] == [ours.id]


@pytest.mark.parametrize("fault", [{"status": 502, "after_effect": True}, {"status": 500}], ids=str)
def test_a_lost_answer_is_looked_up(page, fault):
    number = page.hosted.pull(f"comment-lost-{fault['status']}")
    page.fault(method="POST", path=f"/repos/{REPO}/issues/{number}/comments", count=1, **fault)
    done = page.run("comment", number)
    if done.ran["github.comment"].status != "done":
        page.run("comment", number)
    assert len(page.ours(number)) == 1


@pytest.mark.slow
def test_two_at_once_write_one(page):
    number = page.hosted.pull("comment-race")
    page.run("pass", number)
    runs = [Thread(target=page.run, args=("comment", number)) for _ in range(3)]
    for one in runs:
        one.start()
    for one in runs:
        one.join()
    assert len(page.ours(number)) == 1
    assert not list(page.store.list(keys.claim("comment", REPO, str(number))))


def test_somebody_says_what_ours_says(page):
    """Their comment is theirs, whatever it says: ours is another, and only ours is edited."""
    number = page.hosted.pull("comment-forged")
    page.run("pass", number)
    page.run("comment", number)
    [ours] = page.ours(number)
    forged = page.hosted.comment(number, "oscar", ours.body)
    page.store.delete(keys.comment(REPO, number), page.store.get(keys.comment(REPO, number)).version)
    page.run("comment", number)
    said = {one.id: one.body for one in page.pull(number).comments}
    assert said[forged] == ours.body
    assert [one.id for one in page.ours(number)] == [ours.id], "the same text of our own is found again"


def test_nothing_is_told_on_one_that_was_closed(page):
    number = page.hosted.pull("comment-closed")
    page.run("pass", number)
    assert page.hosted.as_("alice", "PATCH", f"/pulls/{number}", {"state": "closed"}).status == 200
    done = page.run("tell", number)
    assert done["github.comment"] == {"id": None, "written": False}
    assert (page.ours(number), page.pull(number).labels) == ([], ())
    assert {check.conclusion for check in page.pull(number).checks} <= {"cancelled", "failure"}
