"""Comments of issues and pull requests: anyone who can read writes; writers may also edit and delete others'."""

from engine.sandbox.forge.answer import ForgeError, Viewer, invalid, missing
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import announce, edits, rights, rows, timeline

BODY_LIMIT = 65536
REASONS = ("ABUSE", "DUPLICATE", "LOW_QUALITY", "OFF_TOPIC", "OUTDATED", "RESOLVED", "SPAM")


def comment(forge: Forge, viewer: Viewer, repository: Row, issue: Row, body: object) -> int:
    """Write one; its id.

    Raises:
        ForgeError: 422, empty or too long; 403, archived or locked.
    """
    rights.may_say(forge, viewer, repository, issue, rights.shared(issue))
    text = check(body, "IssueComment")
    now = forge.now()
    with forge.kept.change():
        number = forge.kept.insert(
            "comments",
            issue=issue["id"],
            author=viewer.account,
            app=viewer.app,
            body=text,
            created_at=now,
            updated_at=now,
        )
        timeline.by(forge, viewer, issue["id"], "commented", comment=number)
        announce.comment(forge, _row(forge, number), "created", viewer.account)
    return number


def edit_comment(forge: Forge, viewer: Viewer, repository: Row, found: Row, body: object) -> None:
    """Change its text; who changed it is kept.

    Raises:
        ForgeError: 403, neither author nor writer; 422.
    """
    rights.demand(forge, viewer, repository, found["author"], "write", _grant(forge, found))
    text = check(body, "IssueComment")
    with forge.kept.change():
        row = _row(forge, found["id"])
        if row["body"] == text:
            return
        edits.rewrite(
            forge,
            "IssueComment",
            row["id"],
            text,
            was=row["body"],
            author=row["author"],
            since=row["created_at"],
            editor=viewer.account,
        )
        changes = {"body": {"from": row["body"]}}
        announce.comment(forge, _row(forge, row["id"]), "edited", viewer.account, changes=changes)


def delete_comment(forge: Forge, viewer: Viewer, repository: Row, found: Row) -> None:
    """Take it away, and its history.

    Raises:
        ForgeError: 403, neither author nor writer.
    """
    rights.demand(forge, viewer, repository, found["author"], "write", _grant(forge, found))
    with forge.kept.change():
        row = _row(forge, found["id"])
        announce.comment(forge, row, "deleted", viewer.account)
        forge.kept.run("DELETE FROM comments WHERE id = ?", row["id"])
        forge.kept.run("DELETE FROM edits WHERE kind = 'IssueComment' AND subject = ?", row["id"])
        timeline.by(forge, viewer, row["issue"], "comment_deleted")


def minimize(forge: Forge, viewer: Viewer, repository: Row, found: Row, reason: str | None) -> None:
    """Fold it away for `reason` (of REASONS), or (None) open it again.

    Raises:
        ForgeError: 403, neither author nor writer; 422, another reason.
    """
    rights.demand(forge, viewer, repository, found["author"], "write", _grant(forge, found))
    if reason is not None and reason not in REASONS:
        raise invalid("IssueComment", "classifier")
    with forge.kept.change():
        forge.kept.update("comments", _row(forge, found["id"])["id"], minimized=reason)


def comment_of(forge: Forge, repository: int, number: object) -> Row:
    """A comment by its id.

    Raises:
        ForgeError: 404, one of another repository too.
    """
    sql = "SELECT c.* FROM comments c JOIN issues i ON i.id = c.issue WHERE c.id = ? AND i.repository = ?"
    text = str(number)
    found = forge.kept.row(sql, int(text), repository) if text.isascii() and text.isdigit() and len(text) < 18 else None
    if found is None:
        raise missing()
    return found


def check(body: object, resource: str) -> str:
    """The text of a comment.

    Raises:
        ForgeError: 422, as GitHub says it.
    """
    if not isinstance(body, str):
        raise invalid(resource, "body", "missing_field" if body is None else "invalid")
    if not body.strip():
        raise invalid(resource, "body", "custom", "body cannot be blank")
    if len(body) > BODY_LIMIT:
        raise too_long(resource)
    return body


def too_long(resource: str) -> ForgeError:
    """422 of a body over 65,536 characters."""
    return invalid(resource, "body", "custom", f"body is too long (maximum is {BODY_LIMIT} characters)")


def _grant(forge: Forge, found: Row) -> str:
    return rights.shared(rows.item(forge, found["issue"]))


def _row(forge: Forge, number: int) -> Row:
    found = forge.kept.row("SELECT * FROM comments WHERE id = ?", number)
    if found is None:
        raise missing()
    return found
