"""`engine receipts DIGEST`: what each rule said of each resource, when a verdict was given."""

import re
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from engine.cli.console import Console

HELP = "show what each rule said of each resource, by the digest in a verdict"


def arguments(parser: ArgumentParser) -> None:
    """Which receipts, and how much of them."""
    parser.add_argument("digest", metavar="DIGEST", help="of the receipts: `engine verify FILE` shows it")
    parser.add_argument("--rule", metavar="RULE", help="of this rule alone")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: "Console") -> int:
    """Look into the store that ENGINE_STORE names."""
    from engine.cli.files import open_store
    from engine.core.receipts import told_again
    from engine.names import closest, either
    from engine.run.kept import receipts

    store = open_store("engine receipts")
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", options.digest):
        raise failure("ENG204", digest=options.digest)
    said = receipts.get(store, options.digest)
    if options.rule is not None and options.rule not in said["rules"]:
        known = said["rules"]
        raise failure("ENG205", hint=closest(options.rule, known), name=options.rule, known=either(known))
    rows = (row for row in told_again(said) if options.rule in (None, row.rule))
    if options.json:
        console.json([{**row._asdict(), "ruling": row.ruling.value} for row in rows])
    else:
        for row in rows:
            console.out(f"{row.ruling.value:<14}  {row.rule}  {row.resource}  {row.address or '(the plan)'}")
    return ExitCode.DONE
