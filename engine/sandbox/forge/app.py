"""The forge as one ASGI application: REST, GraphQL, git, webhooks' control door and pages, behind one guard.

It listens on loopback only, and a page of any web site can reach loopback. So the Host must be exactly ours (no DNS
rebinding) and a request that a browser sends from elsewhere has no effect: an Origin, where there is one, must be ours.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from email.utils import formatdate
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.routing import Route as Path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.adapters.web import own
from engine.sandbox.forge import versions
from engine.sandbox.forge.answer import Answer, Call, ForgeError, Route, Viewer, missing
from engine.sandbox.forge.clock import Clock
from engine.sandbox.forge.disturbed import Disturbed
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.people import access, tokens
from engine.sandbox.forge.urls import Urls

LANDING = "/settings/apps/new"  # where a form of any other site may lead: it is shown there, and nothing is done
BODY_LIMIT = 25 * 1024 * 1024


class _Rest(Convertor[str]):
    """All that is left of a path. Starlette's own `path` ends at a new line, which a file's name may have."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """As it is."""
        return value

    def to_string(self, value: str) -> str:
        """As it is."""
        return value


register_url_convertor("rest", _Rest())


def application(forge: Forge, routes: Sequence[Route], others: Sequence[BaseRoute]) -> Starlette:
    """REST's `routes` below /api/v3, and `others` (git, GraphQL, control, pages) in their order."""
    paths = [path for route in routes for path in _paths(forge, route)]
    paths.append(Path("/api/v3/{rest:rest}", _nowhere, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]))
    around = [
        Middleware(Dated, clock=forge.clock),
        Middleware(Guard, host=forge.urls.base.partition("//")[2]),
        Middleware(Disturbed, forge=forge),
    ]
    return Starlette(routes=[*paths, *others], middleware=around)


