"""May a plan of a way back be applied without anybody being asked? Only if it undoes what one run has done.

Nothing that was there before the run is replaced or taken away, and nothing that the run has not touched is changed:
whatever else such a plan holds has another cause, and people look at it.
"""

from collections.abc import Collection, Iterable, Iterator

from engine.core.plan.compare import name
from engine.core.plan.model import Change

_PLAIN = (("create",), ("update",), ("delete",))


def against(found: Iterable[Change], touched: Collection[str], before: Collection[str]) -> Iterator[str]:
    """Why it may not, one sentence for each change that it must not hold.

    `touched`: addresses of which the events of the run tell. `before`: those that were in the state before it.
    """
    for change in found:
        if change.mode == "data":
            continue
        said = f"{name(change)} would be "
        if change.address not in touched:
            yield f"{said}changed, which that run has not touched"
        elif change.actions not in _PLAIN or change.previous_address or change.importing is not None:
            yield f"{said}more than made, changed or taken away ({change.verb})"
        elif change.actions == ("delete",) and (change.deposed or change.address in before):
            yield f"{said}taken away, and it was there before that run"
