"""Nonsense in every place of every route: whatever it is, it is refused or taken, and nothing breaks."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest

from engine.sandbox.forge import serve
from engine.sandbox.forge.answer import Route
from engine.sandbox.forge.git.bare import EMPTY_TREE, Person, bare
from engine.sandbox.forge.git.repositories import create_repository
from engine.sandbox.forge.people import accounts, organizations
from tests.support import github_openapi
from tests.support.few import ALL
from tests.support.npm import UNREACHABLE, needs_npm, or_skip

# It is nonsense, and some of it GitHub would take where this does not, or the other way round.
pytestmark = [*needs_npm, pytest.mark.slow, pytest.mark.off_contract]

VALUES: tuple[Any, ...] = (None, True, 10**30, "", "\x00", "x" * 70_000, [None], [{}], {"x": 1})
PLACES = ("x", "9" * 30, "%00", "%F0%9F%92%A9", "..%2F..", "--all")
ANN = Person("Ann", "ann@example.com", "2026-11-27T08:00:00Z")
_numbers = itertools.count()


@pytest.fixture(scope="module", autouse=True)
def description():
    try:
        github_openapi.description()
    except UNREACHABLE as error:
        or_skip(github_openapi.PACKAGE, error)


@pytest.fixture
def scene(forge, as_, as_app, as_installation) -> Any:
    """`scene(route)`: what there is for a route to be about, made anew each time; its path's parameters."""
    forge.limits.an_hour.update(dict.fromkeys(forge.limits.an_hour, 10**9))
    acme = forge.kept.value("SELECT id FROM accounts WHERE login = 'acme'")

    def made(route: Route) -> dict[str, str]:
        name = f"r{next(_numbers)}"
        number = create_repository(forge, acme, name)
        store = bare(forge, number)
        one = store.write_commit(store.with_file(EMPTY_TREE, "a.txt", b"1\n"), [], "one\n", ANN, ANN)
        two = store.write_commit(store.with_file(one, "b.txt", b"2\n"), [one], "two\n", ANN, ANN)
        assert store.update("refs/heads/main", one, None)
        assert store.update("refs/heads/topic", two, None)
        team = organizations.create_team(forge, acme, f"t{name}")
        accounts.create(forge, f"u{name}")
        olga, app = as_("olga"), as_installation()

        def new(client: Any, below: str, **body: Any) -> Any:
            answer = client("POST", f"/repos/acme/{name}/{below}", body)
            assert answer.status in (200, 201), (below, answer)
            return answer.body

        pull = new(olga, "pulls", head="topic", base="main", title="x")["number"]
        remark = {"path": "b.txt", "line": 1, "side": "RIGHT", "body": "x", "commit_id": two}
        comment = {
            True: new(olga, f"pulls/{pull}/comments", **remark),
            False: new(olga, f"issues/{pull}/comments", body="x"),
        }
        run = new(app, "check-runs", name="x", head_sha=one)
        deployment = new(olga, "deployments", ref="main", auto_merge=False, required_contexts=[])["id"]
        hook = new(olga, "hooks", config={"url": "http://127.0.0.1:9/"})["id"]
        rules = {"target": "branch", "enforcement": "disabled"}
        custom = {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}
        assert olga("PUT", f"/repos/acme/{name}/environments/sign", custom).status == 200
        return {
            "owner": "acme",
            "org": "acme",
            "repo": name,
            "username": f"u{name}",
            "team_slug": f"t{name}",
            "team_id": str(team),
            "account_id": "3",
            "app_slug": "interlock",
            "code": "a-code-of-nobody",
            "installation_id": "1",
            "ref": "main" if "/git/" not in route.path else "heads/topic",
            "branch": "topic",
            "basehead": "main...topic",
            "path": "a.txt",
            "name": new(olga, "labels", name="kind")["name"],
            "pull_number": str(pull),
            "issue_number": str(pull),
            "review_id": str(new(olga, f"pulls/{pull}/reviews", event="COMMENT", body="x")["id"]),
            "comment_id": str(comment["/pulls/" in route.path]["id"]),
            "check_run_id": str(run["id"]),
            "check_suite_id": str(run["check_suite"]["id"]),
            "deployment_id": str(deployment),
            "status_id": str(new(olga, f"deployments/{deployment}/statuses", state="pending")["id"]),
            "hook_id": str(hook),
            "environment_name": "sign",
            "branch_policy_id": str(new(olga, "environments/sign/deployment-branch-policies", name="main")["id"]),
            "ruleset_id": str(new(olga, "rulesets", name="x", **rules)["id"]),
            "event_id": str(forge.kept.value("SELECT max(id) FROM timeline") or 1),
            "delivery_id": str(forge.kept.value("SELECT max(id) FROM deliveries") or 1),
            **dict.fromkeys(("sha", "commit_sha"), two),
            "tree_sha": "main",
            "file_sha": store.entries(one, recursive=True)[0].sha,
        }

    return made


def nonsense(route: Route) -> Iterator[tuple[dict[str, str], str, Any]]:
    """(parameters of the path, query, body) that are none, one at a time; each part of a body is a third of them."""
    for name in re.findall(r"\{(\w+)\}", route.path):
        for place in PLACES:
            yield {name: place}, "", None
    found = github_openapi.operation(route.verb, route.path)
    assert found is not None
    for name in sorted(found.query):
        for place in PLACES:
            yield {}, f"?{name}={place}", None
    if route.verb != "GET":
        for value in VALUES:
            yield {}, "", value
        for at, name in enumerate(github_openapi.names_in(found.request) if found.request else ()):
            for value in VALUES if ALL else VALUES[at % 3 :: 3]:
                yield {}, "", {name: value}


ROUTES = sorted(serve.routes(), key=lambda route: (route.path, route.verb))


@pytest.mark.parametrize("route", ROUTES, ids=[f"{route.verb} {route.path}" for route in ROUTES])
def test_no_route_breaks(as_, as_app, as_installation, scene, route):
    # People may do everything but report checks.
    client = as_app if route.who == "app" else as_installation() if "/check-" in route.path else as_("olga")
    there = scene(route)
    broken = []
    for changes, query, body in nonsense(route):
        path = route.path.format(**there | changes)
        status = client(route.verb, path + query, body).status
        if status >= 500:
            broken.append((path[:200] + query, repr(body)[:200]))
        if status < 300 and route.verb != "GET":
            there = scene(route)  # what was asked for may be renamed, merged or gone
    assert broken == []
