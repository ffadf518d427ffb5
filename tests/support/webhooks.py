"""A receiver on a real socket, and deliveries as GitHub signs and sends them."""

import hmac
import http.client
import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import uvicorn
from starlette.applications import Starlette

from engine.service import listening
from engine.service.bound import Sources
from engine.service.inbox import Inbox
from engine.service.receiver import Receiver

SECRET = b"a secret of at least 32 characters"
OLD = b"the secret of before, just as long"
REPO, REPO_ID, INSTALLATION = "acme/network", 11, 7
HEAD = "a" * 40


def pull(number: int = 3, **more: Any) -> dict[str, Any]:
    """The body of a `pull_request`; `repo`, `repo_id`, `installation`, `head` and keys of the body may be said."""
    repo = {"id": more.pop("repo_id", REPO_ID), "full_name": more.pop("repo", REPO)}
    side = {"sha": more.pop("head", HEAD), "ref": "feature"}
    return {
        "action": "synchronize",
        "repository": repo,
        "installation": {"id": more.pop("installation", INSTALLATION)},
        "pull_request": {"number": number, "head": side, "base": {"ref": "main"}, "draft": False, "user": {"id": 1}},
        "sender": {"id": 1, "login": "ann", "type": "User"},
        **more,
    }


def signature(body: bytes, secret: bytes = SECRET) -> str:
    """X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret, body, "sha256").hexdigest()


def headers(body: bytes, id_: str = "", event: str = "pull_request", **others: str | None) -> dict[str, str]:
    """Those of a delivery; `others` replace them (`_` for `-`), None takes one away."""
    found = {
        "content-type": "application/json",
        "user-agent": "GitHub-Hookshot/abc",
        "x-github-delivery": id_ or str(uuid.uuid4()),
        "x-github-event": event,
        "x-hub-signature-256": signature(body),
    }
    changed = {name.replace("_", "-"): value for name, value in others.items()}
    return {name: value for name, value in {**found, **changed}.items() if value is not None}


class Answer(NamedTuple):
    """What came back."""

    status: int
    said: dict[str, Any]
    headers: Mapping[str, str]


def post(port: int, data: bytes, sent: Mapping[str, str], path: str = "/webhooks") -> Answer:
    """Send it to whoever listens there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, data, dict(sent))
        answer = connection.getresponse()
        text = answer.read()
        is_json = answer.headers.get_content_type() == "application/json"
        return Answer(answer.status, json.loads(text) if is_json else {}, dict(answer.headers.items()))
    finally:
        connection.close()


class Served(NamedTuple):
    """A receiver that listens."""

    port: int
    inbox: Inbox
    receiver: Receiver
    sources: Sources
    came: list[str]  # one for each that the worker was told of

    def post(
        self, body: bytes | dict[str, Any], sent: Mapping[str, str] | None = None, path: str = "/webhooks"
    ) -> Answer:
        """Send it; signed, unless the headers are given."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return post(self.port, data, headers(data) if sent is None else sent, path)

    def raw(self, data: bytes, seconds: float = 10) -> bytes:
        """Send these bytes, and read until the other side ends it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as door:
            door.sendall(data)
            found = b""
            try:
                while piece := door.recv(65536):
                    found += piece
            except ConnectionResetError:  # what was not read is thrown away by both
                pass
            return found


@contextmanager
def served(path: str, secrets: tuple[bytes, ...] = (SECRET, OLD)) -> Iterator[Served]:
    """One, with its inbox at `path`, until the end of the block."""
    inbox = Inbox(path)
    sources = Sources(inbox.database)
    came: list[str] = []
    receiver = Receiver(inbox, sources, secrets, lambda: came.append(""))
    app = Starlette(routes=receiver.routes())
    app.router.redirect_slashes = False
    with listening_on(app) as port:
        yield Served(port, inbox, receiver, sources, came)
    inbox.close()


@contextmanager
def listening_on(app: Starlette) -> Iterator[int]:
    """A port of this machine's where `app` answers, as `engine serve` has it answer."""
    server = uvicorn.Server(listening.config(app))
    door = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([door],), daemon=True)
    thread.start()
    ends = time.monotonic() + 60
    while not server.started and time.monotonic() < ends:
        time.sleep(0.005)
    try:
        yield door.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        door.close()
