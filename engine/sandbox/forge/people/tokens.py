"""Who asks: tokens of people and installations, and the signed word of an App."""

import base64
import binascii
import json
import math
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from engine.sandbox.forge.answer import ForgeError, Viewer
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row

ANONYMOUS = Viewer()
_PUBLIC = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
LONGEST_S, SKEW_S = 600, 60  # how far ahead `exp` may be, and by how much two clocks may differ


def viewer(forge: Forge, headers: Mapping[str, str]) -> Viewer:
    """Whoever the `Authorization` header names: `token X`, `Bearer X`, or basic with the token as password (git's way).

    Raises:
        ForgeError: 401, a token that is unknown, revoked or expired.
    """
    token = presented(headers)
    if token is None:
        return ANONYMOUS
    if token.count(".") == 2:
        return _app(forge, token)
    found = forge.kept.row("SELECT * FROM tokens WHERE token = ? AND NOT revoked", token)
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
    return Viewer(
        "installation",
        found["account"],
        installation["app"],
        installation["id"],
        json.loads(found["permissions_json"]),
        _limited(forge, installation, found),
    )


def presented(headers: Mapping[str, str]) -> str | None:
    """The token of a request, None if it has none.

    Raises:
        ForgeError: 401, the header is none that GitHub reads.
    """
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    if not scheme:
        return None
    if scheme.lower() == "basic":
        try:
            user, _, value = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            raise _bad() from None
        value = value if value not in ("", "x-oauth-basic") else user  # https://TOKEN@host/…
    elif scheme.lower() not in ("token", "bearer"):
        raise _bad()
    return value.strip()


def _limited(forge: Forge, installation: Row, token: Row) -> frozenset[int] | None:
    """The repositories of a token, less those that the installation has lost since."""
    limited = None if token["repositories_json"] is None else frozenset(json.loads(token["repositories_json"]))
    if installation["selection"] == "all":
        return limited
    sql = "SELECT repository FROM installation_repositories WHERE installation = ?"
    selected = frozenset(row["repository"] for row in forge.kept.rows(sql, installation["id"]))
    return selected if limited is None else selected & limited


def _app(forge: Forge, token: str) -> Viewer:
    """A JWT that an App has signed with its key (RS256): `iss` its id, `exp` at most ten minutes ahead."""
    import jwt

    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        number = int(issuer) if isinstance(issuer, str) and issuer.isascii() and issuer.isdigit() else issuer
        if type(number) is not int or number >= 2**63:
            raise _bad("'Issuer' claim ('iss') must be an Integer")
        app = forge.kept.row("SELECT * FROM apps WHERE id = ?", number)
        if app is None:
            raise _bad("Integration not found", 404)
        said = _signed(token, app["public_key"])
    except jwt.InvalidTokenError:
        raise _bad("A JSON web token could not be decoded") from None
    # The signer's clock is the machine's even where somebody has advanced the forge's, so either may be right.
    refused = [_untimely(said, now) for now in (forge.clock.seconds(), time.time())]
    if all(refused):
        raise _bad(refused[0])
    return Viewer("app", app["bot"], app["id"])


def _signed(token: str, keys: str) -> Mapping[str, Any]:
    """What it says, if one of the App's keys has signed it: it has several while they are exchanged.

    Raises:
        jwt.InvalidTokenError: none has.
    """
    import jwt

    ignored: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    for key in _PUBLIC.findall(keys):
        with suppress(jwt.InvalidSignatureError):
            # Only ever with this algorithm: a JWT names its own; `none`, or HS256 with our public key, are old tricks.
            said: Mapping[str, Any] = jwt.decode(token, key, algorithms=["RS256"], options=ignored)
            return said
    raise jwt.InvalidSignatureError


def _untimely(said: Mapping[str, Any], now: float) -> str:
    expires, issued = _time(said.get("exp")), _time(said.get("iat"))
    if expires is None or expires <= now:
        return "'Expiration time' claim ('exp') must be a numeric value representing the future time"
    if expires > now + LONGEST_S + SKEW_S:
        return "'Expiration time' claim ('exp') is too far in the future"
    if issued is None or issued > now + SKEW_S:
        return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
    return ""


def _time(value: Any) -> float | None:
    return value if isinstance(value, int | float) and value is not True and math.isfinite(value) else None


def _bad(message: str = "Bad credentials", status: int = 401) -> ForgeError:
    return ForgeError(status, message)
