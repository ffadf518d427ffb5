"""Plans of many resources, each in a work directory of its own, several at once; and what may be said of each."""

import itertools
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from engine.core.alone import alone
from engine.errors import EngineError, Place, Problem, failure, problem
from engine.names import plural

if TYPE_CHECKING:
    from engine.adapters.terraform.plan import PlanResult
    from engine.adapters.terraform.workspace import Job, Workspace
    from engine.core.redact import Redactor
    from engine.core.resources.discover import Resource
    from engine.core.rules.model import Limits
    from engine.core.schedule.durations import Guess
    from engine.run.context import Work
    from engine.run.orchestrator.pool import Skipped

    Made: TypeAlias = tuple[PlanResult, Mapping[str, Any]]  # the result, and what the journal keeps of it
    Make: TypeAlias = Callable[[], Made]

REFUSED = "ENG904"  # by a `validation` of the module: an answer about the change, and no doubt
_LONGEST = 150  # characters of a plan's file name; a state key has up to 1,000


def _afresh(_job: "Job", _inputs: str, make: "Make") -> "Made":
    return make()


class Planning(NamedTuple):
    """What all plans of one run share."""

    workspace: "Workspace"
    limits: "Limits"
    parallelism: int | None  # None: what the limits say
    key: bytes  # of the digests
    credentials: Mapping[str, str]  # what must not be shown, whoever was given it
    work: "Work"
    once: "Callable[[Job, str, Make], Made]" = _afresh  # makes a plan, or hands out the one that these inputs gave
    guess: "Guess | None" = None  # how long each takes


def plan_all(jobs: "Sequence[tuple[Resource, Job]]", planning: Planning) -> list[dict[str, Any]]:
    """A row of the output `resources` for each, in their order, planned or not; each hides the secrets of all.

    None waits for another: values are literal, so no plan reads what another resource will be.

    Raises:
        EngineError: ENG002, the plans cannot be kept; ENG452, it was cancelled; or nothing is journalled any more.
    """
    from engine.adapters import files
    from engine.core.report.progress import BEGUN, Step
    from engine.core.schedule.durations import no_guess
    from engine.core.schedule.graph import Graph
    from engine.core.schedule.summary import summary
    from engine.run import plans as kept
    from engine.run.orchestrator.pool import Order, Skipped, run_graph
    from engine.run.orchestrator.room import share

    work = planning.work
    if jobs:
        work.progress(f"planning {plural(len(jobs), 'resource')} …")
    plans = os.path.join(work.out, "plans")
    files.make_directory(plans)
    kept.new_key(plans)
    secrets: list[frozenset[str]] = []  # of each plan; `append` is safe with threads

    began, count = time.monotonic(), itertools.count(1)

    def ended(step: Step) -> None:
        work.step(step._replace(done=next(count), of=len(jobs)))

    def one(number: int) -> dict[str, Any]:
        resource, job = jobs[number]
        row = _about(resource)
        start = time.monotonic()
        work.step(Step(resource.path, "plan", BEGUN))
        file = plan_file(plans, number + 1, resource.state_key)
        try:
            with alone(resource.path, Place(resource.tfvars)):
                said, hide = _planned(resource, job, file, planning)
                row |= said
                secrets.append(hide.secrets)
        except EngineError as error:
            row |= _failed(_placed(resource, error.problems), time.monotonic() - start)
        why = row["problem"]["code"] if row["problem"] else ""
        ended(Step(resource.path, "plan", "failed" if why else "planned", row["seconds"], why))
        return row

    def skipped(number: int, why: Skipped[int]) -> None:
        ended(Step(jobs[number][0].path, "plan", "skipped", why=jobs[why.because][0].path))

    limits, guess = planning.limits, planning.guess or no_guess
    order = Order[int](
        weight=lambda number: guess("plan", jobs[number][0].state_key),
        parallelism=planning.parallelism or limits.parallelism,
        room=share(lambda number: None if (job := jobs[number][1]).nowhere else job.account, limits),
        fail_fast=work.fail_fast,
    )
    graph = Graph(tuple(range(len(jobs))), {})
    found = run_graph(graph, one, order, failed=lambda row: bool(row["problem"]), skipped=skipped, cancel=work.cancel)
    rows = [_not_begun(jobs, n, it) if isinstance(it := found[n], Skipped) else it for n in graph.nodes]
    for line in summary(rows, Graph(tuple(row["state_key"] for row in rows), {}), time.monotonic() - began).lines():
        work.progress(f"  {line}")
    hide = kept.redactor((), planning.credentials, secrets)
    return [kept.masked(row, hide) for row in rows]


