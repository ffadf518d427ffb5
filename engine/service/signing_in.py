"""Signing in with a token, and out again: what needs no right. The session that follows is never one that was sent."""

import secrets
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from engine.adapters.web.own import own_path
from engine.service.access import Sessions, Tokens
from engine.service.guard import keep, visit
from engine.service.rendering import page

PATH, OUT = "/sign-in", "/sign-out"


def routes(tokens: Tokens, sessions: Sessions) -> Sequence[BaseRoute]:
    """The form, what it does, and the way out."""

    async def ask(request: Request) -> Response:
        return _asked(request, request.query_params.get("to", "/"), "", 200)

    def _asked(request: Request, to: str, problem: str, status: int) -> Response:
        cookie = visit(request).cookie
        fresh = cookie or secrets.token_urlsafe(32)
        values = {"to": _way(to), "problem": problem, "token": sessions.stamp(fresh)}
        response = page(request, "sign_in.html", values, status)
        if not cookie:
            keep(request, response, fresh)
        return response

    async def begin(request: Request) -> Response:
        form = visit(request).form
        holder = tokens.holder(form.get("secret", "").strip())
        if holder is None:
            return _asked(request, form.get("to", "/"), "Nobody has this token.", 401)
        sessions.end(visit(request).cookie)
        response = RedirectResponse(visit(request).root + _way(form.get("to", "/")), 303)
        keep(request, response, sessions.begin(holder))
        return response

    async def end(request: Request) -> Response:
        sessions.end(visit(request).cookie)
        return RedirectResponse(visit(request).root + PATH, 303)

    return [
        Route(PATH, ask, methods=["GET"]),
        Route(PATH, begin, methods=["POST"]),
        Route(OUT, end, methods=["POST"]),
    ]


def _way(to: str) -> str:
    return own_path(to, PATH, OUT)
