"""GitHub's primary rate limit: so many requests an hour for each person, installation and App, by the forge's clock."""

import threading
from collections.abc import Mapping
from typing import TypeAlias

from engine.sandbox.forge.clock import Clock

WINDOW_S = 3600
AN_HOUR: Mapping[str, int] = {"anonymous": 60, "user": 5000, "installation": 5000, "app": 5000}
Payer: TypeAlias = tuple[str, int | None]  # ("user", 7): all tokens of a person draw on the same account of requests


class Limits:
    """Counts requests. Thread-safe; a restart begins anew."""

    def __init__(self, clock: Clock, an_hour: Mapping[str, int] = AN_HOUR) -> None:
        self.clock, self.an_hour = clock, dict(an_hour)
        self._lock = threading.Lock()
        self._windows: dict[tuple[Payer, str], tuple[float, int]] = {}  # → when it ends, how many were asked

    def count(self, payer: Payer, resource: str = "core", points: int = 1) -> bool:
        """One more request, which counts as `points`; False: they are used up."""
        with self._lock:
            ends, used = self._window(payer, resource)
            if used >= self.an_hour[payer[0]]:
                return False
            self._windows[payer, resource] = (ends, used + points)
            return True

    def give_back(self, payer: Payer) -> None:
        """The last request does not count after all: nothing had changed (304)."""
        with self._lock:
            ends, used = self._window(payer, "core")
            self._windows[payer, "core"] = (ends, max(0, used - 1))

    def state(self, payer: Payer, resource: str = "core") -> dict[str, int]:
        """GitHub's `rate-limit`: `{limit, used, remaining, reset}`."""
        with self._lock:
            ends, used = self._window(payer, resource)
        limit = self.an_hour[payer[0]]
        return {"limit": limit, "used": used, "remaining": max(0, limit - used), "reset": int(ends)}

    def headers(self, payer: Payer, resource: str = "core") -> dict[str, str]:
        """The same as headers of an answer."""
        told = {f"X-RateLimit-{name.title()}": str(value) for name, value in self.state(payer, resource).items()}
        return told | {"X-RateLimit-Resource": resource}

    def _window(self, payer: Payer, resource: str) -> tuple[float, int]:
        now = self.clock.seconds()
        ends, used = self._windows.get((payer, resource), (0.0, 0))
        return (ends, used) if ends > now else (now + WINDOW_S, 0)
