"""What somebody at a terminal has of a state: a copy of it, a backup by hand, the rehearsal of a restore.

None of it changes the state. Who takes a copy has what is secret in it, so the trail says so before they have it.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core import state as states
from engine.core.audit.record import Said
from engine.errors import EngineError, failure
from engine.run.kept import backups, ledger
from engine.run.mending.model import Ground, identity
from engine.run.mending.restore import check_lineage, planned

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.adapters.sealed import SealingKey
    from engine.adapters.storage.port import Store
    from engine.adapters.terraform.locks import Lock
    from engine.adapters.terraform.opened import Opened
    from engine.adapters.terraform.workspace import Job
    from engine.core.signature import TrustedKeys
    from engine.core.state import State
    from engine.run.audit import Trail
    from engine.run.kept.backups import Backup


class Hand(NamedTuple):
    """Somebody at a terminal, whom nobody vouches for, or a sweep; nobody else works on the state key meanwhile."""

    key: str
    who: str
    why: str  # as they say; may be empty
    store: "Store"
    trail: "Trail"
    run: str
    now: "Callable[[], str]"
    is_sweep: bool = False

    def tell(self, outcome: str, **details: Any) -> None:
        """Say it in the trail.

        Raises:
            EngineError: ENG720.
        """
        actor = None if self.is_sweep else {"login": f"unverified: {self.who}", "id": None}
        self.trail.say(Said("backup", outcome, "", None, self.key, self.why or "by hand", actor, details))


def pull(hand: Hand, ground: Ground, file: str) -> dict[str, Any]:
    """Write the state as it is into a new private file: which one it is.

    Raises:
        EngineError: ENG874 there is none, ENG875, ENG879 the file exists, ENG002, ENG008; it cannot be read or said.
    """
    from engine.adapters.keys import put_new

    if os.path.lexists(file):
        raise failure("ENG879", file=file)
    with _looked(hand.key, ground) as (folder, _):
        state = _there(hand, folder, ground)
    hand.tell("pulled", **identity(state))
    put_new(file, state.data, exists="ENG879")
    return {"file": file, **identity(state)}


def keep(hand: Hand, ground: Ground, sealing: "SealingKey") -> dict[str, Any]:
    """Seal the state as it is: the number of the backup.

    Raises:
        EngineError: ENG874, ENG875; as `backups.keep`; it cannot be read or said.
    """
    with _looked(hand.key, ground) as (folder, job):
        state = _there(hand, folder, ground)
    place = backups.keep(hand.store, sealing, job.account, hand.key, state, hand.run, hand.now())
    hand.tell("kept", backup=place, **identity(state))
    return {"backup": int(place.rpartition("/")[2]), **identity(state)}


def rehearse(
    hand: Hand, ground: Ground, sealing: "Sequence[SealingKey]", trusted: "TrustedKeys", number: int
) -> dict[str, Any]:
    """What a restore of that backup would come to: it is opened, compared, pushed beside the state, and planned there.

    Raises:
        EngineError: as `restore.restore`, before it would write anything; ENG875; ENG878, the scratch state may be
            there still.
    """
    _check(hand.key, ground)
    _, job = ground.jobs[0]
    backup, data = backups.load(hand.store, sealing, job.account, hand.key, number)
    with _looked(hand.key, ground) as (folder, _):
        there = folder.state(ground.cancel)
    check_lineage(ledger.entries(hand.store, hand.key, trusted), backup, there)
    try:
        wanted = states.numbered(data, backup.serial)
    except ValueError as error:
        raise failure("ENG717", key=backup.key, reason=f"it holds no state: {error}") from error
    hand.tell("rehearsed", backup=backup.key, lineage=backup.lineage, serial=backup.serial)
    with scratch(hand, ground, job) as folder:
        folder.push(wanted, ground.cancel)
        if not states.is_pushed(folder.state(ground.cancel), wanted):
            raise failure("ENG777", key=hand.key, reason="the scratch copy is not what was written there")
        plan = planned(folder, ground, locked=False)
    return {**_said(backup), "state": there and identity(there), "plan": plan}


def lock(key: str, ground: Ground) -> "Lock | None":
    """Who has Terraform's lock of the state; None: nobody.

    Raises:
        EngineError: ENG875; nobody can tell.
    """
    with _looked(key, ground) as (folder, _):
        return folder.lock(ground.cancel)


def _said(backup: "Backup") -> dict[str, Any]:
    names = ("lineage", "serial", "time", "run", "sealed_with")
    return {"backup": backup.number, **{name: getattr(backup, name) for name in names}}


def _check(key: str, ground: Ground) -> None:
    if not ground.jobs:
        raise failure("ENG875", key=key, repo="the clone")


@contextmanager
def _looked(key: str, ground: Ground) -> "Iterator[tuple[Opened, Job]]":
    """A work directory in which the state is looked at, and nothing begun."""
    from engine.adapters.terraform.opened import opened

    _check(key, ground)
    _, job = ground.jobs[0]
    with opened(job, ground.workspace, os.urandom(16).hex()) as folder:
        try:
            yield folder, job
        finally:
            folder.close()


@contextmanager
def scratch(hand: Hand, ground: Ground, job: "Job") -> "Iterator[Opened]":
    """A work directory of an empty state beside the one of that key, which is deleted whatever happens.

    Raises:
        EngineError: ENG878, it could not be: of whatever else has failed is told too.
    """
    from engine.adapters.terraform.opened import opened

    # By a name that is always the same, so that a push is found that a killed rehearsal has begun.
    with opened(job._replace(scratch=True), ground.workspace, f"rehearsal {hand.key}") as folder:
        try:
            _discard(hand, folder)  # what a rehearsal has left that was killed
            try:
                yield folder
            except BaseException as error:
                told = error.problems if isinstance(error, EngineError) else ()
                try:
                    _discard(hand, folder)
                except EngineError as left:
                    raise EngineError(*told, *left.problems) from error
                raise
            _discard(hand, folder)
        finally:
            with suppress(EngineError):  # a push of which nobody knows the end: what is old there goes
                folder.close()


def _discard(hand: Hand, folder: "Opened") -> None:
    """Whether or not it was asked to stop: no copy is left behind."""
    from engine.adapters.terraform.workspace import SCRATCH

    try:
        folder.discard()
    except EngineError as error:
        reason = error.problems[0].message
        raise failure("ENG878", key=hand.key, reason=reason, workspace=SCRATCH) from error


def _there(hand: Hand, folder: "Opened", ground: Ground) -> "State":
    state = folder.state(ground.cancel)
    if state is None:
        raise failure("ENG874", key=hand.key)
    return state
