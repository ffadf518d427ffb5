"""All resources of a merge: each prepared, all judged by the policies of today, each applied after what it comes after.

Preparing needs no order: values are literal, so no plan reads what another resource will be. Policy judges all plans at
once, since its start costs more than a plan of it. One that is not applied takes along what comes after it, and nothing
else: where it waits, they wait; where the ledger says what became of it, it says `skipped` of them, and after what.
"""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from engine.core.alone import alone
from engine.core.holding import DONE
from engine.core.kept import standing
from engine.core.redact import Redactor
from engine.core.report.progress import BEGUN, Step
from engine.core.schedule.durations import Phase, Took
from engine.core.schedule.graph import Graph
from engine.core.schedule.summary import summary
from engine.errors import EngineError, Place, Problem, problem
from engine.run.applying import effect, entries
from engine.run.applying.fresh import prepared
from engine.run.applying.model import Ended, Known, Waits
from engine.run.applying.rows import Rows, addresses, known
from engine.run.applying.rows import problem as shown
from engine.run.kept import durations
from engine.run.orchestrator.pool import Order, Skipped, run_graph
from engine.run.orchestrator.room import share

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
) -> dict[str, Any]:
    """The outputs: `resources`, a row for each in their order, and `summary`.

    `was`: path → address → lines of the approved plan's diff, as far as they are kept; only shown.

    Raises:
        EngineError: ENG002, plans cannot be kept; ENG452, it was cancelled.
    """
    from engine.adapters import files
    from engine.run import plans as kept

    plans = os.path.join(applying.work.out, "plans")
    files.make_directory(plans)
    kept.new_key(plans)
    began = time.monotonic()
    run = _Run(applying, targets, live, was)
    with run.held:
        run.prepare_all()
        run.judge()
        run.carry_out_all()
    rows = run.rows.all()
    came_to = summary(rows, run.graph, time.monotonic() - began, run.worked)
    for line in came_to.lines():
        applying.work.progress(f"  {line}")
    return {"resources": rows, "summary": came_to.to_json()}


