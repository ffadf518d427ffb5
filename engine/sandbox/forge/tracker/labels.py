"""Labels of a repository, and those that an issue or pull request wears."""

import re
from collections.abc import Iterable, Sequence

from engine.sandbox.forge.answer import Viewer, invalid, missing
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import announce, rights, shapes, timeline

MOST = 100  # of one issue
_COLOR = re.compile(r"[0-9a-fA-F]{6}\Z")


def create(forge: Forge, viewer: Viewer, repository: Row, name: str, color: str | None, description: str | None) -> int:
    """Add a label to the repository; its id.

    Raises:
        ForgeError: 403; 422, no name or color, or the name is taken.
    """
    rights.demand(forge, viewer, repository, None, "write", rights.EITHER)
    _check(name, color, description)
    with forge.kept.change():
        if find(forge, repository["id"], name) is not None:
            raise invalid("Label", "name", "already_exists")
        return _make(forge, viewer, repository["id"], name, color, description)


def edit(
    forge: Forge,
    viewer: Viewer,
    repository: Row,
    found: Row,
    *,
    name: str | None = None,
    color: str | None = None,
    description: str | None = None,
) -> None:
    """Change what is not None.

    Raises:
        ForgeError: 403; 422, as `create`.
    """
    rights.demand(forge, viewer, repository, None, "write", rights.EITHER)
    new = {
        "name": found["name"] if name is None else name,
        "color": found["color"] if color is None else color.lower(),
        "description": found["description"] if description is None else description,
    }
    _check(new["name"], new["color"], new["description"])
    with forge.kept.change():
        other = find(forge, repository["id"], new["name"])
        if other is not None and other["id"] != found["id"]:
            raise invalid("Label", "name", "already_exists")
        changes = {key: {"from": found[key] or ""} for key, value in new.items() if value != found[key]}
        if changes:
            forge.kept.update("labels", found["id"], **new)
            announce.label(forge, {**found, **new}, "edited", viewer.account, changes=changes)


def delete(forge: Forge, viewer: Viewer, repository: Row, found: Row) -> None:
    """Take it from the repository and from everything that wears it.

    Raises:
        ForgeError: 403.
    """
    rights.demand(forge, viewer, repository, None, "write", rights.EITHER)
    with forge.kept.change():
        forge.kept.run("DELETE FROM issue_labels WHERE label = ?", found["id"])
        forge.kept.run("DELETE FROM labels WHERE id = ?", found["id"])
        announce.label(forge, found, "deleted", viewer.account)


def add_labels(forge: Forge, viewer: Viewer, repository: Row, issue: Row, names: Iterable[str]) -> None:
    """Put labels on; those that the repository does not have yet are made.

    Raises:
        ForgeError: 403, less than triage; 422, more than 100 then, or no name.
    """
    _change(forge, viewer, repository, issue, add=list(names))


def remove_label(forge: Forge, viewer: Viewer, repository: Row, issue: Row, name: str) -> None:
    """Take one off.

    Raises:
        ForgeError: 403; 404, it does not wear this one.
    """
    with forge.kept.change():
        if name.lower() not in {label["name"].lower() for label in worn(forge, issue["id"])}:
            raise missing("Label does not exist")
        _change(forge, viewer, repository, issue, remove=[name])


def set_labels(forge: Forge, viewer: Viewer, repository: Row, issue: Row, names: Iterable[str]) -> None:
    """Let it wear exactly these.

    Raises:
        ForgeError: as `add_labels`.
    """
    wanted = list(names)
    with forge.kept.change():
        kept = {name.lower() for name in wanted}
        gone = [row["name"] for row in worn(forge, issue["id"]) if row["name"].lower() not in kept]
        _change(forge, viewer, repository, issue, add=wanted, remove=gone)


def worn(forge: Forge, issue: int) -> list[Row]:
    """The labels of an issue, by name."""
    sql = "SELECT l.* FROM issue_labels i JOIN labels l ON l.id = i.label WHERE i.issue = ? ORDER BY l.name"
    return forge.kept.rows(sql, issue)


def find(forge: Forge, repository: int, name: str) -> Row | None:
    """A label by its name, in any case."""
    return forge.kept.row("SELECT * FROM labels WHERE repository = ? AND name = ?", repository, name)


def _change(
    forge: Forge, viewer: Viewer, repository: Row, issue: Row, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> None:
    rights.demand(forge, viewer, repository, None, "triage", rights.shared(issue))
    for name in add:
        _check(name, None, None)
    with forge.kept.change():
        wearing = {row["name"].lower(): row for row in worn(forge, issue["id"])}
        new = {name.lower(): name for name in add if name.lower() not in wearing}
        if len(wearing) + len(new) - len(remove) > MOST:
            raise invalid("Issue", "labels", "custom", f"labels cannot be more than {MOST}")
        for name in remove:
            row = wearing[name.lower()]
            forge.kept.run("DELETE FROM issue_labels WHERE issue = ? AND label = ?", issue["id"], row["id"])
            _say(forge, viewer, issue["id"], "unlabeled", row)
        for name in new.values():
            row = find(forge, repository["id"], name) or _row(
                forge, _make(forge, viewer, repository["id"], name, None, None)
            )
            forge.kept.insert("issue_labels", issue=issue["id"], label=row["id"])
            _say(forge, viewer, issue["id"], "labeled", row)


def _say(forge: Forge, viewer: Viewer, issue: int, event: str, label: Row) -> None:
    timeline.by(forge, viewer, issue, event, label={"name": label["name"], "color": label["color"]})
    announce.item(forge, issue, event, viewer.account, label=shapes.label(forge, forge.urls, label))


def _make(forge: Forge, viewer: Viewer, repository: int, name: str, color: str | None, description: str | None) -> int:
    number = forge.kept.insert(
        "labels", repository=repository, name=name, color=(color or "ededed").lower(), description=description
    )
    announce.label(forge, _row(forge, number), "created", viewer.account)
    return number


def _row(forge: Forge, number: int) -> Row:
    found = forge.kept.row("SELECT * FROM labels WHERE id = ?", number)
    if found is None:
        raise missing()
    return found


def _check(name: object, color: str | None, description: str | None) -> None:
    if not isinstance(name, str) or not name.strip():
        raise invalid("Label", "name", "missing_field" if name is None else "invalid")
    if len(name) > 50:
        raise invalid("Label", "name", "custom", "name is too long (maximum is 50 characters)")
    if color is not None and not _COLOR.match(color):
        raise invalid("Label", "color")
    if description is not None and len(description) > 100:
        raise invalid("Label", "description", "custom", "description is too long (maximum is 100 characters)")
