"""Deployments and how they went. A newer success of an environment makes the earlier ones inactive."""

from collections.abc import Mapping
from typing import Any

from engine.sandbox.forge.answer import ForgeError, Viewer, dump, invalid, missing
from engine.sandbox.forge.checks import environments, runs, shapes, statuses, suites
from engine.sandbox.forge.checks.given import Given
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import pushes, web
from engine.sandbox.forge.git.bare import bare
from engine.sandbox.forge.kept import Row

STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")
DESCRIPTION_LIMIT = 140


def create_deployment(forge: Forge, viewer: Viewer, repository: Row, body: Any) -> Row | str:
    """A new deployment; or, where the ref was behind the default branch, what has been merged into it instead.

    Raises:
        ForgeError: 409, that merge conflicts, or required checks of the commit have not succeeded; 422.
    """
    given = Given("Deployment", body)
    ref = given.text("ref", required=True) or ""
    environment = given.text("environment", limit=255) or "production"
    payload = given.body.get("payload") or {}
    if not isinstance(payload, Mapping | str):
        raise invalid("Deployment", "payload")
    contexts = given.body.get("required_contexts")
    if contexts is not None and not (isinstance(contexts, list) and all(isinstance(one, str) for one in contexts)):
        raise invalid("Deployment", "required_contexts")
    sha = bare(forge, repository["id"]).resolve(ref)
    if sha is None:
        raise ForgeError(422, f"No ref found for: {ref}")
    if given.flag("auto_merge", True) and (merged := _caught_up(forge, viewer, repository, ref, sha)):
        return merged
    _demand_success(forge, repository, ref, sha, contexts)
    now = forge.now()
    with forge.kept.change():
        environments.used(forge, repository, environment)
        number = forge.kept.insert(
            "deployments",
            repository=repository["id"],
            sha=sha,
            ref=ref,
            task=given.text("task", limit=128) or "deploy",
            environment=environment,
            description=given.text("description"),
            payload_json=dump(payload),
            transient=int(given.flag("transient_environment", False)),
            production=int(given.flag("production_environment", environment == "production")),
            creator=viewer.account,
            app=viewer.app,
            created_at=now,
            updated_at=now,
        )
        row = forge.kept.row("SELECT * FROM deployments WHERE id = ?", number) or {}
        told = {"deployment": shapes.deployment(forge, forge.urls, row), "workflow": None, "workflow_run": None}
        forge.emit("deployment", "created", repository["id"], viewer.account, told)
    return row


def by_number(forge: Forge, repository: Row, number: int) -> Row:
    """A deployment of this repository.

    Raises:
        ForgeError: 404.
    """
    row = forge.kept.row("SELECT * FROM deployments WHERE id = ? AND repository = ?", number, repository["id"])
    if row is None:
        raise missing()
    return row


def listed(forge: Forge, repository: Row, wanted: Mapping[str, str]) -> list[Row]:
    """The deployments of a repository, newest first; `wanted` may name `sha`, `ref`, `task`, `environment`."""
    rows = forge.kept.rows("SELECT * FROM deployments WHERE repository = ? ORDER BY id DESC", repository["id"])
    asked = {name: value for name, value in wanted.items() if name in ("sha", "ref", "task", "environment")}
    return [row for row in rows if all(value in ("none", row[name]) for name, value in asked.items())]


def statuses_of(forge: Forge, deployment: Row) -> list[Row]:
    """How a deployment went, newest first."""
    return forge.kept.rows("SELECT * FROM deployment_statuses WHERE deployment = ? ORDER BY id DESC", deployment["id"])


def delete(forge: Forge, repository: Row, deployment: Row) -> None:
    """Forget a deployment.

    Raises:
        ForgeError: 422, it is active and not the only one.
    """
    with forge.kept.change():
        others = forge.kept.value("SELECT count(*) FROM deployments WHERE repository = ?", repository["id"]) > 1
        states = [row["state"] for row in statuses_of(forge, deployment)]
        if others and (not states or states[0] == "success"):
            raise ForgeError(
                422, "We cannot delete an active deployment unless it is the only deployment in a given environment."
            )
        forge.kept.run("DELETE FROM deployment_statuses WHERE deployment = ?", deployment["id"])
        forge.kept.run("DELETE FROM deployments WHERE id = ?", deployment["id"])


