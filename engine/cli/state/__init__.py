"""`engine state VERB`: whose states are and who works on them, what is kept of them, and what may be done to one."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from importlib import import_module
from typing import TYPE_CHECKING

from engine.cli.files import rules_option

if TYPE_CHECKING:
    from engine.cli.console import Console

HELP = "who works on which state; copy, keep, rehearse; adopt or restore one, as two people have asked for it"

_LOOKS, _KEEPS, _MENDS = "engine.cli.state.looks", "engine.cli.state.keeps", "engine.cli.state.mends"
VERBS = {
    "list": (_LOOKS, "all states that the ledger has: which one is ours, and who is at work on it"),
    "show": (_LOOKS, "one of them; with --repo also who has Terraform's lock"),
    "history": (_LOOKS, "each time that it was written, and the backup that was kept before"),
    "backups": (_LOOKS, "list the sealed backups of a state; none is opened"),
    "pull": (_KEEPS, "write the state as it is, secrets and all, into a new file that only you can read"),
    "backup": (_KEEPS, "seal the state as it is, beside the backups that applies keep"),
    "reseal": (_KEEPS, "seal backups with the key of now, where an older one has sealed them"),
    "tidy": (_KEEPS, "drop backups that are older and more than the rules keep (limits: {backups: …})"),
    "adopt": (_MENDS, "believe the state as it is, if it is what the branch says"),
    "restore": (_MENDS, "bring back a state as it was before an apply; or rehearse that"),
}
_OF_ALL = ("list", "reseal", "tidy")  # a key need not be named
_WITH_A_CLONE = {
    "show": "a clone of the source: look for Terraform's lock, too",
    "adopt": "a clone of the source; without --asked",
    "restore": "a clone of the source; without --asked, and for a rehearsal",
    **dict.fromkeys(("pull", "backup"), "a clone of the source, whose branch has the resource"),
}
_LARGEST = 10**9


def arguments(parser: ArgumentParser) -> None:
    """Declare the verbs."""
    from engine.cli import asked

    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, (module, text) in VERBS.items():
        verb = verbs.add_parser(name, help=text)
        if name not in _OF_ALL:
            verb.add_argument("key", metavar="KEY", help="state key: S3/dev/data-lake/terraform.tfstate")
        elif name != "list":
            verb.add_argument("key", metavar="KEY", nargs="?", help="default: each that has backups")
        if name == "restore":
            verb.add_argument("number", metavar="VERSION", type=_number, help="number of the backup")
            verb.add_argument("--rehearse", action="store_true", help="say what it would come to, by a scratch copy")
        if name == "pull":
            verb.add_argument("--out", metavar="FILE", required=True, help="a file that does not exist yet")
        if name == "tidy":
            verb.add_argument("--dry-run", action="store_true", help="only say which")
        if module == _MENDS:
            asked.arguments(verb)
        else:
            verb.add_argument("--json", action="store_true", help="for machines")
        if module == _KEEPS:
            verb.add_argument("--reason", metavar="TEXT", default="", help="why; the trail says it")
        if name in _WITH_A_CLONE:
            verb.add_argument("--repo", metavar="DIR", required=name in ("pull", "backup"), help=_WITH_A_CLONE[name])
        if module == _KEEPS or name == "show":
            rules_option(verb, whole=True)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < _LARGEST):
        raise ArgumentTypeError(f"a backup has a number from 1, not {text}")
    return int(text)


def run(options: Namespace, console: "Console") -> int:
    """Carry out one of them."""
    code = import_module(VERBS[options.verb][0]).run(options, console)
    assert isinstance(code, int)
    return code
