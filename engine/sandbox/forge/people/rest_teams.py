"""REST of teams, by their slug and by their number, which GitHub still answers to."""

from typing import Any

from engine.sandbox.forge.answer import Answer, Call, ForgeError, Route, invalid, missing, number, paged, text
from engine.sandbox.forge.git import shapes as git_shapes
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access, organizations, shapes
from engine.sandbox.forge.people.rest_accounts import demand_owner, named, organization


def _team(call: Call) -> Row:
    if "team_id" in call.path:
        found = call.forge.kept.row("SELECT * FROM teams WHERE id = ?", number(call.path["team_id"], 0))
    else:
        found = organizations.team(call.forge, organization(call)["id"], call.path["team_slug"])
    if found is None or not organizations.visible(call.forge, call.viewer, found):
        raise missing()
    return found


def _kept_team(call: Call) -> Row:
    """The team, for whoever may change who is in it: an owner of the organisation, or a maintainer of the team."""
    team = _team(call)
    maintains = call.viewer.kind == "user" and any(
        member.account["id"] == call.viewer.account and member.role == "maintainer"
        for member in organizations.team_members(call.forge, team)
    )
    if not maintains:
        demand_owner(call, team["organization"])
    return team


def _teams(call: Call) -> Answer:
    owner = organization(call, member=True)
    seen = [row for row in organizations.teams(call.forge, owner["id"]) if _visible(call, row)]
    return paged(call, seen, lambda row: shapes.team(call.forge, call.urls, row))


def _own_teams(call: Call) -> Answer:
    found = organizations.teams_of(call.forge, call.viewer.account or 0)
    return paged(call, found, lambda row: shapes.full_team(call.forge, call.urls, row))


def _get(call: Call) -> Answer:
    return Answer(shapes.full_team(call.forge, call.urls, _team(call)))


def _create(call: Call) -> Answer:
    owner = organization(call, owner=True)
    privacy, name = text(call, "privacy", "Team") or "closed", text(call, "name", "Team", required=True) or ""
    parent = call.body.get("parent_team_id")
    if parent is not None and type(parent) is not int:
        raise invalid("Team", "parent_team_id")
    created = organizations.create_team(
        call.forge,
        owner["id"],
        name,
        parent=parent,
        description=text(call, "description", "Team"),
        privacy=privacy if privacy == "secret" else "closed",
    )
    row = call.forge.kept.row("SELECT * FROM teams WHERE id = ?", created) or {}
    return Answer(shapes.full_team(call.forge, call.urls, row), 201)


def _delete(call: Call) -> Answer:
    team = _team(call)
    demand_owner(call, team["organization"])
    organizations.delete_team(call.forge, team)
    return Answer(None, 204)


def _members(call: Call) -> Answer:
    wanted = call.query.get("role", "all")
    if wanted not in ("all", "member", "maintainer"):
        raise ForgeError(422, "Validation Failed")
    found = [m for m in organizations.team_members(call.forge, _team(call)) if wanted in ("all", m.role)]
    return paged(
        call,
        found,
        lambda m: {**(shapes.simple_user(call.urls, m.account) or {}), "role": m.role, "inherited": m.inherited},
    )


def _membership(call: Call) -> Answer:
    team, who = _team(call), named(call)
    for member in organizations.team_members(call.forge, team):
        if member.account["id"] == who["id"]:
            return Answer(_shaped(call, team, who, member.role))
    raise missing()


def _set_membership(call: Call) -> Answer:
    team, who = _kept_team(call), named(call)
    role = text(call, "role", "TeamMembership") or "member"
    organizations.set_team_member(call.forge, team, who["id"], role)
    return Answer(_shaped(call, team, who, role))


def _remove_membership(call: Call) -> Answer:
    team, who = _kept_team(call), named(call)
    if not organizations.remove_team_member(call.forge, team, who["id"]):
        raise missing()
    return Answer(None, 204)


def _shaped(call: Call, team: Row, who: Row, role: str) -> dict[str, Any]:
    return {
        "url": call.urls.rest("teams", team["id"], "memberships", who["login"]),
        "role": role,
        "state": "active",
    }


def _is_member(call: Call) -> Answer:
    _membership(call)
    return Answer(None, 204)


def _children(call: Call) -> Answer:
    found = [row for row in organizations.children(call.forge, _team(call)) if _visible(call, row)]
    return paged(call, found, lambda row: shapes.team(call.forge, call.urls, row))


