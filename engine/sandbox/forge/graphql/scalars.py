"""GitHub's own scalars that a query may send: what is taken, and what is refused."""

import binascii
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from graphql import GraphQLError

from engine.sandbox.forge import clock
from engine.sandbox.forge.git.names import SHA


def _text(name: str, good: Callable[[str], bool]) -> Callable[[Any], str]:
    def value(said: Any) -> str:
        if not isinstance(said, str) or not good(said):
            raise GraphQLError(f"Could not coerce value {said!r:.80} to {name}")
        return said

    return value


def _is(read: Callable[[str], object]) -> Callable[[str], bool]:
    def good(text: str) -> bool:
        try:
            read(text)
        except (ValueError, binascii.Error):
            return False
        return True

    return good


SCALARS = {
    "Base64String": _text("Base64String", _is(lambda text: b64decode(text, validate=True))),
    "DateTime": _text("DateTime", _is(clock.seconds)),
    "GitObjectID": _text("GitObjectID", lambda text: SHA.match(text) is not None),
    "URI": _text("URI", lambda text: len(text) < 8192),
}
