"""Moments: RFC 3339 in UTC with whole seconds, `2026-11-23T21:00:00Z`.

One spelling of fixed width, so that comparing two strings is comparing two moments and no clock library is loaded.
"""

import re

_FORM = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z")


def is_moment(text: str) -> bool:
    """Is `text` written in the one form?"""
    return _FORM.fullmatch(text) is not None


def later(moment: str, seconds: int) -> str:
    """The moment `seconds` after `moment`.

    Raises:
        ValueError: `moment` does not exist (31 February), or the result is beyond the year 9999.
    """
    from datetime import datetime, timedelta  # 2 ms, and only what signs needs it

    if not is_moment(moment):
        raise ValueError("it is not written like 2026-11-23T21:00:00Z")
    try:
        return (datetime.fromisoformat(moment) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    except OverflowError as error:
        raise ValueError(str(error)) from None
