"""Making an App of a manifest: the page that shows it, the button that makes it, and the way back with a code."""

import json
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from engine.sandbox.forge.answer import ForgeError, invalid
from engine.sandbox.forge.app import LANDING
from engine.sandbox.forge.clock import moment
from engine.sandbox.forge.ids import new_token
from engine.sandbox.forge.pages.asked import Ask, Deed, Landing, Page, Shown
from engine.sandbox.forge.people import access, apps

_GOOD_FOR_S = 3600
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]{0,33}")


def confirm(ask: Ask) -> Shown:
    """What is to be made, and for whom."""
    owner = _owner(ask)
    manifest = _manifest(ask.form.get("manifest", ""))
    state = ask.query.get("state") or ask.form.get("state", "")
    values = {"manifest": manifest, "text": ask.form["manifest"], "owner": owner, "state": state}
    return Shown("register.html", values, "Create GitHub App", leads_to=_origin(manifest["redirect_url"]))


def make(ask: Ask) -> str:
    """Make it; back to whoever asked, with a code that is good for an hour."""
    owner, manifest = _owner(ask), _manifest(ask.form.get("manifest", ""))
    kept = ask.forge.kept
    if kept.row("SELECT 1 FROM apps WHERE slug = ?", manifest["name"].lower().replace(" ", "-")):
        raise invalid("App", "name", "custom", "Name is already taken")
    with kept.change():
        permissions, events = manifest["default_permissions"], manifest.get("default_events", [])
        app, private = apps.create(ask.forge, owner["id"], manifest["name"], permissions, events)
        code = new_token("code")
        kept.insert(
            "manifests",
            code=code,
            app=app,
            pem=private,
            webhook_secret=new_token("whsec"),
            expires_at=moment(ask.forge.clock.seconds() + _GOOD_FOR_S),
        )
    to: str = manifest["redirect_url"]
    return f"{to}{'&' if '?' in to else '?'}{urlencode({'code': code, 'state': ask.form.get('state', '')})}"


def _owner(ask: Ask) -> Any:
    """Who is to own it.

    Raises:
        ForgeError: 404, the organisation is not there or not the viewer's.
    """
    assert ask.me is not None
    name = ask.path.get("organization")
    if name is None:
        return ask.me
    sql = (
        "SELECT a.* FROM accounts a JOIN members m ON m.organization = a.id"
        " WHERE lower(a.login) = lower(?) AND m.account = ? AND m.role = 'admin'"
    )
    found = ask.forge.kept.row(sql, name, ask.me["id"])
    if found is None:
        raise ForgeError(404, "Only an owner of the organization can make an App for it.")
    return found


def _manifest(text: str) -> dict[str, Any]:
    """Raises ForgeError: 422, GitHub would not take it."""
    try:
        found = json.loads(text)
        name, to, permissions = found["name"], found["redirect_url"], found["default_permissions"]
        known = set(permissions.values()) <= set(access.LEVELS[1:])
        fine = bool(_NAME.fullmatch(name)) and known and bool(_origin(to)) and bool(found["url"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        fine = False
    if not fine:
        raise ForgeError(422, "Invalid GitHub App configuration")
    return dict(found)


def _origin(url: str) -> str:
    """Its origin; nothing where a code must not be sent to it."""
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")
    plain = re.fullmatch(r"[A-Za-z0-9.:-]+", parts.netloc)
    return f"{parts.scheme}://{parts.netloc}" if plain and (parts.scheme == "https" or local) else ""


def _nobody_asked(_: Ask) -> Shown:
    raise ForgeError(404, "An App is made of a manifest here: `engine app register` leads to this page with one.")


_ORGANIZATIONS = "/organizations/{organization}"
PAGES = tuple(Page(f"{place}{LANDING}", _nobody_asked) for place in ("", _ORGANIZATIONS))
LANDINGS = tuple(Landing(f"{place}{LANDING}", confirm) for place in ("", _ORGANIZATIONS))
DEEDS = tuple(Deed(f"{place}/settings/apps", make, confirm) for place in ("", _ORGANIZATIONS))
