"""What a person wants of the service's work, by a page, the API or a command: said in the trail, and done.

To end something depends on no trail, as with a freeze: it is asked for first, and said then. What is to be done is said
before it begins, and only where it can be.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from engine.core.audit import says

if TYPE_CHECKING:
    from engine.adapters.settings import Settings
    from engine.adapters.storage.port import Store
    from engine.core.audit.record import Said
    from engine.run.audit import Trail
    from engine.run.ports import Secrets
    from engine.service.delivery import Delivery
    from engine.service.inbox import Inbox
    from engine.service.runs import Run, Runs

# How something is said in the trail; raises EngineError ENG720, it cannot be.
Say: TypeAlias = "Callable[[Said], object]"


def saying(store: "Store", trail: "Callable[[str, str], Trail]", now: Callable[[], str]) -> Say:
    """In the trail of a store; where none outlives this process, rows and log are all there is."""

    def say(said: "Said") -> None:
        from engine.run.kept.owner import owner

        if store.durable:
            with owner(None) as me:
                trail(me.id, now()).say(said)

    return say


def trails(store: "Store", secrets: "Secrets", settings: "Settings") -> "Callable[[str, str], Trail]":
    """The trail of the store that is set, for what is said by a run's id at a moment."""
    from engine.run import audit

    return lambda run, at: audit.trail(store, secrets, settings, run, lambda: at, "")


def cancel(runs: "Runs", run: str, who: str, say: Say) -> "Run":
    """It is to end.

    Raises:
        EngineError: ENG790, ENG791, as `Runs.ask_cancel`; ENG720: it is to end all the same.
    """
    found = runs.ask_cancel(run, who)
    say(_of_run("cancel", found, who, "it is to end, as soon as that harms nothing"))
    return found


def resume(runs: "Runs", run: str, who: str, say: Say) -> "Run":
    """It is to go on where it was.

    Raises:
        EngineError: ENG790, ENG791, as `Runs.resume`; ENG720: it does not go on.
    """
    found = runs.resumable(run)
    say(_of_run("resume", found, who, f"it is to go on: it was {found.state}"))
    return runs.resume(run, who)


def redeliver(inbox: "Inbox", delivery: str, who: str, say: Say) -> "Delivery":
    """It is to be handled again.

    Raises:
        EngineError: ENG784, as `Inbox.again`; ENG720: it is not.
    """
    found = inbox.ended(delivery)
    repo, _, number = found.subject.partition("#")
    pr = int(number) if number.isdigit() else None
    why = f"{found.event} {found.action}".strip() + f" is to be handled again: it was {found.state}"
    say(says.work("redeliver", found.id, repo if pr else found.repo, pr, who, why))
    return inbox.again(delivery, who)


def _of_run(asked: str, run: "Run", who: str, why: str) -> "Said":
    return says.work(asked, run.run, run.repo, run.number, who, why)
