"""How the web process listens: uvicorn with h11, which is strict, and with time limits that uvicorn does not have.

A connection without a request under way is closed after a while, whatever bytes trickle in; so is one whose body does
not come, and one that does not read what it asked for. When all places are taken, those that have asked for nothing
give way, the oldest first: GitHub finds room among any number of such.
"""

from asyncio import TimerHandle, Transport
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_PLACES = 512  # open connections
_HEAD_S = 10.0  # from the first moment, or from the last answer, to the end of a request's head
_BODY_S = 15.0  # for the body behind it; the receiver gives up earlier, with an answer
_STUCK_S = 30.0  # that an answer may wait to be read
_HEAD = 32 * 1024  # bytes of a request's head that are waited for
_HEADERS = 100  # lines of one that came at once
_ENDING_S = 5  # for answers that are under way when we end


class Patient(H11Protocol):
    """One connection, patient within limits."""

    _limit: TimerHandle | None = None
    _stuck: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """It counts from here; another one may have to go for it."""
        super().connection_made(transport)
        self._begin()
        if len(self.connections) > _PLACES:
            others = [one for one in list(self.connections) if isinstance(one, Patient) and one is not self]
            idle = [one for one in others if not one.is_asking] or [one for one in others if one.is_slow]
            min(idle, key=_began, default=self).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        super().connection_lost(exc)
        for timer in (self._limit, self._stuck):
            if timer is not None:
                timer.cancel()

    def on_response_complete(self) -> None:
        """The next request has its own time."""
        super().on_response_complete()
        self._begin()

    def pause_writing(self) -> None:
        """Whoever asked does not read."""
        super().pause_writing()
        self._stuck = self.loop.call_later(_STUCK_S, self.transport.abort)

    def resume_writing(self) -> None:
        """They do again."""
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()

    @property
    def is_asking(self) -> bool:
        """Is there a request that has no answer yet?"""
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def is_slow(self) -> bool:
        """Is there one whose body has not come yet? GitHub's comes with its head."""
        return self.is_asking and self.cycle.more_body

    def _begin(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
        self.began = self.loop.time()
        self._limit = self.loop.call_later(_HEAD_S, self._head_is_due)

    def _head_is_due(self) -> None:
        if not self.is_asking:
            self.transport.abort()
        elif self.is_slow:
            cycle = self.cycle
            self._limit = self.loop.call_later(_BODY_S, lambda: self._body_is_due(cycle))

    def _body_is_due(self, cycle: object) -> None:
        if self.cycle is cycle and self.cycle.more_body:
            self.transport.abort()


def _began(one: Patient) -> float:
    return one.began


class Plain:
    """Refuses what two readers could cut in two ways, a request whose length is said twice; and headers without end."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Hands on everything else."""
        names = [name for name, _ in scope.get("headers", ())]
        if len(names) > _HEADERS:
            answer = PlainTextResponse("too many headers", 431, {"Connection": "close"})
        elif b"transfer-encoding" in names and b"content-length" in names:
            answer = PlainTextResponse("Content-Length and Transfer-Encoding", 400, {"Connection": "close"})
        else:
            return await self._app(scope, receive, send)
        await answer(scope, receive, send)


def config(app: "ASGIApp") -> Config:
    """What uvicorn is to serve `app` with. Which socket, and who we are behind a proxy, is said elsewhere."""
    return Config(
        Plain(app),
        http=Patient,
        ws="none",
        loop="asyncio",
        interface="asgi3",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        h11_max_incomplete_event_size=_HEAD,
        timeout_graceful_shutdown=_ENDING_S,
    )
