"""Take in a state that was there before us, or that nobody can explain: if it is just what the branch says."""

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.kept import ledger, standing
from engine.core.plan.model import changes
from engine.core.plan.since import addresses
from engine.errors import EngineError, failure
from engine.names import listing
from engine.run.mending.model import Ground, Mending, identity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.adapters.terraform.workspace import Job
    from engine.core.kept.ledger import Entry
    from engine.core.state import State

_SHOWN = 3  # changes that are named


class _Looked(NamedTuple):
    state: "State | None"
    would: str  # what its plan would do; empty: nothing


def adopt(mending: Mending, ground: Ground) -> dict[str, Any]:
    """What was adopted: entry, the commit that it was compared with, the state and what it has objects of.

    Raises:
        EngineError: ENG775 there is nothing to adopt, ENG776 it is not what the branch says,
            ENG777 somebody else writes it meanwhile;
            it cannot be planned; nobody asks for it any more; it cannot be said.
    """
    found, reasons = mending.ready(), list[str]()
    for commit, job in ground.jobs:
        looked = _look(mending, ground, job)
        if looked.state is None:
            raise failure("ENG775", key=mending.key, reason="there is no state")
        if not standing.another(_ours(found), looked.state):
            raise failure("ENG775", key=mending.key, reason="it is the one that was left by the last apply")
        if not looked.would:
            return _adopted(mending, commit, looked.state)
        reasons.append(f"{commit[:12]} would change {looked.would}")
    raise failure("ENG776", key=mending.key, reason="; ".join(reasons) or "the branch has no such resource")


def _ours(found: "Sequence[Entry]") -> "Mapping[str, Any] | None":
    """Where a thief may have said which one it is, people say it anew."""
    try:
        return ledger.state_of(found)
    except EngineError as error:
        if error.problems[0].code != "ENG715":
            raise
        return {"lineage": "", "serial": -1, "digest": ""}


def _look(mending: Mending, ground: Ground, job: "Job") -> _Looked:
    """The state, and what a plan of it would do; nobody may write it meanwhile."""
    from engine.adapters.terraform.opened import opened
    from engine.adapters.terraform.plan import Limits

    limits = Limits(plan_s=ground.limits.plan_timeout_s, lock_s=ground.limits.lock_timeout_s)
    with opened(job, ground.workspace, os.urandom(16).hex()) as folder:
        try:
            state = folder.state(ground.cancel)
            done = folder.plan(limits, ground.cancel)
            if done.plan is None:
                assert done.problem
                raise EngineError(done.problem)
            if reason := standing.another(state and identity(state), folder.state(ground.cancel)):
                raise failure("ENG777", key=mending.key, reason=reason)
            names = [change.address for change in changes(done.plan)] or (["outputs"] if done.changes else [])
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            return _Looked(state, f"{listing(names[:_SHOWN])}{more}" if names else "")
        finally:
            folder.close()


def _adopted(mending: Mending, commit: str, state: "State") -> dict[str, Any]:
    word = mending.confirm()
    mending.tell("apply", "adopted", word, state=identity(state), commit=commit)
    entry = mending.write("adopted", word, state, commit=commit)
    return {"entry": entry.number, "commit": commit, "state": identity(state), "addresses": addresses(state.data)}
