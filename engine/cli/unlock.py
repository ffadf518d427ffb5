"""`engine unlock KEY [LOCK]`: give up what is merged and not applied, or a lock of Terraform's."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from engine.cli.console import Console

HELP = "give up what is merged and not applied, or a lock of Terraform's, as two people have asked for in comments"


def arguments(parser: ArgumentParser) -> None:
    """Which key, and where two people have asked for it."""
    from engine.cli import asked

    parser.add_argument("key", metavar="KEY", help="state key: S3/dev/data-lake/terraform.tfstate")
    parser.add_argument("lock", metavar="LOCK", nargs="?", help="take away Terraform's lock of that id; with --asked")
    asked.arguments(parser)


def run(options: Namespace, console: "Console") -> int:
    """Carry out the comments, or what somebody says alone of a store of their own."""
    from engine.cli import asked
    from engine.run.mending.unlock import unlock

    words = f"unlock {options.key}" + (f" {options.lock}" if options.lock else "")
    if options.asked:
        return asked.carry_out(options, words, console)
    if options.lock:
        raise failure("ENG579", option="LOCK", needed="--asked URL, the last of the comments that ask for it")
    with asked.alone(options, words) as one:
        held = one.held()
        if not held:
            raise failure("ENG773", key=options.key, reason="no merge holds it")
        made = [{"pr": mending.about["pr"], **unlock(mending)} for mending in held]
    if options.json:
        console.json({"key": options.key, "released": made})
    else:
        for row in made:
            console.out(f"given up: {options.key} of #{row['pr']} (number {row['entry']} of its ledger)")
    return ExitCode.DONE
