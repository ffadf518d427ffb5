"""What fits into a comment: parts are shown whole or not at all, with a word that some are missing."""

from collections.abc import Sequence
from typing import NamedTuple

LIMIT = 65_536  # counted in UTF-8 bytes here, which are never fewer than GitHub's characters


class Piece(NamedTuple):
    """Something that is shown whole or not at all."""

    text: str
    rank: int  # the lower, the sooner it is kept


def listed(title: str, pieces: Sequence[Piece], room: int, noun: str) -> tuple[str, int]:
    """Those that fit, below a title, and the room that is left."""
    if not pieces:
        return "", room
    kept, left = keep(pieces, room)
    body = "\n".join([f"{title}\n", *(p.text for p in kept)])
    return and_more(body, noun, len(pieces) - len(kept)), left


def and_more(block: str, noun: str, missing: int) -> str:
    """`block`, with how many are missing."""
    return f"{block}\n\n*… and {missing} more {noun}; the run's report has all.*" if missing else block


def keep(pieces: Sequence[Piece], room: int, part: float = 2 / 3) -> tuple[list[Piece], int]:
    """Those of lowest rank that fit into `part` of the room, in their given order, and the room that is left.

    Nobody but the last may take all: a thousand findings leave something for the table.
    """
    share = int(room * part)
    chosen: set[int] = set()
    used = 0
    for number in sorted(range(len(pieces)), key=lambda n: (pieces[n].rank, n)):
        needed = size(pieces[number].text)
        if used + needed > share:
            break
        chosen.add(number)
        used += needed
    return [piece for number, piece in enumerate(pieces) if number in chosen], room - used


def size(text: str) -> int:
    """In bytes, with the line ends that join it to the next."""
    return len(text.encode()) + 2
