"""What a way back would do, resource by resource, before anybody is asked: nothing is written, and no lock is taken.

It is the *configuration* of the last good commit with the module of today, so its plan is the one that counts, and it
is said where the module has become another since.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.alone import alone
from engine.core.holding import speaks_of
from engine.core.kept import ledger as core
from engine.core.kept import standing
from engine.core.kept.back import Goal, NoWayBack, goal, newer
from engine.core.plan.loss import way_back, worst
from engine.core.repository import same_repository
from engine.errors import EngineError, Place, failure
from engine.run.kept import ledger, merges, rollbacks

if TYPE_CHECKING:
    from threading import Event

    from engine.adapters.git.repository import Repository
    from engine.adapters.storage.port import Store
    from engine.adapters.terraform.opened import Opened
    from engine.adapters.terraform.workspace import Job, Workspace
    from engine.core.exact import Json
    from engine.core.kept.ledger import Entry
    from engine.core.resources.model import Discovery, Resource
    from engine.core.rules.model import Rules
    from engine.core.signature import TrustedKeys

    Row = Mapping[str, Any]


class Asked(NamedTuple):
    """What is asked for."""

    keys: Sequence[str]  # state keys
    commit: str | None  # the merge that is to be taken back; None: whatever was tried last
    to: str | None  # the commit, or its beginning, that it is to be as again; None: the last good one


class Ground(NamedTuple):
    """What it is looked at with."""

    git: "Callable[[str], Repository]"  # that has this commit
    tip: str  # where the branch is
    repo: str
    rules: "Rules"
    module: str  # directory
    workspace: "Workspace"
    store: "Store"
    trusted: "TrustedKeys"
    cancel: "Event"


def look(ground: Ground, asked: Asked) -> list[dict[str, Any]]:
    """A row for each resource that something can be, or ought to be, taken back of; one fails alone.

    Raises:
        EngineError: the branch as it is now cannot be read.
    """
    present = _whole(ground, ground.tip)
    return [row for key in asked.keys if (row := _row(ground, asked, key, present)) is not None]


def _row(ground: Ground, asked: Asked, key: str, present: "Discovery") -> dict[str, Any] | None:
    row: dict[str, Any] = {
        "state_key": key, "path": key, "service": "", "name": "", "environment": "", "undone": None, "good": None,
        "newer": [],
        "module_changed": None, "comes": None, "changes": [], "files": {}, "problem": None,
    }  # fmt: skip
    try:
        with alone(key, Place(key)):
            entries = ledger.entries(ground.store, key, ground.trusted)
            found = _goal(ground, entries, asked, key)
            if found is None:
                return None
            row |= _goals(found, newer(entries, found.undone))
            row |= _planned(ground, found, entries, present)
    except EngineError as error:
        row["problem"] = error.problems[0].to_json()
    return row


def _goal(ground: Ground, entries: "Sequence[Entry]", asked: Asked, key: str) -> Goal | None:
    """None: nothing of it is to be taken back.

    Raises:
        EngineError: ENG835, there is no way back.
    """

    def is_way_back(entry: "Entry") -> bool:
        pr = entry.said["pr"]
        return pr is not None and bool(rollbacks.get(ground.store, entry.said["repository"]["name"], pr))

    try:
        found = goal(entries, is_way_back, commit=asked.commit, to=asked.to)
    except NoWayBack as no:
        if no.is_needless and len(asked.keys) > 1:
            return None
        raise failure("ENG835", Place(key), key=key, reason=no.reason, hint=no.hint) from None
    if not all(same_repository(one.said["repository"]["name"], ground.repo) for one in found):
        reason, hint = "it was applied from another repository", "ask for it there"
        raise failure("ENG835", Place(key), key=key, reason=reason, hint=hint)
    if waiting := _merged_since(ground, key, entries, found.undone):
        reason = f"#{waiting} was merged since, and would be taken back with it before it was ever tried"
        hint = "ask again when the ledger says what became of it"
        raise failure("ENG835", Place(key), key=key, reason=reason, hint=hint)
    return found


def _merged_since(ground: Ground, key: str, entries: "Sequence[Entry]", undone: "Entry") -> int | None:
    """The first pull request whose merge is on the branch, and of which the ledger says nothing of this key yet."""
    for pull in merges.of_key(ground.store, key):
        decision = merges.get(ground.store, pull.repo, pull.pr, ground.trusted)
        if decision and same_repository(pull.repo, ground.repo):
            commit = decision.said["commit"]
            known = commit in undone.said["contains"] or any(speaks_of(one.said, commit) for one in entries)
            if not known:
                return int(pull.pr)
    return None


def _goals(found: Goal, since: "Sequence[Entry]") -> dict[str, Any]:
    def short(entry: "Entry") -> dict[str, Any]:
        return {"number": entry.number, "outcome": entry.outcome} | {
            name: entry.said[name] for name in ("pr", "commit", "time")
        }

    said = found.undone.said
    names = {name: said[name] for name in ("service", "name", "environment")}
    return {**names, "undone": short(found.undone), "good": short(found.good), "newer": [*map(short, since)]}


def _planned(ground: Ground, found: Goal, entries: "Sequence[Entry]", present: "Discovery") -> dict[str, Any]:
    from engine.core.plan.model import changes
    from engine.run import given

    key = found.good.key
    wanted = _resource(ground, found.good.said["commit"], key)
    job = given.job(wanted, ground.rules)
    back = way_back(changes(plan_of(ground.workspace, ground.rules, job, entries, ground.cancel)))
    return {
        "path": wanted.path,
        "module_changed": found.good.said["module"] != ground.workspace.template.module_digest,
        "comes": worst(back).words,
        "changes": [
            {"address": one.address, "action": one.verb, "comes": one.comes.words, "why": one.why} for one in back
        ],
        "files": _files(wanted, next((one for one in present.resources if one.state_key == key), None)),
    }


def _resource(ground: Ground, commit: str, key: str) -> "Resource":
    """The resource as that commit has it, read by the module of today.

    Raises:
        EngineError: ENG835, it is not there, or does not fit the module of today.
    """
    whole = _whole(ground, commit)
    found = next((one for one in whole.resources if one.state_key == key), None)
    if found is None:
        first = next(iter(whole.refused), None)
        reason = f"{commit[:12]} has no such resource that the module of today can be given"
        if first:
            reason += f" ({first.code} {first.message})"
        hint = "write what it is to be in a pull request of your own"
        raise failure("ENG835", Place(key), key=key, reason=reason, hint=hint)
    return found


def _whole(ground: Ground, commit: str) -> "Discovery":
    return everything(ground.git, commit, ground.repo, ground.rules, ground.module)


def everything(git: "Callable[[str], Repository]", commit: str, repo: str, rules: "Rules", module: str) -> "Discovery":
    """All resources that a commit has, read by the module of today.

    Raises:
        EngineError: git cannot tell; the module cannot be read.
    """
    from engine.adapters.git import contents
    from engine.core.resources import services, sources
    from engine.core.resources.discover import discover
    from engine.run.module import read_module

    known = services.read(read_module(module))
    found = git(commit)
    try:
        return discover(contents.of_everything(found, commit, known), known, rules, sources.choose(rules, repo, None))
    finally:
        found.close()


def _files(wanted: "Resource", present: "Resource | None") -> dict[str, str | None]:
    """What a commit on the branch's tip has to change: path → blob, None where nothing is to stand any more."""
    there = present.files if present else {}
    return {**dict.fromkeys(there, None), **wanted.files} if dict(there) != dict(wanted.files) else {}


def plan_of(
    workspace: "Workspace", rules: "Rules", job: "Job", entries: "Sequence[Entry]", cancel: "Event"
) -> "dict[str, Json]":
    """What Terraform would make of the state as it is now, which is the one that our ledger speaks of.

    Raises:
        EngineError: it cannot be planned; ENG731, the state is another.
    """
    from engine.adapters.terraform.plan import Limits

    with _opened(workspace, job) as folder:
        limits = Limits(plan_s=rules.limits.plan_timeout_s, lock_s=rules.limits.lock_timeout_s)
        done = folder.plan(limits, cancel, locked=False)
        if done.plan is None:
            assert done.problem
            raise EngineError(done.problem)
        if reason := standing.another(core.state_of(entries), folder.state(cancel)):
            raise failure("ENG731", Place(job.path), resource=job.path, reason=reason, key=job.state_key)
        return done.plan


@contextmanager
def _opened(workspace: "Workspace", job: "Job") -> "Iterator[Opened]":
    from engine.adapters.terraform.opened import opened

    with opened(job, workspace, os.urandom(16).hex()) as folder:
        try:
            yield folder
        finally:
            with suppress(EngineError):  # nothing was begun there; what cannot be deleted now goes when it is old
                folder.close()
