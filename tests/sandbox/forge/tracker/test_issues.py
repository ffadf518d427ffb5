"""Issues, comments and the timeline."""

import pytest


@pytest.fixture
def number(place, as_):
    return as_("alice")("POST", f"{place.api}/issues", {"title": "A wish", "body": "please"}).body["number"]


def comment(as_, place, number, body, by="bob"):
    return as_(by)("POST", f"{place.api}/issues/{number}/comments", {"body": body})


def test_an_issue_lives(place, as_):
    body = {"title": "A wish", "labels": ["bug", {"name": "new"}], "assignees": ["bob", "nobody"]}
    made = as_("alice")("POST", f"{place.api}/issues", body).body
    assert [label["name"] for label in made["labels"]] == ["bug", "new"]
    assert [user["login"] for user in made["assignees"]] == ["bob"]
    url = f"{place.api}/issues/{made['number']}"
    closed = as_("alice")("PATCH", url, {"state": "closed", "state_reason": "not_planned"}).body
    assert (closed["state"], closed["state_reason"], closed["closed_by"]["login"]) == ("closed", "not_planned", "alice")
    opened = as_("alice")("PATCH", url, {"state": "open", "title": "Another", "labels": []}).body
    assert (opened["state"], opened["title"], opened["labels"], opened["closed_by"]) == ("open", "Another", [], None)
    heard = ["opened", "labeled", "labeled", "assigned", "closed", "edited", "unlabeled", "unlabeled", "reopened"]
    assert place.heard("issues") == heard


def test_a_reader_s_labels_are_left_out(place, as_):
    body = {"title": "x", "labels": ["bug"], "assignees": ["bob"]}
    made = as_("oscar")("POST", f"{place.api}/issues", body).body
    assert (made["labels"], made["assignees"]) == ([], [])


def test_lists_have_pull_requests_too_and_can_be_narrowed(place, open_, as_):
    as_("alice")("POST", f"{place.api}/issues", {"title": "one", "labels": ["bug", "ui"], "assignees": ["bob"]})
    as_("oscar")("POST", f"{place.api}/issues", {"title": "two"})
    open_("three")
    as_("alice")("PATCH", f"{place.api}/issues/2", {"state": "closed"})
    for why, query, wanted in (
        ("open ones", "", [3, 1]),
        ("all", "?state=all", [3, 2, 1]),
        ("by creator", "?state=all&creator=Oscar", [2]),
        ("by a label", "?labels=BUG", [1]),
        ("by two labels", "?labels=bug,ui", [1]),
        ("by a label that none wears", "?labels=bug,other", []),
        ("of somebody", "?assignee=BOB", [1]),
        ("of nobody", "?assignee=none", [3]),
        ("of anybody", "?assignee=*", [1]),
        ("since the end of time", "?state=all&since=2099-01-01T00:00:00Z", []),
        ("since the beginning", "?state=all&since=2000-01-01T00:00:00Z&direction=asc", [1, 2, 3]),
    ):
        found = as_("bob")("GET", f"{place.api}/issues{query}").body
        assert [each["number"] for each in found] == wanted, why
    assert "pull_request" in as_("bob")("GET", f"{place.api}/issues/3").body
    assert as_("bob")("GET", f"{place.api}/pulls/1").status == 404


@pytest.mark.parametrize("path", ["0", "999", "-1", "1e3", "x", "٣", "99999999999999999999"])
def test_numbers_that_name_nothing(place, number, as_, path):
    from urllib.parse import quote

    assert as_("bob")("GET", f"{place.api}/issues/{quote(path)}").status == 404
    assert as_("bob")("GET", f"{place.api}/issues/comments/{quote(path)}").status == 404


def test_a_comment_lives(place, number, as_):
    made = comment(as_, place, number, "first")
    assert made.status == 201
    url = f"{place.api}/issues/comments/{made.body['id']}"
    assert as_("ann")("PATCH", url, {"body": "second"}).body["body"] == "second"
    assert as_("ann")("PATCH", url, {"body": "second"}).body["body"] == "second"
    assert as_("bob")("PATCH", url, {"body": "third"}).body["user"]["login"] == "bob"
    edits = place.forge.kept.rows("SELECT * FROM edits WHERE kind = 'IssueComment' ORDER BY id")
    bob, ann = place.account("bob"), place.account("ann")
    assert [(row["body"], row["editor"]) for row in edits] == [("first", bob), ("second", ann), ("third", bob)]
    told = [each for each in place.told if each.event == "issue_comment"]
    assert [(each.action, each.sender) for each in told] == [("created", bob), ("edited", ann), ("edited", bob)]
    assert told[1].body["changes"] == {"body": {"from": "first"}}
    assert as_("ann")("DELETE", url).status == 204
    assert as_("ann")("GET", url).status == 404
    assert as_("ann")("DELETE", url).status == 404
    assert not place.forge.kept.rows("SELECT * FROM edits WHERE kind = 'IssueComment'")
    assert place.heard("issue_comment")[-1] == "deleted"
    assert place.events(number) == ["comment_deleted"]


