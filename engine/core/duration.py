"""Spans of time as rules write them: `10m`, `24h`, `7d`."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds(duration: str) -> int:
    """`10m` → 600. The rules' schema has made sure of the form."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]


def written(seconds: int) -> str:
    """600 → `600s`; in minutes, what would have more digits than rules may have."""
    return f"{seconds}s" if seconds < 10**6 else f"{seconds // 60}m"


def spoken(seconds: int) -> str:
    """3600 → `an hour`, 86400 → `24 hours`."""
    hours, rest = divmod(seconds, 3600)
    return f"{seconds} seconds" if rest else "an hour" if hours == 1 else f"{hours} hours"


def is_duration(text: str) -> bool:
    """Is a text from elsewhere of that form?"""
    number, unit = text[:-1], text[-1:]
    return unit in _SECONDS and 0 < len(number) <= 6 and number.isascii() and number.isdigit() and number[0] != "0"
