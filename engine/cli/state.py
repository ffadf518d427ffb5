"""`engine state adopt|restore|backups KEY`: states that nobody can explain, and those that were kept."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING, Any

from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.cli.console import Console

HELP = "adopt a state or restore one, as two people have asked for in comments; list what is kept of it"
_LARGEST = 10**9


def arguments(parser: ArgumentParser) -> None:
    """Declare the verbs."""
    from engine.cli import asked

    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    adopt = verbs.add_parser("adopt", help="believe the state as it is, if it is what the branch says")
    restore = verbs.add_parser("restore", help="bring back a state as it was before an apply")
    backups = verbs.add_parser("backups", help="list the sealed backups of a state; none is opened")
    for verb in (adopt, restore, backups):
        verb.add_argument("key", metavar="KEY", help="state key: S3/dev/data-lake/terraform.tfstate")
    restore.add_argument("number", metavar="VERSION", type=_number, help="number of the backup")
    for verb in (adopt, restore):
        asked.arguments(verb)
        verb.add_argument("--repo", metavar="DIR", help="a clone of the source; without --asked")
    backups.add_argument("--json", action="store_true", help="for machines")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < _LARGEST):
        raise ArgumentTypeError(f"a backup has a number from 1, not {text}")
    return int(text)


def run(options: Namespace, console: "Console") -> int:
    """Carry out one of them."""
    if options.verb == "backups":
        return _backups(options, console)
    from engine.cli import asked

    words = f"{options.verb} {options.key}" + (f" {options.number}" if options.verb == "restore" else "")
    if options.asked:
        return asked.carry_out(options, words, console)
    if not options.repo:
        raise failure("ENG579", option="engine state", needed="--asked URL, or --repo DIR with a store of your own")
    with asked.alone(options, words) as one, asked.ground(options) as ground:
        made = _made(options, one.last(), ground)
    if options.json:
        console.json({"key": options.key, **made})
    else:
        state = made["state"]
        said = f"{options.verb}ed".replace("eed", "ed")
        where = f"lineage {state['lineage']}, serial {state['serial']} (number {made['entry']} of its ledger)"
        console.out(f"{said}: {options.key}, {where}")
        for address in made.get("addresses") or (made.get("plan") or {}).get("addresses", ()):
            console.out(f"  {address}")
    return ExitCode.DONE


def _made(options: Namespace, mending: Any, ground: Any) -> "Mapping[str, Any]":
    import os

    if options.verb == "adopt":
        from engine.run.mending.adopt import adopt

        return adopt(mending, ground)
    from engine.adapters.keys import Keyring
    from engine.run.mending.restore import restore

    return restore(mending, ground, Keyring(os.environ).backup_keys(), options.number)


def _backups(options: Namespace, console: "Console") -> int:
    from engine.adapters import settings
    from engine.adapters.storage.named import opened
    from engine.run.kept import backups

    values = settings.read()
    if values.store is None:
        raise failure("ENG203", uses="engine state", reason="ENGINE_STORE names none")
    rows = [one._asdict() for one in backups.listed(opened(values.store), options.key)]
    if options.json:
        console.json(rows)
        return ExitCode.DONE
    for row in rows:
        console.out(f"{row['number']:>6}  {row['time']}  serial {row['serial']:<6} {row['lineage']}  {row['run']}")
    if not rows:
        console.out(f"nothing of {options.key} is kept")
    return ExitCode.DONE
