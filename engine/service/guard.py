"""Stands before everything but the webhooks: whose address, who asks, whose form, with what right, and the headers.

Nothing is decided by a path here: a route is behind `Demand`, or it is not, so no spelling of a path gets around it.
"""

import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.adapters.web.own import form, is_elsewhere, is_taken_elsewhere, limited_body, own_path
from engine.adapters.web.own import headers as page_headers
from engine.service import log
from engine.service.access import LOOPBACK, SESSION_S, Right, Sessions, Tokens, Who
from engine.service.address import Address, Place, RefusedError, one, reached

BODY_LIMIT = 64 * 1024
SAFE = ("GET", "HEAD")


class Visit(NamedTuple):
    """What every endpoint is told of the request; in `request.state.visit`, or by `visit(request)`."""

    who: Who | None
    token: str  # for the forms of this page: <input type="hidden" name="token">; "" where there can be none
    root: str  # goes before every path in a page
    at: str  # path and query of this page, without root: where a form leads back
    still: Callable[[], bool]  # may who asked go on asking? For answers that last
    address: Address
    cookie: str  # that the browser has sent; "": none
    body: bytes = b""  # of what is no GET
    form: Mapping[str, str] = {}

    @property
    def may_write(self) -> bool:
        """May deeds be offered?"""
        return self.who is not None and "write" in self.who.rights


def visit(request: Request) -> Visit:
    """What the guard has found of this request."""
    found: Visit = request.scope["state"]["visit"]
    return found


class Guard:
    """Around everything that is behind it: pages, API, metrics, live, deeds, signing in."""

    def __init__(self, app: ASGIApp, place: Place, tokens: Tokens, sessions: Sessions) -> None:
        self._app, self._place, self._tokens, self._sessions = app, place, tokens, sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may be, with its `Visit`; and say in the log that it was asked."""
        if scope["type"] != "http":
            return
        request, began, told = Request(scope, receive), time.monotonic(), _Told(send)
        with log.about(request=secrets.token_hex(8)):
            who = ""
            try:
                found = await self._visit(request)
                who = found.who.name if found.who else ""
                scope["state"] = {**scope.get("state", {}), "visit": found}
                await self._app(scope, receive, told)
            except RefusedError as refused:
                await refusal(request, refused)(scope, receive, told)
            except HTTPException as said:  # of the routes: answered here, or it would be without our headers
                await refusal(request, RefusedError(said.status_code, said.detail))(scope, receive, told)
            except ClientDisconnect:  # nobody is there to be answered
                pass
            except Exception:  # whatever it is: the answer has our headers, and the log its place
                log.error("a bug in the engine", path=_within(scope)[:200])
                if told.has_begun:
                    raise
                await refusal(request, RefusedError(500, "A bug in the engine; its log says where."))(
                    scope, receive, told
                )
            finally:
                took = round((time.monotonic() - began) * 1000)
                say = log.debug if request.method in SAFE and told.status < 400 else log.info
                say("asked", method=request.method, path=_within(scope)[:200], status=told.status, who=who, ms=took)

    async def _visit(self, request: Request) -> Visit:
        address = reached(self._place, request.scope)
        cookie = request.cookies.get(cookie_name(address), "")
        scheme, _, token = (one(request.headers, "authorization") or "").partition(" ")
        # What else a browser sends along there is a proxy's, and no word of whoever sits before it.
        bearer = token.strip() if scheme.lower() == "bearer" else None

        def asking() -> Who | None:
            if bearer is None:
                return self._sessions.who(cookie) or (LOOPBACK if address.is_alone else None)
            holder = self._tokens.holder(bearer)
            return Who(holder.name, holder.rights, "token") if holder else None

        who = asking()
        if bearer is not None and who is None:
            raise RefusedError(401, "Nobody has this token.")
        query = f"?{request.url.query}" if request.url.query else ""
        at = own_path(_within(request.scope) + query) if request.method in SAFE else "/"
        stamp = self._sessions.stamp(cookie) if cookie else ""
        found = Visit(who, stamp, self._place.root, at, lambda: asking() == who, address, cookie)
        if request.method in SAFE:
            if bearer is None and is_taken_elsewhere(request.headers):
                raise RefusedError(403, "A page of another address may not load this.")
            return found
        body = await limited_body(request, BODY_LIMIT)
        if body is None:
            raise RefusedError(413, f"At most {BODY_LIMIT:,} bytes are taken.")
        if bearer is not None:  # no page of another site can make a browser send that
            return found._replace(body=body)
        fields = form(body)
        if is_elsewhere(request.headers, address.origin):
            raise RefusedError(403, "This form was sent by a page of another address; nothing was done.")
        if not cookie:
            raise RefusedError(401, "Show a token.")
        if not hmac.compare_digest(found.token.encode(), fields.get("token", "").encode()):
            raise RefusedError(403, "This form is not of this session, or is too old; nothing was done. Open it again.")
        return found._replace(body=body, form=fields)


class Demand:
    """Lets through who has the right: to read where nothing is changed, else to write."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Before anything is looked for, so that the answer does not tell whether it is there."""
        request = Request(scope, receive)
        right: Right = "read" if request.method in SAFE else "write"
        who = visit(request).who
        if who is not None and right in who.rights:
            await self._app(scope, receive, send)
        elif who is not None and who.name:
            await refusal(request, RefusedError(403, f"The token {who.name} may only read."))(scope, receive, send)
        else:
            await refusal(request, RefusedError(401, "Show a token."))(scope, receive, send)


def refusal(request: Request, refused: RefusedError) -> Response:
    """The sentence; who sits at a browser without a session is led to where one signs in, and back."""
    path = _within(request.scope)
    is_page = "text/html" in request.headers.get("accept", "") and not path.startswith("/api/")
    if refused.status == 401 and request.method in SAFE and is_page and "authorization" not in request.headers:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(
            f"{request.scope['root_path']}/sign-in?{urlencode({'to': own_path(path + query)})}", 303
        )
    more = {"WWW-Authenticate": "Bearer"} if refused.status == 401 else {}
    if is_page:
        from engine.service.rendering import rendered

        values = {"message": refused.message, "heading": HTTPStatus(refused.status).phrase, "status": refused.status}
        return rendered("refused.html", {**values, "root": request.scope["root_path"]}, refused.status)
    return JSONResponse({"message": refused.message}, refused.status, more)


def cookie_name(address: Address) -> str:
    """Browsers keep neither ports apart nor, without the prefix, what another name of the same domain has set."""
    return "__Host-interlock" if address.origin.startswith("https:") else f"interlock-{address.port}"


def keep(request: Request, response: Response, cookie: str) -> None:
    """Put a session into the browser."""
    address = visit(request).address
    response.set_cookie(
        cookie_name(address),
        cookie,
        max_age=SESSION_S,
        path="/",
        httponly=True,
        samesite="lax",  # with `strict` whoever follows a link from GitHub would have to sign in again
        secure=address.origin.startswith("https:"),
    )


class _Told:
    """Sends the answer with our headers, but for what it says itself of keeping it, and remembers how it went."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status, self.has_begun = 500, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.has_begun = message["status"], True
            answered = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                answered.setdefault(name, value)
        await self._send(message)


_HEADERS = page_headers(script=True)


def _within(scope: Scope) -> str:
    """The path below our root, as the routes see it."""
    path, root = str(scope["path"]), str(scope["root_path"])
    return path.removeprefix(root) if path.startswith(f"{root}/") else path
