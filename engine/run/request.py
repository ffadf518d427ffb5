"""What one `engine run` is asked, and who is told while it happens."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, NamedTuple

from engine.run.stopping import NEVER, Unstopped

if TYPE_CHECKING:
    from engine.core.decision.decided import Decision
    from engine.core.report.model import Report
    from engine.core.report.progress import Step


class Asked(NamedTuple):
    """What the person who started the run has said."""

    destroy: tuple[str, ...] = ()  # resource paths
    move: tuple[str, ...] = ()
    source: str | None = None  # owner/name of the clone


class Going(NamedTuple):
    """Which run this is, and how much of it is to be done here."""

    run: str  # the delivery
    attempt: str = ""  # of the workflow
    resume: bool = False
    only: str | None = None  # resume only what stopped before this action
    until: str | None = None  # stop before this action
    does: Collection[str] | None = None  # stop before whatever is none of these (`uses`), in whichever pipeline
    handover: str | None = None  # file that carries the journals from job to job
    executor: str | None = None  # file of the executor that this process is
    fail_fast: bool = False  # after the first resource that fails nothing more begins


class Request(NamedTuple):
    """One `engine run`."""

    event: bytes
    event_file: str
    event_name: str | None
    repo: str | None  # clone of the source repository; None: GitHub tells
    controller: str  # checkout of the controller repository
    out: str  # directory that keeps everything, see `results`
    pipeline: str | None  # None: those that the event starts
    asked: Asked
    going: Going = Going("")  # which run it is, and how much of it is to be done here


class Watcher(NamedTuple):
    """Who is told while it happens, and may end it."""

    decided: "Callable[[Decision], None]"
    progress: Callable[[str], None]
    show: "Callable[[Report], None]"
    kept: "Callable[[Report], None]"  # a report of what has been said already: only for whoever collects them
    stop: Unstopped = NEVER
    step: "Callable[[Step], None] | None" = None  # each step of a resource; None: `progress` is told, as a line
