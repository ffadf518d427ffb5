"""`engine state list|show|history|backups`: what is known of states; none is opened."""

from argparse import Namespace
from typing import TYPE_CHECKING

from engine.cli.state.common import opened_store
from engine.errors import ExitCode

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store
    from engine.cli.console import Console
    from engine.core.signature import TrustedKeys


def run(options: Namespace, console: "Console") -> int:
    """Carry out one of them."""
    return _LOOKS[options.verb](options, console)


def _opened() -> "tuple[Store, TrustedKeys]":
    from engine.run import trusted

    store, values = opened_store()
    return store, trusted.keys(values.trusted_keys)


def _list(options: Namespace, console: "Console") -> int:
    from engine.adapters.terraform.locks import Lock
    from engine.run.kept import states

    key = getattr(options, "key", None)
    rows = list(states.listed(*_opened(), key))
    if getattr(options, "repo", None):
        rows = [{**row, "lock": _lock(options)} for row in rows]
    if options.json:
        console.json(rows if key is None else rows[0] if rows else None)
        return ExitCode.DONE
    for row in rows:
        state = "no state" if row["serial"] is None else f"serial {row['serial']}, lineage {row['lineage']}"
        doubt = "" if row["believed"] else "  (by the word of a key that was revoked)"
        console.out(f"{row['key']}\n  {row['outcome']} ({row['time']}, #{row['pr']}): {state}{doubt}")
        if held := row["held"]:
            console.out(f"  at work on it: {held['who']}, since {held['since']}, last heard of at {held['at']}")
            console.out(f"    for {held['why']}")
        if begun := row["begun"]:
            why = "taking back" if begun["back"] else "applying"
            console.out(f"  {why} #{begun['pr']}, commit {begun['commit'][:12]}, begun at {begun['since']}, not ended")
        if "lock" in row:
            console.out(f"  Terraform's lock: {Lock(**row['lock']) if row['lock'] else 'nobody has it'}")
    if not rows:
        console.out(f"nothing of {key} was ever tried" if key else "nothing was ever tried there")
    return ExitCode.DONE


def _lock(options: Namespace) -> "dict[str, str] | None":
    """Who has Terraform's lock of it."""
    from engine.cli import asked
    from engine.run.mending.copies import lock

    with asked.ground(options) as ground:
        found = lock(options.key, ground)
        return found and found._asdict()


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

    rows = [one._asdict() for one in backups.listed(opened_store()[0], options.key)]
    if options.json:
        console.json(rows)
        return ExitCode.DONE
    for row in rows:
        gone = f"  dropped {row['dropped']}" if row["dropped"] else ""
        console.out(
            f"{row['number']:>6}  {row['time']}  serial {row['serial']:<6} {row['lineage']}  {row['run']}{gone}"
        )
    if not rows:
        console.out(f"nothing of {options.key} is kept")
    return ExitCode.DONE


_LOOKS = {"list": _list, "show": _list, "history": _history, "backups": _backups}
