"""The parts that a service stands on, and how each of them is: the quick ones now, the slow ones now and then beside.

A look at Terraform or GitHub takes seconds, so no page waits for it: it shows what was found last, and when.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from engine.adapters import files
from engine.core.alone import alone
from engine.core.kept import keys, record
from engine.core.moment import later
from engine.errors import EngineError, Problem

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store
    from engine.core.rules.model import Rules
    from engine.run.machine import Check
    from engine.service.inbox import Inbox
    from engine.service.runs import Runs
    from engine.service.settings import Serving

How: TypeAlias = Literal["well", "warned", "broken", "absent", "unknown"]
AGAIN_S = 300.0  # between two looks at what is slow
_LATE = 3  # times a row's own time: then the clock has stopped
_MUCH = 500  # deliveries that wait
_SILENT_S, _LARGEST = 30, 1024 * 1024


class Component(NamedTuple):
    """One part."""

    name: str  # store, queue, schedule, rules, GitHub, Terraform, policy engine, keys
    how: How
    said: str  # what was found, or what is wrong
    remedy: str = ""
    at: str = ""  # when it was looked at

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return self._asdict()


class Parts(NamedTuple):
    """What is looked at."""

    store: "Store"
    place: str  # of the store, as ENGINE_STORE names it; empty: there is none
    inbox: "Inbox"
    runs: "Runs"
    rules: "Callable[[], Rules]"
    checks: "Callable[[Sequence[str]], Iterable[Check]]"  # of the machine, by the names that `run/machine` has
    now: Callable[[], str]
    worker: Callable[[], str] = str  # what is wrong with it; empty: nothing


# Shown as → what is looked at for it.
_SLOW: Mapping[str, Sequence[str]] = {
    "rules": ("rules",),
    "GitHub": ("GitHub",),
    "Terraform": ("terraform",),
    "policy engine": ("policies",),
    "keys": ("signing key", "digest key", "audit key", "backup key"),
}


class Health:
    """How the parts are. Safe with threads."""

    def __init__(self, parts: Parts, *, again_s: float = AGAIN_S) -> None:
        """Looks at nothing yet."""
        self._parts, self._again_s = parts, again_s
        self._lock = threading.Lock()
        self._slow = tuple(Component(name, "unknown", "being looked at") for name in ("schedule", *_SLOW))
        self._until = float("-inf")
        self._looks = False  # somebody does, and one is enough, however long it takes

    def __call__(self) -> tuple[Component, ...]:
        """All of them; none raises."""
        with self._lock:
            is_due, slow = time.monotonic() >= self._until and not self._looks, self._slow
            self._looks |= is_due
        if is_due:
            threading.Thread(target=self.look, name="health", daemon=True).start()
        return (self._quick("store", self._store), self._quick("queue", self._queue), *slow)

    def look(self) -> None:
        """At what is slow: programs, GitHub, and a record of each source for each row of the clock."""
        found = (
            self._quick("schedule", self._schedule),
            *(self._slowly(name, names) for name, names in _SLOW.items()),
        )
        with self._lock:
            self._slow, self._looks, self._until = found, False, time.monotonic() + self._again_s

    def _quick(self, name: str, look: Callable[[], Component]) -> Component:
        try:
            with alone(f"the {name}"):
                return look()
        except EngineError as error:
            return _broken(name, error.problems[0], self._parts.now())

    def _slowly(self, name: str, names: Sequence[str]) -> Component:
        at = self._parts.now()
        try:
            with alone(f"the {name}"):
                found = list(self._parts.checks(names))
        except EngineError as error:
            return _broken(name, error.problems[0], at)
        lacks = [check for check in found if check.problem]
        worst = next((check for check in lacks if not check.optional), next(iter(lacks), None))
        if worst is not None and worst.problem is not None:
            return _broken(name, worst.problem, at)._replace(how="warned" if worst.optional else "broken")
        said = "; ".join(check.found if len(found) == 1 else check.name for check in found)
        return Component(name, "well", said, at=at)

    def _store(self) -> Component:
        at = self._parts.now()
        if not self._parts.place:
            return Component("store", "absent", "none: nothing is kept for later runs", "set ENGINE_STORE", at)
        self._parts.store.get(keys.KNOWN_KEYS)
        if not self._parts.store.durable:
            return Component("store", "warned", f"{self._parts.place}: nobody else sees it", "", at)
        return Component("store", "well", f"{self._parts.place} answers", at=at)

    def _queue(self) -> Component:
        at, counts, runs = self._parts.now(), self._parts.inbox.counts(), self._parts.runs.counts()
        waiting, queued, running = counts.get("waiting", 0), runs.get("queued", 0), runs.get("running", 0)
        said = f"{running} at work, {queued} queued, {waiting} not looked at"
        if trouble := self._parts.worker():
            return Component("queue", "broken", f"{trouble}; {said}", "look at the log of `engine serve`", at)
        if poisoned := runs.get("poisoned", 0):
            return Component("queue", "warned", f"{poisoned} given up; {said}", "look at them, and let them go on", at)
        return Component("queue", "warned" if waiting > _MUCH else "well", said, at=at)

    def _schedule(self) -> Component:
        at, rules = self._parts.now(), self._parts.rules()
        rows = [row for row in rules.triggers if row.every_s is not None]
        if not rows:
            return Component("schedule", "absent", "the rules start nothing by the clock", at=at)
        late = []
        last = ""
        for row in rows:
            for source in rules.sources:
                item = self._parts.store.get(keys.struck(source.repo, row.run))
                struck = str(record.decode("struck", item.data, item.key)["at"]) if item else ""
                last = max(last, struck)
                if struck and later(struck, _LATE * (row.every_s or 0)) < at:
                    late.append(f"{row.run} of {source.repo} since {struck}")
        if late:
            return Component("schedule", "broken", f"late: {', '.join(late)}", "look at the worker and its log", at)
        return Component("schedule", "well", f"last at {last}" if last else "nothing was due yet", at=at)


def parts(serving: "Serving", environ: Mapping[str, str], store: "Store", inbox: "Inbox", runs: "Runs") -> Parts:
    """Those of a service."""
    from engine.adapters import clock
    from engine.run import machine, trusted
    from engine.service.worker import ALIVE

    def checks(names: Sequence[str]) -> "Iterable[Check]":
        module = os.path.join(trusted.beside(serving.controller), "terraform")
        return machine.checks(serving.controller, module, environ, names)

    return Parts(
        store,
        environ.get("ENGINE_STORE", ""),
        inbox,
        runs,
        lambda: trusted.load_rules(serving.controller),
        checks,
        clock.now,
        lambda: trouble(serving.at(ALIVE), clock.now()),
    )


def trouble(file: str, now: str) -> str:
    """What is wrong with the worker that says in this file that it lives; empty: nothing."""
    try:
        said = json.loads(files.fetch(file, _LARGEST))
        at, why = str(said["at"]), str(said["trouble"])
        is_late = later(at, _SILENT_S) < now
    except FileNotFoundError:
        return "the worker has not begun"
    except (OSError, ValueError, KeyError, TypeError):
        return "what the worker says of itself cannot be read"
    return f"the worker was last heard of at {at}" if is_late else why


def _broken(name: str, problem: Problem, at: str) -> Component:
    return Component(name, "broken", f"{problem.code}: {problem.message}", problem.hint, at)
