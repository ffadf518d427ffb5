"""`engine rollback`: take back what was applied: what that would do, and the pull request that asks for it."""

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from engine.cli.files import rules_option
from engine.errors import failure

if TYPE_CHECKING:
    from engine.cli.console import Console
    from engine.core.kept.ledger import Entry

HELP = "take back what was applied: say what comes back, and open the pull request that asks for it"
PIPELINE = "rollback"


def arguments(parser: ArgumentParser) -> None:
    """What is taken back, and how far."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--resource", metavar="R", help="S3/data-lake, or its state key, as `engine ledger` has it")
    what.add_argument("--run", metavar="ID", help="all that this run has applied")
    parser.add_argument("--to", metavar="SHA", type=_commit, help="as at this commit (default: the last good one)")
    parser.add_argument("--look", action="store_true", help="only say what it would do; no pull request is opened")
    rules_option(parser, whole=True)
    parser.add_argument("--json", action="store_true", help="for machines")


def _commit(text: str) -> str:
    if not (7 <= len(text) <= 64 and set(text) <= set("0123456789abcdef")):
        raise ArgumentTypeError(f"`{text[:70]}` is no commit: 7 to 64 of its digits, in lower case")
    return text


def run(options: Namespace, console: "Console") -> int:
    """As a comment on the merged pull request would, which the ledger names."""
    from engine.adapters import files
    from engine.cli import run
    from engine.cli.main import parser_of
    from engine.core.canonical import canonical
    from engine.run import results

    last = _last(options)
    repo, number = last.said["repository"]["name"], last.said["pr"]
    asked = {"resource": last.key} if options.resource else {}
    asked |= ({"to": options.to} if options.to else {}) | ({"look": "only"} if options.look else {})
    event = {
        "inputs": {"source_repo": repo, "pr_number": str(number), **asked},
        "repository": {"full_name": repo},
        "ref": "refs/heads/main",
        "workflow": "engine rollback",
    }
    with results.directory(None) as out:
        file = os.path.join(out, "rollback.json")
        files.write(file, canonical(event))
        arguments = ["--event", file, "--event-name", "workflow_dispatch", "--rules", options.controller]
        arguments += ["--pipeline", PIPELINE]
        given = parser_of("run", run).parse_args([*arguments, *(["--json"] if options.json else [])])
        given.query = getattr(options, "query", None)
        return run.run(given, console)


def _last(options: Namespace) -> "Entry":
    """The last try of what is asked for.

    Raises:
        EngineError: ENG203, there is no store; ENG835, the ledger has none, or several resources are meant.
    """
    from engine.adapters import settings
    from engine.adapters.storage.named import opened
    from engine.core.kept.ledger import RAN
    from engine.run import trusted
    from engine.run.kept import ledger

    values = settings.read()
    if values.store is None:
        raise failure("ENG203", uses="engine rollback", reason="ENGINE_STORE names none")
    entries = ledger.every(opened(values.store), trusted.keys(values.trusted_keys))
    name = options.resource or options.run
    found = [one for one in entries if one.outcome in RAN and one.said["pr"] is not None and _fits(one, options)]
    keys = sorted({one.key for one in found})
    pulls = {(one.said["repository"]["name"], one.said["pr"]) for one in found}
    if not found:
        raise failure("ENG835", key=name, reason="the ledger has nothing of it", hint="see `engine ledger`")
    if options.resource and len(keys) > 1:
        raise failure("ENG835", key=name, reason="several have that path", hint=f"name one: {', '.join(keys)}")
    if options.run and len(pulls) > 1:
        raise failure("ENG835", key=name, reason="the run is of several pull requests", hint="name a resource")
    return found[-1]


def _fits(entry: "Entry", options: Namespace) -> bool:
    if options.run:
        return bool(entry.said["run"] == options.run)
    wanted: str = options.resource.rstrip("/").removesuffix(".tfvars")
    return wanted in (entry.key, f"{entry.said['service']}/{entry.said['name']}")
