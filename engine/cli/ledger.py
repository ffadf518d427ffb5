"""`engine ledger`: what became of resources, as the signed entries of the store say."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.cli.parsing import pull_request
from engine.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.adapters.storage.port import Store
    from engine.cli.console import Console
    from engine.core.kept.ledger import Entry
    from engine.core.signature import TrustedKeys

HELP = "show what became of resources: applied, failed, stopped, given up, and by which pull request"
_BAD = ("failed", "partial", "stopped", "refused")
_AFTER = "comes by itself when this is applied: "


def arguments(parser: ArgumentParser) -> None:
    """Which entries."""
    parser.add_argument("--resource", metavar="KEY", help="of this state key: S3/dev/data-lake/terraform.tfstate")
    parser.add_argument("--pr", metavar="N", type=pull_request, help="of this merged pull request")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: "Console") -> int:
    """Read the store that ENGINE_STORE names; every entry that is read was verified, or nothing is shown."""
    from engine.adapters import settings
    from engine.cli.files import open_store
    from engine.run import trusted

    store, known = open_store("engine ledger"), trusted.keys(settings.read().trusted_keys)
    found = list(_entries(store, known, options.resource, options.pr))
    if options.json:
        console.json([entry.to_json() for entry in found])
    else:
        _show(found, console)
    return ExitCode.DONE


def _entries(store: "Store", trusted: "TrustedKeys", key: str | None, pr: int | None) -> "Iterator[Entry]":
    from engine.run.kept import ledger

    if key is not None:
        entries: Iterable[Entry] = ledger.entries(store, key, trusted)
        yield from (entry for entry in entries if pr in (None, entry.said["pr"]))
    elif pr is not None:
        yield from ledger.of_pull(store, pr, trusted)
    else:
        yield from ledger.every(store, trusted)


def _show(entries: "Iterable[Entry]", console: "Console") -> None:
    from engine.core.holding import DONE

    key = None
    for entry in entries:
        if entry.key != key:
            key = entry.key
            console.out(key)
        said = entry.said
        outcome: str = said["outcome"]
        colour = "green" if outcome in DONE else "red" if outcome in _BAD else "yellow"
        where = said["repository"]["name"] if said["pr"] is None else f"{said['repository']['name']}#{said['pr']}"
        state = f"serial {said['state']['serial']}" if said["state"] else "no state"
        doubt = "  (its key was revoked: nothing was applied by its word)" if entry.revoked else ""
        console.out(
            f"  {entry.number:>4}  {said['time']}  {console.colour(f'{outcome:<10}', colour)}  {where}  "
            f"{said['commit'][:12]}  {state}{doubt}"
        )
        if said["why"]:
            console.out(f"        {', '.join(one['login'] for one in said['people'])}: {said['why']}")
        if "after" in said:
            console.out(f"        {_AFTER}{said['after']}")
    if key is None:
        console.out("nothing was ever tried there")
