"""Signing in, and who is who: accounts, organisations, teams."""

import json
from collections.abc import Sequence
from typing import Any

from engine.adapters.web import own
from engine.sandbox.forge.answer import ForgeError, Viewer, missing, number
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.pages import session
from engine.sandbox.forge.pages.asked import Ask, Deed, Page, Shown, Signed
from engine.sandbox.forge.people import access

_TEAMS = """SELECT t.*, a.login AS organization_login FROM teams t JOIN accounts a ON a.id = t.organization"""


def repositories(forge: Forge, viewer: Viewer, owner: int | None = None) -> list[Row]:
    """Those that the viewer may see, with `owner_login`; of one owner, or of all."""
    sql = "SELECT id FROM repositories WHERE NOT deleted AND (? IS NULL OR owner = ?) ORDER BY pushed_at DESC, id"
    found = (forge.repository_of(row["id"]) for row in forge.kept.rows(sql, owner, owner))
    return [row for row in found if row is not None and access.sees(forge, viewer, row)]


def sign_in_page(ask: Ask, status: int = 200) -> Shown:
    """Everybody, each with a button."""
    people = [{**row, "roles": _roles(ask.forge, row)} for row in ask.forge.kept.rows(_PEOPLE, *session.NOBODY)]
    to = ask.query.get("to") or ask.form.get("to") or ask.at
    return Shown("sign_in.html", {"people": people, "to": own_path(to)}, "Sign in", status)


_PEOPLE = "SELECT * FROM accounts WHERE kind = 'User' AND NOT deleted AND login NOT IN (?, ?) ORDER BY id"


def own_path(to: str) -> str:
    """A path of this forge, where a page hands on where to go; anything else leads home."""
    return own.own_path(to, "/login", "/logout")


def sign_in(ask: Ask) -> Signed:
    """As the account that the button names."""
    return Signed(own_path(ask.form.get("to", "/")), session.sign_in(ask.forge, number(ask.form.get("account"), 0)))


def sign_out(_: Ask) -> Signed:
    """As nobody; a key that names no session is replaced by the next page."""
    return Signed("/login", "none")


def _roles(forge: Forge, account: Row) -> str:
    """A line about somebody: owner of an organisation, teams, or a collaborator."""
    sql = (
        "SELECT a.login, m.role FROM members m JOIN accounts a ON a.id = m.organization WHERE m.account = ? ORDER BY 1"
    )
    owned: list[str] = []
    member: list[str] = []
    for row in forge.kept.rows(sql, account["id"]):
        (owned if row["role"] == "admin" else member).append(row["login"])
    said = [f"owns {', '.join(owned)}"] if owned else []
    teams = [f"{team['organization_login']}/{team['slug']}" for team in teams_of(forge, account["id"])]
    said += teams or ([f"member of {', '.join(member)}"] if member else [])
    return ", ".join(said) or "in no organisation"


def teams_of(forge: Forge, account: int) -> list[Row]:
    """The teams that somebody is in, with `organization_login`."""
    where = "WHERE t.id IN (SELECT team FROM team_members WHERE account = ?) ORDER BY organization_login, t.slug"
    return forge.kept.rows(f"{_TEAMS} {where}", account)


def team_of(forge: Forge, number: int | None) -> Row | None:
    """A team by id, with `organization_login`."""
    return forge.kept.row(f"{_TEAMS} WHERE t.id = ?", number)


def home(ask: Ask) -> Shown:
    """The repositories that one may see, and their open pull requests."""
    if ask.me is None:
        return sign_in_page(ask)
    shown = repositories(ask.forge, ask.viewer)
    ids = json.dumps([row["id"] for row in shown])
    pulls = ask.forge.kept.rows(_OPEN, ids)
    return Shown("home.html", {"repositories": shown, "pulls": pulls}, "Home")


