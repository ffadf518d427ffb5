"""A far end over real HTTP that answers as a test says, and may also be slow, cut off in mid-answer, or gone."""

import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str  # with its query
    headers: Mapping[str, str]  # names in lower case
    body: bytes


class Answer(NamedTuple):
    """What is sent back."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}
    cut: int | None = None  # so many bytes of the body, though all are announced; then the connection ends
    wait_s: float = 0


GONE = Answer(status=0)  # the connection ends without a word


class Far:
    """The server; `asked` has what came, in its order."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        self.asked: list[Asked] = []
        self._lock = Lock()
        far = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # an answer is one packet: two would wait for each other

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:  # who asked waits no longer
                    self.close_connection = True

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Asked(self.command, self.path, headers, body)
                with far._lock:
                    far.asked.append(request)
                said = answer(request)
                time.sleep(said.wait_s)
                if not said.status:
                    self.close_connection = True
                    return
                self.send_response_only(said.status)
                for name, value in {"Content-Length": str(len(said.body)), **said.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(said.body[: said.cut])
                self.close_connection = self.close_connection or said.cut is not None

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _any  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def serving(self) -> Iterator["Far"]:
        """While it lasts."""
        thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def passed_on(request: Asked, url: str) -> Answer:
    """What the server at `url` answers to it."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {name: value for name, value in request.headers.items() if name not in ("expect", "connection")}
    connection.request(request.method, request.path, request.body, headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    kept = {
        n: v for n, v in answer.getheaders() if n.lower() not in ("connection", "transfer-encoding", "date", "server")
    }
    return Answer(answer.status, body, kept)
