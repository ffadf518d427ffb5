"""From an event's bytes to what came of it, on one page."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from threading import Event as Flag
from typing import TYPE_CHECKING, NamedTuple

from engine import __version__
from engine.adapters import files
from engine.core.canonical import digest
from engine.core.decision.belief import believe
from engine.core.decision.decided import PipelineResult
from engine.core.decision.document import FactDocument
from engine.core.decision.matching import Matching, stands_for
from engine.core.decision.stance import stance
from engine.core.events.envelope import Event, read_event
from engine.core.outcome import Outcome
from engine.core.resources.model import Discovery
from engine.errors import EngineError, ExitCode, failure
from engine.run import reports, results, sweeping
from engine.run.catalog import catalog
from engine.run.context import Context, Controller, Work
from engine.run.deciding import Deciding, anew, deciding, keep
from engine.run.handled import Again, Handled, following
from engine.run.idle import matching_of, rules_of
from engine.run.kept import swept
from engine.run.kept.runs import Runs, check_until, runs
from engine.run.ports import Ports
from engine.run.request import Request, Watcher
from engine.run.runner import Ran, carry_out, is_locked_out
from engine.run.stopping import HANDED_OVER
from engine.run.telling import Judged, once_opened, tells
from engine.run.today import digests

if TYPE_CHECKING:
    from engine.adapters.settings import Settings
    from engine.core.report.model import Report
    from engine.run.kept.journal import Journal

_TURNS = 2  # a pipeline may lead to another that leads back to it; but a verdict is given anew once in a run
_OF_OTHERS = ("ENG571", "ENG572", HANDED_OVER)


def handle(request: Request, settings: "Settings", ports: Ports, watcher: Watcher) -> "tuple[Handled | Again, ...]":
    """Decide what the event starts and carry it out; a pipeline's `then`, or `else`, is a child run with fresh facts,
    and so is each of what a sweep finds.

    Whatever comes of it is reported: by the pipeline's own action, or here, where it has none or did not come to it.

    Raises:
        EngineError: the event or the rules are refused, the head has moved on, or nothing can be written.
    """
    try:
        event = read_event(request.event, request.event_name, file=request.event_file)
    except EngineError:
        results.forget(request.out)
        raise
    handled: list[Handled | Again] = []
    unopened = ports
    ports = ports._replace(github=ports.github and once_opened(ports.github))
    waiting: list[tuple[Request, tuple[str, ...]]] = [(request, ())]  # and the pipelines that have led there
    with ExitStack() as stack:
        with _reported(event, request.out, settings, watcher):
            asked = digest([event.digest, request.asked])
            journals = stack.enter_context(runs(request.going, event.subject, asked, ports))
        while waiting:
            one, chain = waiting.pop(0)
            with _reported(event, one.out, settings, watcher):
                watcher.stop.check()
                done = _once(event, one, settings, ports, watcher, journals, chain)
            for each in done:  # they ask with one token, so each has what was asked since the one before
                new = max(0, each.requests - sum(one.requests for one in handled))
                handled.append(each._replace(child=bool(chain), requests=new))
            waiting += [
                (request._replace(pipeline=each.then, out=os.path.join(each.out, each.then)), (*chain, each.name))
                for each in done
                if each.then and (*chain, each.name).count(each.then) < (1 if each.then == each.renews else _TURNS)
            ]
        if stopped := following(handled):
            journals.hand_over(stopped.name, stopped.next)
    sweeping.follow(handled, request, ports, watcher, lambda found: handle(found, settings, unopened, watcher))
    return tuple(handled)


@contextmanager
def _reported(event: Event, out: str, settings: "Settings", watcher: Watcher) -> Iterator[None]:
    """Around what may break: the report says so, unless the run is somebody else's, and so is its report."""
    try:
        yield
    except Exception as error:
        if isinstance(error, EngineError) and error.problems[0].code in _OF_OTHERS:
            raise
        with suppress(EngineError):  # what cannot be kept either must not hide what has happened
            watcher.kept(reports.write(reports.of_failure(event, error), out, settings.credentials))
        raise


def _once(
    event: Event,
    request: Request,
    settings: "Settings",
    ports: Ports,
    watcher: Watcher,
    journals: Runs,
    chain: tuple[str, ...],
) -> "list[Handled | Again]":
    (rules, sources), actions = rules_of(event, request, settings), catalog().actions
    if chain and request.repo is not None:
        request = request._replace(pipeline=stands_for(request.pipeline, rules, actions))
        if request.pipeline is None:
            return []
    matching = matching_of(event, request, rules, settings)
    check_until(None if chain else request.going.until, matching.pipelines, rules)
    turn = 1 + max((chain.count(name) for name in matching.pipelines), default=0)
    found = journals.of(matching.pipelines, child=bool(chain), turn=turn)
    outs = {one.identity.pipeline: _out(request.out, one.identity.pipeline, len(found)) for one in found}
    known = {
        name: Again(name, one.finish, outs[name], ran=sweeping.found_before(one, rules.pipelines.get(name)))
        for name, one in zip(outs, found, strict=True)
        if one.finish
    }
    for again in known.values():
        watcher.progress(
            f"{again.name}: this run has ended before ({again.said.get('outcome')}), and does nothing more"
        )
    if found and len(known) == len(found):
        return [*known.values()]
    controller = Controller.at(request.controller)
    # Before the facts: what is said later makes it due.
    frozen = swept.frozen(ports.store) if request.repo is None and matching.pipelines else ()
    judged = Judged(event, rules, controller, settings, ports, ports.now(), Flag())
    with watcher.stop.reaches(judged.stop):
        decided = deciding(request, matching, judged)
    watcher.stop.check()
    found = found if decided.decision.pipelines else []
    keep(decided, request, sources, new=all(journal.start is None for journal in found))
    watcher.decided(decided.decision)
    believed = believe(decided.document, rules)
    report = reports.about(event, believed)
    if not found:
        idle = report._replace(result="idle", because="no pipeline starts on it")
        watcher.kept(reports.write(idle, request.out, settings.credentials))
    shared = _Shared(
        request, matching, decided, believed, report, watcher, _made_with(controller, settings) if found else {}, frozen
    )
    return [
        known.get(result.name) or _carried_out(shared, result, journals, journal, outs[result.name])
        for result, journal in zip(decided.decision.pipelines, found, strict=True)
    ]


