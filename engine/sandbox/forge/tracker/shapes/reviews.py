"""Reviews and their comments at lines. Who is gone is null here (a comment of theirs shows `ghost`), as on GitHub."""

from typing import Any

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import rows
from engine.sandbox.forge.tracker.shapes.parts import anybody, association, reactions, repository_of
from engine.sandbox.forge.urls import Urls


def review(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """GitHub's `pull-request-review`; a pending one has no `submitted_at`."""
    at = rows.item(forge, row["pull"])
    repository = repository_of(forge, at["repository"])
    api = urls.repo(repository["full_name"], "pulls", at["number"])
    page = f"{_page(urls, repository, at)}#pullrequestreview-{row['id']}"
    found = {
        "id": row["id"],
        "node_id": node_id("PullRequestReview", row["id"]),
        "user": anybody(forge, urls, row["author"]),
        "body": row["body"],
        "state": row["state"],
        "html_url": page,
        "pull_request_url": api,
        "author_association": association(forge, repository, row["author"]),
        "_links": {"html": {"href": page}, "pull_request": {"href": api}},
        "commit_id": row["commit_sha"],
    }
    return found if row["submitted_at"] is None else {**found, "submitted_at": row["submitted_at"]}


def review_comment(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """GitHub's `pull-request-review-comment`; one at a line of an older head has no `position` and `line` any more."""
    at = rows.item(forge, row["pull"])
    repository = repository_of(forge, at["repository"])
    api = urls.repo(repository["full_name"], "pulls", "comments", row["id"])
    pull = urls.repo(repository["full_name"], "pulls", at["number"])
    page = f"{_page(urls, repository, at)}#discussion_r{row['id']}"
    found = {
        "url": api,
        "pull_request_review_id": row["review"],
        "id": row["id"],
        "node_id": node_id("PullRequestReviewComment", row["id"]),
        "diff_hunk": row["diff_hunk"],
        "path": row["path"],
        "original_position": row["position"],
        "commit_id": row["commit_sha"],
        "original_commit_id": row["commit_sha"],
        "user": anybody(forge, urls, row["author"]),
        "body": row["body"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "html_url": page,
        "pull_request_url": pull,
        "author_association": association(forge, repository, row["author"]),
        "_links": {"self": {"href": api}, "html": {"href": page}, "pull_request": {"href": pull}},
        "reactions": reactions(api),
        "start_line": row["start_line"],
        "original_start_line": row["start_line"],
        "start_side": row["start_side"],
        "original_line": row["line"],
        "side": row["side"],
        "subject_type": "line",
    }
    if row["commit_sha"] == at["head_sha"]:
        found |= {"position": row["position"], "line": row["line"]}
    return found if row["reply_to"] is None else {**found, "in_reply_to_id": row["reply_to"]}


def _page(urls: Urls, repository: Row, at: Row) -> str:
    return urls.page(*repository["full_name"].split("/"), "pull", at["number"])
