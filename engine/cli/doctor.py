"""`engine doctor`: what this machine has, what is missing, how to get it; what is wrong with the set-up on GitHub."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.cli.aws import account_options
from engine.cli.console import Console
from engine.cli.files import rules_option, shipped_option
from engine.columns import wrapped
from engine.core.report.problems import way_out
from engine.errors import ExitCode

if TYPE_CHECKING:
    from engine.core.doctor import Finding
    from engine.run.machine import Check, Deed

HELP = "check what this machine has of what the engine needs, or how it is set up on GitHub, and say how to mend it"


def arguments(parser: ArgumentParser) -> None:
    """Where the rules are."""
    rules_option(parser, whole=True, default=None)
    shipped_option(parser)
    parser.epilog = "Without --rules the rules are those here, and no module: to try one is to start its providers."
    parser.add_argument(
        "--pin",
        action="store_true",
        help="write the account of each login into the approvers' files: whoever takes the login later is nobody",
    )
    parser.add_argument(
        "--github",
        action="store_true",
        help="look at the set-up there instead: the App (ENGINE_GITHUB_APP_ID and its key), rulesets and environments "
        "(GITHUB_TOKEN of an administrator), keys, clock, versions",
    )
    parser.add_argument(
        "--aws",
        action="store_true",
        help="look at the accounts of the rules and of the store instead, by ENGINE_AWS_PROFILE: is there what `engine "
        "aws trust` prints, and do the buckets keep versions",
    )
    account_options(parser)
    parser.add_argument(
        "--repo",
        metavar="OWNER/NAME",
        type=_repository,
        dest="repository",
        help="the controller's repository there (default: what the rules' checkout was cloned from)",
    )
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: Console) -> int:
    """Look at everything, even when something is missing."""
    from engine.run.machine import DEEDS, checks, lacking

    controller = os.path.abspath(options.controller or os.curdir)
    if options.pin:
        return _pin(controller, console)
    if options.github or options.aws:
        looked = _set_up(controller, options.repository) if options.github else []
        looked += _accounts(options) if options.aws else []
        return _told(looked, console, as_json=options.json)
    found = list(checks(controller, _module(options), os.environ))
    besides = [one for one in _known_here(controller) if not one.ok]
    if options.json:
        console.json([*(_row(check) for check in found), *map(_finding, besides)])
    else:
        width = max(len(check.name) for check in found)
        for check in found:
            console.out(_line(check, width, console))
        console.out(f"\n{console.colour('what can be done here now', 'bold')}")
        for deed in DEEDS:
            console.out(_able(deed, lacking(deed, found), console))
        _show(besides, console)
    is_well = all(check.ok for check in found) and not any(one.is_wrong for one in besides)
    return ExitCode.DONE if is_well else ExitCode.NEGATIVE


def _repository(text: str) -> str:
    from argparse import ArgumentTypeError

    from engine.core.repository import is_repository

    if not is_repository(text):
        raise ArgumentTypeError(f"{text!r} is no repository: say OWNER/NAME")
    return text


def _set_up(controller: str, repository: str | None) -> "list[Finding]":
    """What is wrong with the set-up on GitHub, and what is well.

    Raises:
        EngineError: the rules do not load, or the settings cannot be read.
    """
    from engine.run.doctor import github, versions
    from engine.run.trusted import beside

    found = github.look(controller, repository, os.environ)
    return [*found, *_known_here(controller), *versions.programs(beside(controller), os.environ)]


def _known_here(controller: str) -> "list[Finding]":
    """Of keys and the engine's version, without asking anybody."""
    from engine.run.doctor import keys, versions
    from engine.run.trusted import beside

    top = beside(controller)
    return [*keys.look(top, os.environ), *versions.engine(top)]


def _told(found: "Sequence[Finding]", console: Console, *, as_json: bool) -> int:
    from engine.core.doctor import document

    if as_json:
        console.json(document(found))
    else:
        _show(found, console)
    return ExitCode.NEGATIVE if any(one.is_wrong for one in found) else ExitCode.DONE


def _show(found: "Sequence[Finding]", console: Console) -> None:
    """As they are: commands are copied, and not broken at the terminal's end."""
    from engine.core.report.doctor import findings

    for line in findings(found, console.width, console.colour):
        console.data(line)


