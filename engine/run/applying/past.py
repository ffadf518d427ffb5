"""An apply that was begun before, and of which the ledger says nothing: what became of it is found out, never guessed.

| what is found | what is done |
|---|---|
| it is at work on this machine | waited for, to its end |
| it has ended there | its end is what it says |
| it is lost, or was begun on another machine | a fresh plan, and the state beside its backup, tell what it has done |

Nothing of it is ever begun once more: what it has left over is a fresh plan, compared and judged like any other.
"""

from typing import TYPE_CHECKING

from engine.core.kept import standing
from engine.core.plan.compare import compare
from engine.core.plan.model import changes
from engine.core.plan.since import strangers
from engine.errors import problem
from engine.run.applying import effect, entries
from engine.run.applying.model import Ended, Known, Waits
from engine.run.kept import backups, ledger

if TYPE_CHECKING:
    from engine.adapters.terraform.locks import Lock
    from engine.adapters.terraform.opened import Opened
    from engine.core.exact import Json
    from engine.core.kept.begun import Begun
    from engine.core.state import State
    from engine.run.applying.effect import Watch
    from engine.run.applying.model import Applying, Target


def check_ours(applying: "Applying", target: "Target", begun: "Begun") -> None:
    """Nothing, if it was begun for the same commit as we are to apply.

    Raises:
        Waits: it was not: a plan of ours would say nothing of it.
    """
    mine, its = entries.about(applying, target), begun.about
    if any(mine[name] != its.get(name) for name in ("repository", "commit")):
        reason = (
            f"it was begun for #{its.get('pr')}, commit {str(its.get('commit'))[:12]}, which has to be gone on with"
        )
        raise Waits("unknown", problem("ENG734", resource=target.resource.path, reason=reason))


def ended(applying: "Applying", target: "Target", opened: "Opened", begun: "Begun", watch: "Watch") -> "Known | None":
    """What became of it where this machine knows. None: it does not.

    Raises:
        Waits: it is still at work.
        EngineError: it cannot be said.
    """
    from engine.adapters.attached import Running

    if opened.begun is not None:
        applied = opened.apply(watch, applying.work.cancel)
        if applied.outcome != "unknown":
            return effect.settled(applying, target, opened, begun, applied)
        if isinstance(opened.begun, Running):
            why = applied.problem or problem("ENG734", resource=target.resource.path, reason="it is at work")
            raise Waits("unknown", why)
    if opened.errored:
        effect.push(applying, opened, begun, opened.errored)
    return None


def unlocked(applying: "Applying", target: "Target", opened: "Opened", lock: "Lock") -> bool:
    """Take away the lock that an apply has left which was begun here and is dead; another one stays.

    Raises:
        EngineError: that cannot be said, or not be done.
    """
    if not opened.left(lock):
        return False
    entries.tell(applying, target.resource.state_key, "unlocked", f"its Terraform was killed, and left lock {lock.id}")
    opened.unlock(lock, applying.work.cancel)
    return True


_LOST = "it was being taken back, and that was cut off: nobody knows how far it has come"


def left_off(
    applying: "Applying", target: "Target", begun: "Begun", plan: "dict[str, Json]", state: "State | None"
) -> "Known":
    """What a way back that was lost is called: it is not gone on with, and what it took back is not applied anew.

    Raises:
        Ended, EngineError: as `reconciled`.
    """
    if not reconciled(applying, target, begun, plan, state):
        if state is None:
            raise Waits("unknown", problem("ENG734", resource=target.resource.path, reason="there is no state"))
        entries.write(applying, begun.key, begun.about, entries.undone(False), state=state, why=_LOST)
    return Known(ledger.entries(applying.store, begun.key, applying.trusted)[-1])


def reconciled(
    applying: "Applying", target: "Target", begun: "Begun", plan: "dict[str, Json]", state: "State | None"
) -> bool:
    """Say in the ledger which state it has left: all that has changed in it must be what it was to change.

    False: nothing has changed.

    Raises:
        Ended: somebody else may have written that state.
        EngineError: the backup cannot be opened; it cannot be said.
    """
    if not standing.another(begun.state, state):
        return False
    path, key = target.resource.path, begun.key
    reason = standing.unexplained(begun.state, state)
    if not reason:
        before = None
        if begun.backup is not None:
            _, before = backups.load(applying.store, applying.sealing, target.job.account, key, begun.backup)
        may = {row["address"] for row in begun.approved}
        planned = {change.address for change in changes(plan)}
        strange = strangers(before, state.data if state else None, may, planned)
        if strange:
            reason = f"an apply was killed, and it was not to change {', '.join(strange[:3])}"
    if reason:
        raise Ended("stopped", problem("ENG731", resource=path, reason=reason, key=key), waits="state")
    if begun.back:  # what was approved is another plan than this one
        entries.write(applying, key, begun.about, entries.undone(False), state=state, why=_LOST)
        return True
    found = compare(plan, applying.digest_key, begun.approved, None, same_module=True)
    # Another module may not want any more what was not done: then nothing is taken as done, and it is planned anew.
    is_same = begun.about.get("module") == applying.workspace.template.module_digest
    done = dict(found.done) if is_same else {}
    entries.write(
        applying,
        key,
        begun.about,
        "reconciled",
        state=state,
        addresses=dict.fromkeys(done, "done"),
        done={**begun.done, **done},
        why="an apply was killed; a fresh plan and the backup say what it has done",
    )
    return True
