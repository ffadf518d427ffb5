"""Which backups of a state may be dropped: those that are old, and of which there are newer ones enough."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from engine.core.moment import later

if TYPE_CHECKING:
    from engine.core.rules.model import Kept


def too_many(times: Sequence[tuple[int, str]], kept: "Kept", needed: Collection[int], now: str) -> list[int]:
    """The numbers that may go, the oldest first.

    `times` has number and moment of each that is there, the oldest first; `needed` are those that stay in any case.
    What has no moment that can be compared stays.
    """
    old = times[: max(0, len(times) - max(1, kept.newest))]
    return [number for number, time in old if number not in needed and _is_past(time, kept.for_s, now)]


def _is_past(time: str, seconds: int, now: str) -> bool:
    try:
        return later(time, seconds) <= now
    except ValueError:
        return False
