"""Who people are: by id, with child teams, whole; whom there is not is told so."""

import json
import os
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from engine.adapters.github import client as adapter
from engine.adapters.github import queries
from engine.adapters.github.auth import Token
from engine.adapters.github.client import Client
from engine.adapters.github.look import Look
from engine.adapters.github.port import Person
from engine.errors import EngineError
from tests.support import github_schema
from tests.support.http import Answer, Asked, Far

REPO = "acme/dev-deployment"


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(adapter, "pauses", lambda tries, *_: iter([0.0] * (tries - 1)))


def user(number: int, login: str | None = None) -> dict[str, Any]:
    return {"databaseId": number, "login": login or f"user{number}"}


class GitHub:
    """People at the far end, as GraphQL has them."""

    def __init__(self, teams: dict[str, int] | None = None) -> None:
        self.users = {"ann": user(101, "Ann"), "bob": user(102, "bob"), "outsider": user(103, "outsider")}
        self.may = {101: "MAINTAIN", 102: "READ"}
        self.teams = teams or {}  # members of each
        self.change: Callable[[dict[str, Any]], None] = lambda data: None

    def __call__(self, asked: Asked) -> Answer:
        variables = json.loads(asked.body)["variables"]
        data: dict[str, Any] = {}
        errors = []
        rights = {}
        for alias, value in variables.items():
            if alias.startswith("u"):
                data[alias] = self.users.get(value.lower())
                errors += [] if data[alias] else [_missing(alias)]
                rights[alias] = {"edges": self._edges(data[alias])}
            elif alias.startswith("t") and not alias.endswith(("_of", "_after")):
                data[alias] = self._team(value, int(variables[f"{alias}_after"] or 0))
                if variables[f"{alias}_of"] != "acme":
                    data[alias] = None
                    errors.append(_missing(alias))
        if "owner" in variables:
            data["repository"] = {"nameWithOwner": REPO, **rights}
        self.change(data)
        return Answer(200, json.dumps({"data": data, **({"errors": errors} if errors else {})}).encode())

    def _edges(self, found: dict[str, Any] | None) -> list[Any]:
        may = self.may.get(found["databaseId"]) if found else None
        return [{"permission": may, "node": {"databaseId": found["databaseId"]}}] if found and may else []

    def _team(self, slug: str, start: int) -> Any:
        if slug not in self.teams:
            return {"team": None}
        count, end = self.teams[slug], start + 100
        rows = [user(number) for number in range(start, min(end, count))]
        page = {"hasNextPage": end < count, "endCursor": str(end)}
        return {"team": {"members": {"totalCount": count, "pageInfo": page, "nodes": rows}}}


def _missing(alias: str) -> dict[str, Any]:
    return {"type": "NOT_FOUND", "path": [alias], "message": "Could not resolve to a User."}


def asked(github: Callable[[Asked], Answer], logins: Any = (), teams: Any = ()) -> tuple[Any, int]:
    with Far(github).serving() as far:
        client = Client(f"{far.url}/api/v3", Token("ghs_x"))
        return Look(client).people(REPO, logins, teams), client.calls


def refused(github: Callable[[Asked], Answer], logins: Any = (), teams: Any = (), code: str = "ENG597") -> None:
    with pytest.raises(EngineError) as caught:
        asked(github, logins, teams)
    assert caught.value.problems[0].code == code, caught.value


def test_people_are_one_request():
    github = GitHub({"platform": 3, "security": 100})
    found, calls = asked(github, ["ann", "bob", "outsider", "nobody"], ["acme/platform", "acme/security", "acme/none"])
    assert calls == 1
    ann, bob, outsider = Person(101, "Ann"), Person(102, "bob"), Person(103, "outsider")
    assert found.users == {"ann": ann, "bob": bob, "outsider": outsider, "nobody": None}
    assert found.permissions == {101: "maintain", 102: "read", 103: "none"}
    assert found.teams["acme/platform"] == (Person(0, "user0"), Person(1, "user1"), Person(2, "user2"))
    assert len(found.teams["acme/security"]) == 100
    assert found.teams["acme/none"] is None


def test_nobody_is_no_request():
    found, calls = asked(GitHub())
    assert (found.users, found.teams, found.permissions, calls) == ({}, {}, {}, 0)


def test_a_team_of_an_organisation_that_is_not_there():
    found, _ = asked(GitHub({"platform": 1}), (), ["evil/platform", "acme/platform"])
    assert found.teams == {"evil/platform": None, "acme/platform": (Person(0, "user0"),)}


def test_an_empty_team_has_nobody():
    assert asked(GitHub({"platform": 0}), (), ["acme/platform"])[0].teams == {"acme/platform": ()}


def test_large_teams_are_whole():
    found, calls = asked(GitHub({"all": 250, "few": 3, "many": 101}), ["ann"], ["acme/all", "acme/few", "acme/many"])
    assert {team: len(members) for team, members in found.teams.items()} == {
        "acme/all": 250, "acme/few": 3, "acme/many": 101,
    }  # fmt: skip
    assert calls == 3
    assert found.permissions == {101: "maintain"}


def _members(data: dict[str, Any]) -> Any:
    return data["t0"]["team"]["members"]


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("fewer than GitHub counts", lambda data: _members(data).update(totalCount=4)),
        ("somebody whom we may not see", lambda data: _members(data)["nodes"].append(None)),
        ("somebody without an id", lambda data: _members(data)["nodes"][0].update(databaseId=None)),
        ("no list", lambda data: _members(data).update(nodes=None)),
        ("no team, and no word of it", lambda data: data.pop("t0")),
        ("somebody else", lambda data: data.update(u0=user(1, "eve"))),
        ("no right to see rights", lambda data: data["repository"].update(u0=None)),
        ("no repository", lambda data: data.update(repository=None)),
        ("a right that is none", lambda data: data["repository"]["u0"]["edges"][0].update(permission=None)),
    ],
)
def test_what_is_not_what_was_asked_for(why, change):
    github = GitHub({"platform": 3})
    assert asked(github, ["ann"], ["acme/platform"])[0].permissions == {101: "maintain"}, "else it tries nothing"
    github.change = change
    refused(github, ["ann"], ["acme/platform"])


def test_a_right_of_somebody_else_is_nobodys():
    github = GitHub()
    github.change = lambda data: data["repository"]["u0"]["edges"][0]["node"].update(databaseId=7)
    assert asked(github, ["ann"])[0].permissions == {101: "none"}


@pytest.mark.parametrize(
    ("why", "error"),
    [
        ("no right", {"type": "FORBIDDEN", "path": ["u0"], "message": "no"}),
        ("the repository is not there", {"type": "NOT_FOUND", "path": ["repository"], "message": "no"}),
        ("something below is not there", {"type": "NOT_FOUND", "path": ["t0", "team"], "message": "no"}),
        ("who knows what", {"type": "NOT_FOUND", "message": "no"}),
    ],
)
def test_only_what_was_asked_for_may_be_missing(why, error):
    answer = json.dumps({"data": {"u0": None}, "errors": [error]}).encode()
    refused(lambda _: Answer(200, answer), ["ann"], ["acme/platform"], code="ENG594")


@pytest.mark.npm
@pytest.mark.skipif(os.environ.get("CI") != "true" and not shutil.which("npm"), reason="npm has GitHub's schema")
def test_github_takes_this_query():
    from graphql import parse, validate

    schema = github_schema.public()
    for users, teams in ((["u0", "u1"], ["t0", "t1"]), (["u0"], []), ([], ["t0"])):
        assert validate(schema, parse(queries.people(users, teams, in_repo=bool(users)))) == []
