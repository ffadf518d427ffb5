"""The faults of answers, around the whole application: late, lost after the effect, cut, or another answer at all."""

import asyncio
import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.sandbox.forge.answer import ForgeError
from engine.sandbox.forge.faults import Fault
from engine.sandbox.forge.forge import Forge

_LIMITED_S = 2  # how long the hour's limit of requests is used up


class Disturbed:
    """Asks the forge's faults about every request, but those at the control door."""

    def __init__(self, app: ASGIApp, forge: Forge) -> None:
        self.app = app
        self.forge = forge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, as well or as badly as it is to go."""
        fault = None
        if scope["type"] == "http" and not scope["path"].startswith("/control"):
            fault = self.forge.faults.answer(scope["method"], scope["path"])
        if fault is None:
            await self.app(scope, receive, send)
            return
        if fault.expired:
            _expire(self.forge, scope)
        if fault.delay_s and fault.after_effect and not fault.status:
            send = _late(send, fault.delay_s)
        elif fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        if fault.cut:
            await _cut(self.app, scope, receive, send)
        elif not fault.status:
            await self.app(scope, receive, send)
        else:
            await (self.app(scope, receive, _nowhere) if fault.after_effect else _read(receive))
            await _answer(self.forge, fault, send)


def _late(send: Send, delay_s: float) -> Send:
    """It has happened; only whoever asked is not told yet."""

    async def later(message: Message) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(delay_s)
        await send(message)

    return later


async def _nowhere(message: Message) -> None:
    """An answer that is lost."""


async def _read(receive: Receive) -> None:
    """To the end: a client that still sends would not hear the answer."""
    while (message := await receive())["type"] == "http.request" and message.get("more_body"):
        pass


async def _answer(forge: Forge, fault: Fault, send: Send) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    if fault.limited:
        reset = str(int(forge.clock.seconds()) + _LIMITED_S)
        headers |= {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-used": "5000"}
        headers |= {"x-ratelimit-reset": reset, "x-ratelimit-resource": "core"}
    headers |= {name.lower(): value for name, value in fault.headers.items()}
    data = json.dumps(ForgeError(fault.status, fault.message).body()).encode()
    headers["content-length"] = str(len(data))
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": fault.status, "headers": pairs})
    await send({"type": "http.response.body", "body": data})


async def _cut(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Half of the body. The server closes the connection of an answer that is never ended."""
    data = bytearray()

    async def halved(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            return
        data.extend(message.get("body", b""))
        if not message.get("more_body"):
            await send({"type": "http.response.body", "body": bytes(data[: len(data) // 2]), "more_body": bool(data)})

    await app(scope, receive, halved)


def _expire(forge: Forge, scope: Scope) -> None:
    for name, value in scope["headers"]:
        if name == b"authorization":
            token = value.decode("latin-1").rpartition(" ")[2]
            forge.kept.run(
                "UPDATE tokens SET expires_at = ? WHERE token = ? AND kind = 'installation'", forge.now(), token
            )
