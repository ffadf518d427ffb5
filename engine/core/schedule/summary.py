"""What a run of several resources came to: how many of each, how long it took, and what it would have taken by hand."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from engine.core.schedule.graph import Graph
from engine.core.schedule.queue import critical

_SHOWN = 4  # resources of the critical path that are named in one line
_WAITS = "to come"
_ORDER = ("applied", "destroyed", "planned", "failed", "partial", "stopped", "refused", "skipped", "released", _WAITS)


class Summary(NamedTuple):
    """Seconds are of wall clocks."""

    counts: Mapping[str, int]  # outcome → resources
    seconds: float  # of all of it
    alone: float  # of all resources one after another
    way: tuple[str, ...]  # paths: what the run could not be shorter than, with any number of workers
    way_seconds: float

    @property
    def times(self) -> float:
        """How many times as fast as one after another."""
        return self.alone / self.seconds if self.seconds > 0 else 1.0

    def lines(self) -> tuple[str, ...]:
        """For people: one line, and one about the critical path where something waited for something."""
        counted = ", ".join(f"{self.counts[name]} {name}" for name in sorted(self.counts, key=_rank))
        first = f"{counted}: {self.seconds:.1f} s"
        if sum(self.counts.values()) > 1:
            first += f", one after another {self.alone:.1f} s ({self.times:.1f}×)"
        if len(self.way) < 2:
            return (first,)
        left_out = len(self.way) - _SHOWN
        named = [*self.way[: _SHOWN - 1], f"({left_out} more)", self.way[-1]] if left_out > 0 else self.way
        return first, f"critical path: {' → '.join(named)}, {self.way_seconds:.1f} s"

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "counts": dict(self.counts),
            "seconds": round(self.seconds, 3),
            "alone": round(self.alone, 3),
            "way": list(self.way),
            "way_seconds": round(self.way_seconds, 3),
        }


def summary(
    rows: Sequence[Mapping[str, Any]], graph: Graph[str], seconds: float, in_order: Mapping[str, float] | None = None
) -> Summary:
    """Of rows of `terraform.apply`, or of `terraform.plan`; `graph` is of their state keys.

    `in_order`: what each has taken while the order was kept, of those that were begun then (planning waits for nobody);
    None: all of it.
    """
    took = {row["state_key"]: row["seconds"] for row in rows}
    paths = {row["state_key"]: row["path"] for row in rows}
    worked = took if in_order is None else in_order
    way = critical(graph.restricted(worked), worked)
    return Summary(
        Counter(map(_outcome, rows)),
        seconds,
        sum(took.values()),
        tuple(paths[key] for key in way),
        sum(worked[key] for key in way),
    )


def read(said: Mapping[str, Any]) -> Summary:
    """What `to_json` has written."""
    return Summary(said["counts"], said["seconds"], said["alone"], tuple(said["way"]), said["way_seconds"])


def _outcome(row: Mapping[str, Any]) -> str:
    if "outcome" not in row:
        return "failed" if row["problem"] else "planned"
    return _WAITS if row["outcome"] == "none" else str(row["outcome"])


def _rank(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER)), name
