"""Pull requests are found or opened, moved, and shown to those who can say what is missing."""

import pytest

from tests.support.clone import bucket
from tests.support.hosted import REPO


def pushed(branch):
    return {
        "ref": f"refs/heads/{branch}", "after": "a" * 40, "before": "0" * 40, "deleted": False, "created": True,
        "repository": {"full_name": REPO}, "pusher": {"name": "alice"}, "commits": [], "installation": {"id": 1},
    }  # fmt: skip


def opened(page, branch, files):
    sha = page.hosted.push(branch, files)
    return page.run("open-pr", {**pushed(branch), "after": sha}, name="push")


def test_it_is_opened_to_the_branch_of_its_environment_and_then_found(page):
    files = {"S3/op/op.tfvars": bucket("acme-op")}
    opened(page, "before", {"S3/before/before.tfvars": bucket("acme-before")})  # which gives the label its colour
    done = opened(page, "op", files)
    made = done["github.open_pull_request"]
    pull = page.hosted.as_("alice", "GET", f"/pulls/{made['number']}").body
    assert (made["created"], made["base"], pull["base"]["ref"]) == (True, "dev", "dev")
    assert pull["title"] == "Add S3/op (development)"
    assert "pushed by `alice`" in pull["body"]
    assert [label["name"] for label in pull["labels"]] == ["ready-for-review"]
    assert done.calls <= 6
    again = page.run("open-pr", pushed("op"), name="push")["github.open_pull_request"]
    assert again == {**made, "created": False}


def test_a_push_that_is_heard_of_when_its_pull_request_is_merged_opens_no_other(page):
    number = opened(page, "late", {"S3/late/late.tfvars": bucket("acme-late")})["github.open_pull_request"]["number"]
    merge = {"merge_method": "squash"}
    assert page.hosted.as_("olga", "PUT", f"/pulls/{number}/merge", merge).status == 200
    none = {"number": None, "url": None, "created": False, "base": None}
    assert page.run("open-pr", pushed("late"), name="push")["github.open_pull_request"] == none
    listed = page.hosted.as_("alice", "GET", "/pulls?state=all&head=acme:late").body
    assert [one["number"] for one in listed] == [number]


@pytest.mark.parametrize(
    ("why", "files", "said"),
    [
        ("several environments", {
            "S3/se/se.tfvars": bucket("acme-se"),
            "S3/sf/sf.tfvars": bucket("acme-sf").replace("development", "staging"),
        }, "no one environment can be named for it"),
        ("none", {"notes.md": "nothing\n"}, "no one environment can be named for it"),
        ("one that nobody can read", {"S3/sg/sg.tfvars": "environment = = 1\n"}, "no one environment can be named"),
    ],
)  # fmt: skip
def test_where_no_environment_can_be_named_it_goes_elsewhere_and_says_why(page, why, files, said):
    branch = f"else-{len(why)}"
    made = opened(page, branch, files)["github.open_pull_request"]
    pull = page.hosted.as_("alice", "GET", f"/pulls/{made['number']}").body
    assert pull["base"]["ref"] == "main", why
    assert "Why there: " in pull["body"], why


def test_it_is_moved_to_the_branch_of_its_environment(page):
    number = page.hosted.pull("wrong-base", base="stage")
    done = page.run("target", number)
    assert done["github.retarget"] == {"moved": True, "base": "dev"}
    assert page.pull(number).base.ref == "dev"
    assert page.run("target", number)["github.retarget"] == {"moved": False, "base": "dev"}


def test_a_move_that_github_refuses_names_the_other_one(page):
    first = page.hosted.pull("twice", base="dev")
    second = page.hosted.as_("alice", "POST", "/pulls", {"title": "x", "head": "twice", "base": "stage"}).body["number"]
    done = page.run("target", second)
    assert done.code("github.retarget") == "ENG625"
    assert f"#{first} goes there" in done.ran["github.retarget"].problems[0].message
    assert page.pull(second).state == "open"


def requested(page, number):
    pull = page.hosted.as_("alice", "GET", f"/pulls/{number}").body
    return [one["login"] for one in pull["requested_reviewers"]], [one["slug"] for one in pull["requested_teams"]]


def test_reviewers_are_asked_once_and_only_after_a_pass(page):
    number = page.hosted.pull("asks")
    assert page.run("ask", number)["github.request_reviews"] == {"asked": []}
    page.run("fail", number)
    assert page.run("ask", number)["github.request_reviews"] == {"asked": []}
    page.run("pass", number)
    assert page.run("ask", number)["github.request_reviews"]["asked"]
    users, teams = requested(page, number)
    assert (sorted(users), teams) == (["ann", "bob"], [])
    page.forge.clock.advance(2)
    page.hosted.review(number, "bob", "COMMENT")
    assert page.run("ask", number)["github.request_reviews"] == {"asked": []}, "nobody twice"


def test_who_had_a_hand_in_it_is_not_asked(page):
    number = page.hosted.pull("hands", by="bob")
    page.run("pass", number)
    page.run("ask", number)
    assert "bob" not in requested(page, number)[0]


def test_a_command_is_answered_once(page):
    number = page.hosted.pull("answers")
    page.run("pass", number)
    said = page.hosted.comment(number, "ann", "/engine status")
    event = {
        "action": "created", "repository": {"full_name": REPO}, "issue": {"number": number, "pull_request": {}},
        "comment": {"id": said, "body": "/engine status", "user": {"id": 1, "login": "ann"}},
    }  # fmt: skip
    first = page.run("answer", event, "c1", name="issue_comment")["github.reply"]
    assert first["id"]
    assert page.run("answer", event, "c2", name="issue_comment")["github.reply"] == {"id": None}
    [reply] = page.ours(number)
    assert "1 more approval from reviewers" in reply.body
    outsider = page.hosted.comment(number, "oscar", "/engine status")
    event["comment"] = {"id": outsider, "body": "/engine status", "user": {"id": 9, "login": "oscar"}}
    assert page.run("answer", event, name="issue_comment")["github.reply"] == {"id": None}
    assert len(page.ours(number)) == 1
