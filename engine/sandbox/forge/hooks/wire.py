"""One delivery on the wire: GitHub's headers, its two signatures over the raw bytes, ten seconds altogether."""

import hmac
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from engine.sandbox.forge.kept import Row

TIMEOUT_S = 10.0
SHOWN = 64 * 1024  # bytes of an answer that are read and kept


class Answered(NamedTuple):
    """What came back."""

    status: int | None  # None: no answer, and `failure` says why
    headers: Mapping[str, str] = {}
    payload: str = ""
    failure: str = ""
    seconds: float = 0


def request(hook: Row, delivery: Row) -> tuple[dict[str, str], bytes]:
    """Headers and bytes of a delivery (rows of `hooks` and `deliveries`)."""
    form = hook["content_type"] == "form"
    data = urlencode({"payload": delivery["body"]}).encode() if form else bytes(delivery["body"])
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
        "User-Agent": "GitHub-Hookshot/5an0b0x",
        "X-GitHub-Delivery": delivery["guid"],
        "X-GitHub-Event": delivery["event"],
        "X-GitHub-Hook-ID": str(hook["id"]),
        "X-GitHub-Hook-Installation-Target-ID": str(hook["app"] or hook["repository"]),
        "X-GitHub-Hook-Installation-Target-Type": "integration" if hook["app"] else "repository",
    }
    if hook["secret"]:
        for name, algorithm in (("X-Hub-Signature", "sha1"), ("X-Hub-Signature-256", "sha256")):
            headers[name] = f"{algorithm}={hmac.new(hook['secret'].encode(), data, algorithm).hexdigest()}"
    return headers, data


class Exchange:
    """One POST and its answer. No redirect is followed, and no proxy asked."""

    def __init__(self, url: str, headers: Mapping[str, str], data: bytes, *, check: bool) -> None:
        self._url, self._headers, self._data, self._check = urlsplit(url), headers, data, check
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._broken = ""

    def break_off(self, why: str = "the sandbox ends") -> None:
        """End it now, from another thread."""
        with self._lock:
            self._broken = why
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def run(self) -> Answered:
        """Carry it out; it raises nothing."""
        began = time.monotonic()
        watch = threading.Timer(TIMEOUT_S, self.break_off, ["timed out"])
        watch.daemon = True
        watch.start()
        try:
            return self._exchange()._replace(seconds=time.monotonic() - began)
        except TimeoutError:
            return Answered(None, failure="timed out", seconds=time.monotonic() - began)
        except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a URL that is none
            why = self._broken or f"failed to connect to host: {error or type(error).__name__}"
            return Answered(None, failure=why, seconds=time.monotonic() - began)
        finally:
            watch.cancel()

    def _exchange(self) -> Answered:
        url = self._url
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError("not an http address")
        connection: http.client.HTTPConnection
        if url.scheme == "https":
            context = ssl.create_default_context() if self._check else ssl._create_unverified_context()  # noqa: S323 - asked for, `insecure_ssl`
            connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=TIMEOUT_S, context=context)
        else:
            connection = http.client.HTTPConnection(url.hostname, url.port, timeout=TIMEOUT_S)
        try:
            connection.connect()
            with self._lock:
                self._socket = connection.sock
                if self._broken:
                    raise OSError(self._broken)
            path = (url.path or "/") + (f"?{url.query}" if url.query else "")
            connection.request("POST", path, self._data, dict(self._headers))
            answer = connection.getresponse()
            payload = answer.read(SHOWN).decode("utf-8", "replace")
            if self._broken:  # what was cut may look like an end
                raise OSError(self._broken)
            return Answered(answer.status, dict(answer.headers.items()), payload)
        finally:
            connection.close()
