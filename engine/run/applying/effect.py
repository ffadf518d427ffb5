"""The effect itself: backup, announcement, Terraform, and what it came to.

The order is what makes a kill at any moment harmless: the state is sealed and read back, that it begins is said in the
trail and signed in the store, and only then does Terraform start, as a program that outlives us. Its directory is kept
until the ledger says what came of it.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.audit.record import Said
from engine.core.canonical import digest
from engine.core.kept import standing
from engine.core.kept.begun import Begun
from engine.core.plan.model import changes
from engine.errors import EngineError, problem
from engine.run.applying import begun as marks
from engine.run.applying import entries
from engine.run.applying.model import Ended, Known, Waits
from engine.run.kept import backups, ledger

if TYPE_CHECKING:
    from engine.adapters.terraform.applied import Applied
    from engine.adapters.terraform.opened import Opened
    from engine.core.plan.events import Change
    from engine.core.state import State
    from engine.errors import Problem
    from engine.run.applying.model import Applying, Fresh, Target

Watch = Callable[["Change"], None]

_SHOWN = 3  # changes that are named
_NOT_BEGUN = {"ENG411": "backend", "ENG412": "locked", "ENG413": "another", "ENG452": "cancelled"}


def carry_out(applying: "Applying", fresh: "Fresh", watch: Watch) -> Known:
    """Apply what was planned, once: what came of it.

    Raises:
        Ended: somebody has written the state since it was planned.
        Waits: nothing was done, or nobody knows what.
        EngineError: nothing was done: it cannot be backed up, announced, or is not ours any more.
    """
    target, key = fresh.target, fresh.target.resource.state_key
    about = entries.about(applying, target)
    ledger.moment(fresh.entries[-1] if fresh.entries else None, applying.now())
    if not fresh.acts:
        fresh.claim.check()
        done = fresh.comparison.done
        whole = entries.undone(True) if fresh.back else entries.whole(about)
        entry = entries.write(applying, key, about, whole, state=fresh.state, done=done, addresses=_all_done(done))
        fresh.opened.close()
        return Known(entry)
    state = fresh.opened.state(applying.work.cancel)
    if reason := standing.another(fresh.state and entries.identity(fresh.state), state):
        raise Ended("stopped", problem("ENG731", resource=target.resource.path, reason=reason, key=key), waits="state")
    backup = _kept(applying, target, state)
    begun = Begun(
        id=fresh.id,
        number=len(fresh.entries) + 1,
        key=key,
        state=state and entries.identity(state),
        backup=backup,
        approved=[dict(row) for row in (fresh.row["changes"] if fresh.back else approved_of(applying, target))],
        left=dict(fresh.comparison.left),
        done=dict(fresh.comparison.done),
        about=about,
        at=applying.now(),
        back=fresh.back,
    )
    fresh.claim.check()
    if fresh.back:
        entries.tell(applying, key, "rolling_back", f"to what {fresh.back} has", state=begun.state)
    else:
        entries.tell(applying, key, "started", "as it was approved", state=begun.state)
    marks.say(applying, begun)
    applying.journal.begin(applying.step, key, inputs=digest([about["commit"], about["verdict"], begun.number]))
    fresh.claim.check()
    return settled(applying, target, fresh.opened, begun, fresh.opened.apply(watch, applying.work.cancel))


def approved_of(applying: "Applying", target: "Target") -> list[Mapping[str, Any]]:
    """The changes of a resource that the verdict has."""
    rows = applying.subject.verdict.verdict["resources"]
    return [change for row in rows if row["path"] == target.resource.path for change in row["changes"]]


def settled(applying: "Applying", target: "Target", opened: "Opened", begun: Begun, applied: "Applied") -> Known:
    """What came of an apply, in the ledger; its directory goes.

    Raises:
        Waits: it is not known, or the state cannot be read back: the directory stays.
        EngineError: it cannot be said: likewise.
    """
    key = begun.key
    done = {**begun.done, **_made(begun, applied)}
    statuses = {name: one.status for name, one in applied.addresses.items()}
    backup = _place(begun)
    why = applied.problem
    if applied.outcome == "unknown":
        raise Waits("unknown", why or problem("ENG734", resource=target.resource.path, reason="Terraform does not say"))
    if applied.errored is not None:
        state = push(applying, opened, begun, applied.errored)
        entries.write(applying, key, begun.about, "pushed", state=state, done=done, backup=backup)
    elif applied.outcome == "failed" and not applied.addresses and why and why.code in _NOT_BEGUN:
        opened.close()
        raise Waits(_NOT_BEGUN[why.code], why)
    try:
        state = opened.state()
    except EngineError as error:
        raise Waits("backend", error.problems[0]) from error
    entry = entries.write(
        applying,
        key,
        begun.about,
        _outcome(begun, applied),
        state=state,
        addresses=statuses,
        done=done,
        backup=backup,
        why=why.code if why else None,
    )
    if applying.journal.past(applying.step, key).state == "begun":  # by this run, in whatever process of it
        applying.journal.end(applying.step, key, said={"outputs": {"entry": entry.number, "outcome": entry.outcome}})
    secrets = _quotable(opened, applied)
    if applied.outcome == "applied" and (applying.twice or begun.back):
        why = _left_to_do(applying, target, opened)
    opened.close()
    return Known(entry, why, applied.addresses, secrets)


def _left_to_do(applying: "Applying", target: "Target", opened: "Opened") -> "Problem | None":
    """Why it is not so that a plan of what was just applied would do nothing more."""
    from engine.adapters.terraform.plan import Limits

    limits = Limits(plan_s=applying.limits.plan_timeout_s, lock_s=applying.limits.lock_timeout_s)
    path = target.resource.path
    try:
        done = opened.plan(limits, applying.work.cancel, locked=False)
    except EngineError as error:  # it is applied, and the ledger says so: that nobody could look is told beside it
        return problem("ENG838", resource=path, reason=f"it could not be planned ({error.problems[0].code})")
    if done.plan is None:
        return problem(
            "ENG838", resource=path, reason=f"it could not be planned ({done.problem and done.problem.code})"
        )
    names = [change.address for change in changes(done.plan)] or (["outputs"] if done.changes else [])
    if not names:
        return None
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return problem("ENG838", resource=path, reason=f"{', '.join(names[:_SHOWN])}{more} would be changed")


def _outcome(begun: Begun, applied: "Applied") -> str:
    is_whole = applied.outcome == "applied"
    if begun.back:
        return entries.undone(is_whole)
    return entries.whole(begun.about) if is_whole else applied.outcome


def _quotable(opened: "Opened", applied: "Applied") -> frozenset[str] | None:
    """What must not be told of an apply's words: some of it, such as a password that was made, only the state knows."""
    if applied.problem is None and not any(one.error for one in applied.addresses.values()):
        return frozenset()
    try:
        return opened.secrets()
    except EngineError:
        return None


