"""`engine version`."""

from argparse import ArgumentParser, Namespace

from engine import __version__
from engine.cli.console import Console
from engine.errors import ExitCode

HELP = "the version of the engine"


def arguments(parser: ArgumentParser) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: Console) -> int:
    """Print it."""
    if options.json:
        console.json({"name": "interlock-engine", "version": __version__})
    else:
        console.out(f"interlock-engine {__version__}")
    return ExitCode.DONE
