"""All that is said to the forge in a test, and all that it answers, held against GitHub's description of REST."""

import re
from collections.abc import Sequence
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.sandbox.forge.answer import Route
from tests.support.github_openapi import Exchange, problems

PREFIX = "/api/v3"
# What GitHub Enterprise Server has and the description of github.com does not: (verb, path) → where it is documented.
ELSEWHERE: dict[tuple[str, str], str] = {}


class Recorder:
    """Stands before the forge's application. `take` gives what it found since the last call."""

    def __init__(self) -> None:
        self._found: list[Exchange | str] = []

    def before(self, app: ASGIApp, routes: Sequence[Route]) -> ASGIApp:
        """The application, listened to."""
        patterns = [(route, pattern(route)) for route in routes]

        async def listening(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not scope["path"].startswith(f"{PREFIX}/"):
                await app(scope, receive, send)
                return
            asked, answered = bytearray(), bytearray()
            start: dict[str, Any] = {}

            async def hear() -> Message:
                message = await receive()
                asked.extend(message.get("body", b""))
                return message

            async def say(message: Message) -> None:
                if message["type"] == "http.response.start":
                    start.update(message)
                answered.extend(message.get("body", b""))
                if message["type"] == "http.response.body" and not message.get("more_body"):
                    # before the last bytes leave: whoever has read the answer finds it recorded
                    self._record(scope, patterns, bytes(asked), start, bytes(answered))
                await send(message)

            await app(scope, hear, say)

        return listening

    def take(self) -> list[str]:
        """Every difference from GitHub's description since the last call."""
        found, self._found = self._found, []
        return [problem for one in found for problem in ([one] if isinstance(one, str) else problems(one))]

    def _record(self, scope: Scope, patterns: Any, asked: bytes, start: Any, answered: bytes) -> None:
        status, path = start["status"], scope["path"].removeprefix(PREFIX)
        route = next((r for r, p in patterns if r.verb == scope["method"] and p.fullmatch(path)), None)
        if status == 421 or (route is not None and (route.verb, route.path) in ELSEWHERE):
            return
        if route is None:
            if status < 400:
                self._found.append(f"{scope['method']} {path}: answered {status} without a route")
            return
        media = {name.lower(): value for name, value in start["headers"]}.get(b"content-type", b"").decode()
        query = scope["query_string"].decode()
        self._found.append(Exchange(route.path, route.verb, query, asked, status, media, answered))


def pattern(route: Route) -> re.Pattern[str]:
    """Which paths are this route's."""
    path = route.path.removesuffix("/{path}")
    if path != route.path:  # of a file: the uppermost directory has no path
        return re.compile(pattern(route._replace(path=path)).pattern + "(?:/(.*))?", re.DOTALL)
    parts = re.split(r"\{(\w+)\}", route.path)
    return re.compile(
        "".join(
            re.escape(part) if at % 2 == 0 else "(.*)" if part == route.slashes else "([^/]+)"
            for at, part in enumerate(parts)
        )
    )
