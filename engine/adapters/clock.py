"""The only place that asks what time it is; everything else is handed the moment."""

import time

from engine.adapters.settings import clock_ahead_s


def now() -> str:
    """This moment, as `engine.core.moment` writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + clock_ahead_s()))
