"""Accounts as REST and webhooks show them."""

from typing import Any

from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.urls import Urls


def simple_user(urls: Urls, account: Row | None) -> dict[str, Any] | None:
    """GitHub's `simple-user`; None for nobody, and for an account that is deleted (pages say `ghost`)."""
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
