"""Check suites and runs, statuses and deployments as REST and webhooks show them."""

import json
from typing import Any

from engine.sandbox.forge.checks import suites
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import shapes as git_shapes
from engine.sandbox.forge.git.bare import Commit, bare
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people.shapes import integration, simple_user
from engine.sandbox.forge.urls import Urls


def run(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """GitHub's `check-run`."""
    repository = _repository(forge, row)
    url = urls.repo(repository["full_name"], "check-runs", row["id"])
    app = integration(forge, urls, row["app"])
    count = forge.kept.value("SELECT count(*) FROM annotations WHERE run = ?", row["id"])
    return {
        "id": row["id"],
        "head_sha": row["head_sha"],
        "node_id": node_id("CheckRun", row["id"]),
        "external_id": row["external_id"] or "",
        "url": url,
        "html_url": urls.page(repository["owner_login"], repository["name"], "runs", row["id"]),
        "details_url": row["details_url"] or (app or {}).get("external_url", url),
        "status": row["status"],
        "conclusion": row["conclusion"],
        "started_at": row["started_at"],
        "completed_at": row["completed_at"],
        "output": {
            "title": row["title"],
            "summary": row["summary"],
            "text": row["text"],
            "annotations_count": count,
            "annotations_url": f"{url}/annotations",
        },
        "name": row["name"],
        "check_suite": {"id": row["suite"]},
        "app": app,
        "pull_requests": pull_requests(forge, urls, repository, row["head_sha"]),
    }


def told_run(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """The same in a webhook, with its suite."""
    suite = forge.kept.row("SELECT * FROM check_suites WHERE id = ?", row["suite"]) or {}
    status, conclusion = suites.state(suite, suites.runs_of(forge, suite))
    found = run(forge, urls, row)
    kept = ("id", "node_id", "head_branch", "head_sha", "url", "before", "after", "pull_requests", "app")
    shape = told_suite(forge, urls, suite)
    about = {name: shape[name] for name in (*kept, "created_at", "updated_at")}
    return {**found, "check_suite": {**about, "status": status, "conclusion": conclusion}}


def annotation(urls: Urls, repository: Row, sha: str, row: Row) -> dict[str, Any]:
    """GitHub's `check-annotation`."""
    same = ("path", "start_line", "end_line", "start_column", "end_column", "message", "title", "raw_details")
    blob = urls.page(repository["owner_login"], repository["name"], "blob", sha, row["path"])
    return {**{name: row[name] for name in same}, "annotation_level": row["level"], "blob_href": blob}


def suite(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """GitHub's `check-suite`."""
    repository = _repository(forge, row)
    return {
        **told_suite(forge, urls, row),
        "repository": git_shapes.minimal_repository(forge, urls, repository),
    }


def told_suite(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """The same in a webhook, which names the repository anyway."""
    repository = _repository(forge, row)
    runs = suites.runs_of(forge, row)
    status, conclusion = suites.state(row, runs)
    url = urls.repo(repository["full_name"], "check-suites", row["id"])
    commit = bare(forge, repository["id"]).commit(row["head_sha"])
    return {
        "id": row["id"],
        "node_id": node_id("CheckSuite", row["id"]),
        "head_branch": row["head_branch"],
        "head_sha": row["head_sha"],
        "status": status,
        "conclusion": conclusion,
        "url": url,
        "before": commit.parents[0] if commit is not None and commit.parents else "0" * 40,
        "after": row["head_sha"],
        "pull_requests": pull_requests(forge, urls, repository, row["head_sha"]),
        "app": integration(forge, urls, row["app"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "head_commit": None if commit is None else _simple_commit(commit),
        "latest_check_runs_count": len(suites.latest(runs)),
        "check_runs_url": f"{url}/check-runs",
        "rerequestable": True,
        "runs_rerequestable": True,
    }


def pull_requests(forge: Forge, urls: Urls, repository: Row, sha: str) -> list[dict[str, Any]]:
    """`pull-request-minimal` of the open ones that a commit of this repository is the head of."""
    found = forge.kept.rows(
        "SELECT p.* FROM pulls p JOIN issues i ON i.id = p.id "
        "WHERE p.head_repository = ? AND p.head_sha = ? AND i.state = 'open' ORDER BY p.id",
        *(repository["id"], sha),
    )
    shown = []
    for pull in found:
        base = forge.repository_of(pull["repository"]) or repository
        shown.append(
            {
                "id": pull["id"],
                "number": pull["number"],
                "url": urls.repo(base["full_name"], "pulls", pull["number"]),
                "head": {"ref": pull["head_ref"], "sha": pull["head_sha"], "repo": _named(urls, repository)},
                "base": {"ref": pull["base_ref"], "sha": pull["base_sha"], "repo": _named(urls, base)},
            }
        )
    return shown


def _named(urls: Urls, repository: Row) -> dict[str, Any]:
    return {"id": repository["id"], "url": urls.repo(repository["full_name"]), "name": repository["name"]}


def _simple_commit(commit: Commit) -> dict[str, Any]:
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "message": commit.message,
        "timestamp": commit.committer.date,
        "author": {"name": commit.author.name, "email": commit.author.email},
        "committer": {"name": commit.committer.name, "email": commit.committer.email},
    }


def _repository(forge: Forge, row: Row) -> Row:
    found = forge.repository_of(row["repository"])
    if found is None:
        raise LookupError("a check without its repository")
    return found


def status(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """GitHub's `status`."""
    return {**simple_status(forge, urls, row), "creator": simple_user(urls, forge.account(row["creator"]))}


def simple_status(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """GitHub's `simple-commit-status`."""
    repository = _repository(forge, row)
    return {
        "url": urls.repo(repository["full_name"], "statuses", row["sha"]),
        "avatar_url": urls.page("avatars", f"{row['creator']}.svg"),
        "id": row["id"],
        "node_id": node_id("StatusContext", row["id"]),
        "state": row["state"],
        "description": row["description"],
        "target_url": row["target_url"],
        "context": row["context"],
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
    }


def deployment(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """GitHub's `deployment`."""
    repository = _repository(forge, row)
    url = urls.repo(repository["full_name"], "deployments", row["id"])
    return {
        "url": url,
        "id": row["id"],
        "node_id": node_id("Deployment", row["id"]),
        "sha": row["sha"],
        "ref": row["ref"],
        "task": row["task"],
        "payload": json.loads(row["payload_json"]),
        "original_environment": row["environment"],
        "environment": row["environment"],
        "description": row["description"],
        "creator": simple_user(urls, forge.account(row["creator"])),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "statuses_url": f"{url}/statuses",
        "repository_url": urls.repo(repository["full_name"]),
        "transient_environment": bool(row["transient"]),
        "production_environment": bool(row["production"]),
        "performed_via_github_app": integration(forge, urls, row["app"]),
    }


def deployment_status(forge: Forge, urls: Urls, row: Row, above: Row) -> dict[str, Any]:
    """GitHub's `deployment-status`; `above` is its deployment."""
    repository = _repository(forge, above)
    url = urls.repo(repository["full_name"], "deployments", above["id"])
    return {
        "url": f"{url}/statuses/{row['id']}",
        "id": row["id"],
        "node_id": node_id("DeploymentStatus", row["id"]),
        "state": row["state"],
        "creator": simple_user(urls, forge.account(row["creator"])),
        "description": row["description"] or "",
        "environment": row["environment"] or above["environment"],
        "target_url": row["log_url"] or "",
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "deployment_url": url,
        "repository_url": urls.repo(repository["full_name"]),
        "environment_url": row["environment_url"] or "",
        "log_url": row["log_url"] or "",
        "performed_via_github_app": integration(forge, urls, row["app"]),
    }
