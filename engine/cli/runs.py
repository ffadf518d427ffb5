"""`engine runs [RUN]`: what `engine serve` does and has done, out of its state; of one run its log, too."""

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from engine.cli.console import Console
    from engine.service.asking import Say
    from engine.service.runs import Run, Runs

HELP = "list what `engine serve` does and has done, or show one run with its log"
_STATES = ("queued", "running", "done", "failed", "superseded", "cancelled", "poisoned")
_WIDEST = len(max(_STATES, key=len))
_MARKS = {"failed": "red", "poisoned": "red", "running": "yellow", "done": "green"}


def arguments(parser: ArgumentParser) -> None:
    """Which."""
    parser.add_argument("run", metavar="RUN", nargs="?", help="this one, and what it has said")
    parser.add_argument(
        "--only", metavar="STATE", choices=_STATES, action="append", default=[], help=", ".join(_STATES)
    )
    parser.add_argument("--repo", metavar="REPO", default="", help="of this source, owner/name")
    parser.add_argument("--limit", metavar="N", type=int, default=20, help="the newest (default: %(default)s)")
    state(parser)
    parser.add_argument("--json", action="store_true", help="for machines")


def state(parser: ArgumentParser) -> None:
    """The option of all that look into a service's state."""
    parser.add_argument("--state", metavar="DIR", help="of which `engine serve` (default: ENGINE_STATE_DIR)")


def opened(directory: str | None) -> "Runs":
    """The runs of the service whose state is there.

    Raises:
        EngineError: ENG794, none is there; ENG004, ENG788.
    """
    from engine.adapters.settings import state_dir
    from engine.service.runs import FILE, Runs

    found = os.path.abspath(directory) if directory else state_dir(os.environ)
    if not os.path.isfile(os.path.join(found, FILE)):
        raise failure("ENG794", directory=found)
    return Runs(found)


def saying(console: "Console") -> "Say":
    """How what is asked of a run is said in the trail; ENGINE_STORE names where that is."""
    from engine.adapters import clock, settings
    from engine.adapters.keys import Keyring
    from engine.adapters.storage.named import opened as store_of
    from engine.service import asking

    values = settings.read()
    store = store_of(values.store)
    if not store.durable:
        console.progress("no trail records this, the run alone does: ENGINE_STORE names none that lasts")
    return asking.saying(store, asking.trails(store, Keyring(os.environ), values), clock.now)


def run(options: Namespace, console: "Console") -> int:
    """Print them."""
    runs = opened(options.state)
    if options.run is not None:
        return _show(runs, options, console)
    found = runs.find(options.only, repo=options.repo, limit=max(1, options.limit))
    if options.json:
        console.json({"version": 1, "counts": runs.counts(), "runs": [one.to_json() for one in found]})
        return ExitCode.DONE
    if not found:
        console.out("no run")
    for one in found:
        console.out(line(one, console))
    return ExitCode.DONE


def _show(runs: "Runs", options: Namespace, console: "Console") -> int:
    found = runs.get(options.run)
    if found is None:
        raise failure("ENG790", run=options.run)
    said = runs.log(found.run)
    if options.json:
        console.json({"version": 1, "run": found.to_json(), "log": [one._asdict() for one in said]})
        return ExitCode.DONE
    from engine.cli.laid import fitted

    console.out(line(found, console))
    for name in ("queued_at", "started_at", "ended_at", "not_before", "pipeline", "outcome", "asked_by"):
        if value := getattr(found, name):
            console.out(f"  {name.replace('_', ' '):<11} {value}")
    for one in said:
        console.out(f"{one.at[11:19]}{fitted(one.text, 10, console)[8:]}")
    return ExitCode.DONE


def line(one: "Run", console: "Console") -> str:
    """One run: in one line, or in several on a terminal where that is too long, with what it is about first."""
    from engine.cli.laid import fitted
    from engine.printable import in_line

    state = f"{one.state:<{_WIDEST}}"
    why = in_line(one.phase if one.state == "running" else one.reason or one.outcome)
    what = in_line(one.pipeline or f"{one.event} {one.action}".strip())
    parts = [part for part in (one.run, one.subject, what, why) if part]
    whole = "  ".join(parts)
    if not console.is_watched or _WIDEST + 1 + len(whole) <= console.width:
        shown = whole
    else:
        head, *rest = (fitted(part, _WIDEST + 1, console) for part in (f"{one.subject}  {what}", one.run, why) if part)
        shown = "\n".join([head.strip(), *rest])
    colour = _MARKS.get(one.state)
    return f"{console.colour(state, colour) if colour else state} {shown}"
