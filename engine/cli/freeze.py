"""`engine freeze on|off [ENVIRONMENT]`: say in the store that nothing may be deployed, or that it may again."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from engine.cli.files import rules_option
from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from engine.cli.console import Console

HELP = "freeze an environment or all of them, or end that: what the fact `freeze` tells the gates"


def arguments(parser: ArgumentParser) -> None:
    """On or off, what, and why."""
    parser.add_argument("state", choices=("on", "off"), help="freeze it, or end that")
    parser.add_argument("environment", metavar="ENVIRONMENT", nargs="?", default="all", help="default: %(default)s")
    parser.add_argument("--reason", metavar="TEXT", type=_reason, required=True, help="why; whoever waits is told")
    rules_option(parser)
    parser.add_argument("--json", action="store_true", help="for machines")


def _reason(text: str) -> str:
    from engine.run.freezing import reason

    try:
        return reason(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def run(options: Namespace, console: "Console") -> int:
    """Write it into the store that ENGINE_STORE names, and tell what is frozen now."""
    import os

    from engine.adapters import settings
    from engine.adapters.clock import now
    from engine.adapters.keys import Keyring
    from engine.adapters.storage.named import opened
    from engine.run import freezing
    from engine.run.audit import trail
    from engine.run.kept import freezes
    from engine.run.kept.owner import owner
    from engine.run.trusted import load_rules

    values = settings.read()
    place = values.store
    store = opened(place)
    if not store.durable:
        here = "nobody else sees a directory of this job" if place else "ENGINE_STORE names none"
        raise failure("ENG203", uses="engine freeze", reason=here)
    environment = None if options.environment == freezing.ALL else options.environment
    freezing.check(store, environment, lambda: load_rules(options.rules).environments)
    with owner(None) as me:
        said = freezes.Said(me.id, environment, options.state == "on", me.who, now(), options.reason)
    freezing.say(store, trail(store, Keyring(os.environ), values, said.run, lambda: said.at, ""), said)
    console.progress(f"kept: {options.environment} {options.state}")  # what follows may fail, and this has not
    frozen = freezes.active(store, environment)
    if options.json:
        console.json({"environment": options.environment, "frozen": [freezing.told(one) for one in frozen]})
        return ExitCode.DONE
    if not frozen:
        console.out(f"{environment} is not frozen" if environment else "nothing is frozen")
    for one in frozen:
        verb = "are" if one.environment is None else "is"
        console.out(f"{one.environment or 'all environments'} {verb} frozen: {one.reason} ({one.by}, {one.at})")
    return ExitCode.DONE
