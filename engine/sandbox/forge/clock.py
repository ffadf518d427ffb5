"""The forge's time: the machine's, plus what somebody has advanced it by."""

import time
from datetime import UTC, datetime


class Clock:
    """Whole seconds of UTC, as GitHub writes them. It only goes forward."""

    def __init__(self, ahead_s: float = 0) -> None:
        self.ahead_s = ahead_s

    def advance(self, seconds: float) -> None:
        """Go on by so many at once."""
        self.ahead_s += max(0, seconds)

    def seconds(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.ahead_s

    def now(self) -> str:
        """`2026-11-27T08:00:00Z`."""
        return moment(self.seconds())


def moment(seconds: float) -> str:
    """Seconds since 1970 as GitHub writes a time."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> float:
    """The other way round."""
    return datetime.fromisoformat(text).timestamp()
