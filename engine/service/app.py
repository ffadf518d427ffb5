"""`engine serve` as one ASGI application: webhooks, and behind one guard everything that is looked at or done."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.service import api, metrics, pages, rendering, signing_in
from engine.service.access import Sessions, Tokens
from engine.service.address import RefusedError, place
from engine.service.guard import Demand, Guard, refusal
from engine.service.live import Live

if TYPE_CHECKING:
    from engine.service.deeds import Hands
    from engine.service.settings import Serving
    from engine.service.views import Sources


def create(
    serving: "Serving",
    port: int,
    sources: "Sources",
    hands: "Hands",
    *,
    webhooks: Sequence[BaseRoute] = (),
    answered: Callable[[], Mapping[str, int]] = dict,
    ending: Callable[[], bool] = lambda: False,
) -> Starlette:
    """`port` is the one that listens; `webhooks` guard themselves.

    `answered` counts what the webhooks were answered; `ending`: whoever only looks on is to be let go.

    Raises:
        EngineError: ENG800, ENG802, and those of the file of tokens.
    """
    tokens = Tokens(serving.tokens_file)
    where, sessions = place(serving, port), Sessions(tokens)
    behind = [
        *api.routes(sources, hands),
        *metrics.routes(sources, answered),
        *Live(sources, serving.at("inbox.db"), ending).routes(),
        *pages.routes(sources, hands),
    ]
    open_to_all = [*rendering.static(), *signing_in.routes(tokens, sessions)]
    guarded = Guard(_router(open_to_all, Demand(_router(behind, _nowhere))), where, tokens, sessions)
    # What asks whether we live knows no name and no token; it learns nothing else.
    alive = Route("/healthz", _alive, methods=["GET"])
    made = Starlette(routes=[*webhooks, alive], middleware=[Middleware(Below, root=where.root)])
    made.router.default, made.router.redirect_slashes = guarded, False
    return made


class Below:
    """Behind a proxy that shows us below a path, whether it takes that off before it asks us or not."""

    def __init__(self, app: ASGIApp, root: str) -> None:
        self._app, self._root = app, root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on."""
        await self._app({**scope, "root_path": self._root}, receive, send)


def _router(routes: Sequence[BaseRoute], otherwise: ASGIApp) -> Router:
    """Without Starlette's redirects, which would name whatever Host was sent. Not `Mount`: its paths end at a line."""
    return Router(routes=list(routes), redirect_slashes=False, default=otherwise)


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await refusal(Request(scope, receive), RefusedError(404, "There is nothing."))(scope, receive, send)


async def _alive(_: Request) -> Response:
    return PlainTextResponse("ok\n")
