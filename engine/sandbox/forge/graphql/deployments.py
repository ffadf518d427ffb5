"""Deployments of commits, and what came of them."""

from collections.abc import Sequence

from engine.sandbox.forge.graphql import commits, refs
from engine.sandbox.forge.graphql.checks import on_commits, upper
from engine.sandbox.forge.graphql.nodes import Args, Node
from engine.sandbox.forge.graphql.pages import PAGE, Page, page
from engine.sandbox.forge.graphql.people import Table, account_by, column, identity

_DEPLOYED = {"success": "ACTIVE", "error": "ERROR", "failure": "FAILURE"}  # a deployment is as its newest status says
_DEPLOYMENTS = on_commits(
    "Deployment",
    """SELECT *, sha AS oid FROM deployments WHERE repository IN (SELECT value FROM json_each(?))
      AND sha IN (SELECT value FROM json_each(?)) ORDER BY id""",
)


def _of_repository(node: Node, args: Args) -> Page:
    """Of a repository, the oldest first."""
    sql = """SELECT *, repository AS parent, sha AS oid FROM deployments
      WHERE repository IN (SELECT value FROM json_each(?)) ORDER BY id"""
    return _chosen(node.many("deployments", "Deployment", sql), args)


def _chosen(found: Sequence[Node], args: Args) -> Page:
    wanted, order = args.get("environments"), args.get("orderBy")
    kept = [node for node in found if wanted is None or node.row["environment"] in wanted]
    if order is not None and order["direction"] == "DESC":
        kept.reverse()
    return page(kept, args)


def _deployment_statuses(node: Node) -> list[Node]:
    sql = """SELECT *, deployment AS parent FROM deployment_statuses
      WHERE deployment IN (SELECT value FROM json_each(?)) ORDER BY id DESC"""
    return node.many("statuses", "DeploymentStatus", sql)


def _newest_status(node: Node, _: Args) -> Node | None:
    return next(iter(_deployment_statuses(node)), None)


def _deployed(node: Node, args: Args) -> str:
    newest = _newest_status(node, args)
    said = "pending" if newest is None else newest.row["state"]
    return _DEPLOYED.get(said, said.upper())


def _creator(node: Node, _: Args) -> Node:
    """Whoever it was; of somebody who is gone GitHub's `ghost`, for there is always one."""
    ghost = node.actor("creator") or account_by(node.ask, "ghost", "User")
    assert ghost is not None
    return ghost


def _ref(node: Node, _: Args) -> Node | None:
    return refs.ref_named(commits.repository_of(node), node.row["ref"])


def _payload(node: Node, _: Args) -> str:
    return str(node.row["payload_json"])


TABLE: Table = {
    "Commit": {
        f"deployments({PAGE}, environments, orderBy)": lambda node, args: _chosen(_DEPLOYMENTS(node), args),
    },
    "Repository": {f"deployments({PAGE}, environments, orderBy)": _of_repository},
    "Deployment": {
        "commit": commits.commit_in("sha"),
        "commitOid": column("sha"),
        "createdAt": column("created_at"),
        "creator": _creator,
        "databaseId": column("id"),
        "description": column("description"),
        "environment": column("environment"),
        "id": identity("Deployment"),
        "latestEnvironment": column("environment"),
        "latestStatus": _newest_status,
        "originalEnvironment": column("environment"),
        "payload": _payload,
        "ref": _ref,
        "repository": commits.repository_of,
        "state": _deployed,
        f"statuses({PAGE})": lambda node, args: page(_deployment_statuses(node), args),
        "task": column("task"),
        "updatedAt": column("updated_at"),
    },
    "DeploymentStatus": {
        "createdAt": column("created_at"),
        "creator": _creator,
        "deployment": lambda node, _: node.one("deployments", "deployment", lambda _: "Deployment"),
        "description": column("description"),
        "environment": column("environment"),
        "environmentUrl": column("environment_url"),
        "id": identity("DeploymentStatus"),
        "logUrl": column("log_url"),
        "state": upper("state"),
        "updatedAt": column("created_at"),
    },
}
