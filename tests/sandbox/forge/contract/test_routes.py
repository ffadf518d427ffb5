"""Every route is an operation of GitHub's, under GitHub's names; and what listens to all the others' tests works."""

import json
import re
import urllib.request
from typing import Any

import pytest

from engine.sandbox.forge import serve
from engine.sandbox.forge.answer import Answer, Route
from tests.support import forge_contract, github_openapi
from tests.support.github_openapi import Exchange, problems
from tests.support.npm import UNREACHABLE, needs_npm, or_skip

pytestmark = needs_npm


@pytest.fixture(scope="module", autouse=True)
def description():
    try:
        return github_openapi.description()
    except UNREACHABLE as error:
        or_skip(github_openapi.PACKAGE, error)


def test_every_route_is_github_s():
    known = {(route.verb, route.path) for route in serve.routes()}
    strange = {row for row in known if github_openapi.operation(*row) is None}
    assert strange == set(forge_contract.ELSEWHERE)


def test_no_route_is_there_twice():
    rows = [(route.verb, route.path) for route in serve.routes()]
    assert sorted(set(rows)) == sorted(rows)


def test_no_route_hides_another():
    """The first that matches answers, so `/user/{account_id}` has to come after `/user/teams`."""
    rows = [(route, forge_contract.pattern(route)) for route in serve.routes()]
    for route in serve.routes():
        path = re.sub(r"\{(\w+)\}", "x", route.path)
        first = next(other for other, known in rows if other.verb == route.verb and known.fullmatch(path))
        assert first == route, f"{first.path} hides {route.verb} {route.path}"


def test_what_may_contain_slashes_is_a_parameter_of_the_path():
    assert [r.path for r in serve.routes() if r.slashes and f"{{{r.slashes}}}" not in r.path] == []


EMAIL = {"email": "a@example.com", "primary": True, "verified": True, "visibility": None}
EMAILS, STATUSES, DISPATCHES = (
    "/user/emails",
    "/repos/{owner}/{repo}/statuses/{sha}",
    "/repos/{owner}/{repo}/dispatches",
)
ERROR = {"message": "x", "documentation_url": "x", "status": "422"}
LABELS = "/repos/{owner}/{repo}/issues/{issue_number}/labels"
# why, request, its body, status, answer (None: no body), what is found
DIFFERENT: list[tuple[str, str, Any, int, Any, str | None]] = [
    ("as described", f"GET {EMAILS}?per_page=2", None, 200, [EMAIL], None),
    ("nothing where nothing is described", f"POST {DISPATCHES}", {"event_type": "x"}, 204, None, None),
    ("labels as the text allows them", f"POST {LABELS}", ["a"], 200, [], None),
    ("not changed", "GET /user", None, 304, None, None),
    ("a query that GitHub ignores", f"GET {EMAILS}?pages=2", None, 200, [EMAIL], "'pages'"),
    ("an unknown path", "GET /users/{user}", None, 200, {}, "no such operation"),
    ("an unknown verb", "POST /user", None, 200, {}, "no such operation"),
    ("a status of no operation", "GET /user", None, 207, {}, "the status"),
    ("a conflict where GitHub has none", "GET /user", None, 409, {}, "the status"),
    ("a property too many", f"GET {EMAILS}", None, 200, [EMAIL | {"x": 1}], "[0].x: GitHub"),
    ("a property too few", f"GET {EMAILS}", None, 200, [{}], "'email' is a required"),
    ("a null where none may be", f"GET {EMAILS}", None, 200, [EMAIL | {"email": None}], "[0].email"),
    ("no answer", f"GET {EMAILS}", None, 200, None, "no body"),
    ("an answer too many", f"POST {DISPATCHES}", {"event_type": "x"}, 204, {}, "must have no body"),
    ("a request without what it needs", f"POST {DISPATCHES}", {}, 204, None, "'event_type' is a required"),
    ("a request without a body", f"POST {DISPATCHES}", None, 204, None, "must have a body"),
    ("a property that GitHub ignores", f"POST {DISPATCHES}", {"event_type": "x", "y": 1}, 204, None, ".y: GitHub"),
    ("a word that GitHub refuses", f"POST {STATUSES}", {"state": "fine"}, 201, None, "'fine' is not one"),
    ("an error that repeats its status", f"POST {EMAILS}", {}, 422, ERROR, None),
    ("an error that repeats another", f"POST {EMAILS}", {}, 422, ERROR | {"status": "404"}, ".status: GitHub"),
    ("an error with another message", "GET /user", None, 401, {"msg": "x"}, ".msg: GitHub"),
]


@pytest.mark.parametrize(
    ("why", "request_", "body", "status", "answer", "found"), DIFFERENT, ids=[r[0] for r in DIFFERENT]
)
def test_differences_are_found(why, request_, body, status, answer, found):
    verb, _, target = request_.partition(" ")
    path, _, query = target.partition("?")
    sent, got = (b"" if value is None else json.dumps(value).encode() for value in (body, answer))
    seen = list(problems(Exchange(path, verb, query, sent, status, "application/json" if got else "", got)))
    assert (not seen) if found is None else any(found in problem for problem in seen), (why, seen)


def test_the_listener_hears_what_tests_say(recorder, monkeypatch, tmp_path):
    told = [Route("GET", "/user/emails", lambda call: Answer([{"strange": True}]))]
    monkeypatch.setattr(serve, "routes", lambda: told)
    with serve.running(str(tmp_path)) as forge:
        urllib.request.urlopen(f"{forge.urls.api}/user/emails?page=1", timeout=60).close()
    assert any(".strange" in problem for problem in recorder.take())
    assert recorder.take() == []
