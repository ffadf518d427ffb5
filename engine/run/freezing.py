"""Freezing, and ending that, as a person says it at a terminal or on a page: checked, said in the trail, kept."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from engine.core.audit import says
from engine.errors import failure
from engine.names import closest, either
from engine.run.kept import freezes

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store
    from engine.run.audit import Trail
    from engine.run.kept.freezes import Said

ALL = "all"  # what people write for every environment
LONGEST_REASON = 500  # characters; each report of a waiting run shows it


def reason(text: str) -> str:
    """Why, without the blanks around it.

    Raises:
        ValueError: nobody could read it.
    """
    from engine.unseen import forbidden, visible

    if not text.isprintable() or any(forbidden(text)) or not visible(text) or len(text) > LONGEST_REASON:
        raise ValueError(f"a reason is one line that people can read, of at most {LONGEST_REASON} characters")
    return text.strip()


def check(store: "Store", environment: str | None, known: Callable[[], Iterable[str]]) -> None:
    """A misspelt name would freeze nothing, or end nothing, and nobody would notice.

    One of former rules may have to thaw, so the rules' environments are asked for only where nobody has ever said
    anything of it.

    Raises:
        EngineError: ENG251, there is no such environment; the rules do not load; the store fails.
    """
    if environment is None or freezes.is_known(store, environment):
        return
    names = sorted(known())
    if environment not in names:
        raise failure(
            "ENG251", hint=closest(environment, names), what="environment", name=environment, known=either(names)
        )


def say(store: "Store", trail: "Trail", said: "Said") -> None:
    """A freeze is said in the trail when it holds, since a trail that is broken is a reason for one; a thaw before.

    Raises:
        EngineError: the store fails; ENG720, the trail cannot be kept: a freeze holds all the same, a thaw does not.
    """
    if said.active:
        freezes.say(store, said)
    trail.say(says.freeze(said.environment, said.active, said.by, said.reason))
    if not said.active:
        freezes.say(store, said)


def told(said: "Said") -> dict[str, Any]:
    """For machines."""
    return {"environment": said.environment or ALL, "reason": said.reason, "by": said.by, "at": said.at}
