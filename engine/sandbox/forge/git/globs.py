"""Patterns of refs in rulesets, as Ruby's File.fnmatch with FNM_PATHNAME reads them.

`*` and `?` end at a slash, `**/` is any number of levels. Whoever owns a repository writes them, so they are not made
into regular expressions, which some patterns would keep busy for ever.
"""

import re

_TOKENS = re.compile(r"\*\*/|\*+|.", re.DOTALL)


def matches(pattern: str, ref: str, default_branch: str) -> bool:
    """Does a row of a ruleset's conditions mean this ref? Takes at most their lengths' product of steps."""
    if pattern == "~ALL":
        return True
    if pattern == "~DEFAULT_BRANCH":
        return ref == f"refs/heads/{default_branch}"
    found = [each if each == "**/" else each[0] for each in _TOKENS.findall(pattern)]
    tokens = [each for at, each in enumerate(found) if each != "**/" or found[at - 1 : at] != [each]]
    places = _reached(tokens, {0})
    for letter in ref:
        places = _reached(tokens, {new for place in places for new in _after(tokens, place, letter)})
    return len(tokens) in places


def _after(tokens: list[str], place: int, letter: str) -> tuple[int, ...]:
    """Where one letter leads from before a token; a place below 0 is within the `**/` at its complement."""
    at = place if place >= 0 else ~place
    if at == len(tokens):
        return ()
    if tokens[at] == "**/":
        return (~at, at + 1) if letter == "/" else (~at,)
    if tokens[at] == "*":
        return () if letter == "/" else (at,)
    fits = letter != "/" if tokens[at] == "?" else letter == tokens[at]
    return (at + 1,) if fits else ()


def _reached(tokens: list[str], places: set[int]) -> set[int]:
    """These places, and those behind tokens that may be nothing."""
    for at, token in enumerate(tokens):
        if at in places and token in ("*", "**/"):
            places.add(at + 1)
    return places
