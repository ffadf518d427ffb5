"""Who is asked for a review."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from engine.sandbox.forge.answer import ForgeError, Viewer
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access
from engine.sandbox.forge.people.shapes import simple_user, team
from engine.sandbox.forge.tracker import announce, rights, timeline

Change: TypeAlias = Callable[[Forge, Viewer, Row, Row, Sequence[str], Sequence[str]], None]


def request(
    forge: Forge, viewer: Viewer, repository: Row, pull: Row, logins: Sequence[str], slugs: Sequence[str]
) -> None:
    """Ask people and teams of the organisation; who is asked already is not asked again.

    Raises:
        ForgeError: 403, less than triage; 422, the author, or somebody who cannot see the repository.
    """
    rights.demand(forge, viewer, repository, None, "triage", rights.PULLS)
    people, teams = _named(forge, repository, logins, slugs, known=True)
    if any(person["id"] == pull["author"] for person in people):
        raise ForgeError(422, "Review cannot be requested from pull request author.")
    with forge.kept.change():
        for column, rows in (("account", people), ("team", teams)):
            for row in rows:
                if not _asked(forge, pull["id"], column, row["id"]):
                    forge.kept.insert("review_requests", pull=pull["id"], **{column: row["id"]})
                    _say(forge, viewer, pull["id"], "review_requested", column, row)


def withdraw(
    forge: Forge, viewer: Viewer, repository: Row, pull: Row, logins: Sequence[str], slugs: Sequence[str]
) -> None:
    """Ask them no longer; who was not asked is passed over.

    Raises:
        ForgeError: 403, less than triage.
    """
    rights.demand(forge, viewer, repository, None, "triage", rights.PULLS)
    people, teams = _named(forge, repository, logins, slugs, known=False)
    with forge.kept.change():
        for column, rows in (("account", people), ("team", teams)):
            for row in rows:
                gone = f"DELETE FROM review_requests WHERE pull = ? AND {column} = ?"  # noqa: S608 - names are ours
                if forge.kept.run(gone, pull["id"], row["id"]):
                    _say(forge, viewer, pull["id"], "review_request_removed", column, row)


def answered(forge: Forge, pull: int, account: int | None) -> None:
    """A review was given: its author, and each team that they are of, is asked no longer. Nobody is told."""
    forge.kept.run("DELETE FROM review_requests WHERE pull = ? AND account = ?", pull, account)
    of = "SELECT team FROM team_members WHERE account = ?"
    forge.kept.run(f"DELETE FROM review_requests WHERE pull = ? AND team IN ({of})", pull, account)  # noqa: S608


def asked(forge: Forge, pull: int) -> tuple[list[Row], list[Row]]:
    """People and teams, in the order in which they were asked."""
    people = "SELECT a.* FROM review_requests r JOIN accounts a ON a.id = r.account WHERE r.pull = ? ORDER BY r.rowid"
    teams = "SELECT t.* FROM review_requests r JOIN teams t ON t.id = r.team WHERE r.pull = ? ORDER BY r.rowid"
    return forge.kept.rows(people, pull), forge.kept.rows(teams, pull)


def _named(
    forge: Forge, repository: Row, logins: Sequence[str], slugs: Sequence[str], *, known: bool
) -> tuple[list[Row], list[Row]]:
    people, teams = [], []
    for login in logins:
        row = forge.kept.row("SELECT * FROM accounts WHERE lower(login) = lower(?) AND NOT deleted", login)
        if row is not None and access.permission(forge, row["id"], repository) != "none" and row["kind"] == "User":
            people.append(row)
        elif known:
            raise _stranger(repository)
    for slug in slugs:
        row = forge.kept.row("SELECT * FROM teams WHERE organization = ? AND slug = ?", repository["owner"], slug)
        if row is not None:
            teams.append(row)
        elif known:
            raise _stranger(repository)
    return people, teams


def _stranger(repository: Row) -> ForgeError:
    return ForgeError(
        422,
        "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a"
        f" collaborator of the {repository['full_name']} repository.",
    )


def _asked(forge: Forge, pull: int, column: str, number: int) -> bool:
    sql = f"SELECT 1 FROM review_requests WHERE pull = ? AND {column} = ?"  # noqa: S608 - names are ours
    return forge.kept.row(sql, pull, number) is not None


def _say(forge: Forge, viewer: Viewer, pull: int, event: str, column: str, row: Row) -> None:
    if column == "account":
        timeline.by(forge, viewer, pull, event, reviewer=row["id"])
        more = {"requested_reviewer": simple_user(forge.urls, row)}
    else:
        timeline.by(forge, viewer, pull, event, team=row["id"])
        more = {"requested_team": team(forge, forge.urls, row)}
    announce.item(forge, pull, event, viewer.account, **more)
