"""The clock: starts the `every:` rows that are due, for each source, by what the store says of when they were last.

The store's word counts for all that use it: two services, or one that was away for a day, start a row once. A row that
still goes is not started again beside itself. Its run is there, and held, before the store is asked: whatever happens
between the two, the next look sees whether the store has said yes to it.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.core.canonical import digest
from engine.core.duration import written
from engine.core.kept import keys, record
from engine.core.moment import later
from engine.errors import EngineError
from engine.run.kept.write import put
from engine.service import log
from engine.service.runs import HELD, PENDING, Run, Runs

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store
    from engine.core.rules.model import Rules

EVENT = "schedule"
_ALL = 1_000_000
_EARLY_S = 15  # a tick comes a little sooner or later: a row of a minute is not to wait for two


def strike(
    rules: "Rules",
    store: "Store",
    runs: Runs,
    add: Callable[[Run, bytes], None],
    now: Callable[[], str],
) -> int:
    """Start what is due; how much was started. One fails alone."""
    started = 0
    for trigger in rules.triggers:
        for source in rules.sources if trigger.every_s is not None else ():
            assert trigger.every_s is not None
            try:
                started += _start(source.repo, trigger.run, trigger.every_s, store, runs, add, now())
            except EngineError as error:
                log.error("a row of the clock cannot be started", repo=source.repo, pipeline=trigger.run, reason=error)
    return started


def _start(
    repo: str,
    pipeline: str,
    every_s: int,
    store: "Store",
    runs: Runs,
    add: Callable[[Run, bytes], None],
    now: str,
) -> bool:
    key = keys.struck(repo, pipeline)
    item = store.get(key)
    struck = record.decode("struck", item.data, key) if item else None
    going = [one for one in runs.find(PENDING, repo=repo, event=EVENT, limit=_ALL) if one.action == pipeline]
    for one in going:
        if one.not_before == HELD:
            _let_go(runs, one.run, is_ours=bool(struck and struck["run"] == one.run))
    if going or not (struck is None or _is_due(struck["at"], every_s, now)):
        return False
    run = f"every-{pipeline}-{digest(repo.lower()).rpartition(':')[2][:8]}-{_compact(now)}"
    said = record.encode("struck", run=run, repository=repo, pipeline=pipeline, at=now)
    payload = {"schedule": written(every_s), "pipeline": pipeline, "repository": {"full_name": repo}}
    add(Run(run, "", EVENT, pipeline, repo, None, repo, "", now, not_before=HELD), json.dumps(payload).encode())
    is_ours = put(store, key, said, item.version if item else None)
    _let_go(runs, run, is_ours=is_ours)
    return is_ours


def _let_go(runs: Runs, run: str, *, is_ours: bool) -> None:
    if is_ours:
        runs.set(run, not_before="")
    else:
        runs.end(run, "superseded", None, reason="another service has started this row")


def _is_due(last: str, every_s: int, now: str) -> bool:
    """A moment that is further ahead than the next one was said by a clock that was wrong: nobody waits for it."""
    return later(last, max(0, every_s - _EARLY_S)) <= now or later(now, every_s + _EARLY_S) < last


def _compact(moment: str) -> str:
    return "".join(filter(str.isdigit, moment))
