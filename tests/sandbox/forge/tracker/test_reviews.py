"""Reviews and comments at lines."""

import pytest

PATCHED = {"a.txt": "1\n2\nthree\n4\n5\n6\n7\n8\nnine\n"}


@pytest.fixture
def number(open_):
    return open_("feature", PATCHED)


def review(as_, place, number, by="carol", **body):
    return as_(by)("POST", f"{place.api}/pulls/{number}/reviews", body)


def test_reviews_are_listed_in_order_with_the_commit_that_they_are_of(place, number, as_):
    first = place.tip("feature")
    review(as_, place, number, event="APPROVE")
    second = place.add("feature", {"x.txt": "x\n"})
    review(as_, place, number, event="COMMENT", body="hm")
    review(as_, place, number, by="bob", event="REQUEST_CHANGES", body="no", commit_id=first)
    listed = as_("oscar")("GET", f"{place.api}/pulls/{number}/reviews").body
    assert [(each["user"]["login"], each["state"], each["commit_id"]) for each in listed] == [
        ("carol", "APPROVED", first),
        ("carol", "COMMENTED", second),
        ("bob", "CHANGES_REQUESTED", first),
    ]
    told = [each for each in place.told if each.event == "pull_request_review"]
    assert [each.action for each in told] == ["submitted"] * 3
    assert [each.body["review"]["state"] for each in told] == ["approved", "commented", "changes_requested"]


# why, body, GitHub's word
REFUSED = [
    ("changes without a word", {"event": "REQUEST_CHANGES"}, "blank"),
    ("changes with blanks", {"event": "REQUEST_CHANGES", "body": " \n"}, "blank"),
    ("a comment without a word", {"event": "COMMENT"}, "blank"),
    ("a commit that is not there", {"event": "APPROVE", "commit_id": "1" * 40}, "commit_id"),
    ("a branch as a commit", {"event": "APPROVE", "commit_id": "main"}, "commit_id"),
    ("a text over 65,536", {"event": "APPROVE", "body": "x" * 65537}, "too long"),
]


@pytest.mark.parametrize(("why", "body", "said"), REFUSED, ids=[row[0] for row in REFUSED])
def test_reviews_that_are_refused(place, number, as_, why, body, said):
    answer = review(as_, place, number, **body)
    assert answer.status == 422
    assert said in str(answer.body), why
    assert place.heard("pull_request_review") == []


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("APPROVE", "Can not approve your own pull request"),
        ("REQUEST_CHANGES", "Can not request changes on your own pull request"),
    ],
)
def test_of_one_s_own(place, number, as_, event, said):
    answer = review(as_, place, number, by="alice", event=event, body="x")
    assert (answer.status, answer.body["message"], answer.body["errors"]) == (422, "Unprocessable Entity", [said])
    pending = review(as_, place, number, by="alice", body="x").body["id"]
    answer = as_("alice")("POST", f"{place.api}/pulls/{number}/reviews/{pending}/events", {"event": event})
    assert answer.body["errors"] == [said], "nor by the way of a pending one"


def test_a_pending_one_is_seen_by_its_writer_alone(place, number, as_):
    carol, bob = as_("carol"), as_("bob")
    comments = [{"path": "a.txt", "line": 3, "body": "why?"}]
    pending = review(as_, place, number, body="draft", comments=comments).body
    url = f"{place.api}/pulls/{number}/reviews/{pending['id']}"
    assert (pending["state"], "submitted_at" in pending) == ("PENDING", False)
    assert [each["id"] for each in carol("GET", f"{place.api}/pulls/{number}/reviews").body] == [pending["id"]]
    assert bob("GET", f"{place.api}/pulls/{number}/reviews").body == []
    comment = carol("GET", f"{url}/comments").body[0]["id"]
    for verb, path, body in (
        ("GET", url, None),
        ("GET", f"{url}/comments", None),
        ("PUT", url, {"body": "mine"}),
        ("POST", f"{url}/events", {"event": "APPROVE"}),
        ("DELETE", url, None),
        ("GET", f"{place.api}/pulls/comments/{comment}", None),
    ):
        assert bob(verb, path, body).status == 404, path
    assert bob("GET", f"{place.api}/pulls/{number}/comments").body == []
    assert "reviewed" not in place.events(number)
    assert place.heard("pull_request_review") == []
    assert bob("GET", f"{place.api}/pulls/{number}").body["review_comments"] == 0
    assert review(as_, place, number).body["errors"] == ["User can only have one pending review per pull request"]
    done = carol("POST", f"{url}/events", {"event": "APPROVE"}).body
    assert (done["state"], done["body"]) == ("APPROVED", "draft")
    assert carol("POST", f"{url}/events", {"event": "COMMENT", "body": "x"}).status == 422
    assert carol("DELETE", url).status == 422
    assert place.heard("pull_request_review") == ["submitted"]
    assert place.heard("pull_request_review_comment") == ["created"]


