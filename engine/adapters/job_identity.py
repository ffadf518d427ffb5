"""Who a job of GitHub Actions is (OIDC), exchanged for keys of a role in AWS.

https://docs.github.com/en/actions/reference/security/oidc: a job with `id-token: write` finds in its environment where
to ask, and with what. The token that it gets is good for minutes and for one audience; whose it is, its subject, is for
the role's trust to judge. Both are in memory only: keys go into the environment of one Terraform process, or into the
client of the store, and nowhere else.

No text of a server or of a library is repeated: it may quote a token.
"""

import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, NamedTuple

from engine.adapters import secrets_given
from engine.adapters.places import Identity
from engine.errors import EngineError, failure

AUDIENCE = "sts.amazonaws.com"
_FRESH_S = 300.0  # keys that are older are not handed out: whoever starts has nearly the whole session before them
_TIMEOUT_S = 30
_LONGEST = 64 * 1024  # bytes of an answer with a token
_PATIENCE = {"connect_timeout": 5, "read_timeout": 30, "retries": {"mode": "standard", "total_max_attempts": 4}}
# Error codes of STS; any other refusal is told by its code.
_REFUSED = {
    "AccessDenied": "the role does not trust it",
    "InvalidIdentityToken": "the account has no such OIDC provider, or that one has another audience",
    "IDPRejectedClaim": "the provider rejects it",
}
_EXPIRED, _TOO_LONG = "ExpiredTokenException", "ValidationError"


class Keys(NamedTuple):
    """Of a session of a role."""

    id: str
    secret: str
    token: str

    def __repr__(self) -> str:
        return f"Keys({self.id})"


class Exchange:
    """Keys of roles for one job. Thread-safe: who asks while somebody else does waits for the same keys."""

    def __init__(self, identity: Identity | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._identity, self._clock, self._lock = identity, clock, Lock()
        self._kept = dict[tuple[str, str | None, int], tuple[Keys, float]]()

    def keys(self, role: str, region: str | None, seconds: int) -> Keys:
        """Keys that are valid for `seconds`, less five minutes at the most.

        Raises:
            EngineError: ENG206, no library; ENG944, this is no job with an identity; ENG945, it is given no token;
                ENG946, AWS does not answer; ENG947, it refuses; ENG948, the token had expired; ENG949, sessions are
                shorter.
        """
        with self._lock:
            kept = self._kept.get((role, region, seconds))
            now = self._clock()
            if kept is None or now - kept[1] >= _FRESH_S:
                kept = self._exchanged(role, region, seconds), now
                self._kept[role, region, seconds] = kept
            return kept[0]

    def _exchanged(self, role: str, region: str | None, seconds: int) -> Keys:
        if self._identity is None:
            raise failure("ENG944", role=role)
        token = _asked(self._identity, role)
        secrets_given.add(token)
        keys = _assumed(token, role, region, seconds)
        secrets_given.add(keys.secret, keys.token)
        return keys


def _asked(identity: Identity, role: str) -> str:
    """GitHub's word for who this job is, for AWS alone."""
    import json
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class Stay(HTTPRedirectHandler):
        """Nobody else gets what we ask with."""

        def redirect_request(self, *_: Any) -> None:
            return None

    def refused(reason: str) -> EngineError:
        return failure("ENG945", role=role, reason=reason)

    if not _is_place(identity.url):
        raise refused("ACTIONS_ID_TOKEN_REQUEST_URL is no place to send a token to")
    url = f"{identity.url}{'&' if '?' in identity.url else '?'}audience={AUDIENCE}"
    try:
        headers = {"Authorization": f"Bearer {identity.bearer}", "Accept": "application/json"}
        request = Request(url, headers=headers)  # noqa: S310 - `_is_place` has looked at its scheme
        with build_opener(Stay).open(request, timeout=_TIMEOUT_S) as answer:
            value = json.loads(answer.read(_LONGEST))["value"]
    except HTTPError as error:
        raise refused(f"it answers {error.code}") from None
    except (OSError, HTTPException) as error:
        raise refused(f"it does not answer ({type(error).__name__})") from None
    except (ValueError, KeyError, TypeError):
        raise refused("what it answers is no token") from None
    claims = _claims(value)
    if claims is None:
        raise refused("what it answers is no token")
    if claims.get("aud") != AUDIENCE:
        raise refused(f"the token is for {str(claims.get('aud'))[:100]}, not for {AUDIENCE}")
    return str(value)


def _is_place(url: str) -> bool:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in ("127.0.0.1", "localhost")))


def _claims(token: object) -> dict[str, Any] | None:
    """What a token says, to be told and not believed: its signature is AWS's to look at."""
    import json
    from base64 import urlsafe_b64decode

    parts = token.split(".") if isinstance(token, str) and token.isascii() else []
    try:
        found = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, IndexError):
        return None
    return found if len(parts) == 3 and isinstance(found, dict) else None


def _assumed(token: str, role: str, region: str | None, seconds: int) -> Keys:
    try:
        import boto3
        from botocore import UNSIGNED
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError
    except ImportError:
        raise failure("ENG206", what=f"the role {role}", library="boto3", extra="s3") from None
    says = _claims(token) or {}
    session = f"interlock-{says.get('run_id') or 'job'}"[:64]
    try:
        # No keys of the machine's, nor its profiles: the token is all that this request says of us.
        library = boto3.Session(aws_access_key_id="none", aws_secret_access_key="none", region_name=region)  # noqa: S106
        sts = library.client("sts", config=Config(signature_version=UNSIGNED, **_PATIENCE))
        found = sts.assume_role_with_web_identity(
            RoleArn=role, RoleSessionName=session, WebIdentityToken=token, DurationSeconds=seconds
        )["Credentials"]
        return Keys(str(found["AccessKeyId"]), str(found["SecretAccessKey"]), str(found["SessionToken"]))
    except ClientError as error:
        raise _refused(error.response.get("Error", {}), says, role, seconds) from None
    except (BotoCoreError, ResponseParserError, ValueError, KeyError, TypeError) as error:
        raise failure("ENG946", role=role, reason=type(error).__name__) from None


def _refused(error: Mapping[str, Any], says: Mapping[str, Any], role: str, seconds: int) -> EngineError:
    code = str(error.get("Code"))[:60]
    if code == _EXPIRED:
        return failure("ENG948", role=role)
    if code == _TOO_LONG and "DurationSeconds" in str(error.get("Message")):
        return failure("ENG949", role=role, seconds=seconds)
    if code not in _REFUSED:
        return failure("ENG946", role=role, reason=code)
    subject, audience = str(says.get("sub"))[:300], str(says.get("aud"))[:100]
    return failure("ENG947", role=role, reason=_REFUSED[code], sub=subject, aud=audience)
