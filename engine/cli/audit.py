"""`engine audit show|verify|pack`: what was decided, announced and done; whether the trail is whole; a proof of it."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.cli.parsing import pull_request
from engine.errors import ExitCode, failure
from engine.names import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.cli.console import Console
    from engine.core.audit.chain import Head
    from engine.core.audit.verify import Checked

HELP = "show the trail of what was decided and done, verify it, or pack the proof of one pull request"


def arguments(parser: ArgumentParser) -> None:
    """The three verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    show = verbs.add_parser("show", help="what was said, as a table; of a pull request as a tree")
    show.add_argument("--pr", metavar="N", type=pull_request, help="of this pull request")
    show.add_argument("--repo", metavar="OWNER/NAME", help="of this repository")
    show.add_argument("--resource", metavar="KEY", help="of this state key, or of what has this part of one")
    show.add_argument("--actor", metavar="LOGIN", help="of what this person has done")
    show.add_argument("--since", metavar="WHEN", help="from then on: a date, a moment in UTC, or 7d, 12h")
    show.add_argument("--file", metavar="FILE", help="a trail in a file (default: the one in ENGINE_STORE)")
    show.add_argument("--details", action="store_true", help="with --json: digests and numbers, too")
    show.add_argument("--json", action="store_true", help="for machines")
    verify = verbs.add_parser("verify", help="find what was changed, removed, put in, moved or cut off")
    verify.add_argument("--file", metavar="FILE", help="a trail in a file (default: the one in ENGINE_STORE)")
    verify.add_argument("--heads", metavar="FILE", action="append", default=[], help="text of check runs: their heads")
    verify.add_argument("--keys", metavar="FILE", help="the trusted keys (default: ENGINE_TRUSTED_KEYS)")
    verify.add_argument("--every-signature", action="store_true", help="not only those of the newest heads")
    verify.add_argument("--json", action="store_true", help="for machines")
    pack = verbs.add_parser("pack", help="one file that proves what became of a pull request: engine verify FILE")
    pack.add_argument("--pr", metavar="N", type=pull_request, required=True, help="which one")
    pack.add_argument("--repo", metavar="OWNER/NAME", help="of which repository, where the trail knows several")
    pack.add_argument("--out", metavar="FILE", help="default: interlock-pr-N.pack")
    pack.add_argument("--keys", metavar="FILE", help="the trusted keys (default: ENGINE_TRUSTED_KEYS)")


def run(options: Namespace, console: "Console") -> int:
    """Carry out the verb."""
    return {"show": _show, "verify": _verify, "pack": _pack}[options.verb](options, console)


def _lines(file: str | None) -> "Iterator[bytes]":
    from engine.cli.files import open_store
    from engine.run import audit_read

    return audit_read.of_file(file) if file else audit_read.lines(open_store("engine audit"))


def _show(options: Namespace, console: "Console") -> int:
    from engine.core.audit import show
    from engine.run import audit_read

    since = _since(options.since) if options.since else None
    asked = show.Asked(options.repo, options.pr, options.resource, options.actor, since)
    found = (one for one in audit_read.records(_lines(options.file)) if asked.takes(one))
    if options.json:
        rows = [one.to_json() for one in found]
        console.json(rows if options.details else [{n: v for n, v in row.items() if n != "details"} for row in rows])
        return ExitCode.DONE
    is_empty = True
    for line in show.trees(found) if options.pr is not None else show.table(found):
        is_empty = False
        console.out(line)
    if is_empty:
        console.out("nothing of that is in the trail")
    return ExitCode.DONE


def _since(text: str) -> str:
    """A moment, from a date, a moment, or how long ago.

    Raises:
        EngineError: ENG724.
    """
    import re

    from engine.adapters.clock import now
    from engine.core.moment import is_moment, later

    if ago := re.fullmatch(r"([1-9][0-9]{0,4})([dh])", text):
        return later(now(), -int(ago[1]) * {"d": 86_400, "h": 3_600}[ago[2]])
    moment = text if "T" in text else f"{text}T00:00:00Z"
    if not is_moment(moment):
        raise failure("ENG724", value=text)
    return moment


def _verify(options: Namespace, console: "Console") -> int:
    from engine.adapters import settings
    from engine.core.audit import verify
    from engine.run import trusted

    file = options.keys or settings.read().trusted_keys
    known = trusted.keys(file) if file else {}
    checked = verify.verify(_lines(options.file), known, _heads(options.heads), every=options.every_signature)
    if options.json:
        console.json(
            {
                "whole": not checked.faults,
                "records": checked.records,
                "heads": checked.heads,
                "signed": {"records": checked.covered, "key": checked.key},
                "faults": [one._asdict() for one in checked.faults],
                "unknown": list(checked.unknown),
            }
        )
    else:
        _tell(checked, console)
    return ExitCode.NEGATIVE if checked.faults else ExitCode.DONE


def _heads(given: "Iterable[str]") -> "Iterator[Head]":
    from engine.adapters import files
    from engine.core.audit import verify

    for file in given:
        yield from verify.heads_in(files.read(file).decode(errors="replace"))


def _tell(checked: "Checked", console: "Console") -> None:
    if checked.faults:
        console.out(console.colour("the trail is not whole", "red"))
    elif not checked.records:
        console.out("the trail is empty")
    else:
        size = f"{plural(checked.records, 'record')} under {plural(checked.heads, 'head')}"
        console.out(console.colour(f"the trail is whole: {size}", "green"))
    for one in checked.faults:
        console.out(f"  record {one.record}: {one.text}")
    if checked.key:
        console.out(f"  signed up to record {checked.covered} with {checked.key}")
    for text in checked.unknown:
        console.out(f"  cannot be known: {text}")


def _pack(options: Namespace, console: "Console") -> int:
    import os

    from engine.adapters import clock, files, settings
    from engine.adapters.keys import Keyring
    from engine.cli.files import open_store
    from engine.cli.verify import read_trusted
    from engine.run import audit_pack
    from engine.run.audit import signer

    now = clock.ahead(settings.read().clock_ahead_s)()
    made = audit_pack.made(
        open_store("engine audit pack"),
        options.repo,
        options.pr,
        read_trusted(options.keys),
        now,
        signer(Keyring(os.environ)),
    )
    out = options.out or f"interlock-pr-{options.pr}.pack"
    files.write(out, made.data, sync=True)
    counts = ((made.records, "record"), (made.statements, "statement"), (made.decisions, "decision"))
    console.out(f"{out}: {', '.join(plural(*count) for count in counts)}")
    for text in made.lacks:
        console.out(f"  not in it: {text}")
    console.progress("check it anywhere: engine verify FILE --trusted-keys trusted-keys.yaml")
    return ExitCode.DONE
