"""Bodies and queries of every wrong kind: refused or ignored, never a failure of the forge."""

from typing import Any

import pytest

from engine.sandbox.forge.tracker.rest import ROUTES
from tests.support.few import few

JUNK: tuple[Any, ...] = (
    None,
    7,
    -1,
    2**70,
    1.5,
    True,
    "",
    "x",
    "\0",
    "../..",
    "a" * 300,
    [],
    [[]],
    [None],
    {},
    {"a": {}},
    [{"name": 7}],
)
FIELDS = {  # of the routes whose path ends so
    "/issues": "title body labels assignees",
    "/issues/{issue_number}": "title body state state_reason labels assignees",
    "/assignees": "assignees",
    "/lock": "lock_reason",
    "/issues/{issue_number}/labels": "labels",
    "/labels": "name color description",
    "/labels/{name}": "new_name color description",
    "/pulls": "title head base body draft issue head_repo maintainer_can_modify",
    "/pulls/{pull_number}": "title body state base maintainer_can_modify",
    "/merge": "merge_method sha commit_title commit_message",
    "/update-branch": "expected_head_sha",
    "/requested_reviewers": "reviewers team_reviewers",
    "/reviews": "event body commit_id comments",
    "/events": "event body",
    "/dismissals": "message",
    "/pulls/{pull_number}/comments": "body commit_id path line side position start_line start_side in_reply_to",
}
QUERIES = ("state", "head", "base", "sort", "direction", "page", "per_page", "since", "labels", "creator", "assignee")
PARTS = {"pull_number": "pull", "issue_number": "pull", "review_id": "review", "comment_id": "comment"}


@pytest.fixture
def names(place, open_, as_):
    """What the paths of the routes name."""
    place.forge.limits.an_hour["user"] = 10**6
    pull = open_("feature")
    line = {"body": "x", "path": "feature.txt", "line": 1, "commit_id": place.tip("feature")}
    made = as_("bob")("POST", f"{place.api}/pulls/{pull}/comments", line).body["id"]
    pending = as_("bob")("POST", f"{place.api}/pulls/{pull}/reviews", {"body": "x"}).body["id"]
    return {"owner": "acme", "repo": place.repository["name"], "pull": pull, "review": pending, "comment": made}


WRITES = sorted({(route.verb, route.path) for route in ROUTES if route.verb != "GET"})


@pytest.mark.slow
@pytest.mark.off_contract
@pytest.mark.parametrize(("verb", "path"), WRITES)
def test_bodies(names, as_, verb, path):
    parts = {key: names.get(PARTS.get(key, key), "x") for key in ("owner", "repo", *PARTS, "name")}
    target, bob = path.format(**parts), as_("bob")
    for body in JUNK:
        assert bob(verb, target, body).status < 500, body
    for field in FIELDS:
        for value in JUNK:
            assert (
                bob(verb, target, {"title": "x", "body": "x", "head": "x", "base": "main", field: value}).status < 500
            )


READS = sorted({route.path for route in ROUTES if route.verb == "GET"})


@pytest.mark.off_contract
@pytest.mark.parametrize("path", few(READS))
def test_queries_and_names(names, as_, path):
    parts = {key: names.get(PARTS.get(key, key), "x") for key in ("owner", "repo", *PARTS)}
    bob = as_("bob")
    for value in ("", "0", "-1", "x", "%00", "..%2F..", "9" * 30, "%F0%9F%98%80", "main", "a%20b"):
        for key in ("name", "event_id", "commit_sha"):
            target = path.format(**{**parts, "name": value, "event_id": value, "commit_sha": value or "x"})
            assert bob("GET", target).status < 500, (key, value)
        query = "&".join(f"{key}={value}" for key in QUERIES)
        assert bob("GET", f"{path.format(**parts, name='x', event_id=1, commit_sha='x')}?{query}").status < 500, value
