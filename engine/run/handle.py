"""From an event's bytes to what came of it, on one page."""

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Event as Flag
from typing import TYPE_CHECKING, NamedTuple

from engine.adapters import files
from engine.core.alone import alone
from engine.core.canonical import digest
from engine.core.decision.belief import believe
from engine.core.decision.decide import Decision, PipelineResult, decide
from engine.core.decision.document import FactDocument
from engine.core.decision.matching import match
from engine.core.events.envelope import Event, commits, read_event
from engine.core.outcome import EXIT, Outcome
from engine.core.resources import services
from engine.core.resources.model import Discovery
from engine.core.rules.load import load
from engine.core.rules.model import Rules
from engine.errors import EngineError, ExitCode, worst
from engine.run import reports, results, trusted
from engine.run.catalog import catalog
from engine.run.context import Context, Controller, Work
from engine.run.facts.change import Asked, Change
from engine.run.facts.gather import gather
from engine.run.facts.kept import NothingKept
from engine.run.facts.teller import WITHOUT_GITHUB, together
from engine.run.facts.told import Told, base_repository, check, where
from engine.run.module import read_module
from engine.run.ports import Ports
from engine.run.runner import Ran, carry_out
from engine.run.today import digests

if TYPE_CHECKING:
    from engine.adapters.settings import Settings
    from engine.core.report.model import Report


class Request(NamedTuple):
    """One `engine run`."""

    event: bytes
    event_file: str
    event_name: str | None
    repo: str  # clone of the source repository
    controller: str  # checkout of the controller repository
    out: str  # directory that keeps everything, see `results`
    pipeline: str | None  # None: those that the event starts
    asked: Asked
    run: str  # the run's id


class Watcher(NamedTuple):
    """Who is told while it happens."""

    decided: Callable[[Decision], None]
    progress: Callable[[str], None]
    show: "Callable[[Report], None]"
    kept: "Callable[[Report], None]"  # a report of what has been said already: only for whoever collects them


class Handled(NamedTuple):
    """One pipeline of one decision, carried out or not."""

    result: PipelineResult
    ran: tuple[Ran, ...]
    out: str  # where its results are
    child: bool = False  # of another one's `then`

    def to_json(self) -> dict[str, object]:
        """The pipeline's part of the decision, and what became of each action."""
        return {**self.result.to_json(), "ran": [r.to_json() for r in self.ran]}

    @property
    def is_done(self) -> bool:
        """Has everything been carried out, whatever came out? Then `then` follows."""
        return self.result.outcome is Outcome.PASS and all(r.status != "failed" for r in self.ran)

    @property
    def exit_code(self) -> ExitCode:
        """What it means to the shell; a child's is its own."""
        if self.result.outcome is not Outcome.PASS:
            return EXIT[self.result.outcome]
        return worst(r.exit_code for r in self.ran)


def handle(request: Request, settings: "Settings", ports: Ports, watcher: Watcher) -> tuple[Handled, ...]:
    """Decide what the event starts and carry it out; a pipeline's `then` is a child run with fresh facts.

    Whatever comes of it is reported: by the pipeline's own action, or here, where it has none or did not come to it.

    Raises:
        EngineError: the event or the rules are refused, the head has moved on, or nothing can be written.
    """
    results.forget(request.out)
    event = read_event(request.event, request.event_name, file=request.event_file)
    handled: list[Handled] = []
    waiting = [(request, False)]
    while waiting:
        asked, child = waiting.pop(0)
        try:
            done = _once(event, asked, settings, ports, watcher)
        except Exception as error:
            with suppress(EngineError):  # what cannot be kept either must not hide what has happened
                watcher.kept(reports.keep(reports.of_failure(event, error), asked.out, settings.credentials))
            raise
        handled += [one._replace(child=child) for one in done]
        waiting += [
            (request._replace(pipeline=one.result.then, out=os.path.join(one.out, one.result.then)), True)
            for one in done
            if one.result.then and one.is_done
        ]
    return tuple(handled)


class _Decided(NamedTuple):
    """A decision, and what it was made of."""

    event: Event
    rules: Rules
    controller: Controller
    change: Change
    document: FactDocument  # facts as they were fetched
    decision: Decision
    now: str

    @property
    def discovery(self) -> Discovery:
        """What the change consists of; where that cannot be told, nothing, and why: not every action asks for it."""
        try:
            with alone("what the change consists of"):
                return self.change.discovery
        except EngineError as error:
            return Discovery(None, None, (), error.problems)


def _once(event: Event, request: Request, settings: "Settings", ports: Ports, watcher: Watcher) -> list[Handled]:
    decided = _decide(event, request, settings, ports.now())
    _keep(decided, request.out)
    watcher.decided(decided.decision)
    believed = believe(decided.document, decided.rules)
    report = reports.about(event, believed)
    pipelines = decided.decision.pipelines
    if not pipelines:
        idle = report._replace(result="idle", because="no pipeline starts on it")
        watcher.kept(reports.keep(idle, request.out, settings.credentials))
    handled = []
    for result in pipelines:
        out = os.path.join(request.out, result.name) if len(pipelines) > 1 else request.out
        files.make_directory(out)
        ran: tuple[Ran, ...] = ()
        if result.outcome is Outcome.PASS:
            context = Context(
                event=event,
                document=believed,
                rules=decided.rules,
                controller=decided.controller,
                discovery=decided.discovery,
                settings=settings,
                ports=ports,
                work=Work(out, watcher.progress, watcher.show, Flag()),
                result=result,
                decision=digest(decided.decision.to_json()),
                now=decided.now,
                run=request.run,
            )
            ran = carry_out(context, catalog().actions)
        if not reports.is_told(ran):
            found = decided.discovery if "resources" in believed.facts else Discovery(None, None, (), ())
            whole = reports.of_pipeline(report, result, ran, found, believed)
            # What did not come to an end has been explained already, or is about to be shown as an error.
            silent = result.outcome is not Outcome.PASS or any(one.problems for one in ran)
            (watcher.kept if silent else watcher.show)(reports.keep(whole, out, settings.credentials, ran))
        handled.append(Handled(result, ran, out))
    return handled


def _decide(event: Event, request: Request, settings: "Settings", now: str) -> _Decided:
    """By the controller's rules, of a change that is of this repository, and whose head is still the event's.

    Raises:
        EngineError: they cannot be trusted, or it is not.
    """
    from engine.adapters.git.repository import Repository

    trusted.stand_apart(
        request.controller, request.repo, event.source_repo, commits=commits(event), search_path=settings.path
    )
    rows = catalog()
    rules = load(trusted.read_rules(request.controller), rows)
    controller = Controller.at(request.controller)
    matching = match(event, rules, request.pipeline, rows.actions)
    change = Change(
        partial(where, event),
        event.subject.repo,
        rules,
        Repository(request.repo, path=settings.path),
        services.read(read_module(controller.module)),
        asked=request.asked,
        today=partial(digests, controller, settings),
    )
    check(event)
    change.check_source(base_repository(event))
    change.check_head()
    document = gather(matching.needs, together(Told(event, change, now), change, NothingKept()), WITHOUT_GITHUB)
    decision = decide(event, document, rules, request.pipeline)
    return _Decided(event, rules, controller, change, document, decision, now)


def _keep(decided: _Decided, out: str) -> None:
    """What was decided, and what it was decided by: enough to decide it again."""
    files.make_directory(out)
    results.clear(os.path.join(out, name) for name in decided.rules.pipelines)
    results.keep(out, "event.json", decided.event.payload)
    results.keep(out, "facts.json", decided.document.to_json())
    results.keep(out, "decision.json", decided.decision.to_json())
