"""From the inbox to runs: what waits there is told apart, becomes runs, or is kept or refused.

One delivery that nobody can look at keeps no other waiting, and no source keeps another one waiting: whose record in
the store is not believed waits alone, until somebody has put it back.
"""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from engine.adapters import files
from engine.errors import EngineError, ExitCode
from engine.service import log
from engine.service.carrier import EVENT, End
from engine.service.runs import PENDING, Run, Runs, RunState, of_delivery

if TYPE_CHECKING:
    from engine.service.delivery import Delivery, State
    from engine.service.inbox import Inbox
    from engine.service.sifting import Group, Sifted

_BATCH = 500
_AGAIN_S = 5.0  # until a source that waits is looked at again
_CUT_OFF = ("pull_request", "synchronize")
SAYS: "Mapping[RunState, State]" = {"failed": "failed", "superseded": "superseded", "poisoned": "poisoned"}


class Sifting(Protocol):
    """Tells apart what waits."""

    def __call__(self, waiting: "Sequence[tuple[Delivery, bytes | None]]", /) -> "Sifted":
        """Raises EngineError: the rules do not load, or the store fails; then all of it waits."""


class Intake:
    """For one thread, but `add`. What is there twice is written once: every step may be cut off and done again."""

    def __init__(
        self, inbox: "Inbox", runs: Runs, sift: Sifting, now: Callable[[], str], settle: Callable[[Run, End], None]
    ) -> None:
        """`settle` writes down what came of a run."""
        self._inbox, self._runs, self._sift, self._now, self._settle = inbox, runs, sift, now, settle
        self.newer: dict[str, Run] = {}  # group → the run of its newest head, while older ones go
        self.stuck: Mapping[str, str] = {}  # source in small letters → why all that it sends waits
        self._stuck_until = 0.0

    def take(self) -> int:
        """What waits in the inbox becomes runs, or is kept or refused."""
        waiting = self._inbox.waiting(_BATCH)
        if time.monotonic() < self._stuck_until:
            waiting = [one for one in waiting if one.repo.lower() not in self.stuck]
        if not waiting:
            return 0
        sifted = self._sift([(one, self._inbox.body(one.id)) for one in waiting])
        for group in sifted.groups:
            self._alone_in(group)
        ended: Mapping[State, Mapping[str, Sequence[str]]] = {
            "kept": sifted.kept,
            "refused": sifted.refused,
            "failed": sifted.failed,
        }
        for state, found in ended.items():
            for why, ids in found.items():
                self._inbox.mark(ids, state, reason=why)
                log.info("deliveries start nothing", deliveries=len(ids), state=state, reason=why)
        if time.monotonic() >= self._stuck_until:
            self._stick(sifted.waits)
        return len(waiting) - sum(map(len, sifted.waits.values()))

    def _stick(self, waits: "Mapping[tuple[str, str], Sequence[str]]") -> None:
        """These sources wait by themselves, and are looked at again in a moment."""
        before, self.stuck = self.stuck, dict(waits.keys())
        self._stuck_until = time.monotonic() + _AGAIN_S if waits else 0.0
        for repo, why in self.stuck.items() - before.items():
            log.error("all that a source sends waits", repo=repo, reason=why)
        for repo in before.keys() - self.stuck.keys():
            log.info("a source waits no longer", repo=repo)

    def _alone_in(self, group: "Group") -> None:
        """What nobody foresaw in one of them must not keep all the others waiting."""
        try:
            self._begin_run(group)
        except (EngineError, OSError, sqlite3.Error):
            raise  # the disk, which is the same for all: they wait
        except Exception as error:  # noqa: BLE001 - the boundary of a delivery; it is shown, and can be had again
            log.error("a bug: a delivery cannot become a run", delivery=group.leader.id, event=group.leader.event)
            why = f"ENG999 a bug in the engine: {type(error).__name__}"
            self._inbox.mark([one.id for one in (group.leader, *group.others)], "failed", reason=why)

    def _begin_run(self, group: "Group") -> None:
        delivery = group.leader
        run = of_delivery(
            delivery.id,
            event=delivery.event,
            action=delivery.action,
            repo=delivery.repo,
            number=delivery.pull,
            subject=delivery.subject,
            head=delivery.head,
            run=delivery.run_id,
        )._replace(queued_at=self._now())
        body = self._inbox.body(delivery.id)
        assert body is not None, "what has no body leads to no run"
        self.add(run, body)
        found = self._runs.get(run.run) or run  # where we were cut off, it may have ended by now
        self._inbox.mark(
            [delivery.id], "queued" if found.state in PENDING else SAYS.get(found.state, "done"), run=run.run
        )
        if group.others:
            self._inbox.mark(
                [one.id for one in group.others], "superseded", run=run.run, reason=f"{delivery.id} says the same"
            )
        if (delivery.event, delivery.action) == _CUT_OFF and run.number is not None:
            self._supersede(run)

    def add(self, run: Run, body: bytes) -> None:
        """A run of that event, on the disk when this returns.

        Raises:
            EngineError: ENG002, ENG788.
        """
        folder = self._runs.folder(run.run)
        files.make_directory(folder)
        files.write(os.path.join(folder, EVENT), body, sync=True)
        self._runs.add(run)

    def _supersede(self, newer: Run) -> None:
        """What waits of an older head is not begun; what validates one is ended: nobody asks for what it finds.

        What was lost and is sent again comes behind what is newer: GitHub's word says which is, not the order.
        """
        newer = self._runs.get(newer.run) or newer
        pending = self._runs.find(PENDING, repo=newer.repo, number=newer.number, limit=_BATCH)
        others = [one for one in pending if one.row < newer.row]
        said_at = self._said_at(newer) if others else ""
        if any(self._said_at(one) > said_at for one in others):
            return  # this is the older one, and ends by itself
        for older in others:
            if older.state == "queued" and (older.event, older.action) == _CUT_OFF and not older.started_at:
                self._settle(older, End("superseded", int(ExitCode.STALE), f"{newer.head:.12} is the head by now"))
        self.newer[newer.group] = newer

    def _said_at(self, run: Run) -> str:
        """When the pull request was last changed, as its event says; nothing, where it does not."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            at = json.loads(files.fetch(os.path.join(self._runs.folder(run.run), EVENT)))["pull_request"]["updated_at"]
            return at if isinstance(at, str) else ""
        return ""
