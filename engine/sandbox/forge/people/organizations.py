"""Organisations: members, owners, and teams within teams."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from engine.sandbox.forge.answer import ForgeError, Viewer, invalid
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row


class Member(NamedTuple):
    """Somebody in a team."""

    account: Row
    role: str  # member, maintainer
    inherited: bool  # only in a team below this one


def by_login(forge: Forge, login: str) -> Row | None:
    """An organisation by its login."""
    sql = "SELECT * FROM accounts WHERE lower(login) = lower(?) AND kind = 'Organization' AND NOT deleted"
    return forge.kept.row(sql, login)


def role(forge: Forge, organization: int, account: int | None) -> str | None:
    """`admin` (an owner), `member`, or None."""
    sql = "SELECT role FROM members WHERE organization = ? AND account = ?"
    found: str | None = forge.kept.value(sql, organization, account)
    return found


def within(forge: Forge, viewer: Viewer, organization: int) -> bool:
    """May the viewer see what only members see: a member, or an App that is installed there."""
    if viewer.kind == "installation":
        at = forge.kept.value("SELECT account FROM installations WHERE id = ?", viewer.installation)
        return bool(at == organization)
    return role(forge, organization, viewer.account) is not None


def members(forge: Forge, organization: int, wanted: str = "all") -> list[Row]:
    """Its members with their `role`; `wanted` is `all`, `admin` or `member`."""
    return forge.kept.rows(
        "SELECT a.*, m.role FROM members m JOIN accounts a ON a.id = m.account "
        "WHERE m.organization = ? AND NOT a.deleted AND ? IN ('all', m.role) ORDER BY a.id",
        organization,
        wanted,
    )


def of(forge: Forge, account: int) -> list[Row]:
    """The organisations of an account."""
    return forge.kept.rows(
        "SELECT a.*, m.role FROM members m JOIN accounts a ON a.id = m.organization WHERE m.account = ? ORDER BY a.id",
        account,
    )


def set_member(forge: Forge, organization: int, account: int, to: str) -> None:
    """Make somebody a member or an owner. There are no invitations here: it counts at once.

    Raises:
        ForgeError: 422, no such role; 403, the last owner would be gone.
    """
    if to not in ("admin", "member"):
        raise invalid("OrganizationMembership", "role")
    with forge.kept.change():
        if to != "admin":
            _keep_an_owner(forge, organization, account)
        forge.kept.run("INSERT OR REPLACE INTO members VALUES (?, ?, ?)", organization, account, to)


def remove_member(forge: Forge, organization: int, account: int) -> None:
    """Take somebody out of an organisation, and so out of its teams and repositories.

    Raises:
        ForgeError: 403, the last owner would be gone.
    """
    with forge.kept.change():
        _keep_an_owner(forge, organization, account)
        run = forge.kept.run
        run("DELETE FROM members WHERE organization = ? AND account = ?", organization, account)
        run(
            "DELETE FROM team_members WHERE account = ? AND team IN (SELECT id FROM teams WHERE organization = ?)",
            account,
            organization,
        )
        run(
            "DELETE FROM collaborators WHERE account = ? AND repository IN "
            "(SELECT id FROM repositories WHERE owner = ?)",
            account,
            organization,
        )


def _keep_an_owner(forge: Forge, organization: int, leaving: int) -> None:
    owners = {row["id"] for row in members(forge, organization, "admin")}
    if owners == {leaving}:
        raise ForgeError(403, "You can't remove the last owner of an organization.")


def team(forge: Forge, organization: int, slug: str) -> Row | None:
    """A team by its slug."""
    return forge.kept.row("SELECT * FROM teams WHERE organization = ? AND slug = lower(?)", organization, slug)


def teams(forge: Forge, organization: int) -> list[Row]:
    """Every team."""
    return forge.kept.rows("SELECT * FROM teams WHERE organization = ? ORDER BY id", organization)


def teams_of(forge: Forge, account: int) -> list[Row]:
    """The teams whose direct member somebody is."""
    sql = "SELECT t.* FROM teams t JOIN team_members m ON m.team = t.id WHERE m.account = ? ORDER BY t.id"
    return forge.kept.rows(sql, account)


def visible(forge: Forge, viewer: Viewer, row: Row) -> bool:
    """May the viewer know of this team: a secret one is for its members, owners and Apps."""
    if not within(forge, viewer, row["organization"]):
        return False
    if row["privacy"] != "secret" or viewer.kind == "installation":
        return True
    return role(forge, row["organization"], viewer.account) == "admin" or any(
        member.account["id"] == viewer.account for member in team_members(forge, row)
    )


def team_members(forge: Forge, row: Row) -> list[Member]:
    """Everybody in a team and in the teams below it, each once; owners of the organisation are maintainers."""
    found = forge.kept.rows(_MEMBERS, row["id"], row["id"], row["id"], row["organization"])
    return [
        Member(account, "maintainer" if account["owner"] else account["team_role"], bool(account["inherited"]))
        for account in found
    ]


_MEMBERS = """WITH RECURSIVE below (id) AS (VALUES (?) UNION SELECT t.id FROM teams t JOIN below b ON t.parent = b.id)
  SELECT a.*, NOT max(m.team = ?) AS inherited, o.role IS 'admin' AS owner,
         iif(max(m.team = ? AND m.role = 'maintainer'), 'maintainer', 'member') AS team_role
  FROM team_members m JOIN accounts a ON a.id = m.account
  LEFT JOIN members o ON o.account = a.id AND o.organization = ?
  WHERE m.team IN below AND NOT a.deleted GROUP BY a.id ORDER BY a.id"""


def children(forge: Forge, row: Row) -> list[Row]:
    """The teams right below this one."""
    return forge.kept.rows("SELECT * FROM teams WHERE parent = ? ORDER BY id", row["id"])


def team_repositories(forge: Forge, row: Row) -> list[Row]:
    """`repository` (a number) and `permission` of what a team may use, a parent's too: the most that any gives."""
    return forge.kept.rows(_REPOSITORIES, row["id"])


