"""What one run has half done, taken back at once and without anybody being asked: that, and nothing else.

It goes to the configuration of the last commit that was applied. Its plan may hold only what the events of that run
show as changed, and may not replace or take away what was there before it; the policies of today judge it. Each
resource is for itself, each merge has one try, and what it comes to is in the ledger before anybody is told.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from engine.core.alone import alone
from engine.core.kept import keys, standing
from engine.core.kept import ledger as core
from engine.core.kept.back import NoWayBack, goal
from engine.core.plan.compare import Comparison, name
from engine.core.plan.model import changes
from engine.core.plan.since import addresses
from engine.core.plan.undo import against
from engine.errors import EngineError, Place, failure
from engine.run.applying import begun as marks
from engine.run.applying import effect
from engine.run.applying.fresh import prepared
from engine.run.applying.model import Ended, Fresh, Known, Waits
from engine.run.kept import backups, ledger
from engine.run.kept.claims import held

if TYPE_CHECKING:
    from engine.adapters.terraform.opened import Opened
    from engine.core.kept.ledger import Entry
    from engine.run.applying.model import Applying, Target

    Row = dict[str, Any]

_HALF = ("partial", "failed")  # what has failed to be made may stand there, too, and in the state
_UNDONE = ("rolled_back", "half_back")
_SHOWN = 3  # reasons in one line


def undo(applying: "Applying", row: Mapping[str, Any], target_at: "Callable[[str], Target]") -> "Row":
    """What came of taking one resource back. `row` is that of `terraform.apply`; `target_at`: as a commit has it.

    Nothing is raised: what cannot be taken back is told to people.
    """
    said: Row = {"path": row["path"], "state_key": row["state_key"], "outcome": "none", "to": None, "problem": None}
    if row["outcome"] not in _HALF:
        return said
    try:
        with alone(row["path"], Place(row["path"])), ExitStack() as stack:
            try:
                entries, last, good = _goal(applying, row)
                to = said["to"] = good.said["commit"]
                if marks.unanswered(applying.store, last.key, entries, applying.trusted):
                    prepared(applying, target_at(to), stack, lambda _: None, {})  # says what became of it, if it can
                    raise _refused(row["path"], "an apply of it has begun")
                fresh = _planned(applying, target_at(to), entries, last, to, stack)
                _judged(applying, fresh)
                raise effect.carry_out(applying, fresh, lambda _: None)
            except Known as it:
                said |= {"outcome": it.entry.outcome, "problem": it.why and it.why.to_json()}
            except (Ended, Waits) as it:
                said["problem"] = it.why.to_json()
    except EngineError as error:
        said["problem"] = error.problems[0].to_json()
    return said


def _goal(applying: "Applying", row: Mapping[str, Any]) -> "tuple[tuple[Entry, ...], Entry, Entry]":
    """The ledger, the try that is taken back, and the one that it is to be as again.

    Raises:
        Known: this very run has taken it back, and was cut off before it could say so.
        EngineError: ENG839, there is none, or it was tried before.
    """
    key, commit = row["state_key"], applying.subject.commit
    entries = ledger.entries(applying.store, key, applying.trusted)
    last = entries[-1] if entries else None
    if last and last.outcome in _UNDONE and (last.said["commit"], last.said["run"]) == (commit, applying.run):
        raise Known(last)
    if any(one.outcome in _UNDONE and one.said["commit"] == commit for one in entries):
        raise _refused(row["path"], "it was tried before for this merge")
    if last is None or (last.number, last.said["commit"], last.outcome) != (row["entry"], commit, row["outcome"]):
        raise _refused(row["path"], "somebody else has been at it since")
    if last.said["run"] != applying.run:
        raise _refused(row["path"], "it was tried by another run")
    try:
        found = goal(entries, lambda _: False, commit=commit)
    except NoWayBack as no:
        raise _refused(row["path"], no.reason) from None
    return entries, last, found.good


def _planned(
    applying: "Applying", target: "Target", entries: "tuple[Entry, ...]", last: "Entry", to: str, stack: ExitStack
) -> Fresh:
    """What is to be applied, which nothing speaks against yet but policy.

    Raises:
        EngineError: ENG839, its plan holds something else; ENG731, the state is another; it cannot be planned.
    """
    from engine.adapters.terraform.buckets import check_empty
    from engine.adapters.terraform.opened import opened
    from engine.adapters.terraform.plan import Limits

    key, path = target.resource.state_key, target.resource.path
    claim = stack.enter_context(held(applying.locks, applying.store, keys.alone(key), applying.journal, applying.now))
    work = os.urandom(16).hex()
    folder = stack.enter_context(opened(target.job, applying.workspace, work))
    stack.callback(_put_away, folder)
    limits = Limits(plan_s=applying.limits.plan_timeout_s, lock_s=applying.limits.lock_timeout_s)
    done = folder.plan(limits, applying.work.cancel, locked=False)
    if done.plan is None:
        assert done.problem
        raise EngineError(done.problem)
    state = folder.state(applying.work.cancel)
    if reason := standing.another(core.state_of(entries), state):
        raise failure("ENG731", Place(path), resource=path, reason=reason, key=key)
    check_empty(target.job, applying.workspace, done.plan, applying.work.cancel)
    found = changes(done.plan)
    if reasons := list(against(found, set(last.said["addresses"]), _before(applying, target, last))):
        raise _refused(path, "; ".join(reasons[:_SHOWN]))
    row, hide = _told(applying, target, done)
    left = {name(one): said["digest"] for one, said in zip(found, row["changes"], strict=True)}
    return Fresh(
        target, folder, work, claim, entries, state, done.plan, done.changes, Comparison((), left, {}), row, hide,
        done.seconds, to,
    )  # fmt: skip


def _before(applying: "Applying", target: "Target", last: "Entry") -> list[str]:
    """What was in the state before the run."""
    if last.said["backup"] is None:
        return []
    number = int(last.said["backup"].rpartition("/")[2])
    _, state = backups.load(applying.store, applying.sealing, target.job.account, last.key, number)
    return addresses(state)


def _told(applying: "Applying", target: "Target", done: Any) -> Any:
    from engine.adapters import files
    from engine.core import exact
    from engine.core.canonical import digest_bytes
    from engine.run import plans as kept
    from engine.run.planning import plan_file, told

    plans = os.path.join(applying.work.out, "plans")
    files.make_directory(plans)
    kept.new_key(plans)
    data = exact.dumps(done.plan).encode()
    file = plan_file(plans, target.number, target.resource.state_key)
    files.write(file, data)
    row, hide = told(done, applying.digest_key, {"file": file, "json": None}, applying.credentials)
    return {"path": target.resource.path, **row, "json": kept.proof(file, digest_bytes(data))}, hide


def _judged(applying: "Applying", fresh: Fresh) -> None:
    """Nothing, if the policies of today have judged it and deny nothing. No override counts: nobody was asked.

    Raises:
        EngineError: ENG732, they deny it; ENG561, they do not tell.
    """
    path = fresh.target.resource.path
    said = applying.judge([fresh.row])
    rules = standing.denied(said["findings"], path, {"findings": []}, ())
    if rules:
        raise failure("ENG732", Place(path), resource=path, rules=", ".join(rules))
    if said["doubts"] or path not in said["judged"]:
        raise failure("ENG561", Place(path), resource=path)


def _put_away(folder: "Opened") -> None:
    with suppress(EngineError):  # what cannot be deleted now goes when it is old
        if os.path.isdir(folder.folder) and folder.begun is None:
            folder.close()


def _refused(path: str, reason: str) -> EngineError:
    return failure("ENG839", Place(path), resource=path, reason=reason)