def _placed(resource: "Resource", problems: "Sequence[Problem]") -> Problem:
    """Values that the module refuses stand in the source's file: the first, and of the others where each stands."""
    from engine.core.resources.spots import Places

    if problems[0].code != REFUSED:
        return problems[0]
    places = Places(resource)
    told = [places.refused(why, why.message.partition(": ")[2]) for why in problems]
    first, *more = sorted(told, key=lambda why: why.place.line if why.place else 0)
    others = "".join(
        f" And {why.place._replace(column=0)}: {why.message.partition(': ')[2]}" for why in more if why.place
    )
    return first._replace(message=first.message + others)


def _about(resource: "Resource") -> dict[str, Any]:
    return {name: getattr(resource, name) for name in ("path", "service", "name", "state_key", "change", "tree")}


def _not_begun(jobs: "Sequence[tuple[Resource, Job]]", number: int, skipped: "Skipped[int]") -> dict[str, Any]:
    resource, other = jobs[number][0], jobs[skipped.because][0]
    return {**_about(resource), **_failed(problem("ENG826", Place(resource.tfvars), other=other.path), 0.0)}


def plan_file(plans: str, number: int, state_key: str) -> str:
    """Where a plan is kept: the number makes it unique, since `a/S3` with `b_c` and `a_S3/…` could meet in one name."""
    name = state_key.removesuffix("/terraform.tfstate").replace("/", "_")
    return os.path.join(plans, f"{number:04}_{name[:_LONGEST]}.json")


def _planned(resource: "Resource", job: "Job", file: str, planning: Planning) -> "tuple[dict[str, Any], Redactor]":
    from engine.adapters.terraform import plan as terraform
    from engine.adapters.terraform.buckets import check_empty
    from engine.core.canonical import digest
    from engine.core.plan.digest import key_id
    from engine.run import plans as kept

    workspace = planning.workspace
    made_with = (workspace.template.module_digest, workspace.lock_digest, key_id(planning.key))

    def make() -> "Made":
        limits = terraform.Limits(plan_s=planning.limits.plan_timeout_s, lock_s=planning.limits.lock_timeout_s)
        done = terraform.plan(job, workspace, limits=limits, cancel=planning.work.cancel, keep=file)
        if not done.plan:
            return done, {}
        check_empty(job, workspace, done.plan, planning.work.cancel)
        proof = kept.proof(file, done.digest)
        return done, {"file": file, "json": proof, "seconds": done.seconds, "changes": done.changes}

    inputs = digest([resource.tree, job.state_key, job.environment, job.account, job.region, job.nowhere, *made_with])
    done, made = planning.once(job, inputs, make)
    said, hide = told(done, planning.key, made, planning.credentials)
    return {"module": workspace.template.module_digest, **said}, hide


def told(
    done: "PlanResult", key: bytes, made: Mapping[str, Any], credentials: Mapping[str, str]
) -> "tuple[dict[str, Any], Redactor]":
    """What may leave this action: small, and with its values masked; and what masks them.

    What it says of types, addresses and actions is decided by, so it comes from the plan as it is.

    Raises:
        EngineError: the plan is not there, or that cannot be said of it.
    """
    from engine.core.canonical import canonical
    from engine.core.plan.digest import change_digests, change_set_digest
    from engine.core.plan.model import changes, outputs
    from engine.core.plan.summary import diff, summarise
    from engine.run.plans import redactor

    if done.plan is None:
        assert done.problem
        raise EngineError(done.problem, *done.more)
    found = changes(done.plan)
    if done.changes and not (found or outputs(done.plan)):
        raise failure("ENG416", resource=done.path, reason="it announced changes, and the plan has none")
    hide = redactor([done.plan], credentials)
    said = {
        "problem": None,
        "seconds": done.seconds,
        "plan": change_set_digest(done.plan, key),
        "file": made["file"],
        "json": made["json"],
        "changes": [
            {"address": change.address, "type": change.type, "actions": list(change.actions), "digest": one}
            for change, one in zip(found, change_digests(done.plan, key), strict=True)
        ],
        "counts": summarise(done.plan)._asdict(),
        "diffs": [
            {"address": c.address, "action": c.verb, "lines": [list(line) for line in diff(c, hide)]} for c in found
        ],
    }
    canonical(said)  # what cannot be written cannot be signed: half of a character, say
    return said, hide


def is_refused(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Is that the only reason why some have no plan?"""
    return {row["problem"]["code"] for row in rows if row["problem"]} == {REFUSED}


def _failed(why: Problem, seconds: float) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "plan": None,
        "module": None,
        "file": None,
        "json": None,
        "changes": [],
        "counts": None,
        "diffs": [],
    }
    return {"problem": why.to_json(), "seconds": seconds, **nothing}
