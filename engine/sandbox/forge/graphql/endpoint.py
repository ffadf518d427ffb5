"""POST /api/graphql. Nothing of GraphQL is imported before the first request."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Path

from engine.sandbox.forge.answer import ForgeError, Viewer
from engine.sandbox.forge.app import limited_body, urls_of
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.people import tokens

PATH = "/api/graphql"
RESOURCE = "graphql"


class Asked(NamedTuple):
    """The body of a request."""

    query: str
    variables: Mapping[str, Any]
    operation: str | None


def path(forge: Forge) -> Path:
    """The route."""

    async def endpoint(request: Request) -> Response:
        try:
            data = await limited_body(request)
        except ForgeError as refused:
            return _sent(forge, tokens.ANONYMOUS, refused.status, refused.body())
        return await run_in_threadpool(_answered, forge, request, data)

    return Path(PATH, endpoint, methods=["POST"])


def _answered(forge: Forge, request: Request, data: bytes) -> Response:
    viewer = tokens.ANONYMOUS
    try:
        viewer = tokens.viewer(forge, request.headers)
        if viewer.kind == "anonymous":
            raise ForgeError(401, "This endpoint requires you to be authenticated.")
        if viewer.kind == "app":
            raise ForgeError(403, "Resource not accessible by integration")
        asked = _read(data)
    except ForgeError as refused:
        return _sent(forge, viewer, refused.status, refused.body())
    from engine.sandbox.forge.graphql.execute import execute

    status, body = execute(forge, viewer, urls_of(request), asked)
    return _sent(forge, viewer, status, body)


def _read(data: bytes) -> Asked:
    try:
        body = json.loads(data)
        json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair could not be kept
    except (ValueError, RecursionError):
        raise ForgeError(400, "Problems parsing JSON") from None
    if not isinstance(body, Mapping) or not isinstance(body.get("query"), str):
        raise ForgeError(400, "A query attribute must be specified and must be a string.")
    variables, operation = body.get("variables"), body.get("operationName")
    if not isinstance(variables, Mapping | None) or not isinstance(operation, str | None):
        raise ForgeError(400, "Variables must be an object, and operationName must be a string.")
    return Asked(body["query"], variables or {}, operation or None)


def _sent(forge: Forge, viewer: Viewer, status: int, body: Mapping[str, Any]) -> Response:
    headers = {
        "X-GitHub-Request-Id": secrets.token_hex(8).upper(),
        "X-GitHub-Media-Type": "github.v4; format=json",
        "Content-Type": "application/json; charset=utf-8",
        **forge.limits.headers(viewer.payer, RESOURCE),
    }
    return Response(json.dumps(body).encode(), status, headers)
