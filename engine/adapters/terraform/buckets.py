"""Which buckets that a plan would delete still hold something: AWS refuses to delete these, when their guards are gone.

Terraform takes a bucket's policy, encryption and public access block away first. So it is looked before anything is
judged, and once more before anything is applied, as whoever Terraform is there: by a process of its own, which has
Terraform's environment and nothing of ours.
"""

import json
import sys
from collections.abc import Mapping
from threading import Event
from typing import TYPE_CHECKING

from engine.adapters import process
from engine.core.exact import Json
from engine.core.plan.model import changes
from engine.errors import Place, failure

if TYPE_CHECKING:
    from engine.adapters.terraform.workspace import Job, Workspace

_WORKER = "engine.adapters.terraform.buckets_worker"
_TYPE = "aws_s3_bucket"
_TIMEOUT_S = 120
_GONE = "NoSuchBucket"


def check_empty(job: "Job", workspace: "Workspace", plan: dict[str, Json], cancel: Event | None = None) -> None:
    """Nothing, if each bucket that the plan would delete or replace is empty, or gone.

    Raises:
        EngineError: ENG840, one is not; ENG841, nobody can tell.
    """
    found = {
        str(change.before["bucket"]): change.address
        for change in changes(plan)
        if change.type == _TYPE and "delete" in change.actions and isinstance(change.before, dict)
        and change.before.get("bucket")
    }  # fmt: skip
    if not found or job.nowhere:
        return
    place = Place(job.path)
    for bucket, said in _looked(job, workspace, list(found), cancel).items():
        if said is True:
            raise failure("ENG840", place, resource=job.path, bucket=bucket, address=found[bucket])
        if said not in (False, _GONE):
            raise failure("ENG841", place, resource=job.path, bucket=bucket, reason=said)


def _looked(job: "Job", workspace: "Workspace", names: list[str], cancel: Event | None) -> Mapping[str, object]:
    """Bucket → does it hold anything? Or why nobody can tell."""
    env = workspace.env(job, workspace.scratch)
    done = process.run(
        [sys.executable, "-I", "-m", _WORKER],
        cwd=workspace.scratch,
        env=env,
        timeout_s=_TIMEOUT_S,
        stdin=json.dumps({"region": job.region, "buckets": names}).encode(),
        cancel=cancel,
        called="the look into buckets",
    )
    try:
        said = json.loads(done.stdout)
    except ValueError:
        said = {}
    return {name: said.get(name, "no answer") if isinstance(said, dict) else "no answer" for name in names}
