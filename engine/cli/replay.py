"""`engine replay RUN`: decide again what a run has decided, from what the store has kept of it."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.errors import ExitCode

if TYPE_CHECKING:
    from engine.cli.console import Console

HELP = "decide again what a run has decided: the same bytes, or what differs"


def arguments(parser: ArgumentParser) -> None:
    """Which run."""
    parser.add_argument("run", metavar="RUN", help="its id: `engine audit show --json` names it")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: "Console") -> int:
    """0: every decision is the same, byte for byte; 1: one is not."""
    from engine import __version__
    from engine.cli.files import open_store
    from engine.core.analysis.replay import replay
    from engine.core.audit.decided import rules_in
    from engine.core.canonical import digest
    from engine.run.catalog import catalog
    from engine.run.kept import decisions

    kept = decisions.of_run(open_store("engine replay"), options.run)
    found = [replay(one, rules_in(rules, one.rules, catalog()), catalog()) for one, rules in kept]
    rows = [
        {
            "at": one.decided.at,
            "engine": one.decided.engine,
            "decision": digest(one.decided.decision),
            "outcome": one.decided.decision["outcome"],
            "pipelines": [pipeline["name"] for pipeline in one.decided.decision["pipelines"]],
            "same": one.is_same,
            "differences": list(one.differences),
        }
        for one in found
    ]
    if options.json:
        console.json({"run": options.run, "engine": __version__, "decisions": rows})
    else:
        for row in rows:
            said = console.colour("the same bytes", "green") if row["same"] else console.colour("another", "red")
            console.out(f"{row['at']}  {', '.join(row['pipelines'])}: {row['outcome']}  {said}  {row['decision']}")
            for text in row["differences"]:
                console.out(f"  {text}")
            if not row["same"] and row["engine"] != __version__:
                console.out(f"  it was decided by engine {row['engine']}, and this is {__version__}")
    return ExitCode.DONE if all(row["same"] for row in rows) else ExitCode.NEGATIVE
