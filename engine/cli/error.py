"""`engine error [CODE]`: what a code means and what to do, from the one table of errors."""

from argparse import ArgumentParser, Namespace

from engine.cli.console import Console
from engine.errors import GONE, TABLE, ExitCode, failure
from engine.names import closest

HELP = "what an error code means and what to do about it"


def arguments(parser: ArgumentParser) -> None:
    """One optional code."""
    parser.add_argument("code", nargs="?", help="ENG001; none: list all")


def run(options: Namespace, console: Console) -> int:
    """Print one page, or the list."""
    if options.code is None:
        for code, row in TABLE.items():
            console.out(f"{code}  {row.title}")
        return ExitCode.DONE
    code = options.code.upper()
    if code in GONE:
        console.out(f"{code}: of an earlier release; what it was about cannot happen any more")
        return ExitCode.DONE
    if code not in TABLE:
        raise failure("ENG003", name=options.code, hint=closest(code, TABLE))
    row = TABLE[code]
    console.out(
        f"{code}: {row.title}\n\n  Fix:        {row.remedy}\n  exit code:  {row.exit.value} ({row.exit.name.lower()})"
    )
    return ExitCode.DONE
