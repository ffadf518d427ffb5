"""Globs over paths and names in linear time: `*` stays inside a segment, `**` does not, `?` is one character.

Everything else is literal. `**/` at the start of a segment also stands for no directory at all, so `**/*.tfvars`
matches `a.tfvars`. Matching runs all possibilities side by side as the bits of one integer: nothing to backtrack.
"""

from collections.abc import Callable
from functools import lru_cache

_ONE, _STAR, _ANY = "?", "*", "**"
_ENTER, _WALK = "**/", "…/"  # no directory, or as many as there are
_WILD = frozenset({_ONE, _STAR, _ANY, _ENTER, _WALK})


@lru_cache(maxsize=1024)
def glob(pattern: str) -> Callable[[str], bool]:
    """The test that `pattern` stands for."""
    tokens = _tokens(pattern)
    wild = [i for i, t in enumerate(tokens) if t in _WILD]
    if not wild:
        return lambda text: text == pattern
    first, last = wild[0], wild[-1] + 1
    prefix, suffix = ("".join(t[1:] for t in part) for part in (tokens[:first], tokens[last:]))
    inner, least = _inner(tokens[first:last]), len(prefix) + len(suffix)

    def test(text: str) -> bool:
        return (
            len(text) >= least
            and text.startswith(prefix)
            and text.endswith(suffix)
            and inner(text[len(prefix) : len(text) - len(suffix)])
        )

    return test


def _tokens(pattern: str) -> list[str]:
    """Wildcards as they are, a literal character as `=c`."""
    tokens: list[str] = []
    at, size = 0, len(pattern)
    while at < size:
        stars = size - at - len(pattern[at:].lstrip("*")) if pattern[at] == "*" else 0
        starts_segment = at == 0 or pattern[at - 1] == "/"
        at += stars
        if not stars:
            tokens.append(_ONE if pattern[at] == "?" else "=" + pattern[at])
            at += 1
        elif stars > 1 and starts_segment and pattern[at : at + 1] == "/":
            tokens += (_ENTER, _WALK)
            at += 1
        elif stars == 1 and tokens[-1:] == [_WALK]:
            tokens[-2:] = [_ANY]  # `**/*` is anything at all, and cheap to see
        else:
            tokens.append(_STAR if stars == 1 else _ANY)
    return tokens


def _inner(tokens: list[str]) -> Callable[[str], bool]:
    if tokens == [_ANY]:
        return lambda _: True
    if tokens == [_STAR]:
        return lambda text: "/" not in text
    states: dict[str, int] = {}  # token → the states that wait for it
    for i, token in enumerate(tokens):
        states[token] = states.get(token, 0) | 1 << i
    one, star, anything, enter, walk = (states.get(t, 0) for t in (_ONE, _STAR, _ANY, _ENTER, _WALK))
    skippable, accept = star | anything | enter, 1 << len(tokens)

    def close(now: int) -> int:
        new = now
        while new := new & skippable:
            new = ((new << 1) | ((new & enter) << 2)) & ~now
            now |= new
        return now

    begin = close(1)

    def test(text: str) -> bool:
        now = begin
        for c in text:
            waiting = states.get("=" + c, 0)
            if c == "/":
                now = ((now & (waiting | walk)) << 1) | (now & (anything | walk))
            else:
                now = ((now & (waiting | one)) << 1) | (now & (anything | walk | star))
            if not now:
                return False
            now = close(now)
        return bool(now & accept)

    return test
