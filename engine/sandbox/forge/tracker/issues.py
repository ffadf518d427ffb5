"""Issues; and the title and body, which a pull request has too."""

import re
from collections.abc import Mapping, Sequence

from engine.sandbox.forge.answer import Viewer, invalid
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access
from engine.sandbox.forge.people.shapes import credited
from engine.sandbox.forge.tracker import announce, edits, labels, rights, rows, timeline
from engine.sandbox.forge.tracker.comments import BODY_LIMIT, too_long

TITLE_LIMIT = 256
_BREAKS = re.compile(r"[\r\n\v\f\x85\u2028\u2029]+")


def create(
    forge: Forge,
    viewer: Viewer,
    repository: Row,
    title: object,
    body: str | None,
    names: Sequence[str] = (),
    assignees: Sequence[str] = (),
) -> int:
    """Write one; its id. Labels and assignees of whoever may not give them are left out, as GitHub does.

    Raises:
        ForgeError: 422; 403, archived.
    """
    access.demand(forge, viewer, repository, "read", rights.ISSUES)
    rights.writable(repository)
    title = check_title(title, "Issue")
    check_body(body, "Issue")
    with forge.kept.change():
        number = insert(forge, viewer, repository, title, body)
        announce.item(forge, number, "opened", viewer.account)
        if rights.has(forge, viewer, repository, "triage", rights.ISSUES):
            row = rows.item(forge, number)
            if names:
                labels.add_labels(forge, viewer, repository, row, names)
            if assignees:
                set_assignees(forge, viewer, repository, row, assignees)
    return number


def insert(forge: Forge, viewer: Viewer, repository: Row, title: str, body: str | None) -> int:
    """The row of a new issue or pull request, with the next number; its id."""
    now = forge.now()
    highest = forge.kept.value("SELECT max(number) FROM issues WHERE repository = ?", repository["id"]) or 0
    return forge.kept.insert(
        "issues",
        repository=repository["id"],
        number=highest + 1,
        author=viewer.account,
        app=viewer.app,
        title=title,
        body=body,
        created_at=now,
        updated_at=now,
    )


def rewrite(
    forge: Forge, viewer: Viewer, repository: Row, row: Row, said: Mapping[str, object], resource: str
) -> dict[str, object]:
    """Change `title` and `body` where they are given and others; what a webhook's `changes` says of it.

    Raises:
        ForgeError: 403, neither author nor writer; 422.
    """
    if not said:
        return {}
    rights.demand(forge, viewer, repository, row["author"], "write", _grant(row))
    changes: dict[str, object] = {}
    title, body = said.get("title"), said.get("body", row["body"])
    if title is not None:
        title = check_title(title, resource)
        if title != row["title"]:
            changes["title"] = {"from": row["title"]}
            forge.kept.update("issues", row["id"], title=title)
            timeline.by(forge, viewer, row["id"], "renamed", rename={"from": row["title"], "to": title})
    body = check_body(body, resource)
    if (body or "") != (row["body"] or ""):
        changes["body"] = {"from": row["body"] or ""}
        edits.rewrite(
            forge,
            "Issue",
            row["id"],
            body or "",
            was=row["body"] or "",
            author=row["author"],
            since=row["created_at"],
            editor=viewer.account,
        )
    return changes


def edit(forge: Forge, viewer: Viewer, repository: Row, issue: Row, said: Mapping[str, object]) -> None:
    """Change an issue's `title` and `body`.

    Raises:
        ForgeError: as `rewrite`.
    """
    with forge.kept.change():
        changes = rewrite(forge, viewer, repository, rows.item(forge, issue["id"]), said, "Issue")
        if changes:
            announce.item(forge, issue["id"], "edited", viewer.account, changes=changes)


def set_assignees(forge: Forge, viewer: Viewer, repository: Row, issue: Row, logins: Sequence[str]) -> None:
    """Let exactly these be assigned; who may not see the repository is left out, as GitHub does.

    Raises:
        ForgeError: 403, less than triage.
    """
    rights.demand(forge, viewer, repository, None, "triage", rights.shared(issue))
    wanted = []
    for login in logins:
        found = forge.kept.row("SELECT * FROM accounts WHERE lower(login) = lower(?) AND NOT deleted", login)
        if found is not None and access.permission(forge, found["id"], repository) != "none":
            wanted.append(found["id"])
    with forge.kept.change():
        have = [row["account"] for row in forge.kept.rows("SELECT account FROM assignees WHERE issue = ?", issue["id"])]
        for account in have:
            if account not in wanted:
                forge.kept.run("DELETE FROM assignees WHERE issue = ? AND account = ?", issue["id"], account)
                _assigned(forge, viewer, issue["id"], "unassigned", account)
        for account in dict.fromkeys(wanted):
            if account not in have:
                forge.kept.insert("assignees", issue=issue["id"], account=account)
                _assigned(forge, viewer, issue["id"], "assigned", account)


def set_locked(forge: Forge, viewer: Viewer, repository: Row, issue: Row, locked: bool) -> None:
    """Let only writers comment, or everybody again.

    Raises:
        ForgeError: 403, less than write.
    """
    rights.demand(forge, viewer, repository, None, "write", rights.shared(issue))
    with forge.kept.change():
        if bool(rows.item(forge, issue["id"])["locked"]) != locked:
            forge.kept.update("issues", issue["id"], locked=int(locked))
            timeline.by(forge, viewer, issue["id"], "locked" if locked else "unlocked")


def check_title(title: object, resource: str) -> str:
    """The title.

    Raises:
        ForgeError: 422, none, blank or too long.
    """
    if title is None:
        raise invalid(resource, "title", "missing_field")
    if not isinstance(title, str):
        raise invalid(resource, "title")
    title = _BREAKS.sub(" ", title)  # it becomes the first line of a commit, where further lines would be trailers
    if not title.strip():
        raise invalid(resource, "title", "custom", "title can't be blank")
    if len(title) > TITLE_LIMIT:
        raise invalid(resource, "title", "custom", f"title is too long (maximum is {TITLE_LIMIT} characters)")
    return title


def check_body(body: object, resource: str) -> str | None:
    """The body, which may be none.

    Raises:
        ForgeError: 422, no text or too long.
    """
    if body is not None and not isinstance(body, str):
        raise invalid(resource, "body")
    if body is not None and len(body) > BODY_LIMIT:
        raise too_long(resource)
    return body


def _assigned(forge: Forge, viewer: Viewer, issue: int, event: str, account: int) -> None:
    timeline.by(forge, viewer, issue, event, assignee=account)
    announce.item(forge, issue, event, viewer.account, assignee=credited(forge, forge.urls, account))


def _grant(row: Row) -> str:
    return rights.ISSUES if row["pull"] is None else rights.PULLS
