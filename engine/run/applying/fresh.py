"""One resource, up to where it may be applied: claimed, looked at, planned at the merge commit, compared."""

import os
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from engine.core.holding import DONE, speaks_of
from engine.core.kept import keys, ledger, standing
from engine.core.plan.compare import compare
from engine.core.plan.digest import change_set_digest, key_id
from engine.core.plan.told import WORDS
from engine.errors import EngineError, Place, Problem, problem
from engine.run.applying import begun as marks
from engine.run.applying import past, rows
from engine.run.applying.effect import approved_of
from engine.run.applying.model import Ended, Fresh, Known, Waits
from engine.run.kept import ledger as kept_ledger
from engine.run.kept.claims import Held, held

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.adapters.terraform.opened import Opened
    from engine.adapters.terraform.plan import PlanResult
    from engine.core.kept.begun import Begun
    from engine.core.kept.ledger import Entry
    from engine.run.applying.effect import Watch
    from engine.run.applying.model import Applying, Target

    Was = Mapping[str, Sequence[Any]]  # address → lines of its approved diff

_LATER = {"ENG412": "locked", "ENG453": "killed"}  # nothing was changed, and time may heal it
_SHOWN = 3  # changes that are named in one line


def prepared(applying: "Applying", target: "Target", stack: ExitStack, watch: "Watch", was: "Was") -> Fresh:
    """What is to be applied to a resource. What `stack` holds (the claim, the directory) is held until it is closed.

    Raises:
        Known: the ledger says what became of it.
        Ended: it must not be applied, or cannot be.
        Waits: it is for later.
        EngineError: nobody can tell.
    """
    from engine.adapters.terraform.opened import opened
    from engine.adapters.terraform.plan import Limits

    key, path = target.resource.state_key, target.resource.path
    claim = stack.enter_context(held(applying.locks, applying.store, keys.alone(key), applying.journal, applying.now))
    found, begun = _look(applying, key)
    name = begun.id if begun else os.urandom(16).hex()
    if begun is None:
        _check_standing(applying, target, found)
    folder = stack.enter_context(opened(target.job, applying.workspace, name))
    if begun is None:
        stack.callback(_put_away, folder)
    elif ended := past.ended(applying, target, folder, begun, watch):
        if _is_ours(applying, ended.entry):
            raise ended
        found, begun = _look(applying, key)
        _check_standing(applying, target, found)
        name = os.urandom(16).hex()
        folder = stack.enter_context(opened(target.job, applying.workspace, name))
        stack.callback(_put_away, folder)
    else:
        past.check_ours(applying, target, begun)
    limits = Limits(plan_s=applying.limits.plan_timeout_s, lock_s=applying.limits.lock_timeout_s)
    # Where an apply has begun, its Terraform may be at work somewhere, and its lock says so. Else only strangers can
    # be, and what they write makes this plan stale; whoever is killed while planning leaves no lock for good.
    done = folder.plan(limits, applying.work.cancel, locked=begun is not None)
    if begun is not None and done.lock is not None:
        folder.leave()
        folder = stack.enter_context(opened(target.job, applying.workspace, name))  # as it was before that plan
        if past.unlocked(applying, target, folder, done.lock):
            done = folder.plan(limits, applying.work.cancel)
    if done.plan is None:
        raise _not_planned(done, begun)
    state = folder.state(applying.work.cancel)
    if begun is not None and begun.back:
        raise past.left_off(applying, target, begun, done.plan, state)
    if begun is not None and past.reconciled(applying, target, begun, done.plan, state):
        stack.callback(_put_away, folder)
        found = kept_ledger.entries(applying.store, key, applying.trusted)
    if reason := standing.another(ledger.state_of(found), state):
        raise Ended("stopped", problem("ENG731", Place(path), resource=path, reason=reason, key=key), waits="state")
    return _compared(applying, target, folder, name, claim, found, done, state, was)


def _put_away(folder: "Opened") -> None:
    """Nothing was begun there that is not known: it is for nobody else."""
    with suppress(EngineError):  # what cannot be deleted now goes when it is old
        if os.path.isdir(folder.folder) and folder.begun is None:
            folder.close()


def _look(applying: "Applying", key: str) -> "tuple[tuple[Entry, ...], Begun | None]":
    found = kept_ledger.entries(applying.store, key, applying.trusted)
    return found, marks.unanswered(applying.store, key, found, applying.trusted)


def _is_ours(applying: "Applying", entry: "Entry") -> bool:
    """Is it about what we are to apply, so that there is no more to do?"""
    said, subject = entry.said, applying.subject
    same = (said["verdict"] or {}).get("digest") == subject.verdict.digest
    return said["commit"] == subject.commit and (same or entry.outcome in DONE)


