"""All resources of a merge: each prepared, all judged by the policies of today, each applied; one fails alone.

No order is kept among them. Policy judges all plans at once, since its start costs more than a plan of it.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from engine.core.alone import alone
from engine.core.kept import standing
from engine.core.redact import Redactor
from engine.errors import EngineError, Place, Problem, problem
from engine.run.applying import effect, entries
from engine.run.applying.fresh import prepared
from engine.run.applying.model import Ended, Known, Waits
from engine.run.applying.rows import Rows, addresses, known
from engine.run.applying.rows import problem as shown
from engine.run.orchestrator.pool import run_all

if TYPE_CHECKING:
    from engine.core.plan.events import Change
    from engine.run.applying.model import Applying, Fresh, Target

# Why nothing is done for now, by what has failed. Of everything else nobody knows what helps.
_WAITS: Mapping[str, str] = {
    **dict.fromkeys(("ENG190", "ENG191", "ENG192", "ENG590", "ENG591", "ENG592"), "store"),
    **dict.fromkeys(("ENG466", "ENG572", "ENG620", "ENG621", "ENG742"), "another"),
    **dict.fromkeys(("ENG720", "ENG721", "ENG722"), "trail"),
    **dict.fromkeys(("ENG462", "ENG470", "ENG734"), "unknown"),
    **dict.fromkeys(("ENG717", "ENG718", "ENG719"), "backup"),
    **dict.fromkeys(("ENG411", "ENG415"), "backend"),
    "ENG412": "locked",
    "ENG452": "cancelled",
}
_OTHER = "error"


def apply_all(
    applying: "Applying",
    targets: "Sequence[Target]",
    *,
    was: Mapping[str, Mapping[str, Sequence[Any]]],
    live: Callable[[list[dict[str, Any]]], None] | None = None,
) -> list[dict[str, Any]]:
    """A row of the output `resources` for each, in their order.

    `was`: path → address → lines of the approved plan's diff, as far as they are kept; only shown.

    Raises:
        EngineError: ENG002, plans cannot be kept; ENG452, it was cancelled.
    """
    from engine.adapters import files
    from engine.run import plans as kept

    plans = os.path.join(applying.work.out, "plans")
    files.make_directory(plans)
    kept.new_key(plans)
    run = _Run(applying, Rows(targets, live), was)
    parallelism = applying.parallelism or applying.limits.parallelism
    with run.held:
        found = run_all(targets, run.prepare, parallelism, applying.work.cancel)
        ready = [fresh for fresh in found if fresh is not None]
        run.know(ready)
        denied = run.judge(ready)
        run_all(
            [one for one in ready if one.target.number not in denied], run.carry_out, parallelism, applying.work.cancel
        )
    return run.rows.all()


class _Run:
    def __init__(self, applying: "Applying", rows: Rows, was: Mapping[str, Mapping[str, Sequence[Any]]]) -> None:
        self.applying, self.rows, self._was = applying, rows, was
        self.held = ExitStack()
        self._hide = _credentials(applying)

    def know(self, ready: "Sequence[Fresh]") -> None:
        """From now on the secrets of all plans are known."""
        self._hide = Redactor(self._hide.secrets.union(*(one.hide.secrets for one in ready)))

    def prepare(self, target: "Target") -> "Fresh | None":
        """None: it is not applied, and its row says why."""
        stack = ExitStack()
        self.held.callback(stack.close)
        began = time.monotonic()
        was = self._was.get(target.resource.path, {})

        def work() -> "Fresh":
            return prepared(self.applying, target, stack, self._watch(target), was)

        fresh = self._alone(target, work)
        self.rows.set(target.number, seconds=time.monotonic() - began)
        if fresh is None:
            stack.close()
        return fresh

    def judge(self, ready: "Sequence[Fresh]") -> set[int]:
        """The numbers of those that the policies of today deny, or of which nobody can tell."""
        if not ready:
            return set()
        against: dict[str, Problem] = {}
        subject = self.applying.subject
        try:
            with alone("what policy says"):
                said = self.applying.judge([one.row for one in ready])
                doubts = [Problem.from_json(why) for why in said["doubts"]]
                for one in ready:
                    path = one.target.resource.path
                    rules = standing.denied(said["findings"], path, subject.verdict.verdict, subject.overridden)
                    if rules:
                        against[path] = problem("ENG732", Place(path), resource=path, rules=", ".join(rules))
                    elif path not in said["judged"]:
                        against[path] = doubts[0] if doubts else problem("ENG561", Place(path), resource=path)
        except EngineError as error:
            against = {one.target.resource.path: error.problems[0] for one in ready}
        denied = [one for one in ready if one.target.resource.path in against]
        for one in denied:
            self._end(one.target, Ended("stopped", against[one.target.resource.path]))
        return {one.target.number for one in denied}

    def carry_out(self, fresh: "Fresh") -> None:
        """Its row says what came of it."""
        target = fresh.target

        def work() -> None:
            raise effect.carry_out(self.applying, fresh, self._watch(target))

        began = time.monotonic()
        self._alone(target, work)
        self.rows.set(target.number, seconds=fresh.seconds + time.monotonic() - began)

    def _watch(self, target: "Target") -> "Callable[[Change], None]":
        return lambda change: self.rows.came_on(target.number, change)

    def _alone(self, target: "Target", work: "Callable[[], Fresh | None]") -> "Fresh | None":
        """What `work` gives; None where the resource has come to its end, which its row tells."""
        resource = target.resource
        said = ""
        try:
            with alone(resource.path, Place(resource.tfvars)):
                try:
                    return work()
                except Known as it:
                    row = known(it.entry)
                    hide = None if it.secrets is None else Redactor(self._hide.secrets | it.secrets)
                    said_of = addresses(it.addresses, hide)
                    row |= {"addresses": said_of or row["addresses"], "problem": it.why and shown(it.why, hide)}
                    self.rows.set(target.number, **row)
                    said = str(row["outcome"])
                except Ended as it:
                    said = self._end(target, it)
                except Waits as it:
                    said = self._wait(target, it.what, it.why)
        except EngineError as error:
            why = error.problems[0]
            said = self._wait(target, _WAITS.get(why.code, _OTHER), why)
        self.applying.work.progress(f"  {said:9}  {resource.path}")
        return None

    def _wait(self, target: "Target", what: str, why: Problem) -> str:
        self.rows.set(target.number, outcome="none", waits=what, problem=shown(why, self._hide))
        return f"waits ({what})"

    def _end(self, target: "Target", it: Ended) -> str:
        """Say it in the ledger; where that fails, it waits."""
        applying, key = self.applying, target.resource.state_key
        why = shown(it.why, self._hide)
        try:
            entry = entries.write(applying, key, entries.about(applying, target), it.outcome, why=it.why.code)
        except EngineError as error:
            found = error.problems[0]
            return self._wait(target, _WAITS.get(found.code, _OTHER), found)
        difference = None if it.difference is None else list(it.difference)
        self.rows.set(target.number, **{**known(entry), "waits": it.waits, "problem": why, "difference": difference})
        return it.outcome


def _credentials(applying: "Applying") -> Redactor:
    from engine.run import plans

    return plans.redactor((), applying.credentials)
