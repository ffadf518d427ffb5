"""What an answer says about waiting: GitHub's primary limit, the secondary ones, and those of a proxy before it.

All of them were refused before anything was done, so a write may be asked again as well. Moments are compared with the
answer's own date: our clock may be wrong.
"""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

_DEFAULT_S = 60.0  # what GitHub asks for where a limit names no time
_LIMIT = ("rate limit", "abuse detection")


def wait(status: int, headers: Mapping[str, str], said: str) -> float | None:
    """Seconds to wait before it is asked again; None: this is no limit.

    Args:
        status: of the answer; a GraphQL answer that says RATE_LIMITED counts as 403.
        headers: of the answer, names in lower case.
        said: its message.
    """
    if status not in (403, 429):
        return None
    if "retry-after" in headers:
        return _number(headers["retry-after"])
    if headers.get("x-ratelimit-remaining") == "0" and "x-ratelimit-reset" in headers:
        return max(0.0, _number(headers["x-ratelimit-reset"]) - now(headers)) + 1  # nobody says when in that second
    is_limit = status == 429 or any(words in said.lower() for words in _LIMIT)
    return _DEFAULT_S if is_limit else None


def now(headers: Mapping[str, str]) -> float:
    """Seconds since 1970, by the clock of whoever answered; by ours where they do not say."""
    said = dated(headers)
    return time.time() if said is None else said


def dated(headers: Mapping[str, str]) -> float | None:
    """When it was answered, in seconds since 1970; None where that is not said."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, OverflowError):
        return None


def _number(text: str) -> float:
    """Whole seconds; anything else (Retry-After may also be a date) counts as a minute."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 12 else _DEFAULT_S
