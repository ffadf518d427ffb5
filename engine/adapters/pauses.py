"""How long to wait before something is tried again: longer each time, and never two at the same moment."""

from collections.abc import Iterator
from secrets import randbelow

_FINE = 1_000  # steps of what is drawn


def pauses(tries: int, first_s: float, longest_s: float) -> Iterator[float]:
    """Seconds before the second try and each further one; after them it is not tried again.

    Half of each is drawn, so that many who were refused together do not come back together.
    """
    for number in range(tries - 1):
        most = min(first_s * 2**number, longest_s)
        yield most / 2 + most / 2 * randbelow(_FINE) / _FINE