class Dated:
    """Says in each answer what time it is here, as GitHub does: by the clock that its reviews and comments have."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self.app, self.clock = app, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start" and b"date" not in dict(message["headers"]):
                now = formatdate(self.clock.seconds(), usegmt=True).encode()
                message["headers"] = [*message["headers"], (b"date", now)]
            await send(message)

        await self.app(scope, receive, dated)


class Guard:
    """Refuses every request whose Host or Origin is not this forge's own."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self.app = app
        port = host.rpartition(":")[2]
        self.hosts = {f"{name}:{port}".encode() for name in ("127.0.0.1", "localhost")}
        self.origins = {b"http://" + name for name in self.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is ours."""
        if scope["type"] == "http":
            headers = [(name, value) for name, value in scope["headers"] if name in (b"host", b"origin")]
            hosts = [value for name, value in headers if name == b"host"]
            origins = [value for name, value in headers if name == b"origin"]
            is_ours = self.origins.issuperset(origins) or scope["path"].endswith(LANDING)
            if len(hosts) != 1 or hosts[0] not in self.hosts or not is_ours:
                await Response(
                    "This is a sandbox; it answers to its own address only.\n", 421, media_type="text/plain"
                )(scope, receive, send)
                return
        await self.app(scope, receive, send)


async def limited_body(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """The request's body.

    Raises:
        ForgeError: 413, larger than `limit` bytes.
    """
    data = await own.limited_body(request, limit)
    if data is None:
        raise ForgeError(413, "Payload Too Large")
    return data


def urls_of(request: Request) -> Urls:
    """Addresses by the name that the request called us."""
    return Urls(f"http://{request.headers['host']}")


def _paths(forge: Forge, route: Route) -> list[Path]:
    path = "/api/v3" + (
        route.path.replace(f"{{{route.slashes}}}", f"{{{route.slashes}:rest}}") if route.slashes else route.path
    )

    async def endpoint(request: Request) -> Response:
        try:
            data = await limited_body(request)
        except ForgeError as refused:
            return _sent(request, refused)
        return await run_in_threadpool(_answered, forge, route, request, data)

    # Of files GitHub's `/contents` is what `/contents/` is: the uppermost directory.
    places = [path, path.removesuffix("/{path:rest}")]
    return [Path(place, endpoint, methods=[route.verb]) for place in dict.fromkeys(places)]


def _answered(forge: Forge, route: Route, request: Request, data: bytes) -> Response:
    viewer = tokens.ANONYMOUS
    try:
        versions.chosen(request.headers)
        viewer = tokens.viewer(forge, request.headers)
        if route.counted and not forge.limits.count(viewer.payer):
            raise ForgeError(403, f"API rate limit exceeded for {_payer(viewer)}.")
        response = _sent(request, _answer(forge, viewer, route, request, data))
    except ForgeError as refused:
        response = _sent(request, refused)
    if route.counted and response.status_code == 304:
        forge.limits.give_back(viewer.payer)
    response.headers.update(forge.limits.headers(viewer.payer))
    return response


def _payer(viewer: Viewer) -> str:
    kind, number = viewer.payer
    return "127.0.0.1" if number is None else f"{kind} ID {number}"


def _answer(forge: Forge, viewer: Viewer, route: Route, request: Request, data: bytes) -> Answer:
    _may_ask(route, viewer)
    repository: Any = {}
    if route.path.startswith("/repos/{owner}/{repo}"):
        repository = forge.repository(request.path_params["owner"], request.path_params["repo"])
        if repository is None:
            raise missing()
        if route.who != "app":
            access.demand(forge, viewer, repository, route.access, route.grant)
    elif viewer.kind == "installation" and route.grant:
        access.granted(viewer, route.grant)
    body = _json(data) if route.verb != "GET" else {}
    if not isinstance(body, dict) and not (route.lists and isinstance(body, list)):
        raise ForgeError(400, "Body should be a JSON object")
    if any("\x00" in value for value in request.query_params.values()):
        raise ForgeError(400, "Bad Request")  # no program that is asked could be told of it
    urls = urls_of(request)
    call = Call(
        forge,
        viewer,
        request.path_params,
        request.query_params,
        body,
        urls,
        repository,
        f"{urls.base}{request.url.path}",
        tokens.presented(request.headers),
        request.headers.get("accept", ""),
    )
    return route.handle(call)


def _may_ask(route: Route, viewer: Viewer) -> None:
    if route.who == "app" and viewer.kind != "app":
        raise ForgeError(401, "A JSON web token could not be decoded")
    if viewer.kind == "app" and route.who != "app":
        raise ForgeError(403, "Resource not accessible by integration")
    if route.who == "user" and viewer.kind == "installation":
        raise ForgeError(403, "Resource not accessible by integration")
    changes = route.verb != "GET" and route.who != "open"
    if (route.who in ("signed-in", "user") or changes) and viewer.kind == "anonymous":
        raise ForgeError(401, "Requires authentication")


def _json(data: bytes) -> Any:
    if not data.strip():
        return {}
    try:
        found = json.loads(data, parse_constant=_no_number)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair could not be kept
    except (ValueError, RecursionError):
        raise ForgeError(400, "Problems parsing JSON") from None
    return found


def _no_number(name: str) -> None:
    raise ValueError(name)


def _sent(request: Request, answer: Answer | ForgeError) -> Response:
    if isinstance(answer, ForgeError):
        answer = Answer(answer.body(), answer.status, answer.headers)
    named = request.headers.get(versions.HEADER, versions.DEFAULT)
    version = named if named in versions.REMOVED else versions.DEFAULT
    data = answer.raw if answer.raw is not None else b""
    if answer.raw is None and answer.body is not None:
        data = json.dumps(versions.spoken(version, answer.body)).encode()
    headers = {
        "X-GitHub-Request-Id": secrets.token_hex(8).upper(),
        "X-GitHub-Media-Type": "github.v3; format=json",
        "X-GitHub-Api-Version-Selected": version,
        "Cache-Control": "private, max-age=60, s-maxage=60",
        "Vary": "Accept, Authorization, Cookie",
        **answer.headers,
    }
    if answer.status == 200 and request.method == "GET":
        headers["ETag"] = f'W/"{hashlib.sha256(data).hexdigest()}"'
        if headers["ETag"] in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
            return Response(None, 304, headers)
    if answer.raw is None and data:
        headers["Content-Type"] = "application/json; charset=utf-8"
    return Response(data, answer.status, headers)


async def _nowhere(request: Request) -> Response:
    return _sent(request, missing())
