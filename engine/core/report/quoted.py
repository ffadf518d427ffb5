"""Text that is not ours, in places where GitHub acts on what it reads: commit messages, titles.

A commit message closes issues, skips checks, adds authors and calls people. Foreign text never begins a line there, is
one line itself, and has none of the characters left that any of this takes.
"""

import re

from engine.printable import harmless

_CALLS = str.maketrans({"@": "(at)", "#": "no. ", "[": "(", "]": ")", "<": "(", ">": ")", "`": "'"})
_ISSUES = re.compile(r"\b(gh)-(?=[0-9])", re.IGNORECASE)
_LINKS = re.compile(r":/{2}")


def quoted(text: str, most: int) -> str:
    """`text` in at most so many characters of one line, to which nothing happens but being read."""
    flat = " ".join(harmless(text).split()).translate(_CALLS)
    flat = _LINKS.sub(": ", _ISSUES.sub(r"\1 ", flat))
    flat = " ".join(flat.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"