def test_a_pending_one_is_deleted(place, number, as_):
    pending = review(as_, place, number, comments=[{"path": "a.txt", "line": 3, "body": "why?"}]).body["id"]
    assert as_("carol")("DELETE", f"{place.api}/pulls/{number}/reviews/{pending}").body["state"] == "PENDING"
    assert as_("carol")("GET", f"{place.api}/pulls/{number}/reviews").body == []


def dismiss(as_, place, number, of, by="ann", message="changed my mind"):
    return as_(by)("PUT", f"{place.api}/pulls/{number}/reviews/{of}/dismissals", {"message": message})


def test_a_dismissal_says_who_and_why(place, number, as_):
    found = review(as_, place, number, event="APPROVE").body["id"]
    assert dismiss(as_, place, number, found).body["state"] == "DISMISSED"
    row = place.forge.kept.row("SELECT * FROM reviews WHERE id = ?", found)
    assert (row["before_dismissal"], row["dismissed_by"]) == ("APPROVED", place.account("ann"))
    event = as_("bob")("GET", f"{place.api}/issues/{number}/events").body[-1]
    assert (event["event"], event["actor"]["login"]) == ("review_dismissed", "ann")
    assert event["dismissed_review"] == {
        "state": "approved",
        "review_id": found,
        "dismissal_message": "changed my mind",
    }
    assert place.heard("pull_request_review") == ["submitted", "dismissed"]
    for why, of, message in (
        ("it is dismissed", found, "again"),
        ("a comment", review(as_, place, number, event="COMMENT", body="x").body["id"], "x"),
        ("no message", review(as_, place, number, event="APPROVE").body["id"], " "),
    ):
        assert dismiss(as_, place, number, of, message=message).status == 422, why


def test_reviews_of_merged_pull_requests(place, number, as_):
    found = review(as_, place, number, event="APPROVE").body["id"]
    assert as_("bob")("PUT", f"{place.api}/pulls/{number}/merge", {}).status == 200
    assert dismiss(as_, place, number, found).body["state"] == "DISMISSED"
    assert review(as_, place, number, by="oscar", event="APPROVE").body["state"] == "APPROVED"


def test_an_edited_review_keeps_its_state_and_what_it_said(place, number, as_):
    found = review(as_, place, number, event="APPROVE", body="fine").body["id"]
    edited = as_("bob")("PUT", f"{place.api}/pulls/{number}/reviews/{found}", {"body": "not fine"}).body
    assert (edited["state"], edited["body"], edited["user"]["login"]) == ("APPROVED", "not fine", "carol")
    edits = place.forge.kept.rows("SELECT * FROM edits WHERE kind = 'PullRequestReview' AND subject = ?", found)
    assert [(row["body"], row["editor"]) for row in edits] == [
        ("fine", place.account("carol")),
        ("not fine", place.account("bob")),
    ]
    assert place.told[-1].action == "edited"
    assert place.told[-1].body["changes"] == {"body": {"from": "fine"}}


# why, where; the line and the side that it is at, or None where GitHub refuses
LINES = [
    ("a line that was added", {"line": 9}, (9, "RIGHT")),
    ("a line that is shown", {"line": 4}, (4, "RIGHT")),
    ("a line that was taken away", {"line": 3, "side": "LEFT"}, (3, "LEFT")),
    ("the third line of the patch", {"position": 3}, (3, "LEFT")),
    ("several lines", {"line": 4, "start_line": 2, "start_side": "RIGHT"}, (4, "RIGHT")),
    ("a line after the end", {"line": 10}, None),
    ("a line of the other side", {"line": 9, "side": "LEFT"}, None),
    ("the line of the hunk", {"position": 0}, None),
    ("no line", {}, None),
    ("a line before the patch", {"line": 4, "start_line": 0}, None),
    ("a position after the end", {"position": 99}, None),
]


@pytest.mark.parametrize(("why", "where", "found"), LINES, ids=[row[0] for row in LINES])
def test_comments_stand_at_lines_that_the_patch_shows(place, number, as_, why, where, found):
    body = {"path": "a.txt", "body": "why?", "commit_id": place.tip("feature"), **where}
    answer = as_("oscar")("POST", f"{place.api}/pulls/{number}/comments", body)
    assert answer.status == (422 if found is None else 201), (why, answer.body)
    if found is not None:
        assert (answer.body["line"], answer.body["side"]) == found
        assert answer.body["diff_hunk"].startswith("@@ -1,8 +1,9 @@\n 1\n 2\n")


