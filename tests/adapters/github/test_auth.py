"""Who we are to GitHub: an App whose tokens are narrow and short-lived, or a token; over real HTTP."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from engine.adapters.github import auth
from engine.adapters.github.auth import App, Installation, Token, needed
from engine.adapters.github.client import Client
from engine.errors import EngineError, ExitCode
from tests.support.http import Answer, Asked, Far

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: Any, password: bytes | None = None) -> bytes:
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how))


def refused(code: str, act: Callable[[], object]) -> str:
    with pytest.raises(EngineError) as caught:
        act()
    assert caught.value.problems[0].code == code, caught.value
    assert "PRIVATE KEY" not in str(caught.value)
    return str(caught.value)


class GitHub:
    """The far end of an App: it looks at each JWT and each token as GitHub does."""

    def __init__(self, *, lasts_s: float = 3600, ahead_s: float = 0, **token: Any) -> None:
        self.lasts_s, self.ahead_s, self.token = lasts_s, ahead_s, token
        self.installed = True
        self.given: list[str] = []
        self.revoked: set[str] = set()
        self.wanted: list[Any] = []

    @property
    def now(self) -> float:
        return time.time() + self.ahead_s

    def __call__(self, asked: Asked) -> Answer:
        said = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if asked.path.endswith(("/installation", "/access_tokens")):
            return self._as_app(asked, said)
        if said not in self.given or said in self.revoked:
            return self._says(401, {"message": "Bad credentials"})
        return self._says(200, {"as": said})

    def _as_app(self, asked: Asked, said: str) -> Answer:
        try:
            claims = jwt.decode(said, KEY.public_key(), ["RS256"], options={"verify_exp": False, "verify_iat": False})
        except jwt.InvalidTokenError:
            return self._says(401, {"message": "A JSON web token could not be decoded"})
        if claims["iss"] != "12345":
            return self._says(404, {"message": "Integration not found"})
        if not claims["iat"] <= self.now <= claims["exp"] <= self.now + 600:
            return self._says(401, {"message": "'Issued at' claim ('iat') must be an Integer representing the time"})
        if asked.method == "GET":
            found = {"id": 99} if self.installed else {"message": "Not Found"}
            return self._says(200 if self.installed else 404, found)
        self.wanted.append(json.loads(asked.body))
        if "administration" in self.wanted[-1]["permissions"]:
            said = "The permissions requested are not granted to this installation."
            return self._says(422, {"message": said})
        self.given.append(f"ghs_{len(self.given)}")
        until = datetime.fromtimestamp(self.now + self.lasts_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        given = {**self.wanted[-1]["permissions"], "metadata": "read"}
        value = {"token": self.given[-1], "expires_at": until, "permissions": given}
        return self._says(201, {**value, "repository_selection": "selected", **self.token})

    def _says(self, status: int, value: Any) -> Answer:
        date = format_datetime(datetime.fromtimestamp(self.now, UTC), usegmt=True)
        return Answer(status, json.dumps(value).encode(), {"Date": date})


REPOS = ["acme/dev-deployment", "acme/controller"]
NEEDED = ["contents:read", "pull_requests:write", "contents:write"]


@contextmanager
def as_app(github: Callable[[Asked], Answer], tmp_path: Any, **more: Any) -> Iterator[tuple[Client, Far]]:
    file = tmp_path / "app.pem"
    file.write_bytes(pem(KEY))
    file.chmod(0o600)
    with Far(github).serving() as far:
        environ = {"ENGINE_GITHUB_APP_ID": "12345", "ENGINE_GITHUB_APP_KEY_FILE": str(file)}
        environ |= {"GITHUB_API_URL": f"{far.url}/api/v3", "GITHUB_TOKEN": "of-the-job"}
        yield auth.client(environ, more.pop("repos", REPOS), more.pop("permissions", NEEDED), **more), far


def test_an_app_asks_for_no_more_than_it_needs(tmp_path):
    github = GitHub()
    with as_app(github, tmp_path) as (client, far):
        assert far.asked == [], "and for nothing before it needs it"
        assert client.get("/x") == {"as": "ghs_0"}
        assert client.get("/x") == {"as": "ghs_0"}
    wanted = {"contents": "write", "pull_requests": "write"}
    assert github.wanted == [{"repositories": ["dev-deployment", "controller"], "permissions": wanted}]
    paths = [asked.path.removeprefix("/api/v3") for asked in far.asked]
    assert paths == ["/repos/acme/dev-deployment/installation", "/app/installations/99/access_tokens", "/x", "/x"]
    assert client.calls == 4, "tokens count"
    assert client.token() == "ghs_0"


def test_an_event_may_say_where_it_is_installed(tmp_path):
    with as_app(GitHub(), tmp_path, installation=7) as (client, far):
        client.get("/x")
    assert [asked.path for asked in far.asked] == ["/api/v3/app/installations/7/access_tokens", "/api/v3/x"]


@pytest.mark.parametrize(
    ("why", "lasts_s", "given"), [("an hour", 3600, 1), ("it ends while we run", 0.0, 3), ("it ended before", -50, 3)]
)
def test_a_token_is_exchanged_before_it_ends(tmp_path, why, lasts_s, given):
    github = GitHub(lasts_s=lasts_s)
    with as_app(github, tmp_path) as (client, _):
        assert [client.get("/x")["as"] for _ in range(3)] == [f"ghs_{min(n, given - 1)}" for n in range(3)], why
    assert len(github.given) == given


def test_the_end_of_a_token_is_by_the_clock_of_github(tmp_path):
    """Our clock is a day behind: by it the token would last a day and an hour."""
    github = GitHub(ahead_s=86_400, lasts_s=1)
    with as_app(github, tmp_path) as (client, _):
        assert client.get("/x") == {"as": "ghs_0"}
        assert isinstance(client._credentials, Installation)
        assert client._credentials._until < time.monotonic() + 2


@pytest.mark.parametrize("ahead_s", [3600, -3600, 86_400 * 400])
def test_a_clock_that_goes_wrong(tmp_path, ahead_s):
    github = GitHub(ahead_s=ahead_s)
    with as_app(github, tmp_path) as (client, _):
        assert client.get("/x") == {"as": "ghs_0"}
    assert client.calls == 4, "one more, to learn what time it is"


def test_a_token_that_was_taken_back_is_fetched_anew_once(tmp_path):
    github = GitHub()
    with as_app(github, tmp_path) as (client, far):
        client.get("/x")
        github.revoked.add("ghs_0")
        assert client.send("POST", "/x", {}) == {"as": "ghs_1"}, "a write too: it was not done"
        github.revoked |= {"ghs_1", "ghs_2"}
        far.asked.clear()
        refused("ENG593", lambda: client.get("/x"))
        assert len([asked for asked in far.asked if asked.path.endswith("/x")]) == 2


def test_threads_fetch_one_token(tmp_path):
    github = GitHub()
    with as_app(github, tmp_path) as (client, _), ThreadPoolExecutor(8) as pool:
        assert {found["as"] for found in pool.map(lambda _: client.get("/x"), range(16))} == {"ghs_0"}
        github.revoked.add("ghs_0")
        assert {found["as"] for found in pool.map(lambda _: client.get("/x"), range(16))} == {"ghs_1"}


def test_a_permission_that_nobody_gave(tmp_path):
    with as_app(GitHub(), tmp_path, permissions=["administration:write"]) as (client, _):
        said = refused("ENG594", lambda: client.get("/x"))
    assert "asked for administration: write" in said
    assert "acme/dev-deployment" in said


@pytest.mark.parametrize("found", [{}, {"id": "99"}, [], None])
def test_an_installation_that_is_none(tmp_path, found):
    github = GitHub()
    with as_app(lambda asked: github._says(200, found), tmp_path) as (client, far):
        refused("ENG593", lambda: client.get("/x"))
        refused("ENG593", lambda: client.get("/x"))
    assert len(far.asked) == 2


def test_an_app_that_is_not_installed(tmp_path):
    github = GitHub()
    github.installed = False
    with as_app(github, tmp_path) as (client, _):
        assert "acme/dev-deployment/installation" in refused("ENG594", lambda: client.get("/x"))


@pytest.mark.parametrize(
    ("why", "token"),
    [
        ("more than was asked for", {"permissions": {"contents": "write", "administration": "write"}}),
        ("a higher level", {"permissions": {"contents": "admin"}}),
        ("all repositories", {"repository_selection": "all"}),
        ("a level that nobody knows", {"permissions": {"contents": "all"}}),
        ("no end", {"expires_at": None}),
        ("an end that is none", {"expires_at": "soon"}),
        ("no permissions", {"permissions": None}),
    ],
)
def test_a_token_that_is_not_what_was_asked_for(tmp_path, why, token):
    with as_app(GitHub(**token), tmp_path) as (client, far):
        refused("ENG593", lambda: client.get("/x"))
    assert not any(asked.path.endswith("/x") for asked in far.asked), why


def test_an_app_of_another_key(tmp_path):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with Far(GitHub()).serving() as far:
        environ = {"ENGINE_GITHUB_APP_ID": "12345", "ENGINE_GITHUB_APP_KEY": pem(other).decode()}
        client = auth.client({**environ, "GITHUB_API_URL": far.url}, REPOS, NEEDED)
        refused("ENG593", lambda: client.get("/x"))
        assert len(far.asked) == 1


@pytest.mark.parametrize(
    ("why", "key"),
    [
        ("no key", b"nonsense"),
        ("half of one", pem(KEY)[:300]),
        ("one with a password", pem(KEY, b"password")),
        ("a key of another kind", pem(ed25519.Ed25519PrivateKey.generate())),
        ("the public half", KEY.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)),
    ],
)  # fmt: skip
def test_a_key_that_is_none(why, key):
    refused("ENG593", lambda: App("12345", key))


@pytest.mark.parametrize(
    ("why", "environ", "code", "said"),
    [
        ("nobody", {}, "ENG593", "neither an App nor a token"),
        ("an App without a key", {"ENGINE_GITHUB_APP_ID": "1", "GITHUB_TOKEN": "t"}, "ENG593", "APP_KEY is not set"),
        ("a key without an App", {"ENGINE_GITHUB_APP_KEY": "k", "GITHUB_TOKEN": "t"}, "ENG593", "APP_ID is not set"),
        ("a token of two words", {"GITHUB_TOKEN": "a b"}, "ENG593", "characters"),
        ("a token of two lines", {"GITHUB_TOKEN": "a\nX-Evil: b"}, "ENG593", "characters"),
        ("a token of another alphabet", {"GITHUB_TOKEN": "tökèn"}, "ENG593", "characters"),
        ("in the clear", {"GITHUB_TOKEN": "t", "GITHUB_API_URL": "http://ghe.acme.example/api/v3"}, "ENG004", "https"),
        ("to a file", {"GITHUB_TOKEN": "t", "GITHUB_API_URL": "file:///etc/passwd"}, "ENG004", "no URL"),
        ("as somebody", {"GITHUB_TOKEN": "t", "GITHUB_API_URL": "https://a:b@github.com"}, "ENG004", "no URL"),
        ("with a question", {"GITHUB_TOKEN": "t", "GITHUB_API_URL": "https://github.com?x=y"}, "ENG004", "no URL"),
        ("to no port", {"GITHUB_TOKEN": "t", "GITHUB_API_URL": "https://github.com:x"}, "ENG004", "no URL"),
        ("nowhere", {"GITHUB_TOKEN": "t", "GITHUB_API_URL": "https://"}, "ENG004", "no URL"),
    ],
)
def test_who_we_are_not(why, environ, code, said):
    assert said in refused(code, lambda: auth.client(environ, REPOS, NEEDED)), why


def test_a_key_that_others_can_read(tmp_path):
    file = tmp_path / "app.pem"
    file.write_bytes(pem(KEY))
    file.chmod(0o644)
    environ = {"ENGINE_GITHUB_APP_ID": "12345", "ENGINE_GITHUB_APP_KEY_FILE": str(file)}
    refused("ENG006", lambda: auth.client(environ, REPOS, NEEDED))


def test_a_token_of_a_job():
    github = GitHub()
    github.given.append("of-the-job")
    with Far(github).serving() as far:
        client = auth.client({"GITHUB_TOKEN": "of-the-job\n", "GITHUB_API_URL": f"{far.url}/"}, REPOS, NEEDED)
        assert client.get("/x") == {"as": "of-the-job"}
        github.revoked.add("of-the-job")
        with pytest.raises(EngineError) as caught:
            client.get("/x")
    assert caught.value.exit_code is ExitCode.AUTH
    assert len(far.asked) == client.calls == 2


def test_nothing_prints_a_token():
    assert "S3cr3t" not in repr(Token("S3cr3t")) + repr(App("12345", pem(KEY)))


def test_what_a_pipeline_needs():
    rows = ["contents:read", "issues:write", "contents:write", "contents:read"]
    assert needed(rows) == {"contents": "write", "issues": "write"}
    with pytest.raises(ValueError, match="not in tuple"):
        needed(["contents:read", "contents:all"])


def test_an_app_that_only_reads_asks_in_the_place_of_the_other():
    """A job that plans or applies says whose checks are ours, and holds no key of that App."""
    environ = {"ENGINE_GITHUB_APP_ID": "7", "ENGINE_GITHUB_READER_ID": "12345"}
    environ |= {"ENGINE_GITHUB_READER_KEY": pem(KEY).decode(), "GITHUB_TOKEN": "of-the-job"}
    github = GitHub()
    with Far(github).serving() as far:
        client = auth.client({**environ, "GITHUB_API_URL": far.url}, REPOS, NEEDED, installation=4)
        assert client.get("/anything") == {"as": github.given[0]}
    assert any(asked.path.endswith("/installation") for asked in far.asked), "4 is where the other one is installed"
    for code, more in (
        ("ENG951", {"ENGINE_GITHUB_APP_KEY": pem(KEY).decode()}),
        ("ENG004", {"ENGINE_GITHUB_READER_KEY": ""}),
        ("ENG004", {"ENGINE_GITHUB_READER_ID": ""}),
    ):
        refused(code, partial(auth.client, {**environ, **more}, REPOS, NEEDED))
