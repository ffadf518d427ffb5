"""`engine run`: one event, decided and carried out."""

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.cli.console import Console
from engine.cli.files import rules_option
from engine.errors import EngineError, ExitCode, failure

if TYPE_CHECKING:
    from engine.adapters.github.port import Forge
    from engine.adapters.settings import Settings
    from engine.cli.files import Given
    from engine.core.decision.decided import Decision
    from engine.core.report.model import Report
    from engine.run.handled import Again, Handled
    from engine.run.request import Going, Request, Watcher

_LONGEST = 200  # characters of a run's id: it stands in messages, statements and hand-overs

_OF_A_CLONE = ("source", "allow_destroy", "allow_move")  # options

HELP = "decide what an event starts, and carry it out"


def arguments(parser: ArgumentParser) -> None:
    """The event, the two repositories, where everything is kept."""
    parser.add_argument("--event", metavar="FILE", help="the event's payload (default: GITHUB_EVENT_PATH)")
    parser.add_argument("--event-name", metavar="NAME", help="what kind of event it is (default: GITHUB_EVENT_NAME)")
    parser.add_argument("--repo", metavar="DIR", help="a clone of the source repository, instead of GitHub")
    rules_option(parser, whole=True)
    parser.add_argument(
        "--source", metavar="REPO", help="owner/name of the source, where the clone has no origin that says so"
    )
    parser.add_argument("--pipeline", metavar="NAME", help="this pipeline, whatever the event starts")
    parser.add_argument("--run", metavar="ID", help="which run this is (default: that of the GitHub Actions workflow)")
    parser.add_argument("--until", metavar="ACTION", help="stop before this action; another job goes on")
    parser.add_argument(
        "--only",
        metavar="USES",
        action="append",
        default=[],
        help="carry out these actions alone (terraform.plan,policy.evaluate, …), and stop before any other",
    )
    parser.add_argument(
        "--resume",
        metavar="ACTION",
        nargs="?",
        const="",
        help="go on with a run that was begun and has not ended; with ACTION only where it stopped before that",
    )
    parser.add_argument(
        "--handover", metavar="FILE", help="file that --until and --only write for another job, and --resume reads"
    )
    parser.add_argument(
        "--state", metavar="DIR", help="with --resume: have the `engine serve` whose state this is go on with the run"
    )
    parser.add_argument("--out", metavar="DIR", help="keep everything there: facts, decision, plans, statement, report")
    parser.add_argument(
        "--allow-destroy", metavar="PATH", action="append", default=[], help="a deleted resource that may be destroyed"
    )
    parser.add_argument(
        "--allow-move", metavar="PATH", action="append", default=[], help="a resource that may change its environment"
    )
    parser.add_argument(
        "--fail-fast", action="store_true", help="begin nothing more after the first resource that fails"
    )
    parser.add_argument(
        "--json", action="store_true", help="print what happened as JSON, and how far it is as lines of JSON beside it"
    )


def run(options: Namespace, console: Console) -> int:
    """Handle the event and show what came of it."""
    from engine.adapters import settings
    from engine.cli import job
    from engine.cli.live import watching
    from engine.core.outcome import Outcome
    from engine.run import results
    from engine.run.request import Asked, Request, Watcher

    def decided(decision: "Decision") -> None:
        if decision.outcome is Outcome.PASS:
            console.progress(f"{', '.join(p.name for p in decision.pipelines)}: every gate has passed")
        elif not options.json:
            from engine.core.report import explanation

            rest()
            console.out(explanation.render(decision, console.colour))

    reports: list[Report] = []

    def show(report: "Report") -> None:
        reports.append(report)
        if not options.json:
            from engine.core.report import terminal

            rest()
            console.out(terminal.render(report, colour=console.colours, width=console.width))

    if options.state is not None:
        return _asked(options, console)
    values = settings.read()
    going = _going(options, values)
    hubs: list[Forge] = []
    with results.directory(options.out) as out, watching(console, as_json=options.json) as (step, rest):
        given = _given(options, out, going.run if values.store else None)
        request = Request(
            event=given.data,
            event_file=given.file,
            event_name=given.name,
            repo=options.repo and os.path.abspath(options.repo),
            controller=os.path.abspath(options.controller),
            out=out,
            pipeline=options.pipeline,
            asked=Asked(tuple(options.allow_destroy), tuple(options.allow_move), options.source),
            going=going,
        )
        if values.store:
            console.progress(f"run {going.run}")  # whoever finds it killed needs the name to go on with it
        try:
            watcher = Watcher(decided, console.progress, show, reports.append, step=step)
            handled = _handled(request, values, hubs, watcher)
        finally:
            job.summary(reports)
            job.annotations(console, reports, aside=options.json)
        stopped = next((one for one in handled if one.next), None)
        outputs = {
            "next": (stopped.next if going.does is None else stopped.uses) if stopped else "",
            "environment": next((done.environment for done in handled if done.environment), ""),
        }
        if going.does is not None:
            outputs["found"] = _found(handled)
        if options.json:
            parts = {
                "pipelines": [{**done.to_json(), "requests": done.requests} for done in handled],
                "reports": [report.to_json() for report in reports],
            }
            run = {"version": 1, "status": "done" if handled else "nothing_to_do", "run": going.run, **outputs}
            console.json({**run, "requests": sum(hub.calls for hub in hubs), **parts})
    job.outputs(outputs)
    console.problems(problem for done in handled for action in done.ran for problem in action.problems)
    _tell(console, stopped.next if stopped else "", going.run, is_idle=not handled)
    return _exit_code(handled)


