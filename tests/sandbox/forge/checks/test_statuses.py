"""Commit statuses: who says them, which count, and what they say together."""

import pytest


def say(client, place, sha, **body):
    return client("POST", f"{place.path}/statuses/{sha}", body)


def test_a_status(as_, place, said):
    made = say(
        as_("ann"), place, place.one, state="pending", context="ci", description="d", target_url="https://x.example"
    )
    assert (made.status, made.body["creator"]["login"], made.body["context"]) == (201, "ann", "ci")
    assert [event for event, _ in said()] == ["status"]
    body = said()[0][1]
    assert (body["sha"], body["branches"][0]["name"], body["commit"]["sha"]) == (place.one, "main", place.one)
    assert as_("oscar")("GET", f"{place.path}/commits/main/statuses").body[0]["id"] == made.body["id"]


WHO = [
    ("who may write", "ann", 201),
    ("who may read", "oscar", 403),
    ("nobody", None, 401),
    ("an outsider", "bob", 404),
]


@pytest.mark.parametrize(("why", "who", "status"), WHO, ids=[row[0] for row in WHO])
def test_who_says_statuses(as_, place, why, who, status):
    assert say(as_(who), place, place.one, state="success", context="who").status == status, why


def test_an_app_needs_the_grant(as_installation, place):
    assert say(as_installation(), place, place.one, state="success").status == 201
    assert say(as_installation(permissions={"checks": "write"}), place, place.one, state="success").status == 403


REFUSED = [
    ("no state", {}),
    ("a state that is none", {"state": "fine"}),
    ("a state of check runs", {"state": "neutral"}),
    ("a long description", {"state": "success", "description": "x" * 141}),
    ("a context that is no text", {"state": "success", "context": 1}),
    ("a long context", {"state": "success", "context": "x" * 256}),
    ("an address that runs", {"state": "success", "target_url": "javascript:alert(1)"}),
]


@pytest.mark.parametrize(("why", "body"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_a_status_may_not_say(as_, place, why, body):
    assert say(as_("ann"), place, place.one, **body).status == 422, why


def test_statuses_of_what_is_not_there(as_, place):
    for sha in ("0" * 40, "main", place.one[:7], "x"):
        assert say(as_("ann"), place, sha, state="success").status == 422, sha
    assert as_("ann")("GET", f"{place.path}/commits/none/status").status == 404


TOGETHER = [
    ("nothing", [], "pending", 0),
    ("one success", [("a", "success")], "success", 1),
    ("one pending", [("a", "success"), ("b", "pending")], "pending", 2),
    ("an error is a failure", [("a", "error"), ("b", "pending")], "failure", 2),
    ("the newest counts", [("a", "failure"), ("a", "success")], "success", 1),
    ("an older success does not", [("a", "success"), ("a", "failure")], "failure", 1),
    ("case is no other context", [("a", "failure"), ("A", "success")], "success", 1),
]


@pytest.mark.parametrize(("why", "rows", "state", "count"), TOGETHER, ids=[row[0] for row in TOGETHER])
def test_what_they_say_together(as_, place, why, rows, state, count):
    branch = "together/" + why.replace(" ", "-")
    sha = place.commit(branch, place.one)
    for context, said in rows:
        say(as_("ann"), place, sha, state=said, context=context)
    told = as_("ann")("GET", f"{place.path}/commits/{branch}/status").body
    assert (told["state"], told["total_count"], told["sha"]) == (state, count, sha), why
    assert len(as_("ann")("GET", f"{place.path}/commits/{sha}/statuses").body) == len(rows)


def test_a_thousand_are_enough(as_, place):
    sha = place.commit("many", place.one)
    common = {"repository": place.repository, "sha": sha, "state": "success", "created_at": "2026-11-27T08:00:00Z"}
    with place.forge.kept.change():
        for _ in range(1000):
            place.forge.kept.insert("statuses", context="ci", creator=3, **common)
    assert say(as_("ann"), place, sha, state="failure", context="CI").status == 422
    assert say(as_("ann"), place, sha, state="failure", context="other").status == 201
