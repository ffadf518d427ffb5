"""Which verdict a check run of ours speaks of, as its `external_id`: what GitHub remembers, and a store may not."""

from collections.abc import Iterable, Sequence

_DIGITS = 10  # of the number of a verdict


def external_id(pr: int, sequence: int, result: str) -> str:
    """Of the check of a pull request; `sequence` 0: no verdict was signed."""
    return f"{pr}:{sequence}:{result}"


def shown(external_ids: Iterable[str], pr: int) -> int:
    """The highest number of a verdict that checks of this pull request speak of; 0: of none."""
    parts = (one.split(":") for one in external_ids)
    return max((int(each[1]) for each in parts if _is_of(each, pr)), default=0)


def _is_of(parts: Sequence[str], pr: int) -> bool:
    number = parts[1] if len(parts) == 3 and parts[0] == str(pr) else ""
    return number.isascii() and number.isdecimal() and len(number) <= _DIGITS
