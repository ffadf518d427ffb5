"""How far each resource is while a run works: one line for each, for people and for programs."""

from typing import Any, NamedTuple

from engine.core.report.attempts import time

BEGUN = "begun"
GOOD, QUIET = ("planned", "applied"), (BEGUN, "skipped")  # what is neither went wrong, or waits
_VERBS = {"plan": "plans", "apply": "applies"}


class Step(NamedTuple):
    """A resource has come on."""

    path: str
    phase: str  # plan, apply
    state: str  # begun; planned, applied, failed, …; skipped
    seconds: float = 0.0  # of this phase
    why: str = ""  # code of a problem; of what is skipped the path of what it comes after
    done: int = 0  # how many have come as far in this phase
    of: int = 0

    @property
    def said(self) -> str:
        """In a word or three."""
        if self.state == BEGUN:
            return _VERBS.get(self.phase, self.phase)
        return self.state

    def line(self) -> str:
        """For a log; empty where it would only say that something has begun."""
        if self.state == BEGUN:
            return ""
        why = f"after {self.why}" if self.state == "skipped" and self.why else self.why
        how_far = f"({self.done} of {self.of})" if self.of else ""
        return "  ".join(["", *filter(None, (f"{self.said:8}", self.path, time(self.seconds), why, how_far))])

    def to_json(self) -> dict[str, Any]:
        """A line of NDJSON."""
        return {
            "type": "resource",
            "path": self.path,
            "phase": self.phase,
            "state": self.state,
            "seconds": round(self.seconds, 3),
            "why": self.why or None,
            "done": self.done,
            "of": self.of,
        }
