"""`engine status`: what each pull request waits for, and who can bring it on, as the engine's pages show it."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.cli.parsing import pull_request
from engine.errors import ExitCode

if TYPE_CHECKING:
    from engine.cli.console import Console
    from engine.core.kept.board import Entry, Wait
    from engine.service.shown import Lane, Pull, Pulls

HELP = "show what each pull request waits for, and who can unblock it"
_MENDS = "no record of a pull request; the next run that tells its page mends it"
_COLOURS = {"people": "yellow", "behind": "yellow", "frozen": "yellow", "person": "yellow", "engine": "green"}


def arguments(parser: ArgumentParser) -> None:
    """Which of them."""
    parser.add_argument("--who", metavar="NAME", default="", help="what this login or group can unblock")
    parser.add_argument("--repo", metavar="OWNER/NAME", default="", help="of this repository")
    parser.add_argument(
        "--pr", metavar="N", type=pull_request, help="this one, with its gates and what has happened to it"
    )
    parser.add_argument("--json", action="store_true", help="for machines, as the API of `engine serve` has it")


def run(options: Namespace, console: "Console") -> int:
    """Read the store that ENGINE_STORE names, whichever way the engine runs; nothing has to be served."""
    from engine.adapters.clock import now
    from engine.cli.files import open_store
    from engine.errors import EngineError, failure
    from engine.run.kept.board import Board
    from engine.run.kept.sources import unreadable
    from engine.service import views
    from engine.service.shown import Asked
    from engine.service.timeline import Trail

    store = open_store("engine status")
    sources = views.Sources(store, Board(store), Trail(store), now)
    found = views.pulls(sources, Asked(who=options.who, repo=options.repo))
    if found.problem:
        raise EngineError(found.problem)
    found = found._replace(unreadable=(*found.unreadable, *unreadable(store)))
    one = None
    if options.pr is not None:
        repos = {entry.repo for lane in found.lanes for entry in lane.entries if entry.pr == options.pr}
        one = views.pull(sources, options.repo or next(iter(repos), ""), options.pr) if len(repos) < 2 else None
        if one is None:
            why = f"{len(repos)} repositories have one" if repos else "none that waits is kept"
            raise failure("ENG795", number=options.pr, reason=why)
    if options.json:
        console.json((one or found).to_json())
    elif one is not None:
        _show(one, console)
    else:
        _list(found, console)
    return ExitCode.DONE


def _list(found: "Pulls", console: "Console") -> None:
    from engine.core.kept import keys

    if not found.lanes:
        console.out("no pull request waits for anything" if not found.total else "none of them; others wait")
    for lane in found.lanes:
        console.out(console.colour(f"{lane.title} ({len(lane.entries)})", _COLOURS.get(lane.turn, "red")))
        for entry in lane.entries:
            _entry(entry, lane, console)
    for key in found.unreadable:
        _, _, source = key.partition(keys.SOURCES)
        what = f"all that {source} sends waits: put its record back, from a copy of the store" if source else _MENDS
        console.err(f"{key}: {what}")


def _entry(entry: "Entry", lane: "Lane", console: "Console") -> None:
    from engine.cli.laid import fitted
    from engine.core.decision.explain import people

    since = f"since {entry.since}"
    head = fitted(f"{entry.name}  {_line(entry.title)}  {since}", 2, console)
    console.out(head.replace(since, console.colour(since, "dim")))
    console.out(fitted(_line(entry.line), 4, console))
    console.out(fitted(f"→ {_line(people(entry.who)) if entry.who else lane.otherwise}", 4, console))


def _show(one: "Pull", console: "Console") -> None:
    from engine.cli.laid import fitted

    entry = one.entry
    console.out(fitted(f"{entry.name}  {_line(entry.title)}", 0, console))
    console.out(fitted(f"{_line(entry.line)}  since {entry.since}", 0, console))
    for wait in entry.waits:
        console.out(fitted(f"→ {_wait(wait)}", 2, console))
    for gate in one.gates:
        told = f"{_MARKS.get(gate['outcome'], '·')} {_line(gate['name'])}: {_line(gate['because'])}"
        console.out(fitted(told, 2, console))
    for event in one.timeline.events:
        by = f", {event.who}" if event.who else ""
        console.out(f"  {event.at}  {event.kind:<8}  {event.outcome:<9}  {_line(event.text + by)}")


_MARKS = {"pass": "✓", "fail": "✗", "error": "!", "pending": "…", "not_applicable": "–"}


def _wait(wait: "Wait") -> str:
    from engine.core.decision.explain import people

    who = f": {people(wait.who)}" if wait.who else ""
    return _line(f"{wait.what}{who}{f' ({wait.words})' if wait.words else ''}")


def _line(text: str) -> str:
    from engine.printable import in_line

    return in_line(text)
