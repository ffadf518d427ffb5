"""`engine doctor`: what this machine has, what is missing, and how to get it."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.cli.console import Console
from engine.cli.files import rules_option, shipped_option
from engine.columns import wrapped
from engine.core.report.problems import way_out
from engine.errors import ExitCode

if TYPE_CHECKING:
    from engine.run.machine import Check, Deed

HELP = "check what this machine has of what the engine needs, and say what can be done with that"


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
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: Console) -> int:
    """Look at everything, even when something is missing."""
    from engine.run.machine import DEEDS, checks, lacking

    if options.pin:
        return _pin(os.path.abspath(options.controller or os.curdir), console)
    found = list(checks(os.path.abspath(options.controller or os.curdir), _module(options), os.environ))
    if options.json:
        console.json([_row(check) for check in found])
    else:
        width = max(len(check.name) for check in found)
        for check in found:
            console.out(_line(check, width, console))
        console.out(f"\n{console.colour('what can be done here now', 'bold')}")
        for deed in DEEDS:
            console.out(_able(deed, lacking(deed, found), console))
    return ExitCode.DONE if all(check.ok for check in found) else ExitCode.NEGATIVE


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
