"""The clock: starts the `every:` rows that are due, for each source, by what the store says of when they were last.

The store's word counts for all that use it: two services, or one that was away for a day, start a row once. A row that
still goes is not started again beside itself.
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
from engine.service.runs import PENDING, Run, Runs

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store
    from engine.core.rules.model import Rules

EVENT = "schedule"
_EARLY_S = 15  # a tick comes a little sooner or later: a row of a minute is not to wait for two


def strike(
    rules: "Rules",
    store: "Store",
    runs: Runs,
    add: Callable[[Run, bytes], None],
    now: Callable[[], str],
    *,
    whatever: bool = False,
) -> int:
    """Start what is due, or with `whatever` all that does not go already; how much was started. One fails alone."""
    started = 0
    for trigger in rules.triggers:
        for source in rules.sources if trigger.every_s is not None else ():
            assert trigger.every_s is not None
            try:
                started += _start(source.repo, trigger.run, trigger.every_s, store, runs, add, now(), whatever)
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
    whatever: bool,
) -> bool:
    if any(one.event == EVENT and one.action == pipeline for one in runs.find(PENDING, repo=repo)):
        return False
    key = keys.struck(repo, pipeline)
    item = store.get(key)
    last = record.decode("struck", item.data, key)["at"] if item else ""
    if last and not whatever and later(last, max(0, every_s - _EARLY_S)) > now:
        return False
    run = f"every-{pipeline}-{digest(repo.lower()).rpartition(':')[2][:8]}-{_compact(now)}"
    said = record.encode("struck", run=run, repository=repo, pipeline=pipeline, at=now)
    if not put(store, key, said, item.version if item else None):
        return False  # another service was quicker
    payload = {"schedule": written(every_s), "pipeline": pipeline, "repository": {"full_name": repo}}
    add(Run(run, "", EVENT, pipeline, repo, None, repo, "", now), json.dumps(payload).encode())
    return True


def _compact(moment: str) -> str:
    return "".join(filter(str.isdigit, moment))
