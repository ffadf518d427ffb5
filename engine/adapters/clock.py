"""The only place that asks what time it is; everything else is handed the moment."""

import time
from collections.abc import Callable


def now() -> str:
    """This moment, as `engine.core.moment` writes it."""
    return _said(time.time())


def ahead(seconds: float) -> Callable[[], str]:
    """A sandbox's clock, by so much before the machine's."""
    return lambda: _said(time.time() + seconds)


def ahead_of(there: float) -> float:
    """By how many seconds our clock is before another, which has said what time it is: seconds since 1970."""
    return time.time() - there


def not_behind(now: str, there: float | None) -> str:
    """Our moment, or that of whoever dates what we compare with it, whichever is later; None: they have not said.

    What we sign must not be dated before it was signed: an approval from shortly before it would count as one after it.
    """
    return now if there is None else max(now, _said(there))


def _said(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
