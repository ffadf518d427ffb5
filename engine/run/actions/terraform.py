"""`terraform.*`: plan every resource of the change."""

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.alone import alone
from engine.core.declare import Action, Repeat
from engine.errors import EngineError, Place, Problem, failure

if TYPE_CHECKING:
    from engine.adapters.settings import Settings
    from engine.adapters.terraform.plan import PlanResult
    from engine.adapters.terraform.template import Setup
    from engine.core.kept.journal import Entry
    from engine.core.redact import Redactor
    from engine.core.resources.discover import Resource
    from engine.run.context import Context

_LONGEST = 150  # characters of a plan's file name; a state key has up to 1,000


def plan(ctx: "Context", parallelism: int | None) -> Mapping[str, Any]:
    """Plan each resource in a work directory of its own; one that cannot be planned fails alone.

    Raises:
        EngineError: nothing can be planned at all: no Terraform, no provider, no digest key.
    """
    from engine.adapters import files
    from engine.adapters.terraform.plan import Limits
    from engine.adapters.terraform.plan import plan as plan_one
    from engine.adapters.terraform.workspace import Job, prepare
    from engine.core.canonical import digest
    from engine.core.plan.digest import key_id
    from engine.run import plans as kept
    from engine.run.orchestrator.pool import run_all

    key = ctx.ports.secrets.digest_key()
    workspace = prepare(setup(ctx.settings, ctx.controller.module), ctx.work.cancel)
    made_with = (workspace.template.module_digest, workspace.lock_digest, key_id(key))
    limits = Limits(plan_s=ctx.rules.limits.plan_timeout_s)
    plans = os.path.join(ctx.work.out, "plans")
    files.make_directory(plans)
    kept.new_key(plans)
    secrets: list[frozenset[str]] = []  # of each plan; `append` is safe with threads

    def work(numbered: "tuple[int, Resource]") -> dict[str, Any]:
        number, resource = numbered
        row = {name: getattr(resource, name) for name in ("path", "service", "name", "state_key", "change", "tree")}
        began = time.monotonic()
        try:
            with alone(resource.path, Place(resource.tfvars)):
                row |= {"module": workspace.template.module_digest, **one(number, resource)}
        except EngineError as error:
            row |= _failed(error.problems[0], time.monotonic() - began)
        ctx.work.progress(f"  {'failed ' if row['problem'] else 'planned'}  {resource.path}  {row['seconds']:.1f} s")
        return row

    def one(number: int, resource: "Resource") -> dict[str, Any]:
        to = ctx.rules.environments.get(resource.environment)
        if to is None or to.account is None or to.region is None:
            raise failure("ENG557", Place(resource.tfvars), environment=resource.environment)
        job = Job(resource.path, resource.state_key, resource.variables, to.name, to.account, to.region)
        # The number makes it unique: `a/S3` with `b_c` and `a_S3/…` could otherwise meet in one name.
        name = resource.state_key.removesuffix("/terraform.tfstate").replace("/", "_")
        file = os.path.join(plans, f"{number:04}_{name[:_LONGEST]}.json")
        asked = digest([resource.tree, job.state_key, to.name, to.account, to.region, *made_with])
        past = ctx.journal.past(ctx.step, job.state_key)
        done = _again(past, resource.path) if past.inputs == asked else None
        made = past.said["outputs"] if done else {}
        if done is None:
            ctx.journal.begin(ctx.step, job.state_key, inputs=asked)
            done = plan_one(job, workspace, limits=limits, cancel=ctx.work.cancel, keep=file)
            if done.plan:
                proof = kept.proof(file, done.digest)
                made = {"file": file, "json": proof, "seconds": done.seconds, "changes": done.changes}
            ctx.journal.end(ctx.step, job.state_key, said={"outputs": made})
        told, hide = _told(done, key, made, ctx.settings.credentials)
        secrets.append(hide.secrets)
        return told

    numbered = list(enumerate(ctx.discovery.resources, 1))
    rows = run_all(numbered, work, parallelism or ctx.rules.limits.parallelism, ctx.work.cancel)
    hide = kept.redactor((), ctx.settings.credentials, secrets)
    return {
        "resources": [kept.masked(row, hide) for row in rows],
        "module": workspace.template.module_digest,
        "lock_file": workspace.lock_digest,
        "digest_key": key_id(key),
    }


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


def setup(values: "Settings", module: str) -> "Setup":
    """What Terraform is run with on this machine."""
    from engine.adapters.terraform.backend import Backend
    from engine.adapters.terraform.template import Setup

    return Setup(
        module=module,
        cache_dir=values.cache_dir,
        backend=Backend(values.state_bucket, values.state_region, values.emulator),
        credentials=values.credentials,
        path=values.path,
        home=values.home,
        program=values.terraform,
        mirror=values.mirror,
        cli_config=values.cli_config,
        tofu_lock=values.tofu_lock,
    )


def _told(
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
        raise EngineError(done.problem)
    found = changes(done.plan)
    if done.changes and not (found or outputs(done.plan)):
        raise failure("ENG416", resource=done.path, reason="it announced changes, and the plan has none")
    hide = redactor([done.plan], credentials)
    told = {
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
    canonical(told)  # what cannot be written cannot be signed: half of a character, say
    return told, hide


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
        result=lambda outputs: "error" if any(row["problem"] for row in outputs["resources"]) else "passed",
        doc="Plan every resource of the change, several at once (`limits.parallelism` unless said).",
    ),
)
