"""Names told to people: a guess at the one that was meant, and many of them in a line. Both have bounds."""

from collections.abc import Iterable

LONGEST_NAME = 100  # characters that are compared: who mistypes a longer name needs no guess of ours
MOST_COMPARED = 500  # names that are looked at for a guess
_LIKELY = 8  # of these are compared letter by letter, which costs a hundred times as much
MOST_LISTED = 50
_LONGEST_LISTING = 2_000  # characters


def closest(name: str, known: Iterable[str]) -> str:
    """``did you mean `environment`?`` for a near miss of a known name, else an empty string."""
    from difflib import get_close_matches  # a failure path: not worth start-up time
    from heapq import nsmallest
    from itertools import islice

    if len(name) > LONGEST_NAME:
        return ""
    asked = name.casefold()
    letters = set(asked)
    folded = {k.casefold(): k for k in islice(known, MOST_COMPARED) if len(k) <= LONGEST_NAME}
    likely = nsmallest(_LIKELY, folded, key=lambda k: (len(letters.symmetric_difference(k)), abs(len(k) - len(asked))))
    match = get_close_matches(asked, likely, n=1, cutoff=0.6)
    return f"did you mean `{folded[match[0]]}`?" if match else ""


def listing(names: Iterable[str]) -> str:
    """`a, b, c` in order, for the remedy of an unknown name; of many the first, whole, and how many more there are."""
    ordered = sorted(names)
    shown = ordered[:MOST_LISTED]
    while len(shown) > 1 and sum(map(len, shown)) > _LONGEST_LISTING:
        shown.pop()
    more = len(ordered) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "") or "none"
