"""REST of who may do what in a repository, and of what other systems tell it to do (`repository_dispatch`)."""

from collections.abc import Mapping
from typing import Any

from engine.sandbox.forge.answer import Answer, Call, ForgeError, Route, dump, missing, paged, text
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access, organizations, shapes
from engine.sandbox.forge.people.rest_accounts import demand_pusher, named

MOST_PROPERTIES, PAYLOAD_LIMIT, EVENT_LIMIT = 10, 64 * 1024, 100


def _collaborators(call: Call) -> Answer:
    demand_pusher(call, "repository collaborators")
    affiliation, wanted = call.query.get("affiliation", "all"), call.query.get("permission")
    least = "read" if wanted is None else access.LEVEL_OF.get(wanted)
    if affiliation not in ("all", "direct", "outside") or least is None:
        raise ForgeError(422, "Validation Failed")
    found = [
        (row, level)
        for row in _candidates(call, affiliation)
        if access.at_least(level := access.permission(call.forge, row["id"], call.repo), least)
    ]
    return paged(call, found, lambda one: _collaborator(call, *one))


def _candidates(call: Call, affiliation: str) -> list[Row]:
    kept, owner = call.forge.kept, call.repo["owner"]
    found = {
        row["id"]: row
        for row in kept.rows(
            "SELECT a.* FROM collaborators c JOIN accounts a ON a.id = c.account WHERE c.repository = ?",
            call.repo["id"],
        )
    }
    if affiliation == "outside":
        found = {i: row for i, row in found.items() if organizations.role(call.forge, owner, i) is None}
    elif affiliation == "all":
        itself = kept.rows("SELECT * FROM accounts WHERE id = ? AND kind = 'User'", owner)
        found |= {row["id"]: row for row in (*itself, *organizations.members(call.forge, owner))}
        sql = "SELECT t.* FROM team_repositories g JOIN teams t ON t.id = g.team WHERE g.repository = ?"
        for team in kept.rows(sql, call.repo["id"]):
            found |= {m.account["id"]: m.account for m in organizations.team_members(call.forge, team)}
    return [found[key] for key in sorted(found) if not found[key]["deleted"]]


def _collaborator(call: Call, account: Row, level: str) -> dict[str, Any]:
    shape = shapes.simple_user(call.urls, account) or {}
    return {**shape, "permissions": access.flags(level), "role_name": level}


def _is_collaborator(call: Call) -> Answer:
    demand_pusher(call, "repository collaborators")
    who = named(call)["id"]
    if who not in {row["id"] for row in _candidates(call, "all")} or (
        access.permission(call.forge, who, call.repo) == "none"
    ):
        raise missing()
    return Answer(None, 204)


def _permission(call: Call) -> Answer:
    demand_pusher(call, "collaborator permission")
    who = named(call)
    level = access.permission(call.forge, who["id"], call.repo)
    folded = access.FOLDED.get(level, level)
    return Answer({"permission": folded, "role_name": level, "user": _collaborator(call, who, level)})


def _set_collaborator(call: Call) -> Answer:
    level = access.LEVEL_OF.get(text(call, "permission", "Repository") or "push")
    if level is None:
        raise ForgeError(422, "Validation Failed")
    sql = "INSERT OR REPLACE INTO collaborators VALUES (?, ?, ?)"  # no invitations here: it counts at once
    call.forge.kept.run(sql, call.repo["id"], named(call)["id"], level)
    return Answer(None, 204)


def _remove_collaborator(call: Call) -> Answer:
    sql = "DELETE FROM collaborators WHERE repository = ? AND account = ?"
    call.forge.kept.run(sql, call.repo["id"], named(call)["id"])
    return Answer(None, 204)


def _dispatch(call: Call) -> Answer:
    event = text(call, "event_type", "RepositoryDispatch", required=True)
    payload = call.body.get("client_payload", {})
    if not event or len(event) > EVENT_LIMIT:
        raise ForgeError(422, f"Invalid request.\n\nOnly {EVENT_LIMIT} characters are allowed in event_type.")
    if not isinstance(payload, Mapping):
        raise ForgeError(422, f"Invalid request.\n\nFor 'properties/client_payload', {dump(payload)} is not an object.")
    if len(payload) > MOST_PROPERTIES:
        refused = f"No more than {MOST_PROPERTIES} properties are allowed; {len(payload)} were supplied."
        raise ForgeError(422, f"Invalid request.\n\n{refused}")
    if len(dump(payload).encode()) >= PAYLOAD_LIMIT:
        raise ForgeError(422, "client_payload is too large.")
    body = {"branch": call.repo["default_branch"], "client_payload": payload}
    with call.forge.kept.change():
        call.forge.emit("repository_dispatch", event, call.repo["id"], call.viewer.account, body)
    return Answer(None, 204)


_R = "/repos/{owner}/{repo}"
_ONE = f"{_R}/collaborators/{{username}}"
ROUTES = (
    Route("GET", f"{_R}/collaborators", _collaborators),
    Route("GET", _ONE, _is_collaborator),
    Route("PUT", _ONE, _set_collaborator, "admin", "administration:write"),
    Route("DELETE", _ONE, _remove_collaborator, "admin", "administration:write"),
    Route("GET", f"{_ONE}/permission", _permission),
    Route("POST", f"{_R}/dispatches", _dispatch, "write", "contents:write"),
)
