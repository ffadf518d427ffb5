"""`POST /webhooks`: a delivery of GitHub's is taken when its bytes are signed, and answered when it is on the disk.

Before the signature has been compared nothing of the body is looked at but its length; what costs memory is bounded for
all that come together, and who is slow is cut off. GitHub waits ten seconds and does not try again by itself: whatever
is not taken is found later in its list of deliveries (`lost`).
"""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.adapters import clock
from engine.core.events.body import LIMIT as LARGEST
from engine.errors import EngineError, Problem, problem
from engine.service import delivery, log
from engine.service.bound import Sources
from engine.service.inbox import Inbox
from engine.service.signature import Signing, is_signature

PATH = "/webhooks"
_BODY_S = 10.0  # for all of a body: GitHub has given up by then
_KEPT_S = 8.0  # until it is on the disk
_SMALL = 256 * 1024  # bytes of a body, as nearly all are: so many have room on every place (`listening`)
ROOM = 64 * 1024 * 1024  # for larger ones that are under way, all together
_ONCE = (
    b"content-encoding",
    b"content-length",
    b"content-type",
    b"transfer-encoding",
    b"x-github-delivery",
    b"x-github-event",
    b"x-hub-signature-256",
)
_TYPES = frozenset({b"application/json", b"application/json;charset=utf-8"})
_DIGITS = 9
_QUIET_S = 10.0  # after a line of the log, for those of the same code
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class _RefusedError(Exception):
    """An answer: a status, and the problem that it tells."""

    def __init__(self, status: int, told: Problem) -> None:
        super().__init__(told.message)
        self.status, self.told = status, told


def _no(status: int, code: str, reason: str = "") -> _RefusedError:
    return _RefusedError(status, problem(code, reason=reason))


