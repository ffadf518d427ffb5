"""Git's smart HTTP: who it is, what they may, and then `git http-backend` (for reading) or a push of ours.

The backend gets a built environment and one repository's directory; its own dumb protocol, with which every file of the
directory could be read, is not passed on to it.
"""

import os
from collections.abc import Awaitable, Callable
from typing import TypeAlias
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engine.adapters import process
from engine.sandbox.forge.answer import ForgeError, Viewer
from engine.sandbox.forge.app import limited_body
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import command
from engine.sandbox.forge.git.receive import receive
from engine.sandbox.forge.git.storage import MAX_INPUT
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access, tokens

SERVICES = ("git-upload-pack", "git-receive-pack")
_WANTS = 8 * 1024 * 1024  # bytes of what a fetch may ask for
_NO_CACHE = {"Cache-Control": "no-cache, max-age=0, must-revalidate", "Pragma": "no-cache", "Expires": "0"}
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
_LOGIN = {"WWW-Authenticate": 'Basic realm="GitHub"'}


def routes(forge: Forge) -> list[BaseRoute]:
    """`/{owner}/{name}.git/…`, and the same without `.git`, as GitHub has it."""

    async def endpoint(request: Request) -> Response:
        service = request.path_params.get("service") or _asked(request)
        try:
            found = await run_in_threadpool(_allowed, forge, request, service)
            limit = MAX_INPUT if service == SERVICES[1] else _WANTS
            body = await limited_body(request, limit)
            return await run_in_threadpool(_served, forge, request, service, *found, body)
        except ForgeError as refused:
            return Response(f"{refused.message}\n", refused.status, refused.headers, "text/plain")

    found: list[BaseRoute] = []
    for name in ("{name}.git", "{name}"):
        found.append(Route(f"/{{owner}}/{name}/info/refs", endpoint, methods=["GET"]))
        found += [
            Route(f"/{{owner}}/{name}/{service}", _posted(endpoint, service), methods=["POST"]) for service in SERVICES
        ]
    return found


def _posted(endpoint: Endpoint, service: str) -> Endpoint:
    async def posted(request: Request) -> Response:
        request.path_params["service"] = service
        return await endpoint(request)

    return posted


def _asked(request: Request) -> str:
    asked = parse_qs(request.url.query).get("service", [])
    return asked[0] if len(asked) == 1 else ""


def _allowed(forge: Forge, request: Request, service: str) -> tuple[Viewer, Row]:
    """Who asks, and the repository, which they may read, or write to.

    Raises:
        ForgeError: 401 for nobody (git then asks for a name and a password), 404 for what one may not see, 403.
    """
    try:
        viewer = tokens.viewer(forge, request.headers)
    except ForgeError:
        raise ForgeError(401, "Invalid username or token.", headers=_LOGIN) from None
    repository = forge.repository(request.path_params["owner"], request.path_params["name"])
    writes = service == "git-receive-pack"
    if viewer.kind == "app" or service not in SERVICES:
        raise ForgeError(
            403, "Please upgrade your git client." if service not in SERVICES else "Write access not granted."
        )
    if viewer.kind == "anonymous" and (writes or repository is None or repository["private"]):
        raise ForgeError(401, "Repository not found.", headers=_LOGIN)
    if repository is None or not access.sees(forge, viewer, repository):
        raise ForgeError(404, "Repository not found.")
    level = "write" if writes else "read"
    try:
        access.demand(forge, viewer, repository, level, f"contents:{level}")
    except ForgeError as refused:
        account = forge.account(viewer.account)
        who = "nobody" if account is None else account["login"]
        if repository["archived"]:
            raise ForgeError(403, "This repository was archived so it is read-only.") from None
        raise ForgeError(403, f"Permission to {repository['full_name']}.git denied to {who}.") from refused
    return viewer, repository


def _served(forge: Forge, request: Request, service: str, viewer: Viewer, repository: Row, body: bytes) -> Response:
    if request.method == "POST" and request.headers.get("content-type") != f"application/x-{service}-request":
        raise ForgeError(415, "This is not how git asks.")
    if service == "git-receive-pack" and request.method == "POST":
        if request.headers.get("content-encoding", "identity") != "identity":
            raise ForgeError(415, "A push is not compressed a second time.")
        answer = receive(forge, repository, viewer, body)
        return Response(answer, 200, _NO_CACHE, f"application/x-{service}-result")
    return _backend(forge, request, service, repository, body)


def _backend(forge: Forge, request: Request, service: str, repository: Row, body: bytes) -> Response:
    path = forge.git_dir(repository["id"])
    root, folder = os.path.split(path)
    posted = request.method == "POST"
    env = command.environment(
        GIT_PROJECT_ROOT=root,
        GIT_HTTP_EXPORT_ALL="1",
        REMOTE_USER="somebody",
        PATH_INFO=f"/{folder}/{service if posted else 'info/refs'}",
        QUERY_STRING="" if posted else f"service={service}",
        REQUEST_METHOD=request.method,
        CONTENT_TYPE=request.headers.get("content-type", ""),
        CONTENT_LENGTH=str(len(body)),
        HTTP_CONTENT_ENCODING=request.headers.get("content-encoding", ""),
        GIT_PROTOCOL=request.headers.get("git-protocol", ""),
    )
    try:
        done = process.run(
            ["git", "http-backend"],
            cwd=path,
            env=env,
            timeout_s=command.TIMEOUT_S,
            answers=(0, 1, 128),
            stdin=body,
            memory=command.MEMORY,
            grace_s=1,
        )
    except process.ProcessError:
        raise ForgeError(503, "This took too long, or is too much.") from None
    head, _, data = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line)
    status = int(headers.pop("Status", "200" if headers else "500")[:3])
    return Response(data, status, headers)