class _Run:
    def __init__(
        self,
        applying: "Applying",
        targets: "Sequence[Target]",
        live: Callable[[list[dict[str, Any]]], None] | None,
        was: Mapping[str, Mapping[str, Sequence[Any]]],
    ) -> None:
        self.applying, self.rows, self._was = applying, Rows(targets, live), was
        self.held = ExitStack()
        self._targets = {target.resource.state_key: target for target in targets}
        self._ready = dict[str, "Fresh"]()  # what is to be applied, by state key
        self._met = set[str]()  # not applied by us, and in the way of nobody
        self._skipped = dict[str, Ended]()  # by state key
        self.worked = dict[str, float]()  # seconds of applying, by state key, of what was begun
        self._took = dict[str, float]()  # of what was applied: whatever else comes of it ends early
        graph = applying.graph
        known = frozenset(graph.nodes)
        whole = Graph((*graph.nodes, *(key for key in self._targets if key not in known)), graph.after)
        self.graph = whole.restricted(self._targets)
        self._hide = _credentials(applying)
        self._ended = defaultdict[Phase, Iterator[int]](lambda: count(1))

    def prepare_all(self) -> None:
        """Whatever is to be applied is ready then; of all else the rows say why not."""
        nodes = Graph(tuple(self._targets), {})
        found = run_graph(nodes, self._prepare, self._order("plan"), cancel=self.applying.work.cancel)
        self._ready = {key: fresh for key, fresh in found.items() if fresh and not isinstance(fresh, Skipped)}
        # From now on the secrets of all plans are known.
        self._hide = Redactor(self._hide.secrets.union(*(one.hide.secrets for one in self._ready.values())))

    def judge(self) -> None:
        """Nothing is ready any more that the policies of today deny, or of which nobody can tell."""
        ready = list(self._ready.values())
        if not ready:
            return
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
        for one in ready:
            if why := against.get(one.target.resource.path):
                del self._ready[one.target.resource.state_key]
                self._end(one.target, Ended("stopped", why))
                self._say(one.target, "apply", "stopped", why=why.code)

    def carry_out_all(self) -> None:
        """Each after what it comes after; the rows say what came of it."""
        run_graph(
            self.graph,
            self._carry_out,
            self._order("apply"),
            failed=lambda well: not well,
            skipped=self._skip,
            cancel=self.applying.work.cancel,
        )
        took = (Took("apply", key, seconds) for key, seconds in self._took.items())
        durations.note(self.applying.store, self.applying.run, self.applying.subject.repository["name"], took)
        for key, ended in self._skipped.items():
            self._alone(self._targets[key], partial(self._say_skipped, key, ended))

    def _order(self, phase: Phase) -> Order[str]:
        applying, targets = self.applying, self._targets
        return Order(
            weight=lambda key: applying.guess(phase, key),
            parallelism=applying.parallelism or applying.limits.parallelism,
            room=share(lambda key: targets[key].job.account, applying.limits),
            fail_fast=phase == "apply" and applying.work.fail_fast,
        )

    def _prepare(self, key: str) -> "Fresh | None":
        """None: it is not applied, and its row says why."""
        target = self._targets[key]
        stack = ExitStack()
        self.held.callback(stack.close)
        began = time.monotonic()
        self._say(target, "plan", BEGUN)
        was = self._was.get(target.resource.path, {})

        def work() -> "Fresh":
            return prepared(self.applying, target, stack, self._watch(target), was)

        fresh = self._alone(target, work)
        seconds = time.monotonic() - began
        self.rows.set(target.number, seconds=seconds)
        self._say(target, "plan", "planned" if fresh else self._came_to(target), seconds)
        if fresh is None:
            stack.close()
        return fresh

    def _carry_out(self, key: str) -> bool:
        """May what comes after it go on?"""
        target, fresh = self._targets[key], self._ready.get(key)
        if fresh is not None:
            began = time.monotonic()
            self._say(target, "apply", BEGUN)

            def work() -> None:
                raise effect.carry_out(self.applying, fresh, self._watch(target))

            self._alone(target, work)
            seconds = time.monotonic() - began
            self.rows.set(target.number, seconds=fresh.seconds + seconds)
            self._say(target, "apply", self._came_to(target), seconds)
            self.worked[key] = seconds
            if self.rows.of(target.number)["outcome"] in DONE:
                self._took[key] = seconds
        return key in self._met or self.rows.of(target.number)["outcome"] in DONE

    def _skip(self, key: str, skipped: Skipped[str]) -> None:
        """It was not begun. Of what has come to an end by itself the row says that already."""
        target, other = self._targets[key], self._targets[skipped.because]
        if key not in self._ready:
            return
        code = "ENG826" if skipped.fail_fast else "ENG825"
        why = problem(code, Place(target.resource.path), other=other.resource.path)
        if self.rows.of(other.number)["outcome"] == "none":
            self._wait(target, "upstream", why)
        else:
            self._skipped[key] = Ended("skipped", why, after=skipped.because)
            self.rows.set(target.number, outcome="skipped", problem=shown(why, self._hide))
        self._say(target, "apply", "skipped", why=other.resource.path)

    def _say_skipped(self, key: str, ended: Ended) -> None:
        """In the ledger, at the end: until then, whoever finds us killed finds it held, and goes on with it."""
        fresh, subject = self._ready[key], self.applying.subject
        last = fresh.entries[-1] if fresh.entries else None
        if last and last.outcome == "skipped":
            said = last.said
            about = (said["commit"], said["verdict"]["digest"], said["after"])
            if about == (subject.commit, subject.verdict.digest, ended.after):
                raise Known(last, ended.why)
        raise ended

    def _watch(self, target: "Target") -> "Callable[[Change], None]":
        return lambda change: self.rows.came_on(target.number, change)

    def _alone(self, target: "Target", work: "Callable[[], Fresh | None]") -> "Fresh | None":
        """What `work` gives; None where the resource has come to its end, which its row tells."""
        resource = target.resource
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
                except Ended as it:
                    self._end(target, it)
                except Waits as it:
                    self._wait(target, it.what, it.why)
                    self._met |= {resource.state_key} if it.met else set()
        except EngineError as error:
            why = error.problems[0]
            self._wait(target, _WAITS.get(why.code, _OTHER), why)
        return None

    def _came_to(self, target: "Target") -> str:
        row = self.rows.of(target.number)
        return f"waits ({row['waits']})" if row["waits"] else str(row["outcome"])

    def _say(self, target: "Target", phase: Phase, state: str, seconds: float = 0.0, why: str = "") -> None:
        done = 0 if state == BEGUN else next(self._ended[phase])
        self.applying.work.step(Step(target.resource.path, phase, state, seconds, why, done, len(self._targets)))

    def _wait(self, target: "Target", what: str, why: Problem) -> None:
        self.rows.set(target.number, outcome="none", waits=what, problem=shown(why, self._hide))

    def _end(self, target: "Target", it: Ended) -> None:
        """Say it in the ledger; where that fails, it waits."""
        applying, key = self.applying, target.resource.state_key
        why = shown(it.why, self._hide)
        about = entries.about(applying, target)
        try:
            entry = entries.write(applying, key, about, it.outcome, why=it.why.code, after=it.after)
        except EngineError as error:
            found = error.problems[0]
            return self._wait(target, _WAITS.get(found.code, _OTHER), found)
        difference = None if it.difference is None else list(it.difference)
        self.rows.set(target.number, **{**known(entry), "waits": it.waits, "problem": why, "difference": difference})
        return None


def _credentials(applying: "Applying") -> Redactor:
    from engine.run import plans

    return plans.redactor((), applying.credentials)