def _check_standing(applying: "Applying", target: "Target", found: "Sequence[Entry]") -> None:
    subject, path = applying.subject, target.resource.path
    merge = standing.Merge(
        subject.repository["name"], subject.pr, subject.commit, subject.verdict.digest, subject.asked
    )
    stands = standing.standing(found, merge, subject.contains)
    if stands.what == "known":
        assert stands.entry is not None
        raise Known(stands.entry)
    reason = "" if subject.landed else "the branch was never at it"
    if stands.what != "try" and stands.entry:
        said = stands.entry.said
        other = f"{said['commit'][:12]} ({said['repository']['name']}#{said['pr']})"
        reason = (
            f"it does not contain {other}, which was applied before"
            if stands.what == "older"
            else f"{other} of another repository was applied before, and nobody can tell which is newer"
        )
    if reason:
        why = problem("ENG733", Place(path), commit=subject.commit[:12], resource=path, reason=reason)
        newer = stands.entry if stands.entry and stands.entry.outcome in DONE else None
        raise Waits("older", why, met=newer is not None and speaks_of(newer.said, subject.commit))
    if reason := standing.void(found, subject.verdict.verdict["confirmed_at"]):
        raise Ended("stopped", problem("ENG735", Place(path), resource=path, reason=reason))


def _not_planned(done: "PlanResult", begun: "Begun | None") -> Exception:
    """Why there is no plan. Where an apply may have been at work, nothing that is not known becomes an entry."""
    from engine.adapters.terraform.failures import Kind

    why = done.problem
    assert why is not None
    if why.code in _LATER:
        return Waits(_LATER[why.code], why)
    if why.code == "ENG452":
        return EngineError(why)
    if done.kind is Kind.RETRY:
        return Waits("backend", why)
    return Waits("unknown", why) if begun else Ended("failed", why)


def _compared(
    applying: "Applying",
    target: "Target",
    folder: "Opened",
    name: str,
    claim: Held,
    found: "tuple[Entry, ...]",
    done: "PlanResult",
    state: Any,
    was: "Was",
) -> Fresh:
    from engine.adapters import files
    from engine.adapters.terraform.buckets import check_empty
    from engine.core import exact
    from engine.run import plans as kept
    from engine.run.planning import plan_file, told

    assert done.plan is not None
    believed, path = applying.subject.verdict, target.resource.path
    _check_comparable(applying, target)
    check_empty(target.job, applying.workspace, done.plan, applying.work.cancel)
    file = plan_file(os.path.join(applying.work.out, "plans"), target.number, target.resource.state_key)
    files.write(file, exact.dumps(done.plan).encode())
    row, hide = told(done, applying.digest_key, {"file": file, "json": None}, applying.credentials)
    row = {"path": path, **row, "json": kept.proof(file, _digest_of(file))}
    before = standing.done(found, applying.subject.commit, believed.digest)
    same_module = applying.workspace.template.module_digest == believed.verdict["module"]
    comparison = compare(
        done.plan,
        applying.digest_key,
        approved_of(applying, target),
        set(before.values()),
        same_module=same_module,
    )
    if comparison.odd:
        rest = f", and {len(comparison.odd) - _SHOWN} more" if len(comparison.odd) > _SHOWN else ""
        said = "; ".join(f"{one.address}: {WORDS[one.why]}" for one in comparison.odd[:_SHOWN]) + rest
        raise Ended("stopped", _unlike(path, said), rows.difference(comparison.odd, done.plan, was, hide))
    # What a try of ours has left, outputs too, is not what was there when it was approved.
    tried = bool(before) or (same_module and standing.tried(found, applying.subject.commit, believed.digest))
    if not tried and change_set_digest(done.plan, applying.digest_key) != _row_of(applying, target)["plan"]:
        raise Ended(
            "stopped", _unlike(path, "what it tells others (its outputs), or where it is made, has changed"), ()
        )
    return Fresh(
        target,
        folder,
        name,
        claim,
        found,
        state,
        done.plan,
        done.changes or bool(comparison.left),
        comparison,
        row,
        hide,
        done.seconds,
    )


def _unlike(path: str, said: str) -> Problem:
    return problem("ENG730", Place(path), resource=path, said=said)


def _digest_of(file: str) -> str:
    from engine.adapters import files
    from engine.core.canonical import digest_bytes

    return digest_bytes(files.read(file))


def _row_of(applying: "Applying", target: "Target") -> "Mapping[str, Any]":
    rows_ = applying.subject.verdict.verdict["resources"]
    return next((row for row in rows_ if row["path"] == target.resource.path), {})


def _check_comparable(applying: "Applying", target: "Target") -> None:
    """Nothing, if the verdict is about just this resource, and its digests can be made again.

    Raises:
        Ended: it is not.
    """
    believed, resource = applying.subject.verdict, target.resource
    row = _row_of(applying, target)
    reason = ""
    if not row or row["plan"] is None:
        reason = "the verdict has no plan of it"
    elif (row["tree"], row["state_key"]) != (resource.tree, resource.state_key):
        reason = "its files are others than those of the verdict"
    elif believed.verdict["environment"] != resource.environment:
        reason = f"the verdict is of the environment {believed.verdict['environment']}"
    elif believed.made_from["digest_key"] != key_id(applying.digest_key):
        reason = "its digests were made with another key"
    if reason:
        raise Ended("stopped", problem("ENG735", Place(resource.path), resource=resource.path, reason=reason))
