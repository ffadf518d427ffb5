"""A GitHub App from a manifest: the form that asks GitHub for one, and the code that is exchanged for its keys.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest: a code is good for one
exchange, within an hour, and needs no other right.
"""

import json
import re
from collections.abc import Mapping
from html import escape
from typing import Any, NamedTuple
from urllib.parse import quote

from engine.adapters.github.door import VERSION
from engine.errors import failure

_CODE = re.compile(r"[A-Za-z0-9_-]{10,200}")
_TIMEOUT_S = 30


class Registered(NamedTuple):
    """What GitHub has made. Its private parts are in no text of it."""

    id: int
    slug: str
    owner: str
    url: str
    bot: int | None  # the account as which it acts; None: GitHub did not say
    key: bytes
    webhook_secret: str | None

    def __repr__(self) -> str:
        return f"Registered({self.slug}, {self.id})"


def form(web: str, organization: str | None, manifest: Mapping[str, Any], state: str) -> str:
    """A page with one button; nothing happens before it is pressed."""
    account = f"organizations/{quote(organization)}/" if organization else ""
    where = f"{web}/{account}settings/apps/new?state={quote(state)}"
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>A GitHub App for Interlock</title>"
        f"<h1>A GitHub App for Interlock</h1><p>GitHub shows once more what <b>{escape(manifest['name'])}</b> may do,"
        f' and makes it. You need to own {escape(organization or "the account")}.</p><form method="post"'
        f' action="{escape(where)}"><input type="hidden" name="manifest" value="{escape(json.dumps(manifest))}">'
        "<button>Go to GitHub</button></form>"
    )


def exchanged(api_url: str, code: str) -> Registered:
    """The App of a code.

    Raises:
        EngineError: ENG206 no library; ENG971, the code is none, or was exchanged before;
            ENG972, GitHub has not answered.
    """
    if not _CODE.fullmatch(code):
        raise failure("ENG971")
    status, value = _ask("POST", f"{api_url}/app-manifests/{code}/conversions")
    if status in (404, 422):
        raise failure("ENG971")
    try:
        assert isinstance(value, Mapping)
        key, slug = value["pem"].encode(), str(value["slug"])
        said = value.get("webhook_secret")
        return Registered(
            int(value["id"]), slug, str(value["owner"]["login"]), str(value["html_url"]), _bot(api_url, slug), key, said
        )
    except (AssertionError, KeyError, TypeError, ValueError, AttributeError):
        raise failure("ENG972", reason=f"it answered {status}") from None


def _bot(api_url: str, slug: str) -> int | None:
    status, value = _ask("GET", f"{api_url}/users/{quote(f'{slug}[bot]')}")
    return value["id"] if status == 200 and isinstance(value, dict) and isinstance(value.get("id"), int) else None


def _ask(verb: str, url: str) -> tuple[int, Any]:
    """As nobody: the code is the right. It is in no message of an error."""
    try:
        import requests
    except ImportError:
        raise failure("ENG206", what="registering an App", library="PyGithub", extra="github") from None

    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": VERSION}
    try:
        reply = requests.request(verb, url, headers=headers, timeout=_TIMEOUT_S, allow_redirects=False)
        return reply.status_code, reply.json()
    except requests.RequestException as error:
        raise failure("ENG972", reason=type(error).__name__) from None
