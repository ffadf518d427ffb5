"""Can two globs match one path, or two forms of one resource? Two sources that own it would write one state.

The same globs as in expressions (`expressions/globs`, compared by a law), walked side by side as two automata.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache

_ENTER, _WALK = "**/", "…/"  # no directory, or as many as there are
_OTHER = "\0"  # stands for every character that neither glob names
_FLAT, _INSIDE = list(".tfvars"), list("/*.tfvars")  # what follows a resource's name in its two forms
_LARGEST = 250_000  # states times characters: beyond, doubt means that they overlap
MOST_STEPS = 1_500_000  # of all comparisons of a rule set: a few seconds
_LAST = "\U0010ffff"


class TooManyError(Exception):
    """The globs of a rule set cannot be compared in the steps that there are."""


class Work:
    """How much comparing may cost."""

    def __init__(self, steps: int = MOST_STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Raises TooManyError: more than there is."""
        self.left -= steps
        if self.left < 0:
            raise TooManyError


def overlap(one: str, other: str, work: Work) -> bool:
    """Is there a path that both match?"""
    return not _parting(one, other) and _meet(_tokens(one), _tokens(other), work)


def one_state(one: str, other: str, work: Work) -> bool:
    """Is there a resource whose flat form (`S3/x.tfvars`) one glob matches, and its directory (`S3/x/`) the other?"""
    return _forms(one, other, work) or _forms(other, one, work)


def alike(globs: Sequence[tuple[str, str]], work: Work) -> Iterator[tuple[int, int]]:
    """Of (owner, glob) the pairs of two owners that could meet by how they begin; all others cannot.

    By number, each once, the lower first.
    """
    begin = sorted((_literal(pattern), owner, number) for number, (owner, pattern) in enumerate(globs))
    texts = [text for text, _, _ in begin]
    following = list(range(1, len(begin) + 1))  # the next one of another owner
    for at in range(len(begin) - 2, -1, -1):
        if begin[at][1] == begin[at + 1][1]:
            following[at] = following[at + 1]
    seen: set[tuple[int, int]] = set()
    for text, owner, number in begin:
        # What goes on where this one has its wildcard, or with a slash where this one has the dot of a flat form.
        for start in (text, *(f"{text[:i]}/" for i, c in enumerate(text) if c == ".")):
            at, end = bisect_left(texts, start), bisect_left(texts, start + _LAST)
            while at < end:
                work.spend(1)
                _, theirs, other = begin[at]
                pair = (number, other) if number < other else (other, number)
                if theirs != owner and pair not in seen:
                    seen.add(pair)
                    yield pair
                at = following[at] if theirs == owner else at + 1


def _literal(pattern: str) -> str:
    return pattern[: min((at for at in (pattern.find("*"), pattern.find("?")) if at >= 0), default=len(pattern))]


def _parting(one: str, other: str) -> str:
    """The two characters in which they part before any wildcard; empty if they do not. Spares most pairs the walk."""
    for pair in zip(one, other, strict=False):
        if not {"*", "?"}.isdisjoint(pair):
            break
        if pair[0] != pair[1]:
            return "".join(pair)
    return ""


def _meet(left: list[str], right: list[str], work: Work) -> bool:
    return any(i == len(left) and j == len(right) for i, j, _ in _walk(left, right, work))


def _forms(one: str, other: str, work: Work) -> bool:
    if _parting(one, other) not in ("", "./"):  # `S3/x.tfvars`, `S3/x/`
        return False
    flat, directory = _tokens(one), _tokens(other)
    ends = cache(lambda at: _meet(flat[at:], _FLAT, work))
    goes_on = cache(lambda at: _meet(directory[at:], _INSIDE, work))
    # a resource lies below its service, so its name has a slash in front
    return any(deep and ends(i) and goes_on(j) for i, j, deep in _walk(flat, directory, work))


def _walk(left: list[str], right: list[str], work: Work) -> Iterator[tuple[int, int, bool]]:
    """Where both can be after the same text, and whether it holds a slash."""
    alphabet = {c for token in (*left, *right) if len(token) == 1 for c in token} - {"*", "?"} | {"/", _OTHER}
    if (len(left) + 1) * (len(right) + 1) * len(alphabet) > _LARGEST:
        work.spend(len(left) * len(right))
        yield from ((i, j, True) for i in range(len(left) + 1) for j in range(len(right) + 1))
        return
    seen: set[tuple[int, int, bool]] = set()
    waiting = [(0, 0, False)]
    while waiting:
        state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        work.spend(len(alphabet))
        yield state
        i, j, deep = state
        waiting += ((k, j, deep) for k in _skips(left, i))
        waiting += ((i, k, deep) for k in _skips(right, j))
        waiting += ((k, m, deep or c == "/") for c in alphabet for k in _takes(left, i, c) for m in _takes(right, j, c))


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
