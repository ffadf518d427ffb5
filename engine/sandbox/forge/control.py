"""The control door: how somebody who plays with the sandbox from outside moves it, beside GitHub's API.

JSON over HTTP below /control, nothing without its token, and nothing for a page: a browser says where it comes from.
"""

import asyncio
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.routing import Route as Path

from engine.sandbox.forge.answer import ForgeError
from engine.sandbox.forge.app import limited_body
from engine.sandbox.forge.faults import HOWS, Fault
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.hooks.sending import waiting
from engine.sandbox.forge.ids import new_token
from engine.sandbox.forge.people import accounts
from engine.sandbox.forge.runner import tick

PREFIX = "/control"
_LIMIT = 64 * 1024  # bytes of a request
_MOST_S = 10 * 365 * 86400  # how far the clock may be advanced, all in all
_IDLE_S, _MOST_IDLE_S = 60.0, 3600.0
_POLL_S = 0.02
_BY_PAGES = ("origin", "sec-fetch-site", "sec-fetch-mode")  # a browser sends one of them, a program none

Body: TypeAlias = Mapping[str, Any]


class Field(NamedTuple):
    """One value of a request's JSON."""

    kind: type | tuple[type, ...]
    default: Any = None  # None: it is needed
    fits: Callable[[Any], bool] = lambda _: True


class Command(NamedTuple):
    """One word at the door; `{…}` in it is handed on as `name`."""

    verb: str
    path: str
    fields: Mapping[str, Field]
    carry_out: Callable[[Forge, Body], Any] | None = None  # in a thread
    wait: Callable[[Forge, Body], Awaitable[tuple[Any, int]]] | None = None  # or, where it takes long, without one


def token(forge: Forge) -> str:
    """What opens the door; the same for as long as the sandbox's state."""
    with forge.kept.change():
        if not forge.setting("control_token"):
            forge.set_setting("control_token", new_token("control"))
    return forge.setting("control_token")


def door(forge: Forge) -> list[BaseRoute]:
    """The door's routes."""
    found: list[BaseRoute] = [_route(forge, command) for command in COMMANDS]
    return [*found, Path(PREFIX + "/{rest:path}", _nowhere, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])]


def _route(forge: Forge, command: Command) -> Path:
    async def endpoint(request: Request) -> Response:
        try:
            _allowed(forge, request)
            said = _said(command, await limited_body(request, _LIMIT)) | request.path_params
            if command.wait is not None:
                return JSONResponse(*await command.wait(forge, said))
            assert command.carry_out is not None
            return JSONResponse(await run_in_threadpool(command.carry_out, forge, said))
        except ForgeError as refused:
            return JSONResponse({"message": refused.message}, refused.status)

    return Path(PREFIX + command.path, endpoint, methods=[command.verb])


def _allowed(forge: Forge, request: Request) -> None:
    if any(name in request.headers for name in _BY_PAGES):
        raise ForgeError(403, "the control door is for programs, not for pages")
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(said.encode(), token(forge).encode()):
        raise ForgeError(401, "the control door wants `Authorization: Bearer TOKEN` with the token of the ready line")


def _said(command: Command, data: bytes) -> dict[str, Any]:
    """The request's JSON, each value as its field wants it."""
    try:
        given = json.loads(data) if data.strip() else {}
    except (ValueError, RecursionError):
        raise ForgeError(400, "the body is not JSON") from None
    if not isinstance(given, dict):
        raise ForgeError(400, "the body is not a JSON object")
    for name in given:
        if name not in command.fields:
            raise ForgeError(400, f"unknown key {name!r}; known here: {', '.join(command.fields) or 'none'}")
    found = {}
    for name, field in command.fields.items():
        value = given.get(name, field.default)
        if value is None and field.default is None:
            raise ForgeError(400, f"{name!r} is missing")
        # A flag is no number here, though Python counts with it.
        if (
            isinstance(value, bool) != (field.kind is bool)
            or not isinstance(value, field.kind)
            or not field.fits(value)
        ):
            raise ForgeError(400, f"{name!r} is not what is wanted here")
        found[name] = value
    return found


def _runs(forge: Forge, said: Body) -> Any:  # noqa: ARG001
    return list(forge.runner.runs())


