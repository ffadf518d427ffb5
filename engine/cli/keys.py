"""`engine keys`: make a key that signs or that seals, or somebody's token; say and show whose signatures count."""

import os
import stat
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.cli import trust
from engine.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engine.cli.console import Console
    from engine.core.signature import TrustedKey

HELP = "make keys that sign or seal, and tokens for engine serve; say whose signatures count"


def arguments(parser: ArgumentParser) -> None:
    """Declare the verbs."""
    from engine.core.signature import PURPOSES

    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    new = verbs.add_parser("new", help="write a private key, print the entry for trusted-keys.yaml")
    new.add_argument("--out", metavar="FILE", default="signing-key.pem", help="the private key (default: %(default)s)")
    new.add_argument(
        "--purpose", action="append", choices=PURPOSES, help="what it may sign; may be repeated (default: verdict)"
    )
    trust.name_of(new)
    new.add_argument("--expires", default="365d", metavar="DAYS|DATE", help="365d or 2027-11-23 (default: %(default)s)")
    backup = verbs.add_parser("backup", help="write a key that seals backups of states, print its id")
    backup.add_argument("--out", metavar="FILE", default="backup.key", help="the key (default: %(default)s)")
    token = verbs.add_parser("token", help="print a new token for engine serve, and the line for its file of tokens")
    token.add_argument("name", metavar="NAME", help="whose it is: what they do is recorded under this name")
    token.add_argument("--read", action="store_true", help="it may only look: for a dashboard, for Prometheus")
    listed = verbs.add_parser("list", help="list the trusted keys and whether they count today")
    trust.file_of(listed)
    trust.arguments(verbs)
    for verb in (new, backup, token, listed):
        verb.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: "Console") -> int:
    """Carry out one of them."""
    verbs: Mapping[str, Callable[[Namespace, Console], int]] = {
        "new": _new,
        "backup": _backup,
        "token": _token,
        "list": _list,
        "add": trust.add,
        "revoke": trust.revoke,
        "rotate": trust.rotate,
    }
    return verbs[options.verb](options, console)


def _new(options: Namespace, console: "Console") -> int:
    from engine.adapters.clock import now
    from engine.adapters.keys import new_key
    from engine.core.signature import TrustedKey
    from engine.core.verdict.trust import entry, row, to_json

    expires = trust.expiry(options.expires, now())
    trust.outside(options.out)
    signer = new_key(options.out)
    key = TrustedKey(
        signer.id, signer.public, tuple(options.purpose or ("verdict",)), expires, None, options.called or ""
    )
    if options.json:
        console.json({"private_key": options.out, **to_json(key)})
    else:
        console.data("\n".join(f"  {line}" for line in row(key).split("\n")) if _is_appended() else entry(key))
    console.progress(
        f"\nThe private key is in {options.out} (mode 0600). Keep it out of every repository; the engine takes it\n"
        "from ENGINE_SIGNING_KEY(_FILE), for merges from ENGINE_MERGE_KEY(_FILE), for audits and the ledger from\n"
        "ENGINE_AUDIT_KEY(_FILE).\n"
        "What is printed belongs into trusted-keys.yaml: `engine keys add` writes it there."
    )
    return ExitCode.DONE


def _backup(options: Namespace, console: "Console") -> int:
    from engine.adapters.keys import new_sealing_key

    trust.outside(options.out)
    key = new_sealing_key(options.out)
    if options.json:
        console.json({"key": options.out, "id": key.id})
    else:
        console.data(key.id)
    console.progress(
        f"\nThe key is in {options.out} (mode 0600); ENGINE_BACKUP_KEY_FILE names it. Keep a copy where no machine of\n"
        "the engine is: what it has sealed opens with nothing else. When another follows it, add it to the file that\n"
        "ENGINE_BACKUP_OLD_KEYS_FILE names."
    )
    return ExitCode.DONE


def _token(options: Namespace, console: "Console") -> int:
    from engine.service import access

    token, line = access.new(options.name, "read" if options.read else "")
    if options.json:
        console.json({"token": token, "line": line})
    else:
        console.data(token)
        console.data(line)
    console.progress(
        "\nThe first line is the token, shown this once, for whoever it is for. The second one belongs into the file\n"
        "that `engine serve --tokens FILE` names (mode 0600): it counts at the next request, and whoever takes it out\n"
        "ends what the token may do."
    )
    return ExitCode.DONE


def _is_appended() -> bool:
    """Does what we print come behind something (`>> trusted-keys.yaml`)? Then the file's first lines are there."""
    try:
        found = os.fstat(sys.stdout.fileno())
    except (AttributeError, OSError, ValueError):  # there is no such file
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size > 0


def _list(options: Namespace, console: "Console") -> int:
    from engine.adapters.clock import now
    from engine.cli.verify import read_trusted
    from engine.core.verdict.trust import to_json

    moment, keys = now(), read_trusted(options.keys).values()
    if options.json:
        console.json([{**to_json(key), "counts": _state(key, moment) == "counts"} for key in keys])
        return ExitCode.DONE
    for key in keys:
        state = _state(key, moment)
        colour = "green" if state == "counts" else "red"
        called = f"  {key.name}" if key.name else ""
        purposes = ", ".join(key.purposes)
        console.out(f"{key.id}  {console.colour(state, colour)}  {purposes}  until {key.expires}{called}")
    return ExitCode.DONE


def _state(key: "TrustedKey", moment: str) -> str:
    if key.revoked:
        return f"revoked since {key.revoked}"
    return "counts" if moment < key.expires else "expired"
