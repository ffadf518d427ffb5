"""What happened to an issue or pull request, in order: each thing one row."""

from collections.abc import Iterable

from engine.sandbox.forge.answer import Viewer, dump
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.bare import Commit
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker.shapes.events import OWN


def record(
    forge: Forge,
    issue: int,
    event: str,
    actor: int | None,
    *,
    app: int | None = None,
    commit_sha: str | None = None,
    **data: object,
) -> int:
    """Add an event, and let the issue be newer for it; the event's id. `data` as `shapes.events` reads it."""
    now = forge.now()
    forge.kept.update("issues", issue, updated_at=now)
    return forge.kept.insert(
        "timeline",
        issue=issue,
        event=event,
        actor=actor,
        app=app,
        at=now,
        commit_sha=commit_sha,
        data_json=dump(data),
    )


def by(forge: Forge, viewer: Viewer, issue: int, event: str, **data: object) -> int:
    """The same, by whoever asks."""
    return record(forge, issue, event, viewer.account, app=viewer.app, commit_sha=None, **data)


def commits(forge: Forge, issue: int, actor: int | None, present: Iterable[Commit]) -> None:
    """Let `committed` rows be those of the commits that the pull request has now, given newest first."""
    wanted = {commit.sha: commit for commit in reversed(list(present))}
    for row in forge.kept.rows("SELECT id, commit_sha FROM timeline WHERE issue = ? AND event = 'committed'", issue):
        if wanted.pop(row["commit_sha"], None) is None:
            forge.kept.run("DELETE FROM timeline WHERE id = ?", row["id"])
    for commit in wanted.values():
        record(forge, issue, "committed", actor, commit_sha=commit.sha, commit=commit._asdict())


def of(forge: Forge, issue: int) -> list[Row]:
    """All rows of an issue, oldest first, but those of what is gone (a deleted comment)."""
    return forge.kept.rows(f"SELECT * FROM timeline WHERE issue = ? AND {_THERE} ORDER BY id", issue)  # noqa: S608


def events_of(forge: Forge, issue: int) -> list[Row]:
    """Without comments, reviews and commits, as `GET …/events` has them."""
    return [row for row in of(forge, issue) if row["event"] not in OWN]


def events_in(forge: Forge, repository: int) -> list[Row]:
    """The same of all issues of a repository, newest first."""
    sql = "SELECT t.* FROM timeline t JOIN issues i ON i.id = t.issue WHERE i.repository = ? ORDER BY t.id DESC"
    return [row for row in forge.kept.rows(sql, repository) if row["event"] not in OWN]


_THERE = """(event != 'commented' OR EXISTS (SELECT 1 FROM comments WHERE id = json_extract(data_json, '$.comment')))
  AND (event != 'line-commented'
    OR EXISTS (SELECT 1 FROM review_comments WHERE review = json_extract(data_json, '$.review')))"""