async def _idle(forge: Forge, said: Body) -> tuple[Any, int]:
    """Nothing waits and nothing runs, both at one moment: two looks, between which no delivery came."""
    end = time.monotonic() + said["timeout_s"]
    before = None
    while True:
        deliveries, runs, newest = await run_in_threadpool(_going, forge)
        now = (newest, deliveries, runs)
        if not deliveries and not runs and now == before:
            return {"idle": True}, 200
        if forge.ending.is_set():
            raise ForgeError(503, "the sandbox ends")
        if time.monotonic() >= end:
            return {"idle": False, "message": "not idle in time", "deliveries": deliveries, "runs": runs}, 408
        before = now
        await asyncio.sleep(_POLL_S)


def _going(forge: Forge) -> tuple[int, int, int]:
    deliveries = waiting(forge)
    return deliveries, forge.runner.going(), forge.kept.value("SELECT coalesce(max(id), 0) FROM deliveries")


def _clock(forge: Forge, said: Body) -> Any:
    with forge.kept.change():
        ahead = forge.clock.ahead_s + said["advance_s"]
        if ahead > _MOST_S:
            raise ForgeError(400, "the clock cannot be advanced by more than ten years")
        forge.set_setting("clock_ahead_s", str(ahead))
        forge.clock.advance(said["advance_s"])
    forge.runner.advanced()
    return {"now": forge.now(), "ahead_s": forge.clock.ahead_s}


def _tick(forge: Forge, said: Body) -> Any:  # noqa: ARG001
    return {"started": tick(forge)}


def _chaos(forge: Forge, said: Body) -> Any:
    forge.faults.order_delivery(said["event"], said["action"], said["how"], said["count"])
    return {"ordered": said["count"]}


def _fault(forge: Forge, said: Body) -> Any:
    fields = {name: said[name] for name in ("status", "message", "headers", "after_effect", "delay_s", "cut")}
    if said["count"] and not (said["status"] or said["delay_s"] or said["cut"]):
        raise ForgeError(400, "'status' is missing")
    forge.faults.order_answer(said["path"], said["method"], Fault(**fields), said["count"])
    return {"ordered": said["count"]}


def _user(forge: Forge, said: Body) -> Any:
    who = accounts.by_login(forge, said["name"])
    if who is None or who["kind"] != "User":
        raise ForgeError(404, f"there is no user {said['name']}")
    if bool(said["rename"]) == said["delete"]:
        raise ForgeError(400, "say either 'rename' with the new login, or 'delete': true")
    if said["delete"]:
        accounts.delete(forge, who["id"])
    else:
        accounts.rename(forge, who["id"], said["rename"])
    return {"id": who["id"], "login": said["rename"] or "ghost"}


async def _nowhere(_: Request) -> Response:
    known = ", ".join(f"{command.verb} {command.path[1:]}" for command in COMMANDS)
    return JSONResponse({"message": f"there is no such thing at the control door; it knows {known}"}, 404)


def _headers(value: Mapping[str, object]) -> bool:
    return all(
        isinstance(text, str) and text.isascii() and text.isprintable() and name.replace("-", "").isalnum()
        for name, text in value.items()
    )


_COUNT = Field(int, 1, lambda count: 0 <= count <= 1000)
COMMANDS = (
    Command("GET", "/runs", {}, _runs),
    Command("POST", "/tick", {}, _tick),
    Command("POST", "/idle", {"timeout_s": Field((int, float), _IDLE_S, lambda s: 0 <= s <= _MOST_IDLE_S)}, wait=_idle),
    Command("POST", "/clock", {"advance_s": Field((int, float), None, lambda s: 0 <= s <= _MOST_S)}, _clock),
    Command(
        "POST",
        "/chaos",
        {
            "event": Field(str, ""),
            "action": Field(str, ""),
            "how": Field(str, None, lambda how: how in HOWS),
            "count": _COUNT,
        },
        _chaos,
    ),
    Command(
        "POST",
        "/fault",
        {
            "path": Field(str, None, lambda path: path[:1] in ("/", "*") and len(path) < 1000),
            "method": Field(str, ""),
            "status": Field(int, 0, lambda status: status == 0 or 400 <= status <= 599),
            "message": Field(str, "A fault that was ordered at the control door."),
            "headers": Field(dict, {}, _headers),
            "after_effect": Field(bool, False),
            "delay_s": Field((int, float), 0, lambda s: 0 <= s <= 60),
            "cut": Field(bool, False),
            "count": _COUNT,
        },
        _fault,
    ),
    Command("POST", "/users/{name}", {"rename": Field(str, ""), "delete": Field(bool, False)}, _user),
)
