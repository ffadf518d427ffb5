"""Commit statuses: whoever may push says a state of a commit in a context; the newest of each context counts."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.sandbox.forge.answer import ForgeError, Viewer, invalid
from engine.sandbox.forge.checks import shapes
from engine.sandbox.forge.checks.given import Given, commit_of
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import shapes as git_shapes
from engine.sandbox.forge.git.bare import bare
from engine.sandbox.forge.kept import Row

STATES = ("error", "failure", "pending", "success")
MOST, DESCRIPTION_LIMIT, MOST_BRANCHES = 1000, 140, 10


def create(forge: Forge, viewer: Viewer, repository: Row, sha: str, body: Any) -> Row:
    """Say how a commit stands.

    Raises:
        ForgeError: 422, what GitHub would not take, or a thousand of this context are there.
    """
    given = Given("Status", body)
    state, context = given.choice("state", STATES, required=True), given.text("context", limit=255) or "default"
    description, target = given.text("description"), given.url("target_url")
    if description is not None and len(description) > DESCRIPTION_LIMIT:
        too_long = f"description is too long (maximum is {DESCRIPTION_LIMIT} characters)"
        raise invalid("Status", "description", "custom", too_long)
    sha, kept = commit_of(forge, repository, sha), forge.kept
    tips = bare(forge, repository["id"]).refs()
    with kept.change():
        count = "SELECT count(*) FROM statuses WHERE repository = ? AND sha = ? AND lower(context) = lower(?)"
        if kept.value(count, repository["id"], sha, context) >= MOST:
            raise ForgeError(
                422, "Validation Failed", ["This SHA and context has reached the maximum number of statuses."]
            )
        number = kept.insert(
            "statuses",
            repository=repository["id"],
            sha=sha,
            state=state,
            context=context,
            description=description,
            target_url=target,
            creator=viewer.account,
            app=viewer.app,
            created_at=forge.now(),
        )
        row = kept.row("SELECT * FROM statuses WHERE id = ?", number) or {}
        forge.emit("status", None, repository["id"], viewer.account, _told(forge, repository, row, tips))
    return row


def of_commit(forge: Forge, repository: Row, sha: str) -> list[Row]:
    """Every status of a commit, newest first."""
    sql = "SELECT * FROM statuses WHERE repository = ? AND sha = ? ORDER BY id DESC"
    return forge.kept.rows(sql, repository["id"], sha)


def latest(rows: Sequence[Row]) -> list[Row]:
    """Of statuses, newest first, the newest of each context; contexts differ by more than case."""
    newest: dict[str, Row] = {}
    for row in rows:
        newest.setdefault(row["context"].lower(), row)
    return list(newest.values())


def combined(rows: Sequence[Row]) -> str:
    """What the newest of each context say together; nothing said is `pending`."""
    states = {row["state"] for row in rows}
    if states & {"error", "failure"}:
        return "failure"
    return "success" if states == {"success"} else "pending"


def _told(forge: Forge, repository: Row, row: Row, tips: Mapping[str, str]) -> dict[str, Any]:
    """The body of its webhook."""
    urls, commit = forge.urls, bare(forge, repository["id"]).commit(row["sha"])
    names = [ref.removeprefix("refs/heads/") for ref, tip in tips.items() if tip == row["sha"]]
    shape = shapes.simple_status(forge, urls, row)
    kept = ("id", "target_url", "avatar_url", "context", "description", "state", "created_at", "updated_at")
    return {
        **{name: shape[name] for name in kept},
        "sha": row["sha"],
        "name": repository["full_name"],
        "commit": None if commit is None else git_shapes.commit(forge, urls, repository, commit),
        "branches": [
            {
                "name": name,
                "commit": {"sha": row["sha"], "url": urls.repo(repository["full_name"], "commits", row["sha"])},
                "protected": False,
            }
            for name in names[:MOST_BRANCHES]
        ],
    }