def test_a_path_that_is_not_part_of_the_difference(place, number, as_):
    for path in ("b.txt", "../a.txt", ""):
        body = {"path": path, "body": "x", "commit_id": place.tip("feature"), "line": 1}
        assert as_("bob")("POST", f"{place.api}/pulls/{number}/comments", body).status == 422


def test_replies_edits_and_what_a_push_does(place, number, as_):
    bob, body = as_("bob"), {"path": "a.txt", "body": "why?", "line": 3, "commit_id": place.tip("feature")}
    first = bob("POST", f"{place.api}/pulls/{number}/comments", body).body["id"]
    url = f"{place.api}/pulls/{number}/comments"
    reply = as_("alice")("POST", f"{url}/{first}/replies", {"body": "because"}).body
    again = bob("POST", f"{url}/{reply['id']}/replies", {"body": "I see"}).body
    assert (reply["in_reply_to_id"], again["in_reply_to_id"]) == (first, first)
    edited = bob("PATCH", f"{place.api}/pulls/comments/{first}", {"body": "what for?"}).body
    assert (edited["body"], edited["position"], edited["line"]) == ("what for?", 4, 3)
    assert bob("GET", f"{place.api}/pulls/{number}").body["review_comments"] == 3
    place.add("feature", {"x.txt": "x\n"})
    later = bob("GET", f"{place.api}/pulls/comments/{first}").body
    assert ("line" in later, later["original_line"], later["original_commit_id"]) == (False, 3, body["commit_id"])
    assert bob("DELETE", f"{place.api}/pulls/comments/{first}").status == 204
    assert place.heard("pull_request_review_comment") == ["created", "created", "created", "edited", "deleted"]
    shown = bob("GET", f"{place.api}/issues/{number}/timeline").body
    assert [event["event"] for event in shown].count("line-commented") == 2


def ask(as_, place, number, verb="POST", by="bob", **body):
    return as_(by)(verb, f"{place.api}/pulls/{number}/requested_reviewers", body)


def test_reviewers_are_asked_and_answer(place, number, as_):
    team = place.forge.kept.row("SELECT * FROM teams WHERE slug = 'security'")
    place.forge.kept.insert("team_repositories", team=team["id"], repository=place.repository["id"], permission="write")
    shown = ask(as_, place, number, reviewers=["ann", "oscar"], team_reviewers=["security"]).body
    assert [user["login"] for user in shown["requested_reviewers"]] == ["ann", "oscar"]
    assert [each["slug"] for each in shown["requested_teams"]] == ["security"]
    ask(as_, place, number, reviewers=["ann"], team_reviewers=[])
    assert place.heard("pull_request") == ["opened", *["review_requested"] * 3]
    assert place.events(number).count("review_requested") == 3
    review(as_, place, number, by="carol", event="COMMENT", body="for security")
    ask(as_, place, number, "DELETE", reviewers=["oscar", "dave"])
    left = as_("bob")("GET", f"{place.api}/pulls/{number}/requested_reviewers").body
    assert ([user["login"] for user in left["users"]], left["teams"]) == (["ann"], [])
    shown = as_("bob")("GET", f"{place.api}/issues/{number}/timeline").body
    asked = [event for event in shown if event["event"].startswith("review_request")]
    assert [event["event"] for event in asked] == [*["review_requested"] * 3, "review_request_removed"]
    assert [event["requested_reviewer"]["login"] for event in asked if "requested_reviewer" in event] == [
        "ann",
        "oscar",
        "oscar",
    ]


def test_who_cannot_be_asked(place, number, as_):
    for why, body in (
        ("the author", {"reviewers": ["alice"]}),
        ("who sees nothing of it", {"reviewers": ["dave"]}),
        ("nobody", {"reviewers": ["nobody"]}),
        ("a bot", {"reviewers": ["interlock[bot]"]}),
        ("no team", {"team_reviewers": ["nobodies"]}),
    ):
        assert ask(as_, place, number, **body).status == 422, why
    assert place.heard("pull_request") == ["opened"]


def test_commits_that_may_be_reviewed(place, forked, number, as_):
    old = place.tip("feature")
    forced = place.add("feature", PATCHED, onto=place.tip("main"), message="instead")
    elsewhere = forked.add("secret", {"secret.txt": "x\n"}, onto=forked.tip("main"), by="oscar")
    for why, sha, status in (
        ("the head", forced, 200),
        ("what the head was once", old, 200),
        ("what the base has", place.tip("main"), 200),
        ("one that only a fork has", elsewhere, 422),
    ):
        assert review(as_, place, number, event="COMMENT", body="x", commit_id=sha).status == status, why
    body = {"path": "secret.txt", "body": "x", "line": 1, "commit_id": elsewhere}
    assert as_("bob")("POST", f"{place.api}/pulls/{number}/comments", body).status == 422
