"""Where the forge's App sends its webhooks: an address of its own, as any receiver has, which believes signatures."""

import hmac
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

PATH = "/webhook"
_LARGEST = 25 * 1024 * 1024
_PATIENCE_S = 20


class Received(NamedTuple):
    """One delivery."""

    guid: str
    event: str
    body: bytes


@contextmanager
def receiving(secret: Callable[[], str], take: Callable[[Received], None]) -> Iterator[str]:
    """Hand each delivery that is signed with `secret` to `take`, and answer once it returns; the URL to send to."""

    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE_S

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != PATH or not length.isdigit() or int(length) > _LARGEST:
                self._say(404)
                return
            body = self.rfile.read(int(length))
            wanted = "sha256=" + hmac.new(secret().encode(), body, "sha256").hexdigest()
            if not hmac.compare_digest(self.headers.get("X-Hub-Signature-256", "").encode(), wanted.encode()):
                self._say(401)
                return
            take(Received(self.headers.get("X-GitHub-Delivery", ""), self.headers.get("X-GitHub-Event", ""), body))
            self._say(202)

        def _say(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="receiver", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{PATH}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
