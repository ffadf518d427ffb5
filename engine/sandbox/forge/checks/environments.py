"""Environments of a repository, and from which branches jobs may use them.

No job runs here, so what would hold one up (reviewers, a timer) could only be promised, and is refused.
"""

from collections.abc import Mapping
from typing import Any

from engine.sandbox.forge.answer import Answer, Call, Route, invalid, missing, number, paged
from engine.sandbox.forge.checks.given import Given
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.kept import Row

_POLICIES: Mapping[str, dict[str, bool] | None] = {
    "": None,
    "protected": {"protected_branches": True, "custom_branch_policies": False},
    "custom": {"protected_branches": False, "custom_branch_policies": True},
}
_PROMISED = ("reviewers", "wait_timer", "prevent_self_review")


def used(forge: Forge, repository: Row, name: str) -> Row:
    """The environment, made where it is not there yet: open to every branch, as whatever is only named."""
    with forge.kept.change():
        found = _one(forge, repository, name)
        if found is None:
            now = forge.now()
            forge.kept.insert("environments", repository=repository["id"], name=name, created_at=now, updated_at=now)
            found = _one(forge, repository, name)
    assert found is not None
    return found


def _one(forge: Forge, repository: Row, name: str) -> Row | None:
    return forge.kept.row("SELECT * FROM environments WHERE repository = ? AND name = ?", repository["id"], name)


def _named(call: Call) -> Row:
    found = _one(call.forge, call.repo, call.path["environment_name"])
    if found is None:
        raise missing()
    return found


def _list(call: Call) -> Answer:
    rows = call.forge.kept.rows("SELECT * FROM environments WHERE repository = ? ORDER BY id", call.repo["id"])
    return paged(call, rows, lambda row: _shape(call, row), "environments")


def _get(call: Call) -> Answer:
    return Answer(_shape(call, _named(call)))


def _put(call: Call) -> Answer:
    name, wanted = call.path["environment_name"], call.body.get("deployment_branch_policy")
    if not 0 < len(name) <= 255 or not name.isprintable():
        raise invalid("Environment", "name")
    for field in _PROMISED:
        if call.body.get(field):
            raise invalid("Environment", field, "custom", "no job runs here that could wait")
    policy = next((word for word, said in _POLICIES.items() if said == wanted), None)
    if policy is None:
        raise invalid("Environment", "deployment_branch_policy")
    with call.forge.kept.change():
        row = used(call.forge, call.repo, name)
        call.forge.kept.update("environments", row["id"], policy=policy, updated_at=call.forge.now())
        if policy != "custom":
            call.forge.kept.run("DELETE FROM branch_policies WHERE environment = ?", row["id"])
    return _get(call)


def _delete(call: Call) -> Answer:
    row = _named(call)
    with call.forge.kept.change():
        call.forge.kept.run("DELETE FROM branch_policies WHERE environment = ?", row["id"])
        call.forge.kept.run("DELETE FROM environments WHERE id = ?", row["id"])
    return Answer(status=204)


def _shape(call: Call, row: Row) -> dict[str, Any]:
    name = call.repo["full_name"]
    rules = [{"id": row["id"], "node_id": node_id("BranchPolicy", f"all of {row['id']}"), "type": "branch_policy"}]
    return {
        "id": row["id"],
        "node_id": node_id("Environment", row["id"]),
        "name": row["name"],
        "url": call.urls.repo(name, "environments", row["name"]),
        "html_url": f"{call.urls.page(*name.split('/'), 'deployments')}",
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "protection_rules": rules if row["policy"] else [],
        "deployment_branch_policy": _POLICIES[row["policy"]],
    }


# From which branches


def _branches(call: Call) -> Answer:
    rows = call.forge.kept.rows("SELECT * FROM branch_policies WHERE environment = ? ORDER BY id", _named(call)["id"])
    return paged(call, rows, _branch, "branch_policies")


def _get_branch(call: Call) -> Answer:
    return Answer(_branch(_named_branch(call)))


def _add_branch(call: Call) -> Answer:
    given, row = Given("DeploymentBranchPolicy", call.body), _named(call)
    name = given.text("name", required=True, limit=255)
    kind = given.choice("type", ("branch", "tag")) or "branch"
    if row["policy"] != "custom":
        raise missing()
    with call.forge.kept.change():
        sql = "SELECT 1 FROM branch_policies WHERE environment = ? AND name = ? AND kind = ?"
        if call.forge.kept.row(sql, row["id"], name, kind):
            return Answer(status=303)
        made = call.forge.kept.insert("branch_policies", environment=row["id"], name=name, kind=kind)
    return Answer(_branch({"id": made, "name": name, "kind": kind}))


def _change_branch(call: Call) -> Answer:
    row = _named_branch(call)
    name = Given("DeploymentBranchPolicy", call.body).text("name", required=True, limit=255)
    with call.forge.kept.change():
        sql = "SELECT 1 FROM branch_policies WHERE environment = ? AND name = ? AND kind = ? AND id <> ?"
        if call.forge.kept.row(sql, row["environment"], name, row["kind"], row["id"]):
            raise invalid("DeploymentBranchPolicy", "name", "already_exists")
        call.forge.kept.update("branch_policies", row["id"], name=name)
    return Answer(_branch({**row, "name": name}))


def _drop_branch(call: Call) -> Answer:
    call.forge.kept.run("DELETE FROM branch_policies WHERE id = ?", _named_branch(call)["id"])
    return Answer(status=204)


def _named_branch(call: Call) -> Row:
    sql = "SELECT * FROM branch_policies WHERE environment = ? AND id = ?"
    found = call.forge.kept.row(sql, _named(call)["id"], number(call.path["branch_policy_id"], -1))
    if found is None:
        raise missing()
    return found


def _branch(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "node_id": node_id("BranchPolicy", row["id"]),
        "name": row["name"],
        "type": row["kind"],
    }


_LIST = "/repos/{owner}/{repo}/environments"
_ONE = f"{_LIST}/{{environment_name}}"
_POLICY = f"{_ONE}/deployment-branch-policies"
_READ: dict[str, Any] = {"grant": "actions:read", "slashes": "environment_name"}
_ADMIN: dict[str, Any] = {"access": "admin", "grant": "administration:write", "slashes": "environment_name"}
ROUTES = (
    Route("GET", _LIST, _list, grant="actions:read"),
    Route("GET", _POLICY, _branches, **_READ),
    Route("POST", _POLICY, _add_branch, **_ADMIN),
    Route("GET", f"{_POLICY}/{{branch_policy_id}}", _get_branch, **_READ),
    Route("PUT", f"{_POLICY}/{{branch_policy_id}}", _change_branch, **_ADMIN),
    Route("DELETE", f"{_POLICY}/{{branch_policy_id}}", _drop_branch, **_ADMIN),
    Route("GET", _ONE, _get, **_READ),
    Route("PUT", _ONE, _put, **_ADMIN),
    Route("DELETE", _ONE, _delete, **_ADMIN),
)
