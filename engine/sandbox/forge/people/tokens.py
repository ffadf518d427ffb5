"""Who asks: tokens of people and installations, and the signed word of an App."""

import base64
import binascii
import json
from collections.abc import Mapping

from engine.sandbox.forge.answer import ForgeError, Viewer
from engine.sandbox.forge.forge import Forge

ANONYMOUS = Viewer()


def viewer(forge: Forge, headers: Mapping[str, str]) -> Viewer:
    """Whoever the `Authorization` header names: `token X`, `Bearer X`, or basic with the token as password (git's way).

    Raises:
        ForgeError: 401, a token that is unknown, revoked or expired.
    """
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    if not scheme:
        return ANONYMOUS
    if scheme.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            raise _bad() from None
    elif scheme.lower() not in ("token", "bearer"):
        raise _bad()
    if value.count(".") == 2:
        return _app(forge, value)
    found = forge.kept.row("SELECT * FROM tokens WHERE token = ? AND NOT revoked", value.strip())
    if found is None or (found["expires_at"] is not None and found["expires_at"] <= forge.now()):
        raise _bad()
    account = forge.account(found["account"])
    if account is None or account["deleted"]:
        raise _bad()
    if found["kind"] == "personal":
        return Viewer("user", found["account"])
    installation = forge.kept.row("SELECT * FROM installations WHERE id = ?", found["installation"])
    if installation is None or installation["suspended_at"]:
        raise _bad()
    repositories = found["repositories_json"]
    return Viewer(
        "installation",
        found["account"],
        installation["app"],
        installation["id"],
        json.loads(found["permissions_json"]),
        None if repositories is None else frozenset(json.loads(repositories)),
    )


def _app(forge: Forge, token: str) -> Viewer:
    """A JWT that an App has signed with its key (RS256): `iss` its id, `exp` at most ten minutes ahead."""
    import jwt

    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        app = forge.kept.row("SELECT * FROM apps WHERE id = ?", issuer)
        if app is None:
            raise _bad("Integration not found", 404)
        said = jwt.decode(
            token, app["public_key"], algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False}
        )
    except jwt.InvalidTokenError:
        raise _bad("A JSON web token could not be decoded") from None
    now = forge.clock.seconds()
    expires, issued = said.get("exp"), said.get("iat")
    if not isinstance(expires, int | float) or expires <= now:
        raise _bad("'Expiration time' claim ('exp') must be a numeric value representing the future time")
    if expires > now + 660:
        raise _bad("'Expiration time' claim ('exp') is too far in the future")
    if not isinstance(issued, int | float) or issued > now + 60:
        raise _bad("'Issued at' claim ('iat') must be an Integer representing the time of issue")
    return Viewer("app", app["bot"], app["id"])


def _bad(message: str = "Bad credentials", status: int = 401) -> ForgeError:
    return ForgeError(status, message)