_OPEN = """SELECT i.*, p.draft, p.head_sha, p.base_ref, p.head_ref, r.name AS repository_name, o.login AS owner_login,
    a.login AS author_login, a.deleted AS author_deleted
  FROM issues i JOIN pulls p ON p.id = i.id JOIN repositories r ON r.id = i.repository
  JOIN accounts o ON o.id = r.owner LEFT JOIN accounts a ON a.id = i.author
  WHERE i.state = 'open' AND r.id IN (SELECT value FROM json_each(?)) ORDER BY i.updated_at DESC, i.id DESC LIMIT 20"""


def app(ask: Ask) -> Shown:
    """An App: its bot."""
    bot = ask.forge.kept.value("SELECT bot FROM apps WHERE slug = ?", ask.path["slug"])
    found = ask.forge.account(bot)
    if found is None:
        raise missing()
    return account(ask._replace(path={"login": found["login"]}))


def account(ask: Ask) -> Shown:
    """A user, bot or organisation."""
    sql = "SELECT * FROM accounts WHERE lower(login) = lower(?) AND NOT deleted"
    found = ask.forge.kept.row(sql, ask.path["login"])
    if found is None:
        raise missing()
    if found["kind"] == "Organization":
        return _organization(ask, found)
    values = {
        "account": found,
        "teams": teams_of(ask.forge, found["id"]),
        "repositories": repositories(ask.forge, ask.viewer, found["id"]),
        "roles": _roles(ask.forge, found),
        "app": ask.forge.kept.row("SELECT * FROM apps WHERE bot = ?", found["id"]),
    }
    return Shown("account.html", values, found["login"])


def _organization(ask: Ask, found: Row) -> Shown:
    kept = ask.forge.kept
    members = (
        "SELECT a.*, m.role FROM members m JOIN accounts a ON a.id = m.account WHERE m.organization = ? ORDER BY a.id"
    )
    teams: Sequence[Any] = [
        {**team, "members": _members(ask.forge, team["id"])}
        for team in kept.rows(f"{_TEAMS} WHERE t.organization = ? ORDER BY t.slug", found["id"])
    ]
    values = {
        "account": found,
        "members": kept.rows(members, found["id"]),
        "teams": teams,
        "repositories": repositories(ask.forge, ask.viewer, found["id"]),
    }
    return Shown("organization.html", values, found["login"])


def team(ask: Ask) -> Shown:
    """A team: its people, its children's, and what it may do where."""
    kept = ask.forge.kept
    where = "WHERE lower(a.login) = lower(?) AND t.slug = ?"
    found = kept.row(f"{_TEAMS} {where}", ask.path["organization"], ask.path["slug"])
    if found is None:
        raise missing()
    rights = "SELECT repository, permission FROM team_repositories WHERE team = ? ORDER BY repository"
    granted = [
        (ask.forge.repository_of(row["repository"]), row["permission"]) for row in kept.rows(rights, found["id"])
    ]
    values = {
        "team": found,
        "members": _members(ask.forge, found["id"]),
        "parent": team_of(ask.forge, found["parent"]),
        "children": kept.rows(f"{_TEAMS} WHERE t.parent = ? ORDER BY t.slug", found["id"]),
        "granted": [(row, level) for row, level in granted if row and access.sees(ask.forge, ask.viewer, row)],
    }
    return Shown("team.html", values, f"{found['organization_login']}/{found['slug']}")


def _members(forge: Forge, number: int) -> list[Row]:
    sql = "SELECT a.*, m.role FROM team_members m JOIN accounts a ON a.id = m.account WHERE m.team = ? ORDER BY a.id"
    return forge.kept.rows(sql, number)


def _cannot(_: Ask) -> Shown:
    raise ForgeError(403, "Nobody was signed out.")


PAGES = (
    Page("/", home, open=True),
    Page("/login", sign_in_page, open=True),
    Page("/orgs/{organization}/teams/{slug}", team),
    Page("/apps/{slug}", app),
    Page("/{login}", account),
)
DEEDS = (
    Deed("/login", sign_in, sign_in_page, open=True),
    Deed("/logout", sign_out, _cannot, open=True),
)