_REPOSITORIES = """WITH RECURSIVE above (id) AS (
    VALUES (?) UNION SELECT t.parent FROM teams t JOIN above ON t.id = above.id WHERE t.parent IS NOT NULL)
  SELECT g.repository, g.permission FROM team_repositories g JOIN repositories r ON r.id = g.repository
  WHERE g.team IN above AND NOT r.deleted
  ORDER BY g.repository, instr('read triage write maintain admin', g.permission) DESC"""


def create_team(forge: Forge, organization: int, name: str, *, parent: int | None = None, **columns: object) -> int:
    """A new team; its number.

    Raises:
        ForgeError: 422, a team of this name is there, or the name has no letter or digit.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not slug:
        raise invalid("Team", "name")
    with forge.kept.change():
        if team(forge, organization, slug) is not None:
            raise invalid("Team", "name", "already_exists")
        if parent is not None and parent not in {row["id"] for row in teams(forge, organization)}:
            raise invalid("Team", "parent_team_id")
        return forge.kept.insert(
            "teams", organization=organization, parent=parent, slug=slug, name=name, created_at=forge.now(), **columns
        )


def delete_team(forge: Forge, row: Row) -> None:
    """Delete a team and, as GitHub does for an owner, the teams below it."""
    with forge.kept.change():
        for child in children(forge, row):
            delete_team(forge, child)
        for sql in _OF_TEAM:
            forge.kept.run(sql, row["id"])


_OF_TEAM: Sequence[str] = (
    "DELETE FROM team_members WHERE team = ?",
    "DELETE FROM team_repositories WHERE team = ?",
    "DELETE FROM review_requests WHERE team = ?",
    "DELETE FROM teams WHERE id = ?",
)


def set_team_member(forge: Forge, row: Row, account: int, to: str) -> None:
    """Put somebody into a team, and so into its organisation.

    Raises:
        ForgeError: 422, no such role.
    """
    if to not in ("member", "maintainer"):
        raise invalid("TeamMembership", "role")
    with forge.kept.change():
        if role(forge, row["organization"], account) is None:
            set_member(forge, row["organization"], account, "member")
        forge.kept.run("INSERT OR REPLACE INTO team_members VALUES (?, ?, ?)", row["id"], account, to)


def remove_team_member(forge: Forge, row: Row, account: int) -> bool:
    """Take somebody out of a team; False if there was nobody to take."""
    return bool(forge.kept.run("DELETE FROM team_members WHERE team = ? AND account = ?", row["id"], account))
