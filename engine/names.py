"""Names told to people: a guess at the one that was meant, and many of them in a line. Both have bounds."""

from collections.abc import Iterable, Sequence

LONGEST_NAME = 100  # characters that are compared: who mistypes a longer name needs no guess of ours
MOST_COMPARED = 500  # names that are looked at for a guess
_NEAR = 0.6  # of 1, from where a name may have been meant
_SLIPS = 3  # one letter of so many is slipped at most: `title` is no `state`, though it has most of its letters
_SURE = 0.85  # from where a name is more likely misspelt than cut short
_SLIP = 0.8  # from where it is more likely a slip than another word
_SHORTEST_BEGINNING = 3  # characters of a name that another one begins or ends with
_GUESSES = 3  # that are named where several are as near
_LIKELY = 8  # of these are compared letter by letter, which costs a hundred times as much
MOST_LISTED = 50
_LONGEST_LISTING = 2_000  # characters


def closest(name: str, known: Iterable[str]) -> str:
    """``did you mean `environment`?`` for a near miss of a known name, else an empty string."""
    meant = alike(name, known)
    return f"did you mean {choice([f'`{one}`' for one in meant])}?" if meant else ""


def alike(name: str, known: Iterable[str]) -> list[str]:
    """The known names that may have been meant, of which none is nearer than the others."""
    if len(name) > LONGEST_NAME:
        return []
    asked, folded = name.casefold(), _folded(known)
    ratios = _ratios(asked, folded)
    best = max(ratios.values(), default=0.0)
    if best < _SURE and len(asked) >= _SHORTEST_BEGINNING and (whole := _begun(asked, folded)):
        return [folded[name] for name in whole]
    return [folded[name] for name, ratio in ratios.items() if ratio == best][:_GUESSES] if best >= _NEAR else []


def nearly(name: str, known: Iterable[str]) -> bool:
    """Is one of them so near that `name` is surely a slip of it?"""
    return len(name) <= LONGEST_NAME and max(_ratios(name.casefold(), _folded(known)).values(), default=0) >= _SLIP


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that has most of its letters, or none: what decides asks this, as a guess is for people."""
    if len(name) > LONGEST_NAME:
        return ""
    folded = _folded(known)
    ratios = _ratios(name.casefold(), folded)
    best = max(ratios, key=lambda one: ratios[one], default="")
    return folded[best] if best and ratios[best] >= _NEAR else ""


def _folded(known: Iterable[str]) -> dict[str, str]:
    from itertools import islice

    return {k.casefold(): k for k in islice(known, MOST_COMPARED) if len(k) <= LONGEST_NAME}


def _ratios(asked: str, folded: Iterable[str]) -> dict[str, float]:
    from difflib import SequenceMatcher  # a failure path: not worth start-up time
    from heapq import nsmallest

    letters = set(asked)
    likely = nsmallest(_LIKELY, folded, key=lambda k: (len(letters.symmetric_difference(k)), abs(len(k) - len(asked))))
    return {name: SequenceMatcher(a=name, b=asked).ratio() for name in likely if _slipped(name, asked)}


def _slipped(meant: str, written: str) -> bool:
    """Do a few slips of the hand make the one of the other?"""
    most = max(len(meant), len(written))
    return distance(meant, written) <= max(2 if most > _SLIPS + 1 else 1, most // _SLIPS)


def distance(one: str, other: str) -> int:
    """Edits from one to the other, two exchanged neighbours counting as one (Damerau, optimal string alignment)."""
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]


def _begun(asked: str, known: Iterable[str]) -> list[str]:
    """The names that begin or end with the one asked for (`ready`, `sign`), or the longest that it begins with."""

    def goes_on(one: str, other: str) -> bool:
        return one.startswith(other) or (one.endswith(other) and not one[-len(other) - 1].isalnum())

    found = [name for name in known if goes_on(name, asked)]
    if not found:
        # `data.none` is no `data` that was written longer: it is something in it.
        shorter = [k for k in known if len(k) >= _SHORTEST_BEGINNING and goes_on(asked, k) and asked[len(k)] != "."]
        found = sorted(shorter, key=len)[-1:]
    return sorted(found) if len(found) <= _GUESSES else []


def listing(names: Iterable[str]) -> str:
    """`a, b, c` in order, for the remedy of an unknown name; of many the first, whole, and how many more there are."""
    ordered = sorted(names)
    shown = ordered[:MOST_LISTED]
    while len(shown) > 1 and sum(map(len, shown)) > _LONGEST_LISTING:
        shown.pop()
    more = len(ordered) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "") or "none"


def plural(number: int, one: str, many: str = "") -> str:
    """`1 problem`, `2 problems`, `1,000 problems`; `many` where it is not `one` with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def either(names: Iterable[str]) -> str:
    """`a, b or c` in order, for a choice that somebody has; of many as `listing`."""
    ordered = sorted(names)
    shown = listing(ordered)
    return choice(ordered) if ordered and shown == ", ".join(ordered) else shown


def together(names: Sequence[str]) -> str:
    """`a, b and c` as they come, each in quotes of ours."""
    quoted = [f"`{one}`" for one in names]
    return " and ".join(filter(None, (", ".join(quoted[:-1]), *quoted[-1:])))


def choice(names: Sequence[str]) -> str:
    """`a, b or c`, as they come."""
    return " or ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
