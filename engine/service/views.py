"""Reading: the board, the trail, the inbox and the runs made into what is shown. Nothing here writes.

A store or a queue that does not answer is part of what is shown: whoever looks is looking for just that.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeVar, get_args

from engine.core.alone import alone
from engine.errors import EngineError, failure
from engine.names import either
from engine.service import runlog, steps, timeline
from engine.service.delivery import STATES
from engine.service.runs import RunState
from engine.service.shown import (
    ALL,
    LANES,
    Asked,
    Count,
    Deliveries,
    Freeze,
    OneRun,
    Overview,
    Pull,
    Pulls,
    Queue,
    RunList,
)

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store
    from engine.core.kept.board import Entry, Turn
    from engine.core.report.model import Report
    from engine.run.kept.board import Board
    from engine.service.health import Component
    from engine.service.inbox import Inbox
    from engine.service.runs import Run, Runs
    from engine.service.timeline import Event, Trail

S = TypeVar("S", bound=str)
PAGE = 100  # rows of a list
LINES = 1_000  # of a run's log
_DIGITS = 16  # of a number that somebody asks for
_FEW, _MANY = 20, 200  # runs, and deliveries, of one pull request
RUN_STATES: tuple[RunState, ...] = get_args(RunState)


class Sources(NamedTuple):
    """What views are made from."""

    store: "Store"
    board: "Board"
    trail: "Trail"
    now: Callable[[], str]
    web: str = ""  # where GitHub's pages are, without a `/` at its end; empty: nobody knows
    inbox: "Inbox | None" = None  # None: nothing is served here, runs are jobs of a CI
    runs: "Runs | None" = None
    health: "Callable[[], tuple[Component, ...]]" = tuple
    environments: Callable[[], tuple[str, ...]] = tuple  # that the rules name


def pulls(sources: Sources, asked: Asked = ALL) -> Pulls:
    """Every pull request that has not ended, by what it waits for."""
    reading = sources.board.read()
    found = [entry for entry in reading.entries if asked.takes(entry)]
    by: dict[Turn, list[Entry]] = {}
    for entry in found:
        by.setdefault(entry.turn, []).append(entry)
    lanes = tuple(
        lane._replace(entries=tuple(sorted(by[lane.turn], key=lambda entry: (entry.since, entry.name))))
        for lane in LANES
        if lane.turn in by
    )
    who = _counted(name for entry in reading.entries for name in entry.who)
    repos = _counted(entry.repo for entry in reading.entries)
    return Pulls(sources.now(), asked, len(reading.entries), lanes, who, repos, reading.unreadable, reading.problem)


def _counted(names: Iterable[str]) -> tuple[Count, ...]:
    counted = Counter(names)
    return tuple(Count(name, counted[name]) for name in sorted(counted, key=lambda name: (-counted[name], name)))


def pull(sources: Sources, repo: str, pr: int) -> Pull | None:
    """One pull request; None: nothing is kept of it.

    Raises:
        EngineError: the store fails.
    """
    from engine.run.kept import board

    kept = board.get(sources.store, repo, pr)
    if kept is None:
        return None
    entry = kept.entry
    told = timeline.of(sources.trail.of(entry.repo, pr), kept.steps, _received(sources, entry))
    ran = tuple(sources.runs.find(repo=entry.repo, number=pr, limit=_FEW)) if sources.runs else ()
    url = f"{sources.web}/{entry.repo}/pull/{pr}" if sources.web else ""
    holds = tuple(one for one in freeze(sources, named=False).frozen if one.environment in (None, entry.environment))
    view = Pull(sources.now(), entry, url, kept.gates, None, told, ran, frozen=holds)
    try:
        with alone("what its newest validation has found"):  # nobody has signed how it is shown
            return view._replace(report=_report(sources, entry))
    except EngineError as error:
        return view._replace(problem=error.problems[0])


def _received(sources: Sources, entry: "Entry") -> "list[Event]":
    found = sources.inbox.find(subject=entry.name, limit=_MANY) if sources.inbox else []
    # What has led to nothing is in the list of deliveries; here it would drown what has happened.
    said = ((one, f"{one.event} {one.action}".strip()) for one in found if one.state != "kept")
    return [timeline.Event(one.received_at, "delivery", one.state, text, run=one.run) for one, text in said]


def _report(sources: Sources, entry: "Entry") -> "Report | None":
    """What its newest validation has found, as its page shows it."""
    from engine.core.decision.document import freeze as facts
    from engine.core.report.model import Report
    from engine.core.resources.model import Discovery
    from engine.run import reports
    from engine.run.kept import comments

    found = comments.found(sources.store, entry.repo, entry.pr, entry.sequence) if entry.sequence else {}
    if not found:
        return None
    about = Report(entry.repo, entry.pr, entry.head, entry.environment, "", "unjudged", base_ref=entry.base)
    plan, policy, verdict = (found.get(name) for name in ("terraform.plan", "policy.evaluate", "verdict.sign"))
    return reports.of_outputs(about, plan, policy, verdict, Discovery(None, None, (), ()), facts({}))


def overview(sources: Sources) -> Overview:
    """Everything at a glance. Raises nothing: what does not answer is told of."""
    found = pulls(sources)
    lanes = tuple(Count(lane.title, len(lane.entries)) for lane in found.lanes)
    running, frozen = _running(sources), freeze(sources, named=False).frozen
    return Overview(sources.now(), sources.health(), lanes, found, running, _counts(sources), frozen)


def _running(sources: Sources) -> "tuple[Run, ...]":
    return tuple(sources.runs.find(("running",), limit=PAGE)) if sources.runs else ()


def runs(sources: Sources, *, before: int | None = None, state: str = "", repo: str = "") -> RunList:
    """Runs, the newest first.

    Raises:
        EngineError: ENG867, there is no such state.
    """
    if sources.runs is None:
        return RunList(sources.now(), (), {})
    states = (_one_of(RUN_STATES, state),) if state else ()
    found = sources.runs.find(states, repo=repo, before=before or 0, limit=PAGE + 1)
    more = found[PAGE - 1].row if len(found) > PAGE else None
    return RunList(sources.now(), tuple(found[:PAGE]), sources.runs.counts(), more)


def run(sources: Sources, name: str, after: int | None = None) -> OneRun | None:
    """A run with the next lines of its log after that many, or else its last; None: there is none of that name."""
    found = sources.runs.get(name) if sources.runs else None
    if found is None or sources.runs is None:
        return None
    log = sources.runs.log_file(name)
    said = runlog.tail(log, LINES) if after is None else runlog.RunLog(log, after).more(LINES)
    now = sources.now()
    far = steps.shown(sources.runs.steps_file(name), now if found.state == "running" else None, LINES)
    return OneRun(now, found, tuple(said), said[0].number - 1 if said else after or 0, *far)


def queue(sources: Sources) -> Queue:
    """What waits, what runs, and what was given up."""
    if sources.inbox is None or sources.runs is None:
        return Queue(sources.now(), (), (), (), (), {}, {})
    queued = tuple(sources.runs.find(("queued",), limit=PAGE, oldest=True))
    poisoned = tuple(sources.runs.find(("poisoned",), limit=PAGE))
    waiting = tuple(sources.inbox.waiting(PAGE))
    counts = _counts(sources), sources.runs.counts()
    return Queue(sources.now(), _running(sources), queued, waiting, poisoned, *counts)


def deliveries(sources: Sources, *, before: int | None = None, state: str = "", repo: str = "") -> Deliveries:
    """Deliveries, the newest first.

    Raises:
        EngineError: ENG867, there is no such state.
    """
    if sources.inbox is None:
        return Deliveries(sources.now(), (), {})
    wanted = _one_of(STATES, state) if state else None
    found = sources.inbox.find(state=wanted, repo=repo or None, before=before, limit=PAGE + 1)
    more = found[PAGE - 1].number if len(found) > PAGE else None
    return Deliveries(sources.now(), tuple(found[:PAGE]), _counts(sources), more)


def _one_of(states: "tuple[S, ...]", asked: str) -> "S":
    """A misspelt state is none, and not all of them: nobody is to think that nothing has failed.

    Raises:
        EngineError: ENG867.
    """
    found = next((one for one in states if one == asked), None)
    if found is None:
        raise failure("ENG867", state=asked[:40], known=either(states))
    return found


def _counts(sources: Sources) -> dict[str, int]:
    return {str(state): number for state, number in sources.inbox.counts().items()} if sources.inbox else {}


def number(text: str) -> int | None:
    """The number that somebody asks for; None: it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else None


def freeze(sources: Sources, *, named: bool = True) -> Freeze:
    """What is frozen; `named`: with the environments of the rules, which have to be read for it. Raises nothing."""
    from engine.run.kept import freezes

    names = sources.environments() if named else ()
    try:
        return Freeze(sources.now(), tuple(freezes.active(sources.store)), names)
    except EngineError as error:
        return Freeze(sources.now(), (), names, error.problems[0])
