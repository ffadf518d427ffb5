"""About how long a resource takes, by what earlier runs have taken. A guess orders work; a wrong one costs time."""

from collections.abc import Callable, Iterable, Mapping
from statistics import fmean
from typing import Any, Literal, NamedTuple, TypeAlias

Phase: TypeAlias = Literal["plan", "apply"]
Guess: TypeAlias = Callable[[Phase, str], float]  # of a state key, in seconds

_MOST = 2000  # resources that are remembered in each phase: those that ran last
_LONGEST_MS = 86_400_000


class Took(NamedTuple):
    """One time that was taken."""

    phase: Phase
    key: str
    seconds: float


class Durations(NamedTuple):
    """Phase → state key → milliseconds: half of each is the last time, half what was before it."""

    ms: Mapping[str, Mapping[str, int]] = {}

    def guess(self, phase: Phase, key: str) -> float:
        """Seconds. Of a resource that is not known what its neighbours take (the same service there), else all."""
        known = self.ms.get(phase, {})
        if key in known:
            return known[key] / 1000
        beside = [ms for other, ms in known.items() if _folder(other) == _folder(key)]
        return fmean(beside or known.values()) / 1000 if known else 1.0

    def with_(self, took: Iterable[Took]) -> "Durations":
        """These and newer ones."""
        found = {phase: dict(known) for phase, known in self.ms.items()}
        for one in took:
            if _is_one(now := round(one.seconds * 1000)):
                known = found.setdefault(one.phase, {})
                known[one.key] = (now + known.pop(one.key, now)) // 2
        return Durations({phase: dict(list(known.items())[-_MOST:]) for phase, known in found.items()})


def no_guess(_phase: Phase, _key: str) -> float:
    """Everything takes the same."""
    return 1.0


def read(said: Mapping[str, Any]) -> Durations:
    """What was kept; whatever is no duration in it counts for nothing."""
    return Durations(
        {
            phase: {key: ms for key, ms in known.items() if _is_one(ms)}
            for phase, known in said.items()
            if isinstance(known, dict)
        }
    )


def _is_one(ms: object) -> bool:
    return type(ms) is int and 0 < ms < _LONGEST_MS


def _folder(key: str) -> str:
    """`S3/dev` of `S3/dev/lake/terraform.tfstate`."""
    return key.rsplit("/", 2)[0]
