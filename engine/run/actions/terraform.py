"""`terraform.*`: plan every resource of the change."""

import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.adapters.terraform.plan import PlanResult
    from engine.adapters.terraform.workspace import Job
    from engine.core.kept.journal import Entry
    from engine.core.outcome import Result
    from engine.run.context import Context
    from engine.run.planning import Made, Make


def plan(ctx: "Context", parallelism: int | None) -> Mapping[str, Any]:
    """Plan each resource in a work directory of its own; one that cannot be planned fails alone.

    Where its environment has no account, that is from an empty state and without credentials.

    Raises:
        EngineError: nothing can be planned at all: no Terraform, no provider, no digest key.
    """
    from engine.adapters.terraform.workspace import prepare
    from engine.core.plan.digest import key_id
    from engine.core.schedule.durations import Took
    from engine.run import given
    from engine.run.kept import durations
    from engine.run.planning import Planning, plan_all

    key = ctx.ports.secrets.digest_keys()[0]
    jobs = [given.job(resource, ctx.rules) for resource in ctx.discovery.resources]
    nowhere = all(one.nowhere for one in jobs)
    made = given.setup(ctx.settings, ctx.controller.module, ctx.rules, nowhere=nowhere)
    given.apart_from_the_store(ctx.settings, ctx.rules, jobs)
    workspace = prepare(made, ctx.work.cancel)
    subject = ctx.event.subject.repo
    planning = Planning(
        workspace, ctx.rules.limits, parallelism, key, ctx.settings.credentials, ctx.work, partial(_journalled, ctx),
        durations.known(ctx.ports.store, subject).guess,
    )  # fmt: skip
    rows = plan_all(list(zip(ctx.discovery.resources, jobs, strict=True)), planning)
    took = [Took("plan", row["state_key"], row["seconds"]) for row in rows if not row["problem"]]
    durations.note(ctx.ports.store, ctx.run, subject, took)
    paths = {one.state_key: one.path for one in ctx.discovery.resources}
    after = ctx.discovery.graph.after
    return {
        "resources": [{**row, "after": sorted(paths[k] for k in after.get(row["state_key"], ()))} for row in rows],
        "module": workspace.template.module_digest,
        "lock_file": workspace.lock_digest,
        "digest_key": key_id(key),
    }


def _journalled(ctx: "Context", job: "Job", inputs: str, make: "Make") -> "Made":
    past = ctx.journal.past(ctx.step, job.state_key)
    if past.inputs == inputs and (done := _again(past, job.path)):
        return done, past.said["outputs"]
    ctx.journal.begin(ctx.step, job.state_key, inputs=inputs)
    done, made = make()
    ctx.journal.end(ctx.step, job.state_key, said={"outputs": made})
    return done, made


def _again(past: "Entry", path: str) -> "PlanResult | None":
    """The plan that an earlier process of this run has made, if it is still there as it was.

    The journal says where it is and what its digest is, and nothing of what it says: that is a secret.
    """
    from engine.adapters.terraform.plan import PlanResult
    from engine.run import plans as kept

    if past.state != "done" or not past.said["outputs"]:
        return None
    made = past.said["outputs"]
    try:
        plan = kept.load([{"path": path, **made}])[path]
    except EngineError:
        return None
    return PlanResult(path, "planned", plan, made["seconds"], changes=made["changes"])


def _gone(outputs: Mapping[str, Any], ahead: frozenset[str]) -> bool:
    """Policy reads the plans themselves; everybody else has enough of what is said about them."""
    files = [row["file"] for row in outputs["resources"] if row["file"]]
    return "policy.evaluate" in ahead and not all(map(os.path.isfile, files))


def _result(outputs: Mapping[str, Any]) -> "Result":
    from engine.run.planning import is_refused

    rows = outputs["resources"]
    return "failed" if is_refused(rows) else "error" if any(row["problem"] for row in rows) else "passed"


ACTIONS = (
    Action(
        "terraform.plan",
        plan,
        inputs={"parallelism": {"type": ["integer", "null"], "minimum": 1, "maximum": 64, "default": None}},
        outputs=("resources", "module", "lock_file", "digest_key"),
        permissions=("contents:read",),
        repeat=Repeat.SAFE,
        gone=_gone,
        needs=("resources",),
        secrets=("digest",),
        result=_result,
        doc="Plan every resource of the change, several at once (`limits.parallelism` unless said).",
    ),
)
