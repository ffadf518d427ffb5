"""Issues (pull requests too, as GitHub lists them), comments and labels."""

from typing import Any

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people.shapes import credited, integration
from engine.sandbox.forge.tracker.shapes.parts import anybody, association, reactions, repository_of
from engine.sandbox.forge.urls import Urls

DEFAULT_LABELS = (
    "bug",
    "documentation",
    "duplicate",
    "enhancement",
    "good first issue",
    "help wanted",
    "invalid",
    "question",
    "wontfix",
)
_LABELS_OF = "SELECT l.* FROM issue_labels i JOIN labels l ON l.id = i.label WHERE i.issue = ? ORDER BY l.name"


def label(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """GitHub's `label`."""
    name = repository_of(forge, row["repository"])["full_name"]
    return {
        "id": row["id"],
        "node_id": node_id("Label", row["id"]),
        "url": urls.repo(name, "labels", row["name"]),
        "name": row["name"],
        "color": row["color"],
        "default": row["name"].lower() in DEFAULT_LABELS,
        "description": row["description"],
    }


def shared(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """What an issue and a pull request have in common."""
    assigned = forge.kept.rows("SELECT account FROM assignees WHERE issue = ? ORDER BY rowid", row["id"])
    assignees = [user for each in assigned if (user := anybody(forge, urls, each["account"])) is not None]
    return {
        "number": row["number"],
        "title": row["title"],
        "user": credited(forge, urls, row["author"]),
        "labels": [label(forge, urls, each) for each in forge.kept.rows(_LABELS_OF, row["id"])],
        "state": row["state"],
        "locked": bool(row["locked"]),
        "active_lock_reason": None,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": None,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "closed_at": row["closed_at"],
        "author_association": association(forge, repository_of(forge, row["repository"]), row["author"]),
        "body": row["body"],
    }


def issue(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """GitHub's `issue`, of a row of `rows`; a pull request's has `pull_request`."""
    name = repository_of(forge, row["repository"])["full_name"]
    api = urls.repo(name, "issues", row["number"])
    is_pull = row["pull"] is not None
    found = {
        **shared(forge, urls, row),
        "id": row["id"],
        "node_id": node_id("PullRequest" if is_pull else "Issue", row["id"]),
        "url": api,
        "repository_url": urls.repo(name),
        "labels_url": f"{api}/labels{{/name}}",
        "comments_url": f"{api}/comments",
        "events_url": f"{api}/events",
        "html_url": urls.page(*name.split("/"), "pull" if is_pull else "issues", row["number"]),
        "comments": row["comments"],
        "closed_by": anybody(forge, urls, row["closed_by"]),
        "reactions": reactions(api),
        "timeline_url": f"{api}/timeline",
        "performed_via_github_app": integration(forge, urls, row["app"]),
        "state_reason": row["state_reason"],
    }
    if is_pull:
        found["draft"] = bool(row["draft"])
        page = found["html_url"]
        found["pull_request"] = {
            "url": urls.repo(name, "pulls", row["number"]),
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": row["merged_at"],
        }
    return found


def comment(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """GitHub's `issue-comment`."""
    at = forge.kept.row(_PLACE, row["issue"])
    if at is None:
        raise LookupError(f"no issue {row['issue']}")
    repository = repository_of(forge, at["repository"])
    name = repository["full_name"]
    api = urls.repo(name, "issues", "comments", row["id"])
    page = urls.page(*name.split("/"), "pull" if at["is_pull"] else "issues", at["number"])
    return {
        "url": api,
        "html_url": f"{page}#issuecomment-{row['id']}",
        "issue_url": urls.repo(name, "issues", at["number"]),
        "id": row["id"],
        "node_id": node_id("IssueComment", row["id"]),
        "user": credited(forge, urls, row["author"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "author_association": association(forge, repository, row["author"]),
        "body": row["body"],
        "reactions": reactions(api),
        "performed_via_github_app": integration(forge, urls, row["app"]),
        "minimized": None if row["minimized"] is None else {"reason": row["minimized"].lower()},
    }


_PLACE = """SELECT i.repository, i.number, p.id IS NOT NULL AS is_pull FROM issues i LEFT JOIN pulls p ON p.id = i.id
  WHERE i.id = ?"""
