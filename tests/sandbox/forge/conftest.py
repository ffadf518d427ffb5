"""A running forge, and people who talk to it over HTTP."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from engine.sandbox.forge import serve
from engine.sandbox.forge.app import application
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.hooks import bodies, outbox
from engine.sandbox.forge.serve import running
from tests.support import github_openapi, github_webhooks, npm
from tests.support.forge_contract import Recorder


class Answered(NamedTuple):
    status: int
    body: Any
    headers: dict[str, str]  # names in lower case


class Client(NamedTuple):
    """Somebody with a token, or nobody."""

    forge: Forge
    token: str | None

    def __call__(self, verb: str, path: str, body: object = None, **headers: str) -> Answered:
        data = None if body is None else json.dumps(body).encode()
        sent = {
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        if self.token:
            sent.setdefault("Authorization", f"{'Bearer' if '.' in self.token else 'token'} {self.token}")
        url = path if path.startswith("http") else self.forge.urls.api + path
        request = urllib.request.Request(url, data, sent, method=verb)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answered(answer.status, _read(answer.read()), {k.lower(): v for k, v in answer.headers.items()})
        except urllib.error.HTTPError as error:
            return Answered(error.code, _read(error.read()), {k.lower(): v for k, v in error.headers.items()})


def _read(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return data.decode()


@pytest.fixture(scope="session")
def recorder() -> Iterator[Recorder | None]:
    """Listens to every forge of these tests; None on a machine that cannot fetch GitHub's description."""
    try:
        github_openapi.description()
    except npm.UNREACHABLE:
        if npm.CI:
            raise
        yield None
        return
    listener, plain = Recorder(), application
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            serve,
            "application",
            lambda forge, routes, others: listener.before(plain(forge, routes, others), routes),
        )
        yield listener


@pytest.fixture(autouse=True)
def as_github_describes_it(request: pytest.FixtureRequest, recorder: Recorder | None) -> Iterator[None]:
    """Each request and answer of a test must be as GitHub's OpenAPI description has them.

    A test that makes the forge answer otherwise (chaos, faults) says so with `@pytest.mark.off_contract`.
    """
    yield
    found = [] if recorder is None else recorder.take()
    if not request.node.get_closest_marker("off_contract"):
        assert not found, "\n".join(["GitHub's OpenAPI description says otherwise:", *found])


@pytest.fixture(scope="session")
def emitted() -> Iterator[list[tuple[str, Any]]]:
    """Every event that the forges of these tests put out: its name and its whole body."""
    found: list[tuple[str, Any]] = []
    plain = outbox.emit

    def heard(forge: Forge, event: str, action: str | None, repository: int, sender: int | None, body: Any) -> None:
        about = forge.repository_of(repository)
        assert about is not None, event
        whole = bodies.whole(forge, event, action, about, sender, body) | bodies.installed(1)  # as the App gets it
        found.append((event, json.loads(json.dumps(whole))))
        plain(forge, event, action, repository, sender, body)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "emit", heard)
        yield found


@pytest.fixture(autouse=True)
def webhooks_as_github_describes_them(request: pytest.FixtureRequest, emitted: list[tuple[str, Any]]) -> Iterator[None]:
    """Each event must be as GitHub's description of webhooks has it."""
    emitted.clear()
    yield
    try:
        github_webhooks.description()
    except npm.UNREACHABLE:
        if npm.CI:
            raise
        return
    found = [problem for event, body in emitted for problem in github_webhooks.problems(event, body)]
    if not request.node.get_closest_marker("off_contract"):
        assert not found, "\n".join(["GitHub's description of webhooks says otherwise:", *found])


@pytest.fixture(scope="module")
def forge(
    recorder: Recorder | None, emitted: list[tuple[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Forge]:
    """One for the tests of a module: each test makes what it needs, under names of its own."""
    with running(str(tmp_path_factory.mktemp("forge"))) as started:
        yield started


@pytest.fixture
def as_(forge: Forge) -> Any:
    """`as_("ann")("GET", "/user")`; `as_(None)` has no token."""

    def client(login: str | None) -> Client:
        sql = "SELECT token FROM tokens t JOIN accounts a ON a.id = t.account WHERE a.login = ? AND t.kind = 'personal'"
        return Client(forge, None if login is None else forge.kept.value(sql, login))

    return client


def signed(forge: Forge, **claims: Any) -> str:
    """What the App `interlock` signs with its key to say who it is; `claims` are instead of its own, None: left out."""
    import jwt

    now = int(time.time())
    said = {"iss": "1", "iat": now - 10, "exp": now + 300, **claims}
    with open(os.path.join(forge.folder, "app-key.pem"), encoding="utf-8") as file:
        return jwt.encode({k: v for k, v in said.items() if v is not None}, file.read(), "RS256")


@pytest.fixture
def as_app(forge: Forge) -> Client:
    """The App itself, with a JWT."""
    return Client(forge, signed(forge))


@pytest.fixture
def as_installation(forge: Forge, as_app: Client) -> Any:
    """`as_installation()("GET", "/installation/repositories")`; limits are the body of the request for the token."""

    def client(**limits: object) -> Client:
        answer = as_app("POST", "/app/installations/1/access_tokens", limits or None)
        assert answer.status == 201, answer
        return Client(forge, answer.body["token"])

    return client
