"""`engine policy VERB`: judge plans, explain rules, test and convert policies; each verb is a module of its own."""

from argparse import ArgumentParser, Namespace
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.cli.console import Console

HELP = "judge a plan by the policies, explain a rule, run their tests, or convert old ones"

VERBS = {
    "eval": "engine.cli.policy.evaluate",
    "explain": "engine.cli.policy.explain",
    "test": "engine.cli.policy.test",
    "convert": "engine.cli.policy.convert",
}


def arguments(parser: ArgumentParser) -> None:
    """Declare the verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, module in VERBS.items():
        verb = import_module(module)
        verb.arguments(verbs.add_parser(name, help=verb.HELP))


def run(options: Namespace, console: "Console") -> int:
    """Carry out one of them."""
    code = import_module(VERBS[options.verb]).run(options, console)
    assert isinstance(code, int)
    return code
