"""`terraform.*`: plan every resource of the change."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.errors import EngineError, Place, Problem, failure, problem
from engine.run.actions.verdict import told
from engine.run.keys import digest_key

if TYPE_CHECKING:
    from engine.adapters.settings import Settings
    from engine.adapters.terraform.plan import PlanResult
    from engine.adapters.terraform.template import Setup
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
    from engine.core.plan.digest import key_id
    from engine.run.orchestrator.pool import run_all

    key = digest_key()
    workspace = prepare(setup(ctx.settings, ctx.controller.module), ctx.cancel)
    limits = Limits(plan_s=ctx.rules.limits.plan_timeout_s)
    plans = os.path.join(ctx.out, "plans")
    files.make_directory(plans)

    def work(numbered: "tuple[int, Resource]") -> dict[str, Any]:
        number, resource = numbered
        row = {name: getattr(resource, name) for name in ("path", "service", "name", "state_key", "change", "tree")}
        to = ctx.rules.environments.get(resource.environment)
        if to is None or to.account is None or to.region is None:
            why = problem("ENG557", Place(resource.tfvars), environment=resource.environment)
            return {**row, **_failed(why, 0.0)}
        job = Job(resource.path, resource.state_key, resource.variables, to.name, to.account, to.region)
        # The number makes it unique: `a/S3` with `b_c` and `a_S3/…` could otherwise meet in one name.
        name = resource.state_key.removesuffix("/terraform.tfstate").replace("/", "_")
        file = os.path.join(plans, f"{number:04}_{name[:_LONGEST]}.json")
        done = plan_one(job, workspace, limits=limits, cancel=ctx.cancel, keep=file)
        ctx.progress(f"  {'planned' if done.plan else 'failed '}  {resource.path}  {done.seconds:.1f} s")
        return {**row, **_told(done, key, file, ctx.settings.credentials)}

    numbered = list(enumerate(ctx.discovery.resources, 1))
    rows = run_all(numbered, work, parallelism or ctx.rules.limits.parallelism, ctx.cancel)
    return {
        "resources": list(rows),
        "module": workspace.template.module_digest,
        "lock_file": workspace.lock_digest,
        "digest_key": key_id(key),
    }


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
    )


def _told(done: "PlanResult", key: bytes, file: str, credentials: Mapping[str, str]) -> dict[str, Any]:
    """What may leave this action: small, and with its values masked. A plan of which that cannot be said has failed,
    alone. What it says of types, addresses and actions is decided by, so it comes from the plan as it is.
    """
    from engine.adapters import files
    from engine.core.canonical import digest_bytes
    from engine.core.plan.digest import change_set_digest
    from engine.core.plan.model import changes, outputs
    from engine.core.plan.summary import diff, summarise
    from engine.run.plans import redactor

    if done.plan is None:
        assert done.problem
        return _failed(done.problem, done.seconds)
    try:
        found = changes(done.plan)
        if done.changes and not (found or outputs(done.plan)):
            raise failure("ENG416", resource=done.path, reason="it announced changes, and the plan has none")
        digest = change_set_digest(done.plan, key)
        json = digest_bytes(files.read(file))
    except EngineError as error:
        return _failed(error.problems[0], done.seconds)
    hide = redactor([done.plan], credentials)
    diffs = [{"address": c.address, "action": c.verb, "lines": diff(c, hide)} for c in found]
    return {
        "problem": None,
        "seconds": done.seconds,
        "plan": digest,
        "file": file,
        "json": json,
        "changes": [{"address": c.address, "type": c.type, "actions": list(c.actions)} for c in found],
        "counts": summarise(done.plan)._asdict(),
        "diffs": diffs,
    }


def _failed(why: Problem, seconds: float) -> dict[str, Any]:
    nothing: dict[str, Any] = {"plan": None, "file": None, "json": None, "changes": [], "counts": None, "diffs": []}
    return {"problem": told(why), "seconds": seconds, **nothing}


ACTIONS = (
    Action(
        "terraform.plan",
        plan,
        inputs={"parallelism": {"type": ["integer", "null"], "minimum": 1, "maximum": 64, "default": None}},
        outputs=("resources", "module", "lock_file", "digest_key"),
        permissions=("contents:read",),
        repeat=Repeat.SAFE,
        needs=("resources",),
        ready=digest_key,
        doc="Plan every resource of the change, several at once (`limits.parallelism` unless said).",
    ),
)
