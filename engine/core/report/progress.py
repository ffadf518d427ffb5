"""How far each resource is while a run works: one line for each, for people and for programs."""

from typing import Any, NamedTuple

from engine.core.holding import DONE
from engine.core.report.attempts import time

BEGUN = "begun"
GOOD = ("planned", *DONE)
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

    @property
    def because(self) -> str:
        """Why, for people; empty where it went well."""
        return f"after {self.why}" if self.state == "skipped" and self.why else self.why

    def line(self) -> str:
        """For a log; empty where it would only say that something has begun."""
        if self.state == BEGUN:
            return ""
        how_far = f"({self.done} of {self.of})" if self.of else ""
        return "  ".join(["", *filter(None, (f"{self.said:8}", self.path, time(self.seconds), self.because, how_far))])

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


class Line(NamedTuple):
    """One resource, as it is shown at a moment."""

    path: str
    said: str
    seconds: float
    why: str
    mood: str  # busy, good, quiet, bad


class Board:
    """The newest step of each resource. Not safe with threads."""

    def __init__(self) -> None:
        self._steps = dict[str, tuple[Step, float]]()  # path → the newest one, and when it came

    def hear(self, step: Step, now: float) -> None:
        """`now`: seconds of any clock that only goes on."""
        self._steps[step.path] = step, now

    def lines(self, now: float, most: int) -> tuple[list[Line], int]:
        """At most so many, and how many more there are: first what is at work and what went wrong, in their order."""
        every = [_line(step, now - at) for step, at in self._steps.values()]
        chosen = sorted(range(len(every)), key=lambda place: (every[place].mood not in ("busy", "bad"), place))[:most]
        return [every[place] for place in sorted(chosen)], len(every) - len(chosen)


def _line(step: Step, since: float) -> Line:
    is_busy = step.state == BEGUN
    mood = "busy" if is_busy else "good" if step.state in GOOD else "quiet" if step.state == "skipped" else "bad"
    return Line(step.path, step.said, since if is_busy else step.seconds, step.because, mood)
