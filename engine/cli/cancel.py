"""`engine cancel RUN`: have `engine serve` end a run, as soon as that harms nothing."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.errors import ExitCode

if TYPE_CHECKING:
    from engine.cli.console import Console

HELP = "have `engine serve` end a run: before its next action, or as Terraform stops when it is asked to"


def arguments(parser: ArgumentParser) -> None:
    """Which."""
    from engine.cli.runs import state

    parser.add_argument("run", metavar="RUN", help="`engine runs` lists them")
    state(parser)
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: "Console") -> int:
    """Ask for it; the service ends it."""
    from engine.cli.runs import line, opened, saying
    from engine.run.kept.owner import owner
    from engine.service import asking

    runs = opened(options.state)
    with owner(None) as me:
        found = asking.cancel(runs, options.run, me.who, saying(console))
    if options.json:
        console.json({"version": 1, "run": found.to_json()})
    else:
        console.out(line(found, console))
        console.progress("it is asked to end; `engine runs` tells when it has")
    return ExitCode.DONE