def _levels(call: Call) -> dict[int, str]:
    """What a team may, by repository, as far as the viewer sees them."""
    levels: dict[int, str] = {}
    for given in organizations.team_repositories(call.forge, _team(call)):
        row = call.forge.repository_of(given["repository"])
        if row is not None and access.sees(call.forge, call.viewer, row):
            levels.setdefault(row["id"], given["permission"])
    return levels


def _repositories(call: Call) -> Answer:
    return paged(call, list(_levels(call).items()), lambda given: _repository(call, *given))


def _repository(call: Call, repository: int, level: str) -> dict[str, Any]:
    row = call.forge.repository_of(repository) or {}
    shape = git_shapes.minimal_repository(call.forge, call.urls, row)
    return {**shape, "permissions": access.flags(level), "role_name": level}


def _has_repository(call: Call) -> Answer:
    row = call.forge.repository(call.path["owner"], call.path["repo"])
    if row is None or row["id"] not in _levels(call):
        raise missing()
    return Answer(None, 204)


def _set_repository(call: Call) -> Answer:
    team = _team(call)
    row = call.forge.repository(call.path["owner"], call.path["repo"])
    if row is None or row["owner"] != team["organization"]:
        raise missing()
    access.demand(call.forge, call.viewer, row, "admin", "administration:write")
    wanted = text(call, "permission", "Team") or "push"
    level = access.LEVEL_OF.get(wanted)
    if level is None:
        raise ForgeError(422, "Validation Failed")
    sql = "INSERT OR REPLACE INTO team_repositories VALUES (?, ?, ?)"
    call.forge.kept.run(sql, team["id"], row["id"], level)
    return Answer(None, 204)


def _remove_repository(call: Call) -> Answer:
    team = _team(call)
    row = call.forge.repository(call.path["owner"], call.path["repo"])
    if row is None or row["owner"] != team["organization"]:
        raise missing()
    access.demand(call.forge, call.viewer, row, "admin", "administration:write")
    sql = "DELETE FROM team_repositories WHERE team = ? AND repository = ?"
    call.forge.kept.run(sql, team["id"], row["id"])
    return Answer(None, 204)


def _of_repository(call: Call) -> Answer:
    given = call.forge.kept.rows(
        "SELECT t.*, g.permission AS level FROM team_repositories g JOIN teams t ON t.id = g.team "
        "WHERE g.repository = ? ORDER BY t.id",
        call.repo["id"],
    )
    seen = [row for row in given if _visible(call, row)]
    return paged(call, seen, lambda row: shapes.team(call.forge, call.urls, row, row["level"]))


def _visible(call: Call, row: Row) -> bool:
    return organizations.visible(call.forge, call.viewer, row)


_READ: dict[str, Any] = {"grant": "members:read", "who": "signed-in"}
_WRITE: dict[str, Any] = {"grant": "members:write", "who": "signed-in"}


def _both(verb: str, path: str, handle: Any, rights: dict[str, Any]) -> list[Route]:
    return [
        Route(verb, f"{root}{path}", handle, **rights) for root in ("/orgs/{org}/teams/{team_slug}", "/teams/{team_id}")
    ]


ROUTES = (
    Route("GET", "/orgs/{org}/teams", _teams, **_READ),
    Route("POST", "/orgs/{org}/teams", _create, **_WRITE),
    Route("GET", "/user/teams", _own_teams, who="user"),
    Route("GET", "/repos/{owner}/{repo}/teams", _of_repository, grant="administration:read"),
    *_both("GET", "", _get, _READ),
    *_both("DELETE", "", _delete, _WRITE),
    *_both("GET", "/members", _members, _READ),
    *_both("GET", "/memberships/{username}", _membership, _READ),
    *_both("PUT", "/memberships/{username}", _set_membership, _WRITE),
    *_both("DELETE", "/memberships/{username}", _remove_membership, _WRITE),
    *_both("GET", "/teams", _children, _READ),
    *_both("GET", "/repos", _repositories, _READ),
    *_both("GET", "/repos/{owner}/{repo}", _has_repository, _READ),
    *_both("PUT", "/repos/{owner}/{repo}", _set_repository, _WRITE),
    *_both("DELETE", "/repos/{owner}/{repo}", _remove_repository, _WRITE),
    Route("GET", "/teams/{team_id}/members/{username}", _is_member, **_READ),
)
