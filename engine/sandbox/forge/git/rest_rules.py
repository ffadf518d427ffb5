"""REST of rulesets, and of the rules that hold for a branch."""

import json
from collections.abc import Mapping
from typing import Any

from engine.sandbox.forge.answer import Answer, Call, Route, dump, invalid, missing, number, paged, text
from engine.sandbox.forge.git import protection
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access

# Those that are kept to when something is pushed or merged; another one could only be promised.
KINDS = (
    "creation",
    "update",
    "deletion",
    "non_fast_forward",
    "required_linear_history",
    "pull_request",
    "required_status_checks",
)
_ACTORS = ("Integration", "OrganizationAdmin", "RepositoryRole", "Team", "User", "DeployKey")
_ENFORCEMENTS = ("active", "evaluate", "disabled")
_MODES = ("always", "pull_request", "exempt")


def list_rules(call: Call) -> Answer:
    """Those of a branch, from every active ruleset; the branch need not be there."""
    return paged(call, protection.rules_of(call.forge, call.repo, call.path["branch"]), lambda rule: rule)


def list_rulesets(call: Call) -> Answer:
    """Without their rules, as GitHub lists them."""
    rows = call.forge.kept.rows("SELECT * FROM rulesets WHERE repository = ? ORDER BY id", call.repo["id"])
    return paged(call, rows, lambda row: _shape(call, row))


def get_ruleset(call: Call) -> Answer:
    """One."""
    return Answer(_whole(call, _found(call)))


def create_ruleset(call: Call) -> Answer:
    """A new one."""
    text(call, "name", "Ruleset", required=True)
    if "enforcement" not in call.body:
        raise invalid("Ruleset", "enforcement", "missing_field")
    now = call.forge.now()
    columns = {"include_json": "[]", "rules_json": "[]", "bypass_json": "[]"} | _columns(call)
    made = call.forge.kept.insert("rulesets", repository=call.repo["id"], created_at=now, updated_at=now, **columns)
    return Answer(_whole(call, _row(call, made)), 201)


def update_ruleset(call: Call) -> Answer:
    """Change what the body names."""
    row = _found(call)
    call.forge.kept.update("rulesets", row["id"], **_columns(call), updated_at=call.forge.now())
    return Answer(_whole(call, _row(call, row["id"])))


def delete_ruleset(call: Call) -> Answer:
    """Take it away."""
    call.forge.kept.run("DELETE FROM rulesets WHERE id = ?", _found(call)["id"])
    return Answer(status=204)


def _found(call: Call) -> Row:
    row = call.forge.kept.row(
        "SELECT * FROM rulesets WHERE id = ? AND repository = ?",
        number(call.path["ruleset_id"], -1),
        call.repo["id"],
    )
    if row is None:
        raise missing()
    return row


def _row(call: Call, made: int) -> Row:
    row = call.forge.kept.row("SELECT * FROM rulesets WHERE id = ?", made)
    assert row is not None
    return row


def _columns(call: Call) -> dict[str, Any]:
    """What the body says, by column.

    Raises:
        ForgeError: 422, something that is no ruleset of GitHub's, or that this does not keep.
    """
    body, found = call.body, {}
    name = text(call, "name", "Ruleset", limit=255)
    if name is not None:
        found["name"] = name
    for field, known in (("target", ("branch", "tag")), ("enforcement", _ENFORCEMENTS)):
        if field in body:
            found[field] = _one_of(field, body[field], known)
    if "conditions" in body:
        names = _mapping("conditions", _mapping("conditions", body["conditions"]).get("ref_name", {}))
        for side in ("include", "exclude"):
            found[f"{side}_json"] = dump(_texts("conditions", names.get(side, [])))
    if "rules" in body:
        found["rules_json"] = dump([_rule(rule) for rule in _list("rules", body["rules"])])
    if "bypass_actors" in body:
        found["bypass_json"] = dump([_actor(row) for row in _list("bypass_actors", body["bypass_actors"])])
    return found


def _rule(rule: Any) -> dict[str, Any]:
    kind = _one_of("rules", _mapping("rules", rule).get("type"), KINDS)
    wants = _mapping("rules", rule.get("parameters") or {})
    if kind == "pull_request":
        _count(wants.get("required_approving_review_count", 0))
    if kind == "required_status_checks":
        for check in _list("rules", wants.get("required_status_checks")):
            _texts("rules", [_mapping("rules", check).get("context")])
            if not isinstance(check.get("integration_id"), int | None):
                raise invalid("Ruleset", "rules")
    filled = {"parameters": {**protection.DEFAULTS[kind], **wants}} if kind in protection.DEFAULTS else {}
    return {"type": kind, **filled}


def _count(value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 10:
        raise invalid("Ruleset", "rules")


def _actor(row: Any) -> dict[str, Any]:
    kind = _one_of("bypass_actors", _mapping("bypass_actors", row).get("actor_type"), _ACTORS)
    who = row.get("actor_id")
    if isinstance(who, bool) or not isinstance(who, int | None):
        raise invalid("Ruleset", "bypass_actors")
    mode = _one_of("bypass_actors", row.get("bypass_mode", "always"), _MODES)
    return {"actor_id": who, "actor_type": kind, "bypass_mode": mode}


def _one_of(field: str, value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise invalid("Ruleset", field, "invalid", f"{field} must be one of: {', '.join(known)}")
    return str(value)


def _mapping(field: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise invalid("Ruleset", field)
    return value


def _list(field: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > 100:
        raise invalid("Ruleset", field)
    return value


def _texts(field: str, value: Any) -> list[str]:
    if not all(isinstance(each, str) and 0 < len(each) < 1024 for each in _list(field, value)):
        raise invalid("Ruleset", field)
    return list(value)


def _shape(call: Call, row: Row) -> dict[str, Any]:
    page = call.urls.page(call.repo["owner_login"], call.repo["name"], "rules", row["id"])
    url = call.urls.repo(call.repo["full_name"], "rulesets", row["id"])
    return {
        "id": row["id"],
        "name": row["name"],
        "target": row["target"],
        "source_type": "Repository",
        "source": call.repo["full_name"],
        "enforcement": row["enforcement"],
        "node_id": node_id("Ruleset", row["id"]),
        "_links": {"self": {"href": url}, "html": {"href": page}},
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def _whole(call: Call, row: Row) -> dict[str, Any]:
    """With what it says; who may pass is shown only to those who may change that, as GitHub does."""
    found = _shape(call, row)
    names = {side: json.loads(row[f"{side}_json"]) for side in ("include", "exclude")}
    found |= {"conditions": {"ref_name": names}, "rules": json.loads(row["rules_json"])}
    found["current_user_can_bypass"] = protection.may_pass(call.forge, call.repo, row, call.viewer)
    level = access.permission(call.forge, call.viewer.account, call.repo)
    if call.viewer.kind == "user" and access.at_least(level, "admin"):
        found["bypass_actors"] = json.loads(row["bypass_json"])
    return found


_R = "/repos/{owner}/{repo}"
ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_R}/rules/branches/{{branch}}", list_rules, slashes="branch"),
    Route("GET", f"{_R}/rulesets", list_rulesets),
    Route("POST", f"{_R}/rulesets", create_ruleset, "admin", "administration:write"),
    Route("GET", f"{_R}/rulesets/{{ruleset_id}}", get_ruleset),
    Route("PUT", f"{_R}/rulesets/{{ruleset_id}}", update_ruleset, "admin", "administration:write"),
    Route("DELETE", f"{_R}/rulesets/{{ruleset_id}}", delete_ruleset, "admin", "administration:write"),
)