@pytest.mark.off_contract  # no JSON schema lets such a body through
@pytest.mark.parametrize(
    ("why", "body", "status"),
    [
        ("nothing", "", 422),
        ("blanks", " \n\t", 422),
        ("none", None, 422),
        ("a number", 7, 422),
        ("a list", ["x"], 422),
        ("as long as may be", "x" * 65536, 201),
        ("longer", "x" * 65537, 422),
        ("a NUL and what pages must not run", "\0<script>alert(1)</script>\u202e", 201),
    ],
)
def test_texts_of_comments(place, number, as_, why, body, status):
    answer = comment(as_, place, number, body)
    assert answer.status == status, why
    if status == 201:
        assert answer.body["body"] == body


def test_comments_since(place, number, as_):
    comment(as_, place, number, "one")
    url = f"{place.api}/issues/{number}/comments"
    assert len(as_("bob")("GET", f"{url}?since=2000-01-01T00:00:00Z").body) == 1
    assert as_("bob")("GET", f"{url}?since=2099-01-01T00:00:00%2B01:00").body == []
    assert len(as_("bob")("GET", f"{place.api}/issues/comments").body) == 1


@pytest.mark.off_contract
def test_a_since_that_is_no_time(place, number, as_):
    assert as_("bob")("GET", f"{place.api}/issues/{number}/comments?since=tomorrow").status == 422
    assert as_("bob")("GET", f"{place.api}/issues?since=tomorrow").status == 422


def test_a_locked_conversation_is_for_writers(place, number, as_):
    assert as_("ann")("PUT", f"{place.api}/issues/{number}/lock", {"lock_reason": "spam"}).status == 204
    assert as_("ann")("GET", f"{place.api}/issues/{number}").body["locked"] is True
    assert comment(as_, place, number, "x", by="oscar").status == 403
    assert comment(as_, place, number, "x", by="bob").status == 201
    assert as_("ann")("DELETE", f"{place.api}/issues/{number}/lock").status == 204
    assert comment(as_, place, number, "x", by="oscar").status == 201


def test_the_timeline_is_in_order_and_pages_count_what_is_there(place, open_, as_):
    number = open_("feature")
    gone = comment(as_, place, number, "gone").body["id"]
    comment(as_, place, number, "stays")
    as_("carol")("POST", f"{place.api}/pulls/{number}/reviews", {"event": "APPROVE", "body": "fine"})
    as_("bob")("POST", f"{place.api}/issues/{number}/labels", ["good"])
    as_("bob")("DELETE", f"{place.api}/issues/comments/{gone}")
    as_("bob")("PUT", f"{place.api}/pulls/{number}/merge", {})
    wanted = ["committed", "commented", "reviewed", "labeled", "comment_deleted", "merged", "closed"]
    url = f"{place.api}/issues/{number}/timeline"
    shown = as_("oscar")("GET", url).body
    assert [event["event"] for event in shown] == wanted
    pages = [as_("oscar")("GET", f"{url}?per_page=3&page={page}").body for page in (1, 2, 3)]
    assert [event["event"] for page in pages for event in page] == wanted
    assert [len(page) for page in pages] == [3, 3, 1]
    assert shown[1]["body"] == "stays"
    assert (shown[2]["state"], shown[2]["user"]["login"]) == ("approved", "carol")
    assert shown[5]["commit_id"] == place.tip("main")
    events = as_("oscar")("GET", f"{place.api}/issues/{number}/events").body
    assert [event["event"] for event in events] == ["labeled", "comment_deleted", "merged", "closed"]
    one = as_("oscar")("GET", f"{place.api}/issues/events/{events[0]['id']}").body
    assert (one["event"], one["issue"]["number"]) == ("labeled", number)
    assert as_("oscar")("GET", f"{place.api}/issues/events").body[0]["event"] == "closed"


def test_assignees(place, number, as_):
    url = f"{place.api}/issues/{number}/assignees"
    shown = as_("bob")("POST", url, {"assignees": ["ann", "bob"]}).body
    assert [user["login"] for user in shown["assignees"]] == ["ann", "bob"]
    shown = as_("bob")("DELETE", url, {"assignees": ["Ann"]}).body
    assert [user["login"] for user in shown["assignees"]] == ["bob"]
    assert place.events(number) == ["assigned", "assigned", "unassigned"]


@pytest.mark.parametrize("reason", ["OUTDATED", "SPAM", None])
def test_minimized(place, number, as_, reason):
    from engine.sandbox.forge.tracker import comments

    made = comment(as_, place, number, "x").body["id"]
    row = comments.comment_of(place.forge, place.repository["id"], made)
    comments.minimize(place.forge, place.viewer("ann"), place.repository, row, reason)
    shown = as_("bob")("GET", f"{place.api}/issues/comments/{made}").body
    assert shown["minimized"] == (None if reason is None else {"reason": reason.lower()})
