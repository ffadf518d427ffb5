"""`engine run`: one event, decided and carried out."""

import os
from argparse import ArgumentParser, Namespace

from engine.cli.console import Console

HELP = "decide what an event starts, and carry it out"


def arguments(parser: ArgumentParser) -> None:
    """The event, the two repositories, where everything is kept."""
    parser.add_argument("--event", metavar="FILE", help="the event's payload (default: GITHUB_EVENT_PATH)")
    parser.add_argument("--event-name", metavar="NAME", help="what kind of event it is (default: GITHUB_EVENT_NAME)")
    parser.add_argument("--repo", metavar="DIR", required=True, help="a clone of the source repository")
    parser.add_argument(
        "--controller", metavar="DIR", default=".", help="checkout of the controller repository (default: .)"
    )
    parser.add_argument(
        "--source", metavar="REPO", help="owner/name of the source, where the clone has no origin that says so"
    )
    parser.add_argument("--pipeline", metavar="NAME", help="this pipeline, whatever the event starts")
    parser.add_argument("--out", metavar="DIR", help="keep everything there: facts, decision, plans, statement, report")
    parser.add_argument(
        "--allow-destroy", metavar="PATH", action="append", default=[], help="a deleted resource that may be destroyed"
    )
    parser.add_argument(
        "--allow-move", metavar="PATH", action="append", default=[], help="a resource that may change its environment"
    )
    parser.add_argument("--json", action="store_true", help="print what happened as JSON")


def run(options: Namespace, console: Console) -> int:
    """Handle the event and show what came of it."""
    from engine.adapters import clock, settings
    from engine.adapters.keys import Keyring
    from engine.adapters.storage.memory import Memory
    from engine.cli.files import read_event_file
    from engine.core.decision.decide import Decision
    from engine.core.outcome import Outcome
    from engine.core.report import explanation, terminal
    from engine.core.report.model import Report
    from engine.errors import worst
    from engine.run import results
    from engine.run.facts.change import Asked
    from engine.run.handle import Request, Watcher, handle
    from engine.run.ports import Ports

    def decided(decision: Decision) -> None:
        if decision.outcome is Outcome.PASS:
            console.progress(f"{', '.join(p.name for p in decision.pipelines)}: every gate has passed")
        elif not options.json:
            console.out(explanation.render(decision, console.colour))

    reports: list[Report] = []

    def show(report: Report) -> None:
        reports.append(report)
        if not options.json:
            console.out(terminal.render(report, colour=console.colours, width=console.width))

    with results.directory(options.out) as out:
        given = read_event_file(options.event, options.event_name)
        request = Request(
            event=given.data,
            event_file=given.file,
            event_name=given.name,
            repo=os.path.abspath(options.repo),
            controller=os.path.abspath(options.controller),
            out=out,
            pipeline=options.pipeline,
            asked=Asked(tuple(options.allow_destroy), tuple(options.allow_move), options.source),
            run=os.urandom(8).hex(),
        )
        ports = Ports(Memory(), Keyring(os.environ), clock.now)
        handled = handle(request, settings.read(), ports, Watcher(decided, console.progress, show, reports.append))
        if options.json:
            pipelines = [done.to_json() for done in handled]
            status = "done" if handled else "nothing_to_do"
            said = [report.to_json() for report in reports]
            console.json({"version": 1, "status": status, "pipelines": pipelines, "reports": said})
    for done in handled:
        for action in done.ran:
            console.problems(action.problems)
    if not handled:
        console.err("nothing to do: no pipeline starts on this event")
    return worst([done.exit_code for done in handled if not done.child])
