"""Who is believed: tokens of people, words signed by an App, tokens of its installation."""

import base64
import json
import time
from typing import Any

import jwt
import pytest

from engine.sandbox.forge.people import accounts
from tests.sandbox.forge.conftest import Client, signed


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


HEADERS = [
    ("token", "token {ann}", 200),
    ("bearer, in any case", "BEARER {ann}", 200),
    ("basic, as git does", "{basic}", 200),
    ("a token for a user, as in a URL", "{user}", 200),
    ("nothing", "", 401),
    ("a word", "token", 401),
    ("an unknown token", "token ghp_0", 401),
    ("a token and something", "token {ann}x", 401),
    ("another scheme", "Digest {ann}", 401),
    ("basic that is no base64", "Basic {ann}", 401),
    ("basic that is no text", "Basic /////w==", 401),
    ("basic without a token", "{nothing}", 401),
    ("SQL", "token ' OR 1=1 --", 401),
    ("a pattern", "token %", 401),
]


@pytest.mark.parametrize(("why", "header", "status"), HEADERS, ids=[row[0] for row in HEADERS])
def test_tokens_of_people(forge, as_, why, header, status):
    ann = as_("ann").token
    forms = {"ann": ann, "basic": basic("x-access-token", ann), "user": basic(ann, "x-oauth-basic")}
    sent = header.format(**forms, nothing=basic("ann", ""))
    assert Client(forge, None)("GET", "/user", Authorization=sent).status == status, why


def test_a_revoked_token_is_void(forge, person):
    token = accounts.personal_token(forge, person("rita"))
    assert Client(forge, token)("GET", "/user").status == 200
    forge.kept.run("UPDATE tokens SET revoked = 1 WHERE token = ?", token)
    assert Client(forge, token)("GET", "/user").status == 401


class In(int):
    """So many seconds from when the test runs."""


def now(claims: dict[str, Any]) -> dict[str, Any]:
    """The claims, in seconds since 1970."""
    return {name: int(time.time()) + value if isinstance(value, In) else value for name, value in claims.items()}


CLAIMS = [
    ("as it should be", {}, 200),
    ("the number as a number", {"iss": 1}, 200),
    ("ten minutes", {"exp": In(600)}, 200),
    ("a clock that is a little ahead", {"iat": In(30)}, 200),
    ("not yet, by its own word", {"nbf": In(100)}, 200),
    ("expired", {"exp": In(-1)}, 401),
    ("expired long ago", {"exp": 1}, 401),
    ("for an hour", {"exp": In(3600)}, 401),
    ("for ever", {"exp": float("inf")}, 401),
    ("until no time", {"exp": float("nan")}, 401),
    ("without an end", {"exp": None}, 401),
    ("an end in words", {"exp": "tomorrow"}, 401),
    ("an end that is true", {"exp": True}, 401),
    ("issued in the future", {"iat": In(3600)}, 401),
    ("without a beginning", {"iat": None}, 401),
    ("of another App", {"iss": "2"}, 404),
    ("of nobody", {"iss": None}, 401),
    ("of a number that SQLite cannot hold", {"iss": 10**30}, 401),
    ("of an App that is true", {"iss": True}, 401),
    ("of SQL", {"iss": "1 OR 1=1"}, 401),
    ("of a number in other digits", {"iss": "１"}, 401),
    ("for somebody else", {"aud": "https://elsewhere.example"}, 401),
]


@pytest.mark.parametrize(("why", "claims", "status"), CLAIMS, ids=[row[0] for row in CLAIMS])
def test_what_an_app_signs(forge, why, claims, status):
    try:
        token = signed(forge, **now(claims))
    except TypeError:  # this library will not sign such an `iss`, so it is put together by hand
        token = by_hand(forge, claims)
    assert Client(forge, token)("GET", "/app").status == status, why


def by_hand(forge, claims) -> str:
    """Signed as it should be, whatever the claims are."""
    said = now({"iss": "1", "iat": In(-10), "exp": In(300), **claims})
    text = ".".join(part(json.dumps(value).encode()) for value in ({"alg": "RS256", "typ": "JWT"}, said))
    algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    with open(f"{forge.folder}/app-key.pem", "rb") as file:
        key: Any = algorithm.prepare_key(file.read())
    return f"{text}.{part(algorithm.sign(text.encode(), key))}"


def part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_an_issuer_that_is_no_text(forge):
    for issuer in ([1], {"id": 1}, 1.0, 10**30, None):
        answer = Client(forge, by_hand(forge, {"iss": issuer}))("GET", "/app")
        assert answer.status == 401, issuer


def test_words_that_the_app_did_not_sign(forge):
    from cryptography.hazmat.primitives.asymmetric import rsa

    said = now({"iss": "1", "iat": In(-10), "exp": In(300)})
    public = forge.kept.value("SELECT public_key FROM apps")
    header, body, signature = signed(forge).split(".")
    # With PyJWT's own check against such keys out of the way, as an attacker has it.
    secret = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    hs_header, none_header = part(b'{"alg":"HS256","typ":"JWT"}'), part(b'{"alg":"none","typ":"JWT"}')
    hs_signature = secret.sign(f"{hs_header}.{body}".encode(), public.encode())
    forged = {
        "another key": jwt.encode(said, rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256"),
        "no signature": f"{header}.{body}.",
        "no algorithm": f"{none_header}.{body}.",
        "no algorithm, with a signature": f"{none_header}.{body}.{signature}",
        "the public key as a secret": f"{hs_header}.{body}.{part(hs_signature)}",
        "other words under a signature": f"{header}.{body[:-4]}AAAA.{signature}",
        "three dots": "...",
        "two dots": "..",
        "words": "a.b.c",
    }
    for why, token in forged.items():
        assert Client(forge, None)("GET", "/app", Authorization=f"Bearer {token}").status == 401, why


def test_a_jwt_is_for_the_app_s_own_paths(forge, as_app):
    assert as_app("GET", "/app").body["slug"] == "interlock"
    assert as_app("GET", "/user").status == 403
    assert as_app("GET", "/users/ann").status == 403
    assert as_app("POST", "/repos/acme/controller/dispatches", {"event_type": "x"}).status == 403


def test_nobody_else_is_the_app(as_, as_installation):
    for client in (as_(None), as_("olga"), as_installation()):
        assert client("GET", "/app").status == 401
        assert client("POST", "/app/installations/1/access_tokens", {}).status == 401
        assert client("GET", "/repos/acme/controller/installation").status == 401


def test_the_machine_s_clock_is_good_enough_for_a_jwt(forge, as_app):
    """Who signs has no way to know that somebody has advanced the forge's clock."""
    ahead = forge.clock.ahead_s
    forge.clock.ahead_s = ahead + 7200
    try:
        assert as_app("GET", "/app").status == 200
        assert Client(forge, signed(forge, **now({"iat": In(7000), "exp": In(7500)})))("GET", "/app").status == 200
        assert Client(forge, signed(forge, **now({"exp": In(-1)})))("GET", "/app").status == 401
    finally:
        forge.clock.ahead_s = ahead
