"""Accounts, organisations, teams and Apps as REST and webhooks show them."""

import json
from collections.abc import Mapping
from typing import Any

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access, accounts, organizations
from engine.sandbox.forge.urls import Urls

# What GitHub tells about a person and nobody asks a sandbox.
_UNTOLD: Mapping[str, Any] = {
    "company": None, "blog": "", "location": None, "hireable": None, "bio": None, "twitter_username": None,
    "public_gists": 0, "followers": 0, "following": 0,
}  # fmt: skip
_UNTOLD_PRIVATE: Mapping[str, Any] = {
    "private_gists": 0, "total_private_repos": 0, "owned_private_repos": 0, "disk_usage": 0, "collaborators": 0,
    "two_factor_authentication": True,
}  # fmt: skip


def simple_user(urls: Urls, account: Row | None) -> dict[str, Any] | None:
    """GitHub's `simple-user`; None for nobody, and for an account that is deleted (`credited` says `ghost`)."""
    if account is None or account["deleted"]:
        return None
    login = account["login"]
    api = urls.rest("users", login)
    return {
        "login": login,
        "id": account["id"],
        "node_id": node_id(account["kind"], account["id"]),
        "avatar_url": urls.page("avatars", f"{account['id']}.svg"),
        "gravatar_id": "",
        "url": api,
        "html_url": urls.page(login),
        "followers_url": f"{api}/followers",
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{api}/subscriptions",
        "organizations_url": f"{api}/orgs",
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events{{/privacy}}",
        "received_events_url": f"{api}/received_events",
        "type": account["kind"],
        "site_admin": bool(account["site_admin"]),
    }


def credited(forge: Forge, urls: Urls, number: int | None) -> dict[str, Any]:
    """Who is shown as the author of an issue, a pull request or a comment: `ghost` for an account that is gone."""
    found = simple_user(urls, forge.account(number)) or simple_user(urls, accounts.by_login(forge, accounts.GHOST))
    if found is None:
        raise LookupError("every forge has its ghost")
    return found


def public_user(forge: Forge, urls: Urls, account: Row) -> dict[str, Any]:
    """GitHub's `public-user`: mail is not public."""
    owned = "SELECT count(*) FROM repositories WHERE owner = ? AND NOT private AND NOT deleted"
    return {
        **(simple_user(urls, account) or {}),
        **_UNTOLD,
        "name": account["name"],
        "email": None,
        "public_repos": forge.kept.value(owned, account["id"]),
        "created_at": account["created_at"],
        "updated_at": account["created_at"],
    }


def private_user(forge: Forge, urls: Urls, account: Row) -> dict[str, Any]:
    """GitHub's `private-user`: what somebody sees of herself."""
    return {
        **public_user(forge, urls, account),
        **_UNTOLD_PRIVATE,
        "email": account["email"],
        "notification_email": account["email"],
    }


def organization(urls: Urls, account: Row) -> dict[str, Any]:
    """GitHub's `organization-simple`."""
    api = urls.rest("orgs", account["login"])
    return {
        "login": account["login"],
        "id": account["id"],
        "node_id": node_id("Organization", account["id"]),
        "url": api,
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events",
        "hooks_url": f"{api}/hooks",
        "issues_url": f"{api}/issues",
        "members_url": f"{api}/members{{/member}}",
        "public_members_url": f"{api}/public_members{{/member}}",
        "avatar_url": urls.page("avatars", f"{account['id']}.svg"),
        "description": None,
    }


def full_organization(forge: Forge, urls: Urls, account: Row) -> dict[str, Any]:
    """GitHub's `organization-full`, which is its `team-organization` too."""
    return {
        **organization(urls, account),
        "name": account["name"] or account["login"],
        "has_organization_projects": False,
        "has_repository_projects": False,
        "public_repos": public_user(forge, urls, account)["public_repos"],
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "html_url": urls.page(account["login"]),
        "type": "Organization",
        "created_at": account["created_at"],
        "updated_at": account["created_at"],
        "archived_at": None,
    }


def simple_team(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """GitHub's `team-simple`."""
    owner = forge.account(row["organization"]) or {}
    api = urls.rest("teams", row["id"])
    return {
        "id": row["id"],
        "node_id": node_id("Team", row["id"]),
        "name": row["name"],
        "slug": row["slug"],
        "description": row["description"],
        "privacy": row["privacy"],
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "url": api,
        "html_url": urls.page("orgs", owner["login"], "teams", row["slug"]),
        "members_url": f"{api}/members{{/member}}",
        "repositories_url": f"{api}/repos",
        "type": "organization",
        "organization_id": row["organization"],
    }


def team(forge: Forge, urls: Urls, row: Row, level: str | None = None) -> dict[str, Any]:
    """GitHub's `team`; `level` is what it may in the repository that was asked about."""
    found = {**simple_team(forge, urls, row), "parent": _parent(forge, urls, row)}
    if level is not None:
        found |= {"permission": access.WORDS[level], "permissions": access.flags(level)}
    return found


def full_team(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """GitHub's `team-full`."""
    owner = forge.account(row["organization"]) or {}
    return {
        **team(forge, urls, row),
        "members_count": len(organizations.team_members(forge, row)),
        "repos_count": len({given["repository"] for given in organizations.team_repositories(forge, row)}),
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "organization": full_organization(forge, urls, owner),
    }


def _parent(forge: Forge, urls: Urls, row: Row) -> dict[str, Any] | None:
    above = forge.kept.row("SELECT * FROM teams WHERE id = ?", row["parent"])
    return None if above is None else simple_team(forge, urls, above)


def integration(forge: Forge, urls: Urls, app: int | None) -> dict[str, Any] | None:
    """GitHub's `integration`: an App, None for none."""
    row = forge.kept.row("SELECT * FROM apps WHERE id = ?", app)
    if row is None:
        return None
    return {
        "id": row["id"],
        "slug": row["slug"],
        "node_id": node_id("App", row["id"]),
        "owner": simple_user(urls, forge.account(row["owner"])),
        "name": row["name"],
        "description": None,
        "external_url": urls.page("apps", row["slug"]),
        "html_url": urls.page("apps", row["slug"]),
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "permissions": json.loads(row["permissions_json"]),
        "events": json.loads(row["events_json"]),
    }


def installation(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """GitHub's `installation`."""
    app = forge.kept.row("SELECT * FROM apps WHERE id = ?", row["app"]) or {}
    owner = forge.account(row["account"]) or {}
    return {
        "id": row["id"],
        "account": simple_user(urls, owner),
        "repository_selection": row["selection"],
        "access_tokens_url": urls.rest("app", "installations", row["id"], "access_tokens"),
        "repositories_url": urls.rest("installation", "repositories"),
        "html_url": urls.page("organizations", owner["login"], "settings", "installations", row["id"]),
        "app_id": row["app"],
        "app_slug": app["slug"],
        "target_id": row["account"],
        "target_type": owner["kind"],
        "permissions": json.loads(app["permissions_json"]),
        "events": json.loads(app["events_json"]),
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "single_file_name": None,
        "suspended_by": None,
        "suspended_at": row["suspended_at"],
    }
