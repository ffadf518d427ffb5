"""The timeline: one row in `timeline` each, in the order in which it happened."""

import json
from typing import Any

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.bare import Commit, Person
from engine.sandbox.forge.git.shapes import commit as commit_shape
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people.shapes import credited, integration, team
from engine.sandbox.forge.tracker import rows
from engine.sandbox.forge.tracker.shapes import issues, reviews
from engine.sandbox.forge.tracker.shapes.parts import repository_of
from engine.sandbox.forge.urls import Urls

# Those that have rows of their own: `/issues/{n}/events` leaves them out.
OWN = ("commented", "reviewed", "line-commented", "committed")


def timeline_event(forge: Forge, urls: Urls, row: Row) -> dict[str, Any] | None:
    """One element of `GET …/timeline`; None where what it names is gone."""
    if row["event"] in OWN:
        return _OWN[row["event"]](forge, urls, row, json.loads(row["data_json"]))
    return issue_event(forge, urls, row)


def issue_event(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """One element of `GET …/events`."""
    data = json.loads(row["data_json"])
    repository = repository_of(forge, rows.item(forge, row["issue"])["repository"])
    sha = row["commit_sha"]
    return {
        "id": row["id"],
        "node_id": node_id("TimelineEvent", row["id"]),
        "url": urls.repo(repository["full_name"], "issues", "events", row["id"]),
        "actor": credited(forge, urls, row["actor"]),
        "event": row["event"],
        "commit_id": sha,
        "commit_url": None if sha is None else urls.repo(repository["full_name"], "commits", sha),
        "created_at": row["at"],
        "performed_via_github_app": integration(forge, urls, row["app"]),
        **_more(forge, urls, row, data),
    }


def _more(forge: Forge, urls: Urls, row: Row, data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        key: data[key] for key in ("label", "rename", "dismissed_review", "state_reason") if key in data
    }
    if "assignee" in data:
        found |= {
            "assignee": credited(forge, urls, data["assignee"]),
            "assigner": credited(forge, urls, row["actor"]),
        }
    return found | _requester(forge, urls, row, data)


def _requester(forge: Forge, urls: Urls, row: Row, data: dict[str, Any]) -> dict[str, Any]:
    if not data.keys() & {"reviewer", "team"}:
        return {}
    found: dict[str, Any] = {"review_requester": credited(forge, urls, row["actor"])}
    if "reviewer" in data:
        found["requested_reviewer"] = credited(forge, urls, data["reviewer"])
    asked = forge.kept.row("SELECT * FROM teams WHERE id = ?", data.get("team"))
    return found if asked is None else {**found, "requested_team": team(forge, urls, asked)}


def _commented(forge: Forge, urls: Urls, row: Row, data: dict[str, Any]) -> dict[str, Any] | None:
    found = forge.kept.row("SELECT * FROM comments WHERE id = ?", data["comment"])
    if found is None:
        return None
    actor = credited(forge, urls, row["actor"])
    return {**issues.comment(forge, urls, found), "event": "commented", "actor": actor, "user": actor}


def _reviewed(forge: Forge, urls: Urls, row: Row, data: dict[str, Any]) -> dict[str, Any] | None:
    found = forge.kept.row("SELECT * FROM reviews WHERE id = ?", data["review"])
    if found is None:
        return None
    shape = reviews.review(forge, urls, found)
    return {**shape, "event": "reviewed", "state": shape["state"].lower(), "user": credited(forge, urls, row["actor"])}


def _line_commented(forge: Forge, urls: Urls, _: Row, data: dict[str, Any]) -> dict[str, Any] | None:
    found = forge.kept.rows("SELECT * FROM review_comments WHERE review = ? ORDER BY id", data["review"])
    comments = [reviews.review_comment(forge, urls, each) for each in found]
    node = node_id("PullRequestReview", data["review"])
    return {"event": "line-commented", "node_id": node, "comments": comments} if comments else None


def _committed(forge: Forge, urls: Urls, row: Row, data: dict[str, Any]) -> dict[str, Any] | None:
    repository = repository_of(forge, rows.item(forge, row["issue"])["repository"])
    found = read_commit(data["commit"])
    shape = commit_shape(forge, urls, repository, found)
    inner = shape["commit"]
    return {
        "event": "committed",
        "sha": found.sha,
        "node_id": shape["node_id"],
        "url": inner.get("url", shape["url"]),
        "html_url": shape["html_url"],
        **{key: inner[key] for key in ("author", "committer", "tree", "message", "verification")},
        "parents": shape["parents"],
    }


def read_commit(data: dict[str, Any]) -> Commit:
    """The commit that a `committed` row keeps, so that showing it asks nothing of git."""
    author, committer = (Person(*data[key]) for key in ("author", "committer"))
    return Commit(data["sha"], data["tree"], tuple(data["parents"]), author, committer, data["message"])


_OWN = {
    "commented": _commented,
    "reviewed": _reviewed,
    "line-commented": _line_commented,
    "committed": _committed,
}
