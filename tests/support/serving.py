"""`engine serve`'s application with everything behind it, and somebody who asks it: directly, or over real HTTP."""

import asyncio
import json
import os
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode

from engine.adapters import clock, settings
from engine.adapters.keys import Keyring
from engine.adapters.storage.named import opened
from engine.core.kept.board import Entry, Wait
from engine.run.kept import board
from engine.service import access, app, delivery
from engine.service.deeds import hands
from engine.service.inbox import Inbox
from engine.service.runs import Run, Runs, RunState
from engine.service.settings import Serving
from engine.service.timeline import Trail
from engine.service.views import Sources

PORT = 8080
HERE = f"127.0.0.1:{PORT}"
HEAD = "1" * 40
ENVIRONMENTS = ("development", "production")


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]  # names in lower case; the last of each
    body: bytes
    cookies: Sequence[str]  # Set-Cookie, each

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Scene:
    """The application and what is behind it. People: `ann` may write, `eve` may read."""

    def __init__(self, folder: str, **told: Any) -> None:
        self.folder = folder
        self.store = opened(settings.read({"ENGINE_STORE": f"dir:{os.path.join(folder, 'store')}"}).store)
        values = settings.read({"ENGINE_STORE": f"dir:{os.path.join(folder, 'store')}"})
        self.inbox, self.runs = Inbox(os.path.join(folder, "inbox.db")), Runs(folder)
        self.file = os.path.join(folder, "tokens")
        self.tokens: dict[str, str] = {}
        self.give("ann")
        self.give("eve", "read")
        self.port = told.pop("port", PORT)
        self.serving = Serving(folder, folder, (b"x" * 32,), port=self.port, tokens_file=self.file, **told)
        self.sources = Sources(
            self.store, board.Board(self.store, fresh_s=0), Trail(self.store), clock.now, inbox=self.inbox,
            runs=self.runs, environments=lambda: ENVIRONMENTS,
        )  # fmt: skip
        self.hands = hands(self.sources, values, Keyring({}))
        self.app = app.create(self.serving, self.port, self.sources, self.hands)

    def give(self, name: str, right: str = "") -> str:
        token, line = access.new(name, right)
        self.tokens[name] = token
        with open(os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
            file.write(line + "\n")
        return token

    def take(self, name: str) -> None:
        """The line of this name is taken out of the file."""
        with open(self.file, encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith(f"{name}:")]
        with open(self.file, "w", encoding="utf-8") as file:
            file.writelines(lines)

    def close(self) -> None:
        self.inbox.close()
        self.runs.close()

    def ask(
        self,
        method: str,
        path: str,
        *headers: tuple[str, str],
        who: str = "",
        body: bytes | Mapping[str, Any] = b"",
        client: str = "127.0.0.1",
        host: str | None = HERE,
    ) -> Answer:
        """One request; `who` shows their token, a mapping is sent as JSON."""
        sent = [("Host", host)] if host is not None else []
        sent += [("Authorization", f"Bearer {self.tokens[who]}")] if who else []
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return asyncio.run(_asked(self.app, method, path, [*sent, *headers], data, client))

    def browser(self, **same: Any) -> "Browser":
        return Browser(self, **same)

    def pull(self, number: int, **more: Any) -> Entry:
        """One that waits for reviewers."""
        wait = Wait("reviewed", "pending", "one approval", ("carol", "acme/platform"))
        said = {
            "repo": "acme/infra", "pr": number, "title": f"Change {number}", "author": "ann", "head": HEAD,
            "base": "dev", "environment": "development", "words": "Passed: ", "detail": "waiting for one approval",
            "validation": "passed", "sequence": 0, "stage": "open", "waits": (wait,), "since": clock.now(),
            "at": clock.now(), "run": "gh-x",
        }  # fmt: skip
        entry = Entry(**{**said, **more})
        board.keep(self.store, entry, [])
        return entry

    def delivered(self, name: str, state: delivery.State = "done", **payload: Any) -> delivery.Delivery:
        body = json.dumps({"repository": {"full_name": "acme/infra", "id": 1}, "name": name, **payload}).encode()
        one = delivery.read(name, "push", body, clock.now())
        assert self.inbox.put(one, body) == "new"
        self.inbox.mark([name], state)
        found = self.inbox.get(name)
        assert found is not None
        return found

    def ran(self, name: str, state: RunState, **values: Any) -> Run:
        one = Run(f"gh-{name}", name, "push", "", "acme/infra", 5, "acme/infra#5", HEAD, clock.now())
        self.runs.add(one._replace(state=state, **values))
        found = self.runs.get(one.run)
        assert found is not None
        return found

    def said(self) -> list[tuple[str, str]]:
        """What the trail has of freezes: (outcome, who)."""
        from engine.core.audit import chain, record
        from engine.core.kept import keys

        items = [self.store.get(key) for key in self.store.list(keys.AUDIT)]
        lines = [line for item in items if item for line in item.data.split(b"\n") if line and not chain.is_head(line)]
        found = [record.read(line).said for line in lines]
        return [(one.outcome, str((one.actor or {}).get("login"))) for one in found if one.what == "freeze"]


class Browser:
    """Keeps cookies, fills forms, says where they come from."""

    def __init__(self, scene: Scene, host: str = HERE, scheme: str = "http", **same: Any) -> None:
        self.scene, self.host, self.scheme, self.same = scene, host, scheme, same
        self.cookies: dict[str, str] = {}

    def get(self, path: str, *headers: tuple[str, str]) -> Answer:
        return self._sent("GET", path, [("Accept", "text/html"), *headers], b"")

    def post(self, path: str, fields: Mapping[str, str], *headers: tuple[str, str]) -> Answer:
        """`headers` with an empty value take one away that a browser would send."""
        sent = {
            "Accept": "text/html",
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"{self.scheme}://{self.host}",
            "Sec-Fetch-Site": "same-origin",
            **dict(headers),
        }
        return self._sent("POST", path, [(k, v) for k, v in sent.items() if v], urlencode(fields).encode())

    def token(self) -> str:
        """That of the forms of this session."""
        from html.parser import HTMLParser

        found: list[str] = []

        class Fields(HTMLParser):
            def handle_starttag(self, tag: str, attrs: Any) -> None:
                values = dict(attrs)
                if values.get("name") == "token":
                    found.append(values["value"])

        Fields().feed(self.get("/sign-in").text)
        return found[0]

    def sign_in(self, name: str, to: str = "/") -> Answer:
        return self.post("/sign-in", {"token": self.token(), "secret": self.scene.tokens[name], "to": to})

    def _sent(self, method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> Answer:
        jar = [("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items()))] if self.cookies else []
        answer = self.scene.ask(method, path, *headers, *jar, *self._hops(), body=body, host=self.host, **self.same)
        for line in answer.cookies:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def _hops(self) -> list[tuple[str, str]]:
        return [("X-Forwarded-Proto", "https")] if self.scheme == "https" else []


async def _asked(
    application: Any, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes, client: str
) -> Answer:
    from urllib.parse import unquote

    path, _, query = target.partition("?")
    sent, got = [{"type": "http.request", "body": body, "more_body": False}], []

    async def receive() -> Any:
        return sent.pop() if sent else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        got.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
        "client": (client, 40000), "server": ("127.0.0.1", PORT),
    }  # fmt: skip
    await application(scope, receive, send)
    start = next(message for message in got if message["type"] == "http.response.start")
    pairs = [(name.decode(), value.decode("latin-1")) for name, value in start["headers"]]
    data = b"".join(message.get("body", b"") for message in got if message["type"] == "http.response.body")
    return Answer(start["status"], dict(pairs), data, [value for name, value in pairs if name == "set-cookie"])


@contextmanager
def scene(folder: Any, **told: Any) -> Iterator[Scene]:
    """In a directory of its own."""
    os.chmod(folder, 0o700)
    made = Scene(str(folder), **told)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def listening(folder: Any, **told: Any) -> Iterator[Scene]:
    """The same on a port of this machine: `scene.port`."""
    import uvicorn

    from engine.service.listening import config

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        with scene(folder, port=listener.getsockname()[1], **told) as made:
            server = uvicorn.Server(config(made.app))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
            thread.start()
            try:
                yield made
            finally:
                server.should_exit = server.force_exit = True
                thread.join(60)
