"""What happened to an issue or pull request, in order: each thing one row."""

from collections.abc import Iterable

from engine.sandbox.forge.answer import Viewer, dump
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.bare import Commit
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.work.shapes.events import OWN


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
    return record(forge, issue, event, viewer.account, app=viewer.app, **data)


def commits(forge: Forge, issue: int, actor: int | None, present: Iterable[Commit]) -> None:
    """Let `committed` rows be those of the commits that the pull request has now, given newest first."""
    wanted = {commit.sha: commit for commit in reversed(list(present))}
    for row in forge.kept.rows("SELECT id, commit_sha FROM timeline WHERE issue = ? AND event = 'committed'", issue):
        if wanted.pop(row["commit_sha"], None) is None:
            forge.kept.run("DELETE FROM timeline WHERE id = ?", row["id"])
    for commit in wanted.values():
        said = commit._asdict() | {"parents": list(commit.parents)}
        record(forge, issue, "committed", actor, commit_sha=commit.sha, **said)


def of(forge: Forge, issue: int) -> list[Row]:
    """All rows of an issue, oldest first."""
    return forge.kept.rows("SELECT * FROM timeline WHERE issue = ? ORDER BY id", issue)


def events_of(forge: Forge, issue: int) -> list[Row]:
    """Without comments, reviews and commits, as `GET …/events` has them."""
    return [row for row in of(forge, issue) if row["event"] not in OWN]
