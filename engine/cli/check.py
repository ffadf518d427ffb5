"""`engine check`: what validation will say of a working tree, before anything is pushed."""

from argparse import ArgumentParser, Namespace

from engine.cli.console import Console
from engine.cli.files import rules_option, shipped_option

HELP = "check a working tree before it is pushed: without an account, credentials or keys"


def arguments(parser: ArgumentParser) -> None:
    """The working tree, what of it, and the controller."""
    parser.epilog = (
        "Every plan begins with nothing, so what depends on what exists, on the commits or on people is told as "
        "unknown. Exit code 0: nothing speaks against it here; 1: a file is refused, or policy denies; "
        "3: something could not be judged."
    )
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", help="resources, their files, or directories of them (default: all)"
    )
    parser.add_argument("--repo", metavar="DIR", default=".", help="the working tree (default: here)")
    rules_option(parser)
    shipped_option(parser)
    parser.add_argument(
        "--source", metavar="REPO", help="which declared source it is (default: its origin, or the only one)"
    )
    parser.add_argument(
        "--no-plan", action="store_true", help="look at the files alone: a moment, and no Terraform; for pre-commit"
    )
    parser.add_argument(
        "--fail-fast", action="store_true", help="begin nothing more after the first resource that cannot be planned"
    )
    parser.add_argument(
        "--json", action="store_true", help="print the report as JSON, and how far it is as lines of JSON beside it"
    )


def run(options: Namespace, console: Console) -> int:
    """Check, and show the report."""
    from threading import Event

    from engine.adapters import clock, settings
    from engine.cli.live import watching
    from engine.core.outcome import EXIT
    from engine.core.report import terminal
    from engine.errors import TABLE, ExitCode, worst
    from engine.run import results
    from engine.run.check import Request, check
    from engine.run.context import Controller, Work
    from engine.run.trusted import beside, load_rules, stand_apart

    controller = beside(options.rules)
    surroundings = settings.read()
    stand_apart(controller, options.repo, options.source, search_path=surroundings.path)
    rules = load_rules(options.rules)
    request = Request(options.repo, tuple(options.paths), options.source, plans=not options.no_plan)
    with results.directory(None) as out, watching(console, as_json=options.json) as (step, _):
        work = Work(out, console.progress, lambda _: None, Event(), watch=step, fail_fast=options.fail_fast)
        report = check(
            request, rules, Controller.at(controller, shipped=options.shipped), surroundings, work, clock.now()
        )
    if options.json:
        console.json(report.to_json())
    else:
        console.out(terminal.render(report, colour=console.colours, width=console.width))
    if report.broken:
        return worst(TABLE[problem.code].exit for problem in report.broken)
    if options.no_plan:
        return ExitCode.NEGATIVE if report.refused else ExitCode.DONE
    return EXIT[report.result] if report.result in ("passed", "error") else ExitCode.NEGATIVE
