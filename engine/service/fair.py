"""Which of the runs that are due begin: of each group the oldest, in turns of the sources, none without end."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from engine.core.moment import later
from engine.service import log
from engine.service.runs import Run, Runs

PER_HOUR = 3_600
_HOUR_S = 3_600


def fair(due: Iterable[Run], taken: Iterable[str], room: int) -> Iterable[Run]:
    """At most `room` of them, of no group that is `taken`."""
    seen, by_source = set(taken), dict[str, list[Run]]()
    for run in due:
        if run.group not in seen:
            seen.add(run.group)
            by_source.setdefault(run.repo, []).append(run)
    while room > 0 and by_source:
        for repo in list(by_source):
            yield by_source[repo].pop(0)
            room -= 1
            if not by_source[repo]:
                del by_source[repo]
            if room <= 0:
                return


class Rate:
    """How many runs a source's deliveries begin in an hour: whoever may write there has no work done without end.

    What has begun once goes on, and the clock's rows have a rate of their own.
    """

    def __init__(self, runs: Runs, per_hour: int) -> None:
        self._runs, self._per_hour = runs, per_hour
        self._over: frozenset[str] = frozenset()  # sources that wait by now, as the log has said

    def within(self, due: Sequence[Run], now: str) -> list[Run]:
        """Those of them that may begin."""
        begun = self._runs.begun(later(now, -_HOUR_S), now)
        over = frozenset(repo for repo, many in begun.items() if many >= self._per_hour)
        for repo in over - self._over:
            log.warning("a source waits: it has begun as many runs as it may in an hour", repo=repo, begun=begun[repo])
        self._over = over
        return [run for run in due if run.repo.lower() not in over or run.started_at or not run.delivery]


class Door:
    """Whoever may end the process goes while nobody else does: else what goes beside it would be thought to be it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._going = self._suspects = 0

    @contextmanager
    def opened(self, *, alone: bool) -> Iterator[None]:
        """Waits until it may go, in this thread. Nobody begins any more while one waits that is to go alone."""
        with self._changed:
            self._suspects += alone
            self._changed.wait_for(lambda: not (self._going if alone else self._suspects))
            self._going += 1
        try:
            yield
        finally:
            with self._changed:
                self._going -= 1
                self._suspects -= alone
                self._changed.notify_all()
