"""Who sits at the browser. Anybody may sign in as anybody, so all that matters is that it is this browser's own page.

A cookie alone proves nothing on loopback: other ports of it share cookies and count as the same site. So a form also
carries a token made with a secret of this start, and a request must come from exactly this origin.
"""

import hmac
import secrets
from collections.abc import Mapping
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from engine.adapters.web import own
from engine.sandbox.forge.answer import ForgeError
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row

NOBODY = ("ghost", "web-flow")
_SECRET = secrets.token_bytes(32)


class Session(NamedTuple):
    """The browser's session; `account` is None before signing in, `fresh` when its cookie has to be set."""

    key: str
    account: Row | None
    token: str
    fresh: bool


def session(forge: Forge, request: Request) -> Session:
    """Whose session the cookie names; a new one of nobody where it names none."""
    key = request.cookies.get(cookie(request), "")
    found = forge.kept.row("SELECT * FROM sessions WHERE id = ?", key) if key else None
    account = forge.account(found["account"]) if found else None
    if found is not None and account is not None and not account["deleted"]:
        return Session(key, account, _token(found["csrf"]), False)
    fresh = not _is_visitor(key)
    key = "visitor-" + secrets.token_urlsafe(24) if fresh else key
    return Session(key, None, _token(key), fresh)


def sign_in(forge: Forge, account: int) -> str:
    """A session of this account: its key.

    Raises:
        ForgeError: 404, nobody can sign in as that.
    """
    found = forge.account(account)
    if found is None or found["deleted"] or found["kind"] != "User" or found["login"] in NOBODY:
        raise ForgeError(404, "Nobody can sign in as that account.")
    key = secrets.token_urlsafe(24)
    forge.kept.insert("sessions", id=key, account=account, csrf=secrets.token_urlsafe(24))
    return key


def sign_out(forge: Forge, key: str) -> None:
    """Forget a session."""
    forge.kept.run("DELETE FROM sessions WHERE id = ?", key)


def cookie(request: Request) -> str:
    """The cookie's name: browsers do not keep ports apart, and several sandboxes may be open."""
    return f"interlock-sandbox-{request.headers['host'].rpartition(':')[2]}"


def keep(request: Request, response: Response, key: str) -> None:
    """Put a session into the browser."""
    response.set_cookie(cookie(request), key, path="/", httponly=True, samesite="strict")


def check_origin(headers: Mapping[str, str]) -> None:
    """Refuse a form of any page that is not this very address: `localhost` is another origin than `127.0.0.1`.

    Raises:
        ForgeError: 403.
    """
    if own.is_elsewhere(headers, f"http://{headers['host']}"):
        raise ForgeError(403, "This form was sent by a page of another address; nothing was done.")


def check_token(found: Session, form: Mapping[str, str]) -> None:
    """Refuse a form that was not made for this session since this start.

    Raises:
        ForgeError: 403.
    """
    if not hmac.compare_digest(found.token.encode(), form.get("token", "").encode()):
        raise ForgeError(
            403, "This form is of another session, or older than the sandbox's start; nothing was done. Open it again."
        )


def _token(key: str) -> str:
    return hmac.new(_SECRET, key.encode(), "sha256").hexdigest()


def _is_visitor(key: str) -> bool:
    return key.startswith("visitor-") and len(key) == 40 and key.isascii()