def _finding(one: "Finding") -> dict[str, object]:
    """A finding as a row among those of the machine."""
    return {"name": one.subject, "ok": not one.is_wrong, "found": "", "problem": one.what, "remedy": one.mend}


def _accounts(options: Namespace) -> "list[Finding]":
    """What is wrong in the accounts of the rules and of the store, and what is well.

    Raises:
        EngineError: the rules do not load; ENG953–ENG956, what is to be there cannot be told.
    """
    from engine.adapters import settings
    from engine.cli.aws import told
    from engine.core.aws.trust import accounts, wanted
    from engine.run.doctor import aws

    options.controller = options.controller or os.curdir
    rules, given = told(options)
    values, found = settings.read(), list["Finding"]()
    named = {one.account: name for name, one in rules.environments.items()}
    for account in accounts(rules, given["store"]):
        profile = values.aws_profile or ""
        profile = profile.replace("{account}", account).replace("{environment}", named.get(account, "store"))
        if account not in named:
            profile = getattr(values.store, "profile", None) or profile
        found += aws.look(wanted(rules, account=account, **given), profile or None)
    return found


def _module(options: Namespace) -> str:
    """Whose providers are started: never those of a checkout that nobody named. Empty: nobody's."""
    from engine import data
    from engine.run.trusted import beside

    own = os.path.join(beside(options.controller), "terraform") if options.controller else ""
    return data.path("terraform") if options.shipped and not os.path.isdir(own) else own


def _pin(controller: str, console: Console) -> int:
    """Asks GitHub whose the logins are; one that nobody has stays as it is, and so does the rest of the files.

    Raises:
        EngineError: a file is not right or cannot be written; GitHub does not say.
    """
    from engine.adapters import files, settings
    from engine.adapters.github.forge import opened
    from engine.core.rules.draft import APPROVERS, SPECIAL
    from engine.core.rules.pins import bare, pinned
    from engine.run.trusted import load_rules, place_of

    rules, values = load_rules(controller), settings.read()
    controller, _ = place_of(controller)
    kept = [name for name in (APPROVERS, SPECIAL) if os.path.lexists(os.path.join(controller, name))]
    texts = {name: files.read(os.path.join(controller, name)) for name in kept}
    asked = tuple(dict.fromkeys(login for name, data in texts.items() for login in bare(data, name)))
    repo = rules.sources[0].repo
    found = opened(os.environ, values.cache_dir, values.path, [repo], ["contents:read"]).people(repo, asked, ())
    known = {login: person.id for login, person in found.users.items() if person}
    for name, data in texts.items():
        file = os.path.join(controller, name)
        mode = os.stat(file).st_mode & 0o777
        files.write(file, pinned(data, name, known))
        os.chmod(file, mode)  # it is everybody's to read, as it was
    for login in asked:
        if login in known:
            console.out(f"{console.colour('✓', 'green')} {login} is account {known[login]}")
        else:
            console.out(f"{console.colour('✗', 'red')} {login}: nobody on GitHub has that login")
    return ExitCode.DONE if len(known) == len(asked) else ExitCode.NEGATIVE


def _row(check: "Check") -> dict[str, object]:
    why = check.problem
    found: dict[str, object] = {"name": check.name, "ok": check.ok, "found": check.found}
    return {**found, "problem": why.message if why else "", "remedy": why.hint if why else ""}


def _able(deed: "Deed", lacks: Sequence[str], console: Console) -> str:
    mark = console.colour("–", "dim") if lacks else console.colour("✓", "green")
    said = f"{deed.what}: {', '.join(deed.commands)}" + (f"; missing: {', '.join(lacks)}" if lacks else "")
    return f"{mark} " + "\n".join(wrapped(said, console.width, "  "))[2:]


def _line(check: "Check", width: int, console: Console) -> str:
    mark, hue = ("✓", "green") if check.problem is None else ("–", "dim") if check.optional else ("✗", "red")
    first, rest = f"{console.colour(mark, hue)} {check.name:<{width}}  ", " " * (width + 4)
    message = wrapped(check.problem.message if check.problem else check.found, console.width, rest)
    fix = way_out(check.problem.hint, console.width, rest, console.colour) if check.problem else ()
    return first + "\n".join([*message, *fix])[len(rest) :]
