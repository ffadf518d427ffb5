"""What the engine adds around Terraform, against the bare `plan` + `show` of the same resources. Budget: 1.10.

Ours: prepare (cached template), a working directory for each, plan, show, read, mask, digest, diff, policy, comment.
Bare: the same two commands with the same environment in directories that are initialised already, as many at once.
`plain` beside it is what a person would run: the same directories with lock files that have their hashes, GOGC unset.

    python benchmarks/plan.py [RESOURCES] [PARALLELISM] [ROUNDS]
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from engine import data
from engine.adapters.policy.bundle import policy_set, read_directory
from engine.adapters.policy.judging import evaluate
from engine.adapters.policy.port import Plan
from engine.adapters.terraform.backend import Backend
from engine.adapters.terraform.plan import PlanResult, plan
from engine.adapters.terraform.template import LOCK_FILE, Setup
from engine.adapters.terraform.workspace import Job, Workspace, prepare
from engine.core.exact import Json
from engine.core.plan.digest import change_set_digest
from engine.core.plan.mask import secrets
from engine.core.plan.model import changes
from engine.core.plan.summary import diff, summarise
from engine.core.redact import Redactor
from engine.core.report.comment import render
from engine.core.report.model import Diff, Report, Row
from engine.run.orchestrator.pool import run_all
from engine.sandbox.emulator import Emulator, emulator

BUDGET = 1.10
KEY = b"benchmark" * 4


def main(resources: int = 4, parallelism: int = 2, rounds: int = 3) -> int:
    """Print the ratios; 1 when the one that counts is above the budget."""
    with emulator() as aws, tempfile.TemporaryDirectory() as cache, contextlib.ExitStack() as stack:
        setup = a_setup(aws, cache)
        workspace = prepare(setup)
        jobs = [a_job(aws, n) for n in range(resources)]
        plan(jobs[0], workspace)  # the template's record of the backend is made once per machine
        places = [stack.enter_context(workspace.directory(job)) for job in jobs]
        best = dict.fromkeys(("bare", "ours", "plain"), (float("inf"), 0.0))
        for _ in range(rounds):  # interleaved: what else the machine does hits both
            best["bare"] = min(best["bare"], timed(lambda: bare(places, workspace, parallelism)))
            best["ours"] = min(best["ours"], timed(lambda: ours(setup, jobs, parallelism)))
        for place in places:
            hashed(place, workspace)
        best["plain"] = timed(lambda: bare(places, workspace, parallelism, "GOGC"))
    print(f"{resources} resources, {parallelism} at once, best of {rounds}")
    for name, (seconds, cpu) in best.items():
        print(f"{name:6}{seconds:7.2f} s  {seconds / best['bare'][0]:.3f} of bare  ({cpu:.1f} s of CPU)")
    ratio = best["ours"][0] / best["bare"][0]
    print(f"ratio {ratio:.3f}, budget {BUDGET:.2f}")
    return ratio > BUDGET


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of CPU: the second says whether a busy machine made the first."""
    began, cpu = time.perf_counter(), used()
    work()
    return time.perf_counter() - began, used() - cpu


def used() -> float:
    """Seconds of CPU of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def bare(places: list[str], workspace: Workspace, parallelism: int, unset: str = "") -> None:
    """Terraform's two commands and nothing else."""
    env = {name: value for name, value in workspace.template.env.items() if name != unset}

    def one(place: str) -> None:
        program = list(workspace.template.program.argv)
        options = ["-input=false", "-json", "-out=bare.tfplan", "-var-file=resource.tfvars.json"]
        for command in (["plan", *options], ["show", "-json", "bare.tfplan"]):
            subprocess.run([*program, *command], cwd=place, env=env, check=True, capture_output=True)

    with ThreadPoolExecutor(parallelism) as threads:
        list(threads.map(one, places))


def ours(setup: Setup, jobs: list[Job], parallelism: int) -> None:
    """From settings to everything that the report is made of."""
    workspace = prepare(setup)

    def one(job: Job) -> tuple[PlanResult, Row]:
        result = plan(job, workspace)
        assert result.plan is not None, result.problem
        change_set_digest(result.plan, KEY)
        hide = Redactor(secrets(result.plan))
        diffs = tuple(Diff(c.address, c.verb, diff(c, hide)) for c in changes(result.plan))
        return result, Row(job.path, "S3", job.path, "added", summarise(result.plan), diffs, result.seconds)

    planned = run_all(jobs, one, parallelism)
    policies = policy_set(read_directory(data.path("policies")))
    findings = evaluate([Plan(result.path, result.plan or {}) for result, _ in planned], policies)
    rows = tuple(row for _, row in planned)
    render(Report("acme/dev", 7, "0" * 40, "development", "dev", "passed", rows, findings))


def hashed(place: str, workspace: Workspace) -> None:
    """Give a directory the lock file that `terraform init` would leave."""
    with open(os.path.join(workspace.template.module, LOCK_FILE), "rb") as file:
        content = file.read()
    with open(os.path.join(place, LOCK_FILE), "wb") as file:
        file.write(content)


def a_setup(aws: Emulator, cache: str) -> Setup:
    """The shipped module against the emulator."""
    return Setup(
        module=data.path("terraform"),
        cache_dir=cache,
        backend=Backend(aws.bucket, emulator=True),
        credentials=aws.credentials,
        path=os.environ["PATH"],
        home=os.path.expanduser("~"),
        cli_config=os.environ.get("TF_CLI_CONFIG_FILE"),
    )


def a_job(aws: Emulator, n: int) -> Job:
    """One bucket with a policy: the service whose plans are the largest."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"},
                "Action": ["s3:GetObject"],
                "Resource": [f"arn:aws:s3:::benchmark-{n}/*"],
            }
        ],
    }
    tags: dict[str, Json] = {"Owner": "platform@example.com", "CostCenter": "1234"}
    bucket: dict[str, Json] = {"policy_json": json.dumps(policy), "tags": tags}
    variables: dict[str, Json] = {"s3_buckets": {f"benchmark-{n}": bucket}}
    key = f"S3/dev/benchmark-{n}/terraform.tfstate"
    return Job(f"S3/benchmark-{n}", key, variables, "development", aws.account, aws.region)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
