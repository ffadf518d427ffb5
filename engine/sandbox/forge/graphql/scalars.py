"""GitHub's own scalars that a query may send: what is taken, and what is refused."""

import binascii
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from graphql import GraphQLError, StringValueNode, print_ast

from engine.sandbox.forge import clock
from engine.sandbox.forge.git.names import SHA


def _text(name: str, good: Callable[[str], bool]) -> tuple[Callable[..., str], Callable[..., str]]:
    def value(said: Any) -> str:
        if not isinstance(said, str) or not good(said):
            raise GraphQLError(f"Could not coerce value {said!r:.80} to {name}")
        return said

    def literal(node: Any, _: Any = None) -> str:
        if not isinstance(node, StringValueNode):
            raise GraphQLError(f"Could not coerce value {print_ast(node):.80} to {name}")
        return value(node.value)

    return value, literal


def _is_base64(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_time(text: str) -> bool:
    try:
        clock.seconds(text)
    except ValueError:
        return False
    return True


SCALARS = {
    "Base64String": _text("Base64String", _is_base64),
    "DateTime": _text("DateTime", _is_time),
    "GitObjectID": _text("GitObjectID", lambda text: SHA.match(text) is not None),
    "URI": _text("URI", lambda text: len(text) < 8192),
}
