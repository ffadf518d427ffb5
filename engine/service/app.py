"""`engine serve` as one ASGI application: webhooks, and behind one guard everything that is looked at or done."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router

from engine.service.access import Sessions, Tokens
from engine.service.guard import Demand, Guard, Place


def application(
    place: Place, tokens: Tokens, webhooks: Sequence[BaseRoute], behind: Sequence[BaseRoute], open_: Sequence[BaseRoute]
) -> Starlette:
    """`webhooks` have a guard of their own; `behind` takes the right to read or to write, `open_` none."""
    seen = _router([*open_, Mount("", app=Demand(_router(behind)))])
    guarded = Guard(seen, place, tokens, Sessions(tokens))
    # What asks whether we live knows no name and no token; it learns nothing else.
    return Starlette(routes=[*webhooks, Route("/healthz", _alive), Mount("", app=guarded)])


def _router(routes: Sequence[BaseRoute]) -> Router:
    # Without its redirects, which would name whatever Host was sent.
    return Router(routes=list(routes), redirect_slashes=False)


async def _alive(_: Request) -> Response:
    return PlainTextResponse("ok\n")
