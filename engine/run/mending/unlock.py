"""Give up what was merged and is not applied: an entry `released` ends the hold, and nothing is deleted."""

from typing import Any

from engine.core.holding import speaks_of
from engine.core.kept.ledger import ATTEMPTS
from engine.errors import failure
from engine.run.applying import begun
from engine.run.mending.model import Mending


def unlock(mending: Mending) -> dict[str, Any]:
    """What was given up: the number of the entry, and whether an apply had begun of which nobody knows the end.

    Raises:
        EngineError: ENG773, it is not held; nobody asks for it any more; it cannot be said.
    """
    found, commit = mending.ready(), mending.about["commit"]
    ended = next((one for one in reversed(found) if one.outcome in ATTEMPTS and speaks_of(one.said, commit)), None)
    if ended is not None:
        reason = f"number {ended.number} of its ledger says `{ended.outcome}` of {mending.subject}"
        raise failure("ENG773", key=mending.key, reason=reason)
    unknown = begun.unanswered(mending.store, mending.key, found, mending.trusted)
    word = mending.confirm()
    mending.tell("unlock", "released", word, begun=unknown is not None)
    entry = mending.write("released", word)
    return {"entry": entry.number, "begun": unknown is not None}