def create_status(forge: Forge, viewer: Viewer, deployment: Row, body: Any) -> Row:
    """Say how a deployment goes.

    Raises:
        ForgeError: 422, what GitHub would not take.
    """
    given = Given("DeploymentStatus", body)
    state = given.choice("state", STATES, required=True)
    description = given.text("description")
    if description is not None and len(description) > DESCRIPTION_LIMIT:
        too_long = f"description is too long (maximum is {DESCRIPTION_LIMIT} characters)"
        raise invalid("DeploymentStatus", "description", "custom", too_long)
    before = statuses_of(forge, deployment)
    environment = given.text("environment", limit=255) or (before[0] if before else deployment)["environment"]
    columns = {
        "description": description,
        "environment": environment,
        "environment_url": given.url("environment_url"),
        "log_url": given.url("log_url") or given.url("target_url"),
    }
    with forge.kept.change():
        row = _say(forge, viewer, deployment, state or "", columns)
        if state == "success" and given.flag("auto_inactive", True):
            _retire(forge, viewer, deployment, environment)
    return row


def _say(forge: Forge, viewer: Viewer, deployment: Row, state: str, columns: Mapping[str, Any]) -> Row:
    now = forge.now()
    number = forge.kept.insert(
        "deployment_statuses",
        deployment=deployment["id"],
        state=state,
        creator=viewer.account,
        app=viewer.app,
        created_at=now,
        **columns,
    )
    forge.kept.update("deployments", deployment["id"], updated_at=now)
    row = forge.kept.row("SELECT * FROM deployment_statuses WHERE id = ?", number) or {}
    told = {
        "deployment_status": shapes.deployment_status(forge, forge.urls, row, deployment),
        "deployment": shapes.deployment(forge, forge.urls, deployment),
    }
    forge.emit("deployment_status", "created", deployment["repository"], viewer.account, told)
    return row


def _retire(forge: Forge, viewer: Viewer, deployment: Row, environment: str) -> None:
    """Earlier successes of the environment become inactive; not transient and production ones, as at GitHub."""
    earlier = (
        "SELECT * FROM deployments WHERE repository = ? AND id < ? AND NOT transient AND NOT production ORDER BY id"
    )
    for other in forge.kept.rows(earlier, deployment["repository"], deployment["id"]):
        last = next(iter(statuses_of(forge, other)), None)
        if last is not None and last["state"] == "success" and last["environment"] == environment:
            _say(forge, viewer, other, "inactive", {"environment": environment})


def _demand_success(forge: Forge, repository: Row, ref: str, sha: str, contexts: list[str] | None) -> None:
    """Refuse what checks of the commit do not allow; without `contexts` every check that there is counts."""
    states = {row["context"]: row["state"] for row in statuses.latest(statuses.of_commit(forge, repository, sha))}
    for run in suites.latest(runs.of_commit(forge, repository, sha)):
        states[run["name"]] = run["conclusion"] or "pending"
    wanted = list(states) if contexts is None else contexts
    if any(states.get(name) != "success" for name in wanted):
        found = [{"context": name, "state": states.get(name, "pending")} for name in wanted]
        error = {"contexts": found, "resource": "Deployment", "field": "required_contexts", "code": "invalid"}
        raise ForgeError(409, f"Conflict: Commit status checks failed for {ref}.", [error])


def _caught_up(forge: Forge, viewer: Viewer, repository: Row, ref: str, sha: str) -> str:
    """Merge the default branch into a branch that lacks some of it; what GitHub then says, "" if there was nothing."""
    store, default = bare(forge, repository["id"]), repository["default_branch"]
    tip = store.resolve(f"refs/heads/{default}")
    name = f"refs/heads/{ref}"
    if tip is None or ref == default or store.resolve(name) != sha or store.is_ancestor(tip, sha):
        return ""
    tree = store.merge_tree(sha, tip)
    if tree is None:
        raise ForgeError(409, f"Conflict merging {default} into {ref}")
    author = web.person(forge.account(viewer.account) or {}, forge.now())
    made = web.write(forge, store, tree, (sha, tip), f"Merge branch '{default}' into {ref}", author)
    pushes.move(forge, repository, viewer, name, sha, made)
    return f"Auto-merged {default} into {ref} on deployment."
