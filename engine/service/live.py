"""Server-sent events: that something has changed, and what a run says. A page asks again for itself, with its right.

An event says no more than that there is something new; so nobody learns here what no page shows. A stream ends after a
while and browsers ask for it again, and it ends at once when the token behind it is taken away.
"""

import asyncio
import json
import os
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from engine.service.guard import visit
from engine.service.runlog import RunLog
from engine.service.runs import PENDING

if TYPE_CHECKING:
    from engine.service.runs import Run, Runs
    from engine.service.views import Sources

MOST, EACH = 100, 20  # streams at once: of all, and of one who asks
_LOOK_S = 1.0
_BOARD_S = 5.0  # a bucket is asked this often, while somebody looks
_BEAT_S = 15.0  # after which a proxy would think that nobody is there
_LONGEST_S = 900.0
_LINES = 500  # of a log, in one event


class Live:
    """What all streams share: one look at what has changed, however many look on."""

    def __init__(self, sources: "Sources", inbox_file: str, ending: Callable[[], bool] = lambda: False) -> None:
        """`ending`: nobody is to be kept waiting any more."""
        self._sources, self._file, self._ending = sources, inbox_file, ending
        self._open: Counter[str] = Counter()  # streams, by who asked
        self._stamp: tuple[object, ...] = ()
        self._looked = self._read = 0.0
        self._board: object = None
        self._watched: sqlite3.Connection | None = None
        self._looking = asyncio.Lock()

    def routes(self) -> Sequence[BaseRoute]:
        """For the application, behind the right to read."""
        return [
            Route("/live", self._changes, methods=["GET"]),
            Route("/runs/{run}/live", self._log, methods=["GET"]),
        ]

    async def _changes(self, request: Request) -> Response:
        async def events() -> AsyncIterator[str]:
            before = await self._now()
            yield _event("hello", {})
            async for _ in self._turns(request):
                now = await self._now()
                if now != before:
                    before = now
                    yield _event("changed", {})
                else:
                    yield ""

        return self._stream(request, events)

    async def _log(self, request: Request) -> Response:
        runs, name = self._sources.runs, str(request.path_params["run"])
        found = await run_in_threadpool(runs.get, name) if runs else None
        if runs is None or found is None:
            return JSONResponse({"message": "There is none."}, 404)
        sent = request.headers.get("last-event-id") or request.query_params.get("after", "")
        after = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else 0
        return self._stream(request, lambda: self._said(request, runs, name, after))

    async def _said(self, request: Request, runs: "Runs", name: str, after: int) -> AsyncIterator[str]:
        log, before = await run_in_threadpool(RunLog, runs.log_file(name), after), _size(runs.steps_file(name))
        async for _ in self._turns(request):
            run: Run | None = await run_in_threadpool(runs.get, name)  # before its lines: what it said last is in them
            lines = await run_in_threadpool(log.more, _LINES)
            if lines:
                yield _event("lines", [line._asdict() for line in lines], lines[-1].number)
            elif run is None or run.state not in PENDING:
                yield _event("end", {})
                return
            elif (steps := _size(runs.steps_file(name))) != before:
                before = steps
                yield _event("changed", {})
            else:
                yield ""

    async def _turns(self, request: Request) -> AsyncIterator[None]:
        """Again and again, as long as it may go on."""
        until = time.monotonic() + _LONGEST_S
        while time.monotonic() < until and not self._ending() and visit(request).still():
            yield
            await asyncio.sleep(_LOOK_S)

    def _stream(self, request: Request, events: Callable[[], AsyncIterator[str]]) -> Response:
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        who = visit(request).who
        name = who.name if who else ""
        if self._open.total() >= MOST or self._open[name] >= EACH:
            return JSONResponse({"message": "Too many look on; the page shows the same."}, 503)

        async def beating() -> AsyncIterator[str]:
            said = time.monotonic()
            async for event in events():
                if not event and time.monotonic() - said >= _BEAT_S:
                    event = ": still here\n\n"  # noqa: PLW2901 - a comment, which keeps the line open
                if event:
                    said = time.monotonic()
                    yield event

        return _Counted(beating(), self._open, name)

    async def _now(self) -> tuple[object, ...]:
        """Another value than before when something is another."""
        async with self._looking:
            if time.monotonic() - self._looked >= _LOOK_S / 2:
                self._stamp = await run_in_threadpool(self._look)
                self._looked = time.monotonic()
            return self._stamp

    def _look(self) -> tuple[object, ...]:
        if time.monotonic() - self._read >= _BOARD_S:
            parts = tuple((one.name, one.how, one.said) for one in self._sources.health())
            self._board, self._read = hash((self._sources.board.read().entries, parts)), time.monotonic()
        return self._version(), self._board

    def _version(self) -> int:
        """SQLite counts what other connections have written, and this one only looks."""
        try:
            if self._watched is None:
                self._watched = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, check_same_thread=False)
            version: int = self._watched.execute("PRAGMA data_version").fetchone()[0]
            return version
        except sqlite3.Error:  # the page says what is wrong with it
            return 0


class _Counted(StreamingResponse):
    """A stream that counts from the moment that it is promised, so that no crowd gets in at once."""

    def __init__(self, events: AsyncIterator[str], opened: Counter[str], name: str) -> None:
        # What a proxy keeps back to send it in one piece comes too late.
        super().__init__(events, 200, {"X-Accel-Buffering": "no"}, "text/event-stream")
        self._opened, self._name = opened, name
        opened[name] += 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Until it ends, however it does."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._opened[self._name] -= 1
            self._opened += Counter()  # forgets names that look on no more


def _size(file: str) -> int:
    try:
        return os.stat(file).st_size
    except OSError:  # there is none, yet or any more
        return 0


def _event(name: str, data: object, number: int | None = None) -> str:
    """JSON has no line ends, so no text can begin another event."""
    numbered = f"id: {number}\n" if number is not None else ""
    return f"event: {name}\n{numbered}data: {json.dumps(data)}\n\n"