class _Shared(NamedTuple):
    """What the pipelines of one decision are carried out with."""

    request: Request
    matching: Matching
    decided: Deciding
    believed: FactDocument
    report: "Report"
    watcher: Watcher
    made_with: Mapping[str, str | None]
    frozen: Iterable[str]


def _carried_out(shared: _Shared, result: PipelineResult, journals: Runs, journal: "Journal", out: str) -> Handled:
    """One pipeline, in its journal: as far as its gates let it, and told of in any case."""
    decided, judged = shared.decided, shared.decided.judged
    files.make_directory(out)
    ran: tuple[Ran, ...] = ()
    begun = 0
    if result.outcome is not Outcome.ERROR:  # else nobody knows what to do, and nothing was begun
        because = journals.enter(journal, stance(result, decided.decision, shared.made_with))
        if because:
            told = Handled(result, (), out, shared.report.environment).said()
            journal.finish_run({**told, "outcome": "superseded", "exit": int(ExitCode.STALE), "then": None})
            raise failure("ENG575", run=journal.identity, reason=because)
        begun = journal.lines
    if result.outcome is Outcome.PASS:
        going = shared.request.going
        ran = carry_out(_context(shared, result, journal, out), catalog().actions, going.until, going.does)
    _tell(shared.report, result, ran, decided, shared.believed, out, shared.watcher)
    run = shared.request.going.run
    renews = sweeping.left(result, shared.believed, judged.rules, judged.ports, run, shared.made_with, shared.frozen)
    environment = shared.report.environment
    if shared.request.going.does is not None and environment not in judged.rules.environments:
        environment = ""  # another job has what is set for it: no name that only the change has chosen
    passes = result.outcome is Outcome.ERROR and decided.passes
    done = Handled(result, ran, out, environment, renews=renews, passes=passes)
    # Nothing was done, for want of a key, say: with it, the run can go on.
    lacking = (
        not is_locked_out(ran)
        and journal.lines == begun
        and any(r.problems and journal.past(r.id).state == "never" for r in ran)
    )
    if result.outcome is not Outcome.ERROR and not done.next and not lacking:
        journal.finish_run(done.said())
    return done._replace(requests=judged.ports.forge.calls if judged.ports.forge else 0)


def _context(shared: _Shared, result: PipelineResult, journal: "Journal", out: str) -> Context:
    decided, judged, watcher = shared.decided, shared.decided.judged, shared.watcher
    going = shared.request.going
    return Context(
        event=judged.event,
        document=shared.believed,
        rules=judged.rules,
        controller=judged.controller,
        discovery=decided.discovery,
        settings=judged.settings,
        ports=judged.ports,
        work=Work(
            out,
            watcher.progress,
            watcher.show,
            Flag(),
            stop=watcher.stop,
            watch=watcher.step,
            fail_fast=going.fail_fast,
            tells=tells(going.does),
            most=None if going.does is None else sweeping.MOST,
        ),
        result=result,
        decision=digest(decided.decision.to_json()),
        now=judged.now,
        run=shared.request.going.run,
        check_head=decided.check_head,
        journal=journal,
        again=partial(anew, shared.request, shared.matching, decided, result.name),
    )


def _tell(
    report: "Report",
    result: PipelineResult,
    ran: tuple[Ran, ...],
    decided: Deciding,
    believed: FactDocument,
    out: str,
    watcher: Watcher,
) -> None:
    """The report, where no action has written one."""
    if reports.is_told(ran):
        return
    changed = decided.discovery if "resources" in believed.facts else Discovery(None, None, (), ())
    whole = reports.of_pipeline(report, result, ran, changed, believed)
    # What did not come to an end has been explained already, or is about to be shown as an error.
    silent = result.outcome is not Outcome.PASS or any(one.problems for one in ran)
    (watcher.kept if silent else watcher.show)(reports.write(whole, out, decided.judged.settings.credentials))


def _out(out: str, pipeline: str, many: int) -> str:
    return os.path.join(out, pipeline) if many > 1 else out


def _made_with(controller: Controller, settings: "Settings") -> Mapping[str, str | None]:
    """What the actions work with, besides the rules; where it cannot be told, why."""
    try:
        return {"engine": __version__, **digests(controller, settings)}
    except EngineError as error:
        return {"engine": __version__, "policy": error.problems[0].code}
