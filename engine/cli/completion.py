"""`engine completion`: what a shell has to know to complete commands, options and files."""

from argparse import ArgumentParser, Namespace

from engine.cli.console import Console
from engine.errors import ExitCode

HELP = "a script that completes `engine` in a shell"
SHELLS = ("bash", "zsh", "tcsh")
_FILES = {"FILE": "FILE", "PATH": "FILE", "DIR": "DIRECTORY"}  # metavar → what shtab calls it


def arguments(parser: ArgumentParser) -> None:
    """Which shell."""
    parser.add_argument("shell", choices=SHELLS, help="whose language it is to be in")


def run(options: Namespace, console: Console) -> int:
    """Print the script."""
    import shtab

    console.out(shtab.complete(everything(), options.shell))
    return ExitCode.DONE


def everything() -> ArgumentParser:
    """One parser of all commands, as no call of `engine` needs it."""
    from engine.cli.main import COMMANDS, load
    from engine.cli.parsing import Parser

    whole = Parser(prog="engine")
    verbs = whole.add_subparsers(dest="command")
    for name in COMMANDS:
        command = load(name)
        parser = verbs.add_parser(name, help=command.HELP, prog=f"engine {name}")
        command.arguments(parser)
        _name_files(parser)
    return whole


def _name_files(parser: ArgumentParser) -> None:
    """Tell shtab which values are files: their metavar says it."""
    import shtab

    for action in parser._actions:
        if action.choices and isinstance(action.choices, dict):
            for verb in action.choices.values():
                _name_files(verb)
        elif isinstance(action.metavar, str) and action.metavar in _FILES:
            vars(action)["complete"] = getattr(shtab, _FILES[action.metavar])  # where shtab looks for it
