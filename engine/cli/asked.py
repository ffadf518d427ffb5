"""What commands share that carry out comments: `--asked URL`, or, of a store of one's own, one person's word."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from engine.cli.files import rules_option
from engine.errors import failure

if TYPE_CHECKING:
    from engine.cli.console import Console
    from engine.run.mending.alone import Alone
    from engine.run.mending.copies import Hand
    from engine.run.mending.model import Ground

_OWN = "without a forge that is done to a store in a directory only: name the comment with --asked URL"


def arguments(parser: ArgumentParser) -> None:
    """Where it was asked for, and by what rules."""
    parser.add_argument("--asked", metavar="URL", help="address of the last of the comments that ask for it")
    rules_option(parser, whole=True)
    parser.add_argument("--reason", metavar="TEXT", help="why; without --asked")
    parser.add_argument("--json", action="store_true", help="for machines")


def carry_out(options: Namespace, words: str, console: "Console") -> int:
    """What the comment at `--asked` asks for, as its own event would: everything is looked up again.

    Raises:
        EngineError: ENG778, it is the address of no such comment; as `engine run`.
    """
    from engine.adapters import files
    from engine.cli import run
    from engine.cli.main import parser_of
    from engine.core.canonical import canonical
    from engine.run import results

    repo, number, comment = _comment(options.asked)
    event = {
        "action": "created",
        "repository": {"full_name": repo},
        "issue": {"number": number, "pull_request": {"url": options.asked}},
        "comment": {"id": comment, "body": f"/engine {words}"},
    }
    with results.directory(None) as out:
        file = os.path.join(out, "asked.json")
        files.write(file, canonical(event))
        arguments = ["--event", file, "--event-name", "issue_comment", "--rules", options.controller]
        given = parser_of("run", run).parse_args([*arguments, *(["--json"] if options.json else [])])
        given.query = getattr(options, "query", None)
        return run.run(given, console)


def _comment(url: str) -> tuple[str, int, int]:
    """Repository, pull request and comment of an address as the page has it."""
    import re

    found = re.fullmatch(
        r"https?://[^/?#\s]+/([\w.-]{1,100}/[\w.-]{1,100})/(pull|issues)/([1-9]\d{0,9})#issuecomment-([1-9]\d{0,18})",
        url,
    )
    if found is None:
        raise failure("ENG778", url=url, reason="it is not https://HOST/OWNER/NAME/pull/N#issuecomment-ID")
    repo, kind, number, comment = found.groups()
    if kind == "issues":
        raise failure(
            "ENG778", url=url, reason="it is on an issue, and not on the merged pull request that has the key"
        )
    return repo, int(number), int(comment)


@contextmanager
def alone(options: Namespace, words: str) -> "Iterator[Alone]":
    """One person and their own store.

    Raises:
        EngineError: ENG779, the store is not one's own, or nobody says why; no key, no rules.
    """
    from engine.adapters import settings
    from engine.adapters.keys import Keyring
    from engine.adapters.places import StorePlace
    from engine.run import trusted
    from engine.run.mending.alone import Alone
    from engine.run.mending.model import Word

    values = settings.read()
    if values.store is None:
        raise failure("ENG203", uses=f"engine {words}", reason="ENGINE_STORE names none")
    if not isinstance(values.store, StorePlace):
        raise failure("ENG779", command=f"engine {words}", reason="others share this store", hint=_OWN)
    if not options.reason:
        hint = "say why with --reason TEXT: the ledger keeps it"
        raise failure("ENG779", command=f"engine {words}", reason="nobody says why", hint=hint)
    with hand(options.key, words, options.reason) as mine:
        word = Word.of([{"id": None, "login": f"unverified: {mine.who}", "comment": None}], options.reason)
        known, signer = trusted.keys(values.trusted_keys), Keyring(os.environ).signer("audit")
        rules = trusted.load_rules(options.controller)
        yield Alone(options.key, word, rules, mine.store, known, signer, mine.trail, mine.run, mine.now)


@contextmanager
def hand(key: str, words: str, why: str, *, claim: bool = True) -> "Iterator[Hand]":
    """Somebody at a terminal; nobody else works on the state key meanwhile, if it is to be claimed.

    Raises:
        EngineError: ENG203, no store that others see is named; ENG742, somebody is at work on it; no key.
    """
    from engine.adapters import clock, settings
    from engine.adapters.keys import Keyring
    from engine.adapters.storage.named import opened
    from engine.core.canonical import digest
    from engine.core.kept import keys
    from engine.core.kept.journal import Identity
    from engine.run import results
    from engine.run.audit import trail
    from engine.run.kept.claims import locked
    from engine.run.kept.journal import Journal
    from engine.run.kept.owner import owner
    from engine.run.mending.copies import Hand

    values = settings.read()
    store, now = opened(values.store), clock.ahead(values.clock_ahead_s)
    if not store.durable:
        here = "nobody else sees a directory of this job" if values.store else "ENGINE_STORE names none"
        raise failure("ENG203", uses=f"engine {words}", reason=here)
    run = os.urandom(8).hex()
    with results.directory(None) as out, owner(None) as me:
        said = trail(store, Keyring(os.environ), values, run, now, out)
        journal = Journal(store, Identity(run, words.replace(f" {key}", ""), key), me, None)
        journal.begin_run({"asked": digest(words), "stance": {}})  # while that has not ended, its claim holds
        try:
            with locked(store, [keys.alone(key)] if claim else [], journal, now):
                yield Hand(key, me.who, why, store, said, run, now)
        finally:
            journal.finish_run({"exit": 0})


@contextmanager
def ground(options: Namespace) -> "Iterator[Ground]":
    """Terraform, and the resource as the branch in `--repo` has it.

    Raises:
        EngineError: ENG772, the key names no branch there; no Terraform; git cannot tell.
    """
    from threading import Event

    from engine.adapters import settings
    from engine.adapters.git.repository import Repository
    from engine.adapters.terraform.workspace import prepare
    from engine.run import given
    from engine.run.mending.ground import jobs
    from engine.run.mending.model import Ground
    from engine.run.module import module_directory
    from engine.run.trusted import beside, load_rules

    values, rules, cancel = settings.read(), load_rules(options.controller), Event()
    module = module_directory(beside(options.controller))
    git = Repository(os.path.abspath(options.repo), path=values.path, cancel=cancel)
    try:
        found: list[Any] = []
        for environment in rules.environments.values():
            tip = git.branch(environment.branch)
            if tip is not None and f"/{environment.branch}/" in options.key:
                for source in rules.sources:
                    found += jobs(git, [tip], options.key, rules, source.repo, module)
        workspace = prepare(given.setup(values, module, rules), cancel)
        yield Ground(workspace, rules.limits, cancel, found)
    finally:
        git.close()