def _asked(options: Namespace, console: Console) -> int:
    """A service goes on with it; it has the event, and nobody else is to be at work on it meanwhile.

    Raises:
        EngineError: ENG579 without what it needs, ENG790 there is no such run, ENG791 it goes or has come to its end.
    """
    from engine.cli.runs import line, opened, saying
    from engine.run.kept.owner import owner
    from engine.service import asking

    if options.resume is None or not options.run:
        raise failure("ENG579", option="--state", needed="--resume --run RUN")
    with owner(None) as me:
        found = asking.resume(opened(options.state), options.run, me.who, saying(console))
    if options.json:
        console.json({"version": 1, "status": "queued", "run": found.run})
    else:
        console.out(line(found, console))
    return ExitCode.DONE


def _handled(
    request: "Request", values: "Settings", hubs: "list[Forge]", watcher: "Watcher"
) -> "tuple[Handled | Again, ...]":
    from engine.run.idle import idle

    if idle(request, values, watcher):
        return ()
    from engine.run import opening
    from engine.run.handle import handle

    github = opening.github(values, hubs.append, os.environ) if request.repo is None else None
    return handle(request, values, opening.ports(values, request.going.run, request.out, github, os.environ), watcher)


def _found(handled: "tuple[Handled | Again, ...]") -> str:
    """What sweeps have found, for whoever starts a run of each: JSON."""
    import json

    from engine.run.sweeping import handed_out

    rows = handed_out(handled)
    return json.dumps(
        [{**{key: row[key] for key in ("subject", "event")}, "pipeline": row["pipeline"] or ""} for row in rows]
    )


def _exit_code(handled: "tuple[Handled | Again, ...]") -> int:
    if not handled:
        return ExitCode.DONE
    from engine.run.handled import exit_code

    return exit_code(handled)


def _tell(console: Console, stopped: str, run: str, *, is_idle: bool) -> None:
    """What is left, for a person."""
    if stopped:
        console.progress(f"stopped before {stopped}: --resume --run {run} goes on")
    if is_idle:
        console.err("nothing to do: no pipeline starts on this event")


def _given(options: Namespace, out: str, run: str | None) -> "Given":
    """The event; what is in `out` of another one, of another run, or of one that nobody could go on with, is gone.

    Raises:
        EngineError: there is no event, or something cannot be written.
    """
    from engine.cli.files import read_event_file
    from engine.core.canonical import digest, digest_bytes
    from engine.run import results

    try:
        given = read_event_file(options.event, options.event_name)
    except EngineError:
        results.forget(out)
        raise
    results.claim(out, run and digest([run, options.pipeline, digest_bytes(given.data)]))
    return given


def _known(does: "frozenset[str]") -> None:
    """Nothing, if there are such actions.

    Raises:
        EngineError: ENG950.
    """
    from engine.names import closest
    from engine.run.catalog import catalog

    known = catalog().actions
    if unknown := sorted(does - known.keys()):
        raise failure("ENG950", hint=closest(unknown[0], known), action=unknown[0])


def _going(options: Namespace, values: "Settings") -> "Going":
    """Which run this is, and how much of it is asked for here.

    Raises:
        EngineError: ENG579, an option without what it needs.
    """
    from engine.adapters.settings import actions_run
    from engine.run.request import Going

    if options.repo is None and (given := [name for name in _OF_A_CLONE if getattr(options, name)]):
        option = f"--{given[0].replace('_', '-')}"
        raise failure("ENG579", option=option, needed="--repo DIR: on GitHub people ask for it in a comment")
    known, attempt = actions_run()
    resume = options.resume is not None
    does = frozenset(name for one in options.only for name in one.split(",")) if options.only else None
    if does is not None:
        _known(does)
    if options.handover and not (options.until or does or resume):
        needed = "--until or --only, which write it, or --resume, which reads it"
        raise failure("ENG579", option="--handover", needed=needed)
    if resume and not (options.run or known):
        raise failure("ENG579", option="--resume", needed="the id of the run that was begun (--run ID)")
    run = options.run if options.run is not None else f"{known}-{attempt}" if known else os.urandom(8).hex()
    if not (run and run.isprintable() and len(run) <= _LONGEST):
        raise failure("ENG579", option="--run", needed=f"an id of at most {_LONGEST} characters that can be printed")
    return Going(
        run=run,
        attempt=attempt,
        resume=resume,
        only=options.resume or None,
        until=options.until,
        does=does,
        handover=options.handover and os.path.abspath(options.handover),
        executor=values.executor,
        fail_fast=options.fail_fast,
    )
