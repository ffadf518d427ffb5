"""GitHub that tells a job who it is, and AWS that gives it keys: both as a test says."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from engine.adapters.places import Identity
from tests.support.http import Answer, Asked, Far

BEARER = "bearer-of-the-job"
SUBJECT = "repo:acme/controller:environment:production"


def token(**claims: Any) -> str:
    """One that GitHub would give; nobody here looks at its signature."""
    said = {"sub": SUBJECT, "aud": "sts.amazonaws.com", "run_id": "7", **claims}
    middle = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{middle}.c2lnbmF0dXJlLW9mLXRoaXMtdG9rZW4"


def keys(number: int) -> bytes:
    """What STS answers for the good."""
    return f"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA{number:016}</AccessKeyId>
<SecretAccessKey>secret-of-session-{number}</SecretAccessKey><SessionToken>token-of-session-{number}</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>""".encode()


def error(code: str, message: str = "no", status: int = 400) -> Answer:
    """What STS answers for the others."""
    body = f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code>'
    return Answer(status, f"{body}<Message>{message}</Message></Error></ErrorResponse>".encode())


@contextmanager
def far(said: Callable[[Asked], Answer | None] = lambda _asked: None, **claims: Any) -> Iterator[tuple[Far, Identity]]:
    """Both of them, on one address; what `said` has no answer for they answer well."""

    def answer(asked: Asked) -> Answer:
        found = said(asked)
        if found is not None:
            return found
        if asked.path.startswith("/token"):
            return Answer(body=json.dumps({"value": token(**claims)}).encode())
        return Answer(body=keys(sum(one.method == "POST" for one in server.asked)))

    server = Far(answer)
    with server.serving():
        yield server, Identity(f"{server.url}/token?api-version=2", BEARER)
