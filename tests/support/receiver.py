"""A real HTTP server that receives webhooks: it keeps what came, in order, and answers as it is told."""

import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Got(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]  # names in lower case
    data: bytes

    @property
    def guid(self) -> str:
        """Of the delivery."""
        return self.headers["x-github-delivery"]

    @property
    def body(self) -> Any:
        """As JSON."""
        return json.loads(self.data)

    def signed_with(self, secret: str) -> bool:
        """Is the signature right?"""
        said = self.headers.get("x-hub-signature-256", "")
        return hmac.compare_digest(said, "sha256=" + hmac.new(secret.encode(), self.data, "sha256").hexdigest())


class Receiver:
    """Where webhooks go; `answer` may be exchanged: it gets the handler and what came, and may take its time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.got: list[Got] = []
        self.arrived = threading.Condition()
        self.answer: Callable[[BaseHTTPRequestHandler, Got], object] = lambda handler, got: said(handler, 202)

    def wait(self, count: int, seconds: float = 180) -> list[Got]:
        """At least so many, or an assertion that fails."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.got) >= count, seconds), [got.headers for got in self.got]
            return list(self.got)


def said(
    handler: BaseHTTPRequestHandler, status: int, text: str = "", *, after: Callable[[], object] = int, **headers: str
) -> None:
    """Answer this, when `after` has returned."""
    after()
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(text)))
    handler.end_headers()
    handler.wfile.write(text.encode())


@contextmanager
def receiving() -> Iterator[Receiver]:
    """One on a free loopback port, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            got = Got(self.path, {name.lower(): value for name, value in self.headers.items()}, data)
            with receiver.arrived:
                receiver.got.append(got)
                receiver.arrived.notify_all()
            receiver.answer(self, got)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def until(holds: Callable[[], object], seconds: float = 180) -> None:
    """Wait until it holds, or fail."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.01)
