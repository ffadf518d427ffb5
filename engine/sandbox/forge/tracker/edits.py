"""What a body said before somebody changed it, who did and when."""

from engine.sandbox.forge.forge import Forge

TABLES = {"Issue": "issues", "IssueComment": "comments", "PullRequestReview": "reviews"}


def rewrite(
    forge: Forge, kind: str, subject: int, body: str, *, was: str, author: int | None, since: str, editor: int | None
) -> None:
    """Change the body of a row, and keep the edit; at the first one also what was written first, `since` then."""
    now = forge.now()
    if not forge.kept.row("SELECT 1 FROM edits WHERE kind = ? AND subject = ?", kind, subject):
        forge.kept.insert("edits", kind=kind, subject=subject, editor=author, at=since, body=was)
    forge.kept.insert("edits", kind=kind, subject=subject, editor=editor, at=now, body=body)
    forge.kept.update(TABLES[kind], subject, body=body, updated_at=now)
