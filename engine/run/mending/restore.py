"""Bring back a state as it was before an apply, from its sealed backup: the same life of it, under a newer serial."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.core import state as states
from engine.core.kept import ledger
from engine.core.plan.model import changes
from engine.errors import EngineError, failure
from engine.run.kept import backups
from engine.run.mending.model import Ground, Mending, Word, identity

if TYPE_CHECKING:
    from engine.adapters.sealed import SealingKey
    from engine.adapters.terraform.opened import Opened
    from engine.core.kept.ledger import Entry
    from engine.core.state import State
    from engine.run.kept.backups import Backup


def restore(mending: Mending, ground: Ground, sealing: "Sequence[SealingKey]", number: int) -> dict[str, Any]:
    """What was restored: entry, backup, where the state that was there is kept now, and what a plan would do after it.

    Raises:
        EngineError: ENG716, ENG717, ENG719 the backup is none of this state or cannot be opened, ENG774 it is of
            another lineage, ENG777 what stands there afterwards is something else; nobody asks for it any more; the
            state cannot be read, kept or written; it cannot be said.
    """
    from engine.adapters.terraform.opened import opened

    if not ground.jobs:
        raise failure("ENG776", key=mending.key, reason="the branch has no such resource")
    _, job = ground.jobs[0]
    backup, data = backups.load(mending.store, sealing, job.account, mending.key, number)
    with opened(job, ground.workspace, os.urandom(16).hex()) as folder:
        try:
            made = _restored(mending, ground, folder, (backup, data), (sealing[0], job.account))
        except EngineError as error:
            if error.problems[0].code != "ENG470":  # else it may be at work there still
                folder.close()
            raise
        made["plan"] = planned(folder, ground)
        folder.close()
        return made


def _restored(
    mending: Mending,
    ground: Ground,
    folder: "Opened",
    found: "tuple[Backup, bytes]",
    by: "tuple[SealingKey, str]",
) -> dict[str, Any]:
    backup, data = found
    there = folder.state(ground.cancel)
    check_lineage(mending.ready(), backup, there)
    try:
        wanted = states.numbered(data, max(backup.serial, there.serial if there else 0) + 1)
    except ValueError as error:
        raise failure("ENG717", key=backup.key, reason=f"it holds no state: {error}") from error
    kept = _kept(mending, *by, there)
    word = mending.confirm()
    _tell(mending, "restoring", word, backup, kept)
    # Whatever has happened since: Terraform refuses what is not newer.
    folder.push(wanted, ground.cancel, ground.limits.lock_timeout_s)
    state = folder.state(ground.cancel)
    if state is None or not states.is_pushed(state, wanted):
        raise failure("ENG777", key=mending.key, reason="it is not what was written there")
    _tell(mending, "restored", word, backup, kept)
    entry = mending.write("restored", word, state, backup=backup.key)
    return {"entry": entry.number, "backup": backup.number, "kept": kept, "state": identity(state)}


def check_lineage(found: "Sequence[Entry]", backup: "Backup", there: "State | None") -> None:
    """Nothing, if it is a backup of the very state that is there, or was left there by us."""
    ours = ledger.state_of([one for one in found if not one.revoked])
    for wanted in (there.lineage if there else None, ours["lineage"] if ours else None):
        if wanted is not None and wanted != backup.lineage:
            raise failure("ENG774", key=backup.state_key, number=backup.number, found=backup.lineage, wanted=wanted)


def _kept(mending: Mending, key: "SealingKey", account: str, there: "State | None") -> int | None:
    """The number of the backup of what is there now, so that this can be taken back; None: nothing is there."""
    if there is None:
        return None
    place = backups.keep(mending.store, key, account, mending.key, there, mending.run, mending.now())
    return int(place.rpartition("/")[2])


def _tell(mending: Mending, outcome: str, word: Word, backup: "Backup", kept: int | None) -> None:
    mending.tell("backup", outcome, word, backup=backup.key, lineage=backup.lineage, serial=backup.serial, kept=kept)


def planned(folder: "Opened", ground: Ground, *, locked: bool = True) -> dict[str, Any]:
    """What the branch would make of it now: counts and addresses; why there is no plan."""
    from engine.adapters.terraform.plan import Limits
    from engine.core.plan.summary import summarise

    limits = Limits(plan_s=ground.limits.plan_timeout_s, lock_s=ground.limits.lock_timeout_s)
    try:
        done = folder.plan(limits, ground.cancel, locked=locked)
    except EngineError as error:  # the state is there, and that is what was asked for
        return {"problem": error.problems[0].code, "counts": None, "addresses": []}
    if done.plan is None:
        return {"problem": done.problem and done.problem.code, "counts": None, "addresses": []}
    addresses = [change.address for change in changes(done.plan)]
    return {"problem": None, "counts": summarise(done.plan)._asdict(), "addresses": addresses}
