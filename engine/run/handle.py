"""From an event's bytes to what came of it, on one page."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Event as Flag
from typing import TYPE_CHECKING, NamedTuple

from engine.adapters import clock, files
from engine.core.alone import alone
from engine.core.canonical import digest
from engine.core.decision.belief import believe
from engine.core.decision.decide import Decision, PipelineResult, decide
from engine.core.decision.matching import match
from engine.core.events.envelope import Event, commits, read_event
from engine.core.outcome import EXIT, Outcome
from engine.core.resources import services
from engine.core.resources.model import Discovery
from engine.core.rules.load import load
from engine.errors import TABLE, EngineError, ExitCode
from engine.run import reports, results, trusted
from engine.run.catalog import catalog
from engine.run.context import Context, Controller
from engine.run.facts.change import Asked, Change
from engine.run.facts.gather import gather
from engine.run.facts.kept import NothingKept
from engine.run.facts.teller import WITHOUT_GITHUB, together
from engine.run.facts.told import Told, base_repository, check, where
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
    kept: "Callable[[Report], None]"  # a report of what has been said already: only for whoever collects them


class Handled(NamedTuple):
    """One pipeline of one decision, carried out or not."""

    result: PipelineResult
    ran: tuple[Ran, ...]
    out: str  # where its results are
    child: bool = False  # of another one's `then`

    def to_json(self) -> dict[str, object]:
        """The pipeline's part of the decision, and what became of each action."""
        ran = [
            {"id": r.id, "uses": r.uses, "status": r.status, "problems": [p.text() for p in r.problems]}
            for r in self.ran
        ]
        return {**self.result.to_json(), "ran": ran}

    @property
    def is_done(self) -> bool:
        """Has everything been carried out, whatever came out? Then `then` follows."""
        return self.result.outcome is Outcome.PASS and all(r.status != "failed" for r in self.ran)

    @property
    def exit_code(self) -> ExitCode:
        """What it means to the shell; a child's is its own."""
        if self.result.outcome is not Outcome.PASS:
            return EXIT[self.result.outcome]
        codes = [TABLE[r.problems[0].code].exit for r in self.ran if r.status == "failed"]
        return worst([*codes, *(_RESULTS[r.result] for r in self.ran)])


def worst(codes: list[ExitCode]) -> ExitCode:
    """Of several exit codes the one to return; of none: done."""
    return min(codes, key=_WORST_FIRST.index, default=ExitCode.DONE)


def handle(request: Request, settings: "Settings", watcher: Watcher) -> tuple[Handled, ...]:
    """Decide what the event starts and carry it out; a pipeline's `then` is a child run with fresh facts.

    Whatever comes of it is reported: by the pipeline's own action, or here, where it has none or did not come to it.

    Raises:
        EngineError: the event or the rules are refused, the head has moved on, or nothing can be written.
    """
    _forget(request.out)
    event = read_event(request.event, request.event_name, file=request.event_file)
    handled: list[Handled] = []
    waiting: list[tuple[str | None, str, bool]] = [(request.pipeline, request.out, False)]
    while waiting:
        pipeline, out, child = waiting.pop(0)
        try:
            trusted.stand_apart(request.controller, request.repo, event.source_repo, commits=commits(event))
            done = _once(event, request, pipeline, out, settings, watcher)
        except Exception as error:
            with suppress(EngineError):  # what cannot be kept either must not hide what has happened
                watcher.kept(reports.write(reports.of_failure(event, error), out, settings.credentials))
            raise
        handled += [one._replace(child=child) for one in done]
        waiting += [
            (one.result.then, os.path.join(one.out, one.result.then), True)
            for one in done
            if one.result.then and one.is_done
        ]
    return tuple(handled)


def _forget(out: str) -> None:
    """Remove what an earlier run has claimed for its pipelines, which it kept below `out` where there were several."""
    try:
        earlier = json.loads(files.read(os.path.join(out, "decision.json")))["pipelines"]
        names = {str(name) for row in earlier for name in (row["name"], row["then"]) if name}
    except (EngineError, ValueError, LookupError, TypeError, RecursionError):
        return  # there was none, or it was not ours
    below = [os.path.join(out, name) for name in names if os.path.basename(name) == name and name.strip(".")]
    results.clear(below)
    for folder in below:
        _forget(folder)


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
    clone = Repository(request.repo, path=settings.path)
    change = Change(
        partial(where, event),
        event.subject.repo,
        rules,
        clone,
        services.read(read_module(module)),
        asked=request.asked,
        today=partial(digests, controller, settings),
    )
    check(event)
    change.check_source(base_repository(event))
    change.check_head()
    fetchers = together(Told(event, change, now), change, NothingKept())
    document = gather(matching.needs, fetchers, WITHOUT_GITHUB)
    decision = decide(event, document, rules, pipeline)
    files.make_directory(out)
    results.clear(os.path.join(out, name) for name in rules.pipelines)
    results.keep(out, "event.json", event.payload)
    results.keep(out, "facts.json", document.to_json())
    results.keep(out, "decision.json", decision.to_json())
    watcher.decided(decision)
    believed = believe(document, rules)
    if not decision.pipelines:
        idle = reports.about(event, believed)._replace(result="idle", because="no pipeline starts on it")
        watcher.kept(reports.write(idle, out, settings.credentials))
    handled = []
    for result in decision.pipelines:
        own = os.path.join(out, result.name) if len(decision.pipelines) > 1 else out
        files.make_directory(own)
        ran: tuple[Ran, ...] = ()
        if result.outcome is Outcome.PASS:
            context = Context(
                event=event,
                document=believed,
                rules=rules,
                controller=controller,
                discovery=_discovery(change),
                settings=settings,
                out=own,
                result=result,
                decision=digest(decision.to_json()),
                now=now,
                progress=watcher.progress,
                show=watcher.show,
                cancel=Flag(),
            )
            ran = carry_out(result, context, rows.actions)
        found = _discovery(change) if "resources" in document.facts else Discovery(None, None, (), ())
        if not reports.is_told(ran):
            report = reports.of_pipeline(reports.about(event, believed), result, ran, found, believed)
            # What did not come to an end has been explained already, or is about to be shown as an error.
            silent = result.outcome is not Outcome.PASS or any(one.problems for one in ran)
            (watcher.kept if silent else watcher.show)(reports.write(report, own, settings.credentials))
        handled.append(Handled(result, ran, own))
    return handled


def _discovery(change: Change) -> Discovery:
    """What the change consists of; where that cannot be told, nothing, and why: not every action asks for it."""
    try:
        with alone("what the change consists of"):
            return change.discovery
    except EngineError as error:
        return Discovery(None, None, (), error.problems)