class Receiver:
    """What stands behind the one path that GitHub knows."""

    def __init__(
        self, inbox: Inbox, sources: Sources, secrets: Sequence[bytes], came: Callable[[], None] = lambda: None
    ) -> None:
        """`secrets`: of webhooks, at least one; `came` is told of each that is new, once it is kept."""
        if not secrets:
            raise ValueError("no secret: everything would be refused")
        self._inbox, self._sources, self._secrets = inbox, sources, tuple(secrets)
        self._came = came
        self.room = ROOM  # bytes that are free for large bodies
        self._quiet_until: dict[str, float] = {}
        self.answered: Counter[str] = Counter()  # new, known, kept, and codes of refusals, since this process began

    def routes(self) -> list[Route]:
        """For the application. Nothing else guards this path."""
        return [Route(PATH, self.receive, methods=["POST"])]

    async def receive(self, request: Request) -> Response:
        """Take one delivery: 202 it is new, 200 nothing more comes of it, else a sentence about why not."""
        try:
            told, id_ = await self._take(request)
        except _RefusedError as refused:
            code, message, hint, _ = refused.told
            self.answered[code] += 1
            self._log(code, message)
            # What of the body was not read must not be taken for the next request.
            return JSONResponse(
                {"code": code, "message": message, "hint": hint}, refused.status, {**_HEADERS, "Connection": "close"}
            )
        self.answered[told] += 1
        return JSONResponse({"delivery": id_, "state": told}, 202 if told == "new" else 200, _HEADERS)

    async def _take(self, request: Request) -> tuple[str, str]:
        headers = _headers(request)
        claimed = headers.get(b"x-hub-signature-256", b"")
        if not is_signature(claimed):
            raise _no(401, "ENG744", "X-Hub-Signature-256 is missing" if not claimed else "it has no form")
        size = _length(headers)
        signing = Signing(self._secrets)
        with self._room_for(size):
            try:
                async with asyncio.timeout(_BODY_S):
                    body = await _body(request, signing)
            except TimeoutError:
                raise _no(408, "ENG746", f"it took longer than {_BODY_S:.0f} seconds") from None
            except ClientDisconnect:
                raise _no(400, "ENG746", "its sender went away") from None
            if not signing.fits(claimed):
                raise _no(401, "ENG744", "the signature is of another secret, or of other bytes")
            id_, event = (_ascii(headers.get(name, b"")) for name in (b"x-github-delivery", b"x-github-event"))
            try:
                now = clock.now()
                if len(body) <= _SMALL:
                    found = delivery.read(id_, event, body, now)
                else:  # which takes its time; others are answered meanwhile
                    found = await asyncio.to_thread(delivery.read, id_, event, body, now)
            except delivery.UnreadableError as error:
                raise _no(400, "ENG745", str(error)) from None
            return await self._keep(found, body), id_

    async def _keep(self, found: delivery.Delivery, body: bytes) -> str:
        try:
            aside = self._sources.aside(found)
            if aside is not None:  # without its body: strangers may send as much as they like
                found, body = found._replace(state=aside.state, reason=aside.reason), b""
            told = self._inbox.put_soon(found, body)
            answer = await asyncio.wait_for(asyncio.wrap_future(told), _KEPT_S)
        except EngineError as error:
            raise _RefusedError(503, error.problems[0]) from None
        except sqlite3.Error as error:
            raise _no(503, "ENG749", str(error)) from None
        except TimeoutError:
            raise _no(503, "ENG749", f"it took longer than {_KEPT_S:.0f} seconds") from None
        if answer == "other_body":
            raise _no(409, "ENG747")
        if aside is not None and aside.state == "refused":
            raise _no(403, "ENG748", aside.reason)
        if aside is None and answer == "new":
            self._came()
        return "kept" if aside is not None else answer

    def _log(self, code: str, message: str) -> None:
        """Now and then: whoever can reach us must not be able to push everything else out of the log."""
        now = time.monotonic()
        if now >= self._quiet_until.get(code, 0.0):
            self._quiet_until[code] = now + _QUIET_S
            log.warning("a delivery was not taken", code=code, reason=message, so_far=self.answered[code])

    @contextmanager
    def _room_for(self, size: int) -> Iterator[None]:
        taken = size if size > _SMALL else 0
        if self.room < taken:
            raise _no(503, "ENG749", "too many large ones come at once")
        self.room -= taken
        try:
            yield
        finally:
            self.room += taken


def _headers(request: Request) -> dict[bytes, bytes]:
    """Those that a delivery is told by; each at most once, so that nobody before us can have read another one.

    Raises:
        _RefusedError: the request is not of the form that GitHub's have.
    """
    scope = request.scope
    if scope.get("query_string") or not scope["raw_path"].endswith(PATH.encode()):
        raise _no(404, "ENG745", f"deliveries are sent to {PATH}, spelt so")
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _ONCE and name in found:
            raise _no(400, "ENG745", f"{name.decode()} stands twice in it")
        found[name] = value
    if b"transfer-encoding" in found or b"content-encoding" in found:
        raise _no(400, "ENG745", "its body is encoded, where GitHub sends it as it is")
    kind = found.get(b"content-type", b"").replace(b" ", b"").lower()
    if kind not in _TYPES:
        raise _no(415, "ENG745", "its content type is not application/json")
    return found


def _length(headers: dict[bytes, bytes]) -> int:
    """Of the body, as the header says; the server reads no more of it. ENG746: it is larger than what GitHub sends."""
    said = headers.get(b"content-length", b"")
    if not said:
        raise _no(411, "ENG745", "it does not say how long it is")
    if not said.isdigit() or len(said) > _DIGITS or int(said) > LARGEST:
        raise _no(413, "ENG746", f"it is larger than {LARGEST // (1024 * 1024)} MB")
    return int(said)


async def _body(request: Request, signing: Signing) -> bytes:
    pieces = []
    async for piece in request.stream():
        signing.update(piece)
        pieces.append(piece)
    return b"".join(pieces)


def _ascii(value: bytes) -> str:
    return value.decode("ascii", "replace")
