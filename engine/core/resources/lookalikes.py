"""Characters that look like those of a language and are others: blanks, dashes and wide forms that editors put in."""

import re
from unicodedata import normalize

from engine import unseen

_RUN = re.compile(r"[^\x00-\x7f]+")
_DASHES = frozenset("‐‑‒–—―−")


def lookalike(text: str, at: int) -> tuple[int, str, str] | None:
    """Where the characters end that begin at `at`, what they are, and what to write; None: they are something else."""
    found = _RUN.match(text, at)
    if found is None:
        return None
    first = found[0][0]
    if next(unseen.unseen(first), None):
        hint = "write a plain space" if not normalize("NFKC", first).strip() else "remove it"
        return at + 1, f"character {unseen.name(first)} cannot be seen, and is no space here", hint
    plain = "-" if first in _DASHES else normalize("NFKC", first)
    if plain.isascii() and plain.isprintable():
        return at + 1, f"`{first}` ({unseen.name(first)}) only looks like `{plain}`", f"write `{plain}`"
    return None
