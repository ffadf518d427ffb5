"""From an event's bytes to what came of it, on one page."""

import os
from collections.abc import Callable
from functools import partial
from threading import Event as Flag
from typing import TYPE_CHECKING, NamedTuple

from engine.adapters import clock, files
from engine.core.canonical import digest
from engine.core.decision.belief import believe
from engine.core.decision.decide import Decision, PipelineResult, decide
from engine.core.decision.matching import match
from engine.core.events.envelope import Event, read_event
from engine.core.outcome import EXIT, Outcome
from engine.core.resources import services
from engine.core.rules.load import load
from engine.errors import TABLE, ExitCode
from engine.run import results, trusted
from engine.run.catalog import catalog
from engine.run.context import Context, Controller
from engine.run.facts.gather import gather
from engine.run.facts.local import UNKNOWN, Asked, Local
from engine.run.module import module_directory, read_module
from engine.run.runner import Ran, carry_out
from engine.run.today import digests

if TYPE_CHECKING:
    from engine.adapters.settings import Settings
    from engine.core.report.model import Report

_RESULTS = {"passed": ExitCode.DONE, "failed": ExitCode.NEGATIVE, "error": ExitCode.EXECUTOR}
_WORST_FIRST = (
    ExitCode.BUG,
    ExitCode.INTERRUPTED,
    ExitCode.EXECUTOR,
    ExitCode.CONFIG,
    ExitCode.AUTH,
    ExitCode.STALE,
    ExitCode.NEGATIVE,
    ExitCode.WAITING,
    ExitCode.DONE,
)


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


class Watcher(NamedTuple):
    """Who is told while it happens."""

    decided: Callable[[Decision], None]
    progress: Callable[[str], None]
    show: "Callable[[Report], None]"


class Handled(NamedTuple):
    """One pipeline of one decision, carried out or not."""

    result: PipelineResult
    ran: tuple[Ran, ...]
    out: str  # where its results are

    def to_json(self) -> dict[str, object]:
        """The pipeline's part of the decision, and what became of each action."""
        ran = [
            {"id": r.id, "uses": r.uses, "status": r.status, "problems": [p.text() for p in r.problems]}
            for r in self.ran
        ]
        return {**self.result.to_json(), "ran": ran}

    @property
    def exit_code(self) -> ExitCode:
        """What it means to the shell."""
        if self.result.outcome is not Outcome.PASS:
            return EXIT[self.result.outcome]
        codes = [TABLE[r.problems[0].code].exit for r in self.ran if r.status == "failed"]
        return worst([*codes, *(_RESULTS[r.result] for r in self.ran)])


def worst(codes: list[ExitCode]) -> ExitCode:
    """Of several exit codes the one to return; of none: done."""
    return min(codes, key=_WORST_FIRST.index, default=ExitCode.DONE)


def handle(request: Request, settings: "Settings", watcher: Watcher) -> tuple[Handled, ...]:
    """Decide what the event starts and carry it out; a pipeline's `then` is a child run with fresh facts.

    Raises:
        EngineError: the event or the rules are refused, the head has moved on, or nothing can be written.
    """
    event = read_event(request.event, request.event_name, file=request.event_file)
    trusted.stand_apart(request.controller, request.repo)
    handled: list[Handled] = []
    waiting: list[tuple[str | None, str]] = [(request.pipeline, request.out)]
    while waiting:
        pipeline, out = waiting.pop(0)
        for done in _once(event, request, pipeline, out, settings, watcher):
            handled.append(done)
            if done.result.then and done.exit_code is ExitCode.DONE:
                waiting.append((done.result.then, os.path.join(done.out, done.result.then)))
    return tuple(handled)


def _once(
    event: Event, request: Request, pipeline: str | None, out: str, settings: "Settings", watcher: Watcher
) -> list[Handled]:
    from engine.adapters.git.repository import Repository

    rows = catalog()
    rules = load(trusted.read_rules(request.controller), rows)
    now = clock.now()
    module = module_directory(request.controller)
    controller = Controller(request.controller, module, os.path.join(request.controller, "policies"))
    matching = match(event, rules, pipeline, rows.actions)
    clone = Repository(request.repo, path=settings.path, home=settings.home)
    facts = Local(
        event,
        rules,
        clone,
        services.read(read_module(module)),
        asked=request.asked,
        now=now,
        today=partial(digests, controller),
    )
    facts.check_head()
    document = gather(matching.needs, facts.fetchers, UNKNOWN)
    decision = decide(event, document, rules, pipeline)
    files.make_directory(out)
    results.clear(os.path.join(out, name) for name in rules.pipelines)
    results.keep(out, "event.json", event.payload)
    results.keep(out, "facts.json", document.to_json())
    results.keep(out, "decision.json", decision.to_json())
    watcher.decided(decision)
    handled = []
    for result in decision.pipelines:
        own = os.path.join(out, result.name) if len(decision.pipelines) > 1 else out
        files.make_directory(own)
        ran: tuple[Ran, ...] = ()
        if result.outcome is Outcome.PASS:
            context = Context(
                event=event,
                document=believe(document, rules),
                rules=rules,
                controller=controller,
                discovery=facts.discovery,
                settings=settings,
                out=own,
                decision=digest(decision.to_json()),
                now=now,
                progress=watcher.progress,
                show=watcher.show,
                cancel=Flag(),
            )
            ran = carry_out(result, context, rows.actions)
        handled.append(Handled(result, ran, own))
    return handled
