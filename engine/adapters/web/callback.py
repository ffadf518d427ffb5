"""One page on a port of this machine that leads a browser elsewhere, and the one answer that it brings back.

Other programs of this machine can reach the port, and so can every web page. So the page is at a path that nobody can
guess, the Host must be exactly ours (no name of somebody else's that leads here), and the answer counts only with the
words that went along: whatever comes first ends it, right or wrong.
"""

import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PATH = "/callback"
_SLOW_S = 5.0  # that one connection may take
_LONGEST = 2000  # characters of a value


class Callback:
    """Listens from now on; `close` ends it."""

    def __init__(self, page: Callable[["Callback"], str], form_action: str) -> None:
        """`page` makes the HTML that is shown at `url`; its form may lead to `form_action` and nowhere else."""
        self.state = secrets.token_urlsafe(32)
        self._path = f"/{secrets.token_urlsafe(32)}"
        self._answer: Mapping[str, str] | None = None
        callback = self

        class Handler(BaseHTTPRequestHandler):
            timeout = _SLOW_S  # a connection that says nothing ends

            def do_GET(self) -> None:
                status, text, kind = callback._reply(self.path, self.headers.get_all("Host") or [])
                data = text.encode()
                self.send_response(status)
                for name, value in _headers(form_action, kind).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                """Nothing: what is asked for has words in it that are nobody's business."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._page = page(self)

    @property
    def url(self) -> str:
        """Where a person begins."""
        return self.origin + self._path

    def wait(self, seconds: float) -> Mapping[str, str] | None:
        """What came back with our words; {} where it came with others; None where nothing came."""
        until = time.monotonic() + seconds
        while self._answer is None and (left := until - time.monotonic()) > 0:
            self._server.timeout = min(left, 1.0)
            self._server.handle_request()
        return self._answer

    def close(self) -> None:
        """Listen no longer."""
        self._server.server_close()

    def _reply(self, target: str, hosts: list[str]) -> tuple[int, str, str]:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if hosts != [self.origin.removeprefix("http://")]:
            return 421, "This is not the address of that page.\n", "text/plain"
        if hmac.compare_digest(path.encode(), self._path.encode()) and self._answer is None:
            return 200, self._page, "text/html"
        if path != PATH or self._answer is not None:
            return 404, "There is nothing here.\n", "text/plain"
        given = {name: values[0][:_LONGEST] for name, values in query.items() if len(values) == 1}
        if not hmac.compare_digest(given.pop("state", "").encode(), self.state.encode()):
            self._answer = {}
            return 403, "This answer is not to our question. Nothing was done; begin again.\n", "text/plain"
        self._answer = given
        return 200, "Done: the terminal says how to go on. This page can be closed.\n", "text/plain"


def _headers(form_action: str, kind: str) -> dict[str, str]:
    from engine.adapters.web.own import headers

    policy = f"default-src 'none'; form-action {form_action}; frame-ancestors 'none'; base-uri 'none'"
    return {
        **headers(),
        "Content-Security-Policy": policy,
        "Referrer-Policy": "strict-origin",  # without any, browsers send `Origin: null`; the path is not in it
        "Content-Type": f"{kind}; charset=utf-8",
    }
