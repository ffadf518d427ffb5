"""Moments: RFC 3339 in UTC with whole seconds, `2026-11-23T21:00:00Z`.

One spelling of fixed width, so that comparing two strings is comparing two moments and no clock library is loaded.
"""

import re

_FORM = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z")
_AT = (0, 5, 8, 11, 14, 17)  # where its numbers stand


def is_moment(text: str) -> bool:
    """Is `text` written in the one form?"""
    return _FORM.fullmatch(text) is not None


def is_day(moment: str) -> bool:
    """Has the month of a moment, which is written in the one form, that day?"""
    year, month, day = int(moment[:4]), int(moment[5:7]), int(moment[8:10])
    return day <= _lengths(year)[month - 1]


def later(moment: str, seconds: int) -> str:
    """The moment `seconds` after `moment`.

    Raises:
        ValueError: `moment` does not exist (31 February), or the result is in no year from 1 to 9999.
    """
    if not is_moment(moment):
        raise ValueError("it is not written like 2026-11-23T21:00:00Z")
    year, month, day, hour, minute, second = (int(moment[at : at + 4 if at == 0 else at + 2]) for at in _AT)
    lengths = _lengths(year)
    if not year or day > lengths[month - 1]:
        raise ValueError("there is no such day")
    days = _before(year) + sum(lengths[: month - 1]) + day - 1
    days, rest = divmod(((days * 24 + hour) * 60 + minute) * 60 + second + seconds, 86400)
    if not 0 <= days < _before(10_000):
        raise ValueError("it is in no year from 1 to 9999")
    year = days // 366 + 1  # or a few years later
    while _before(year + 1) <= days:
        year += 1
    day, month = days - _before(year), 1
    for length in _lengths(year):
        if day < length:
            break
        day, month = day - length, month + 1
    return f"{year:04}-{month:02}-{day + 1:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"


def _before(year: int) -> int:
    """Days from the year 1 to the beginning of `year`."""
    past = year - 1
    return past * 365 + past // 4 - past // 100 + past // 400


def _lengths(year: int) -> tuple[int, ...]:
    """Days of its months."""
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return (31, 29 if is_leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
