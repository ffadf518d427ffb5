"""Webhooks of issues and pull requests, with the shapes that REST has, but for what GitHub does not say in them."""

from typing import Any

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import rows, shapes


def item(forge: Forge, issue: int, action: str, sender: int | None, **more: Any) -> None:
    """`pull_request` or `issues`, whichever it is, as it is now."""
    row = rows.item(forge, issue)
    if row["pull"] is None:
        body = {"issue": _issue(forge, row), **more}
        forge.emit("issues", action, row["repository"], sender, body)
        return
    body = {"number": row["number"], "pull_request": shapes.pull(forge, forge.urls, row), **more}
    forge.emit("pull_request", action, row["repository"], sender, body)


def comment(forge: Forge, found: Row, action: str, sender: int | None, **more: Any) -> None:
    """`issue_comment`."""
    row = rows.item(forge, found["issue"])
    said = shapes.comment(forge, forge.urls, found)
    del said["minimized"]
    body = {"issue": _issue(forge, row), "comment": said, **more}
    forge.emit("issue_comment", action, row["repository"], sender, body)


def review(forge: Forge, found: Row, action: str, sender: int | None, **more: Any) -> None:
    """`pull_request_review`; the state is in lower case here."""
    row = rows.item(forge, found["pull"])
    shape = shapes.review(forge, forge.urls, found)
    shape |= {"state": shape["state"].lower(), "submitted_at": found["submitted_at"], "updated_at": found["updated_at"]}
    body = {"review": shape, "pull_request": shapes.pull_simple(forge, forge.urls, row), **more}
    forge.emit("pull_request_review", action, row["repository"], sender, body)


def review_comment(forge: Forge, found: Row, action: str, sender: int | None, **more: Any) -> None:
    """`pull_request_review_comment`."""
    row = rows.item(forge, found["pull"])
    said = {"position": None, "line": None, **shapes.review_comment(forge, forge.urls, found)}
    body = {"comment": said, "pull_request": shapes.pull_simple(forge, forge.urls, row), **more}
    forge.emit("pull_request_review_comment", action, row["repository"], sender, body)


def label(forge: Forge, found: Row, action: str, sender: int | None, **more: Any) -> None:
    """`label`: of the repository."""
    body = {"label": shapes.label(forge, forge.urls, found), **more}
    forge.emit("label", action, found["repository"], sender, body)


def _issue(forge: Forge, row: Row) -> dict[str, Any]:
    found = shapes.issue(forge, forge.urls, row)
    del found["closed_by"]
    return found
