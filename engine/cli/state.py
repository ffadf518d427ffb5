"""`engine state list|show|history|backups|adopt|restore`: whose states are, who works on them, what is kept of them."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING, Any

from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.adapters.settings import Settings
    from engine.adapters.storage.port import Store
    from engine.cli.console import Console
    from engine.core.signature import TrustedKeys

HELP = "who works on which state, and what is kept of it; adopt or restore one, as two people have asked for"
_LARGEST = 10**9


def arguments(parser: ArgumentParser) -> None:
    """Declare the verbs."""
    from engine.cli import asked

    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    adopt = verbs.add_parser("adopt", help="believe the state as it is, if it is what the branch says")
    restore = verbs.add_parser("restore", help="bring back a state as it was before an apply")
    verbs.add_parser("list", help="all states that the ledger has: which one is ours, and who is at work on it")
    verbs.add_parser("show", help="one of them")
    verbs.add_parser("history", help="each time that it was written, and the backup that was kept before")
    backups = verbs.add_parser("backups", help="list the sealed backups of a state; none is opened")
    shown = [verbs.choices[name] for name in ("list", "show", "history")]
    for verb in (adopt, restore, backups, *shown[1:]):
        verb.add_argument("key", metavar="KEY", help="state key: S3/dev/data-lake/terraform.tfstate")
    restore.add_argument("number", metavar="VERSION", type=_number, help="number of the backup")
    for verb in (adopt, restore):
        asked.arguments(verb)
        verb.add_argument("--repo", metavar="DIR", help="a clone of the source; without --asked")
    for verb in (backups, *shown):
        verb.add_argument("--json", action="store_true", help="for machines")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < _LARGEST):
        raise ArgumentTypeError(f"a backup has a number from 1, not {text}")
    return int(text)


def run(options: Namespace, console: "Console") -> int:
    """Carry out one of them."""
    if options.verb in _LOOKS:
        return _LOOKS[options.verb](options, console)
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


def _store() -> "tuple[Store, Settings]":
    from engine.adapters import settings
    from engine.adapters.storage.named import opened

    values = settings.read()
    if values.store is None:
        raise failure("ENG203", uses="engine state", reason="ENGINE_STORE names none")
    return opened(values.store), values


def _opened() -> "tuple[Store, TrustedKeys]":
    from engine.run import trusted

    store, values = _store()
    return store, trusted.keys(values.trusted_keys)


def _list(options: Namespace, console: "Console") -> int:
    from engine.run.kept import states

    key = getattr(options, "key", None)
    rows = list(states.listed(*_opened(), key))
    if options.json:
        console.json(rows if key is None else rows[0] if rows else None)
        return ExitCode.DONE
    for row in rows:
        state = "no state" if row["serial"] is None else f"serial {row['serial']}, lineage {row['lineage']}"
        doubt = "" if row["believed"] else "  (by the word of a key that was revoked)"
        console.out(f"{row['key']}\n  {row['outcome']} ({row['time']}, #{row['pr']}): {state}{doubt}")
        if held := row["held"]:
            console.out(f"  at work on it: run {held['run']} ({held['who']}), last heard of at {held['at']}")
        if begun := row["begun"]:
            why = "taking back" if begun["back"] else "applying"
            console.out(f"  {why} #{begun['pr']}, commit {begun['commit'][:12]}, begun at {begun['since']}, not ended")
    if not rows:
        console.out(f"nothing of {key} was ever tried" if key else "nothing was ever tried there")
    return ExitCode.DONE


def _history(options: Namespace, console: "Console") -> int:
    from engine.run.kept import ledger, states

    store, trusted = _opened()
    rows = states.history(ledger.entries(store, options.key, trusted))
    if options.json:
        console.json(rows)
        return ExitCode.DONE
    for row in rows:
        kept = f"  backup {row['backup']}" if row["backup"] else ""
        by = f"  {', '.join(row['people'])}" if row["people"] else ""
        console.out(
            f"{row['number']:>6}  {row['time']}  {row['outcome']:<11}  serial {row['serial']:<6} #{row['pr']}{kept}{by}"
        )
    if not rows:
        console.out(f"nothing of {options.key} was ever written by us")
    return ExitCode.DONE


def _backups(options: Namespace, console: "Console") -> int:
    from engine.run.kept import backups

    rows = [one._asdict() for one in backups.listed(_store()[0], options.key)]
    if options.json:
        console.json(rows)
        return ExitCode.DONE
    for row in rows:
        console.out(f"{row['number']:>6}  {row['time']}  serial {row['serial']:<6} {row['lineage']}  {row['run']}")
    if not rows:
        console.out(f"nothing of {options.key} is kept")
    return ExitCode.DONE


_LOOKS = {"list": _list, "show": _list, "history": _history, "backups": _backups}
