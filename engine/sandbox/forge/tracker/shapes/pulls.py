"""Pull requests."""

import json
from typing import Any

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.shapes import repository as repository_shape
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people.shapes import team
from engine.sandbox.forge.tracker import trial
from engine.sandbox.forge.tracker.shapes.issues import shared
from engine.sandbox.forge.tracker.shapes.parts import anybody, repository_of
from engine.sandbox.forge.urls import Urls


def pull_simple(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """GitHub's `pull-request-simple`, as lists have it."""
    base = repository_of(forge, row["repository"])
    api = urls.repo(base["full_name"], "pulls", row["number"])
    page = urls.page(*base["full_name"].split("/"), "pull", row["number"])
    issue = urls.repo(base["full_name"], "issues", row["number"])
    links = {
        "self": api,
        "html": page,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{api}/comments",
        "review_comment": f"{urls.repo(base['full_name'], 'pulls', 'comments')}{{/number}}",
        "commits": f"{api}/commits",
        "statuses": urls.repo(base["full_name"], "statuses", row["head_sha"]),
    }
    asked = forge.kept.rows("SELECT * FROM review_requests WHERE pull = ? ORDER BY rowid", row["id"])
    teams = [forge.kept.row("SELECT * FROM teams WHERE id = ?", each["team"]) for each in asked if each["team"]]
    people = [anybody(forge, urls, each["account"]) for each in asked if each["account"]]
    base_shape = repository_shape(forge, urls, base)
    head = base if row["head_repository"] == base["id"] else forge.repository_of(row["head_repository"])
    if head is None or head["deleted"]:  # the fork is gone: GitHub still names its branch
        head_login, head_user, head_shape = row["head_owner"], None, None
    else:
        head_login, head_user = head["owner_login"], anybody(forge, urls, head["owner"])
        head_shape = base_shape if head is base else repository_shape(forge, urls, head)
    common = shared(forge, urls, row)
    # The description of lists has no null here, that of issues has no other word for none.
    labels = [{**label, "description": label["description"] or ""} for label in common["labels"]]
    return {
        **common,
        "labels": labels,
        "id": row["id"],
        "node_id": node_id("PullRequest", row["id"]),
        "url": api,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "merged_at": row["merged_at"],
        "merge_commit_sha": row["merge_commit_sha"],
        "requested_reviewers": [user for user in people if user is not None],
        "requested_teams": [team(forge, urls, each) for each in teams if each is not None],
        "draft": bool(row["draft"]),
        "head": _end(head_login, row["head_ref"], row["head_sha"], head_user, head_shape),
        "base": _end(
            base["owner_login"], row["base_ref"], row["base_sha"], anybody(forge, urls, base["owner"]), base_shape
        ),
        "_links": {name: {"href": href} for name, href in links.items()},
        "auto_merge": None,
    }


def pull(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """GitHub's `pull-request`. `mergeable` is null until a trial merge of the present head and base was made."""
    measured = json.loads(row["measured_json"] or "{}")
    mergeable, state = trial.known(forge, row)
    tried = trial.tried(row) or {}
    return {
        **pull_simple(forge, urls, row),
        "merged": bool(row["merged"]),
        "mergeable": mergeable,
        "rebaseable": None if mergeable is None else tried.get("rebaseable"),
        "mergeable_state": state,
        "merged_by": anybody(forge, urls, row["merged_by"]),
        "comments": row["comments"],
        "review_comments": row["review_comments"],
        "maintainer_can_modify": bool(row["maintainer_can_modify"]),
        **{name: measured.get(name, 0) for name in trial.MEASURES},
    }


def _end(owner: str, ref: str, sha: str, user: object, repository: object) -> dict[str, Any]:
    return {"label": f"{owner}:{ref}", "ref": ref, "sha": sha, "user": user, "repo": repository}
