"""Can two globs match one path? Two sources that both own a path would write one state.

The same globs as in expressions (`expressions/globs`, compared by a law), walked side by side as two automata.
"""

from collections.abc import Iterator

_ENTER, _WALK = "**/", "…/"  # no directory, or as many as there are
_OTHER = "\0"  # stands for every character that neither glob names
_LARGEST = 250_000  # states times characters: beyond, doubt means that they overlap


def overlap(one: str, other: str) -> bool:
    """Is there a path that both match?"""
    left, right = _tokens(one), _tokens(other)
    alphabet = {c for token in (*left, *right) if len(token) == 1 for c in token} - {"*", "?"} | {"/", _OTHER}
    if (len(left) + 1) * (len(right) + 1) * len(alphabet) > _LARGEST:
        return True
    seen: set[tuple[int, int]] = set()
    waiting = [(0, 0)]
    while waiting:
        pair = waiting.pop()
        if pair in seen:
            continue
        seen.add(pair)
        i, j = pair
        if i == len(left) and j == len(right):
            return True
        waiting += ((k, j) for k in _skips(left, i))
        waiting += ((i, k) for k in _skips(right, j))
        waiting += ((k, m) for c in alphabet for k in _takes(left, i, c) for m in _takes(right, j, c))
    return False


def _skips(tokens: list[str], at: int) -> Iterator[int]:
    """Where a wildcard that stands for nothing leads."""
    token = tokens[at] if at < len(tokens) else ""
    if token in ("*", "**", _ENTER):
        yield at + 1
    if token == _ENTER:
        yield at + 2


def _takes(tokens: list[str], at: int, character: str) -> Iterator[int]:
    """Where a character leads."""
    here = tokens[at] if at < len(tokens) else ""
    if here in ("**", _WALK) or (here == "*" and character != "/"):
        yield at
    if here == character or (here == "?" and character != "/") or (here == _WALK and character == "/"):
        yield at + 1


def _tokens(pattern: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    while at < len(pattern):
        stars = len(pattern) - at - len(pattern[at:].lstrip("*"))
        if not stars:
            tokens.append(pattern[at])
            at += 1
            continue
        starts_segment = at == 0 or pattern[at - 1] == "/"
        at += stars
        if stars > 1 and starts_segment and pattern[at : at + 1] == "/":
            tokens += (_ENTER, _WALK)
            at += 1
        else:
            tokens.append("*" if stars == 1 else "**")
    return tokens