def push(applying: "Applying", opened: "Opened", begun: Begun, errored: str) -> "State | None":
    """Put the state where it belongs that Terraform could not write, before anything else: as it is there now.

    Raises:
        Waits: it cannot be put there yet.
    """
    from engine.adapters.terraform.failures import TerraformError

    try:
        entries.tell(applying, begun.key, "pushed", "Terraform could not write the state where it belongs")
        try:
            opened.push(errored)
        except TerraformError as error:  # where it could not write its state, it could not give its lock back either
            if error.lock is None or not opened.left(error.lock):
                raise
            entries.tell(applying, begun.key, "unlocked", f"its Terraform has ended, and left lock {error.lock.id}")
            opened.unlock(error.lock)
            opened.push(errored)
        return opened.state()
    except EngineError as error:
        code = error.problems[0].code
        raise Waits(_NOT_BEGUN.get(code, "backend"), error.problems[0]) from error


def _kept(applying: "Applying", target: "Target", state: "State | None") -> int | None:
    """The number of the backup of a state; None: there is nothing to back up yet."""
    if state is None:
        return None
    subject, key = applying.subject, target.resource.state_key
    place = backups.keep(
        applying.store, applying.sealing[0], target.job.account, key, state, applying.run, applying.now()
    )
    details = {"backup": place, **entries.identity(state)}
    said = Said("backup", "kept", subject.repository["name"], subject.pr, key, "before it is applied", details=details)
    applying.trail.say(said)
    return int(place.rpartition("/")[2])


def _place(begun: Begun) -> str | None:
    from engine.core.kept import keys

    return None if begun.backup is None else keys.numbered(keys.backups(begun.key), begun.backup)


def _made(begun: Begun, applied: "Applied") -> dict[str, str]:
    """Which of the changes that were to be made are made for certain."""
    if applied.outcome == "applied":
        return dict(begun.left)
    actions = {row["digest"]: row["actions"] for row in begun.approved}
    made = {}
    for name, sha in begun.left.items():
        found, wanted = applied.addresses.get(name), set(actions.get(sha, ())) & {"create", "update", "delete"}
        if found and wanted and found.status == "done" and wanted <= set(found.done):
            made[name] = sha
    return made


def _all_done(done: Mapping[str, str]) -> dict[str, str]:
    return dict.fromkeys(done, "done")
