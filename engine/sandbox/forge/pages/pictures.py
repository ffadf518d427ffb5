"""Pictures of our own making: avatars with initials, and the dots of labels. No byte of them is anybody's text."""

import hashlib
import re
from html import escape

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.routing import Route as Path

from engine.sandbox.forge.forge import Forge

# An SVG that is opened by itself is a page; this one can do nothing.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, max-age=600",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# White can be read on each of them.
_COLOURS = ("#7a4f9a", "#2f6690", "#8a4b2d", "#3d6b4f", "#9a3b5b", "#5b5f97", "#6b5d1f", "#37666b")
_COLOUR = re.compile(r"[0-9a-fA-F]{6}\Z")


def paths(forge: Forge) -> list[BaseRoute]:
    """Where they are."""

    async def avatar(request: Request) -> Response:
        number = request.path_params["number"]
        account = await run_in_threadpool(forge.account, number) if number < 2**63 else None
        return _svg(initials("?" if account is None or account["deleted"] else account["login"], number))

    return [
        Path("/avatars/{number:int}.svg", avatar, methods=["GET"]),
        Path("/-/dot/{colour}.svg", _dot, methods=["GET"]),
    ]


def initials(login: str, number: int) -> str:
    """An SVG: the first letters of a login on a colour that stays the account's."""
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", login.removesuffix("[bot]")) if part]
    letters = "".join(part[0] for part in parts[:2]) if len(parts) > 1 else (parts[0][:2] if parts else "?")
    colour = _COLOURS[hashlib.sha256(str(number).encode()).digest()[0] % len(_COLOURS)]
    shape = '<rect width="40" height="40" rx="8"' if login.endswith("[bot]") else '<circle cx="20" cy="20" r="20"'
    text = '<text x="20" y="26" font-family="sans-serif" font-size="16" fill="#fff" text-anchor="middle">'
    return f'{_OPEN % (40, 40)}{shape} fill="{colour}"/>{text}{escape(letters.upper())}</text></svg>'


async def _dot(request: Request) -> Response:
    colour = request.path_params["colour"]
    if not _COLOUR.match(colour):
        colour = "ededed"
    return _svg(f'{_OPEN % (10, 10)}<circle cx="5" cy="5" r="4.5" fill="#{colour}" stroke="#808080"/></svg>')


_OPEN = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d">'


def _svg(text: str) -> Response:
    return Response(text, 200, _HEADERS, "image/svg+xml")
