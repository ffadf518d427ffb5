"""Texts with `${…}` in them, cut into literal parts and expressions. `$${` stands for the characters `${`."""

from typing import TypeAlias

from engine.core.expressions.snippet import QUOTES, Snippet, closing
from engine.errors import Errors, Place

Piece: TypeAlias = str | Snippet


def pieces(text: str, place: Place) -> list[Piece]:
    """The parts of `text` in order; neighbouring literals are one.

    Raises:
        EngineError: ENG124, a `${` that is never closed.
    """
    if "${" not in text:
        return [text]
    errors = Errors()
    found: list[Piece] = []
    literal, at = "", 0
    while (start := text.find("${", at)) >= 0:
        if start > at and text[start - 1] == "$":
            literal += text[at : start - 1] + "${"
            at = start + 2
            continue
        literal += text[at:start]
        end = _end(text, start + 2)
        if end < 0:
            errors.add("ENG124", Snippet(text, place).at(start, start + 2))
            errors.check()
        if literal:
            found.append(literal)
        found.append(Snippet(text[start + 2 : end], place, text, start + 2))
        literal, at = "", end + 1
    if literal or at < len(text):
        found.append(literal + text[at:])
    return found


def _end(text: str, at: int) -> int:
    """Where the `}` is that closes what begins at `at`: braces and quotes inside an expression are its own."""
    depth = 0
    while at < len(text):
        c = text[at]
        if c in QUOTES:
            at = closing(text, at)
            if at < 0:
                return -1
        elif c == "{":
            depth += 1
        elif c == "}":
            if not depth:
                return at
            depth -= 1
        at += 1
    return -1
