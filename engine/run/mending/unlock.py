"""Give up what was merged and is not applied: an entry `released` ends the hold, and nothing is deleted.

Or take away a lock of Terraform's own: of a stranger who died, or of a machine of ours that is lost.
"""

import os
from typing import TYPE_CHECKING, Any

from engine.core.holding import speaks_of
from engine.core.kept.ledger import ATTEMPTS
from engine.errors import failure
from engine.run.applying import begun
from engine.run.mending.model import Ground, Mending

if TYPE_CHECKING:
    from engine.adapters.terraform.locks import Lock


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


def take_away(mending: Mending, ground: Ground, lock: str) -> dict[str, Any]:
    """Whose lock it was. Nobody of us works on the state meanwhile, or that is not known: then it stays.

    Raises:
        EngineError: ENG842, it is not there, or may be one of ours that is at work; nobody asks for it any more; it
            cannot be said; Terraform cannot give it back.
    """
    from engine.adapters.terraform.opened import opened

    if not ground.jobs:
        raise failure("ENG776", key=mending.key, reason="the branch has no such resource")
    _, job = ground.jobs[0]
    with opened(job, ground.workspace, os.urandom(16).hex()) as folder:
        try:
            there = folder.lock(ground.cancel)
            _check(mending, there, lock)
            assert there is not None
            word = mending.confirm()
            mending.tell("unlock", "taken away", word, lock=there._asdict())
            folder.unlock(there, ground.cancel)
        finally:
            folder.close()
    return {"lock": str(there)}


def _check(mending: Mending, there: "Lock | None", lock: str) -> None:
    reason, hint = "", "`engine state show KEY --repo CLONE` says who has it"
    if there is None:
        reason = "nobody has it"
    elif there.id != lock:
        reason = str(there)
    elif begun.unanswered(mending.store, mending.key, mending.entries(), mending.trusted):
        reason = "an apply of ours has begun, nobody knows its end, and the lock may be its own"
        hint = "`/engine apply` waits for it, or takes its lock away; is its machine lost, `/engine unlock KEY` first"
    if reason:
        raise failure("ENG842", key=mending.key, lock=lock, reason=reason, hint=hint)
