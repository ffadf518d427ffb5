"""What whoever lives in the sandbox must know: one document, the ready line."""

import os
from typing import Any

from engine.sandbox.forge import control
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.hooks import manage
from engine.sandbox.forge.people import access

_ROLES = {"triage": "read", "maintain": "write"}


def ready(forge: Forge) -> dict[str, Any]:
    """The ready line, as docs/sandbox.md describes it."""
    urls = forge.urls
    app = _app(forge)
    return {
        "url": urls.base,
        "api_url": urls.api,
        "graphql_url": urls.graphql,
        "git_url": urls.base,
        "webhook_secret": manage.of_app(forge, app["id"])["secret"],
        "control": {"url": urls.base + control.PREFIX, "token": control.token(forge)},
        "app": app,
        "users": _users(forge),
        "repositories": [
            {
                "full_name": row["full_name"],
                "id": row["id"],
                "default_branch": row["default_branch"],
                "kind": row["kind"],
            }
            for row in _repositories(forge)
        ],
        "pid": os.getpid(),
        "state": forge.folder,
    }


def _app(forge: Forge) -> dict[str, Any]:
    sql = """SELECT a.id, a.slug, i.id AS installation, b.id AS bot, b.login FROM apps a
      JOIN installations i ON i.app = a.id JOIN accounts b ON b.id = a.bot ORDER BY a.id, i.id"""
    row = forge.kept.row(sql)
    assert row is not None  # seeded
    return {
        "id": row["id"],
        "slug": row["slug"],
        "private_key_file": os.path.join(forge.folder, "app-key.pem"),
        "installation": row["installation"],
        "bot": {"id": row["bot"], "login": row["login"]},
    }


def _users(forge: Forge) -> list[dict[str, Any]]:
    """Everybody who has a token, with the most that they may do in any of the seeded repositories."""
    sql = """SELECT a.*, t.token FROM accounts a JOIN tokens t ON t.account = a.id
      WHERE a.kind = 'User' AND NOT a.deleted AND t.kind = 'personal' AND NOT t.revoked GROUP BY a.id ORDER BY a.id"""
    repositories = _repositories(forge)
    found = []
    for row in forge.kept.rows(sql):
        levels = [access.permission(forge, row["id"], repository) for repository in repositories]
        level = max(levels, key=access.LEVELS.index, default="none")
        teams = forge.kept.rows(_TEAMS, row["id"])
        found.append(
            {
                "login": row["login"],
                "id": row["id"],
                "email": row["email"],
                "token": row["token"],
                "teams": [team["name"] for team in teams],
                "role": _ROLES.get(level, level),
            }
        )
    return found


_TEAMS = """SELECT o.login || '/' || t.slug AS name FROM team_members m JOIN teams t ON t.id = m.team
  JOIN accounts o ON o.id = t.organization WHERE m.account = ? ORDER BY t.id"""


def _repositories(forge: Forge) -> list[Any]:
    numbers = forge.kept.rows("SELECT id FROM repositories WHERE NOT deleted AND fork_of IS NULL ORDER BY id")
    return [row for number in numbers if (row := forge.repository_of(number["id"])) is not None]
