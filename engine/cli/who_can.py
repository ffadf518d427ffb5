"""`engine who-can`: who can approve a change to an environment, by the rules alone. It asks nobody."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.cli.files import rules_option
from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from engine.cli.console import Console

HELP = "say who can approve a change to an environment, and what an override would do"


def arguments(parser: ArgumentParser) -> None:
    """Declare the question."""
    parser.description = (
        "Who can let a change through, as the gates of the rules themselves judge it. Nobody is asked, so who is in a "
        "team of GitHub's is not known, and what hangs on the change is said with its condition."
    )
    parser.epilog = "Exit code 1 when nobody can, 0 otherwise."
    parser.add_argument("--environment", metavar="NAME", required=True, help="where the change goes")
    parser.add_argument("--touches", metavar="TYPE", nargs="+", action="extend", default=[], help="types it touches")
    parser.add_argument("--overrides", metavar="LOGIN", help="what if this person overrides what policies refuse?")
    rules_option(parser)
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: "Console") -> int:
    """Answer."""
    from engine.core.analysis import who_else, who_told
    from engine.core.analysis.who import Question, who_can
    from engine.core.rules.checks.literals import type_meant
    from engine.run.trusted import load_rules

    for name in options.touches:
        if "*" in name or "?" in name or "[" in name:
            raise failure("ENG762", hint=_of_glob(name), name=name)
        if (hint := type_meant(name)) is not None:
            raise failure("ENG762", hint=hint, name=name)
    rules = load_rules(options.rules)
    answer = who_can(rules, Question(options.environment, tuple(options.touches), options.overrides))
    besides = who_else.who_else(rules, answer)
    if options.json:
        console.json({**who_told.to_json(answer), **who_else.to_json(besides)})
    else:
        console.out(f"{who_told.told(answer)}\n\n{who_else.told(besides)}")
    return ExitCode.DONE if all(one.people for one in answer.enough) else ExitCode.NEGATIVE


def _of_glob(pattern: str) -> str:
    from engine.core.expressions.globs import glob
    from engine.core.rules.generated.aws_types import TYPES

    found = sorted(filter(glob(pattern), TYPES))
    return f"say one or more of these: {', '.join(found[:_LISTED])}{', …' if len(found) > _LISTED else ''}"


_LISTED = 8  # resource types
