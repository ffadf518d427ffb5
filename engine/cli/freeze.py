"""`engine freeze on|off [ENVIRONMENT]`: say in the store that nothing may be deployed, or that it may again."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from engine.adapters.settings import Settings
    from engine.adapters.storage.port import Store
    from engine.cli.console import Console
    from engine.run.kept.freezes import Said

HELP = "freeze an environment or all of them, or end that: what the fact `freeze` tells the gates"

_ALL = "all"
_LONGEST_REASON = 500  # characters; each report of a waiting run shows it


def arguments(parser: ArgumentParser) -> None:
    """On or off, what, and why."""
    parser.add_argument("state", choices=("on", "off"), help="freeze it, or end that")
    parser.add_argument("environment", metavar="ENVIRONMENT", nargs="?", default=_ALL, help="default: %(default)s")
    parser.add_argument("--reason", metavar="TEXT", type=_reason, required=True, help="why; whoever waits is told")
    parser.add_argument("--rules", metavar="PATH", default=".", help="the rules that name environments (default: .)")
    parser.add_argument("--json", action="store_true", help="for machines")


def _reason(text: str) -> str:
    from engine.unseen import forbidden, visible

    if not text.isprintable() or any(forbidden(text)) or not visible(text) or len(text) > _LONGEST_REASON:
        raise ArgumentTypeError(f"a reason is one line that people can read, of at most {_LONGEST_REASON} characters")
    return text.strip()


def run(options: Namespace, console: "Console") -> int:
    """Write it into the store that ENGINE_STORE names, and tell what is frozen now."""
    from engine.adapters import settings
    from engine.adapters.clock import now
    from engine.adapters.storage.named import opened
    from engine.run.kept import freezes
    from engine.run.kept.owner import owner

    values = settings.read()
    place = values.store
    store = opened(place)
    if not store.durable:
        here = "nobody else sees a directory of this job" if place else "ENGINE_STORE names none"
        raise failure("ENG203", uses="engine freeze", reason=here)
    environment = None if options.environment == _ALL else options.environment
    if environment is not None and not freezes.is_known(store, environment):  # one of former rules may have to thaw
        _check(environment, options.rules)
    with owner(None) as me:
        _say(store, values, freezes.Said(me.id, environment, options.state == "on", me.who, now(), options.reason))
    console.progress(f"kept: {options.environment} {options.state}")  # what follows may fail, and this has not
    frozen = freezes.active(store, environment)
    if options.json:
        console.json({"environment": options.environment, "frozen": [_told(one) for one in frozen]})
        return ExitCode.DONE
    if not frozen:
        console.out(f"{environment} is not frozen" if environment else "nothing is frozen")
    for one in frozen:
        verb = "are" if one.environment is None else "is"
        console.out(f"{one.environment or 'all environments'} {verb} frozen: {one.reason} ({one.by}, {one.at})")
    return ExitCode.DONE


def _say(store: "Store", values: "Settings", said: "Said") -> None:
    """A freeze is said in the trail when it holds, since a trail that is broken is a reason for one; a thaw before."""
    import os

    from engine.adapters.keys import Keyring
    from engine.core.audit import says
    from engine.run.audit import trail
    from engine.run.kept import freezes

    if said.active:
        freezes.say(store, said)
    audit = trail(store, Keyring(os.environ), values, said.run, lambda: said.at, "")
    audit.say(says.freeze(said.environment, said.active, said.by, said.reason))
    if not said.active:
        freezes.say(store, said)


def _check(environment: str, rules: str) -> None:
    """A misspelt name would freeze nothing, or end nothing, and nobody would notice."""
    from engine.cli.files import load_rules
    from engine.names import closest, listing

    known = load_rules(rules).environments
    if environment not in known:
        hint = closest(environment, known)
        raise failure("ENG251", hint=hint, what="environment", name=environment, known=listing(known))


def _told(one: "Said") -> dict[str, object]:
    return {"environment": one.environment or _ALL, "reason": one.reason, "by": one.by, "at": one.at}
