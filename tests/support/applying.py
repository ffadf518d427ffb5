"""Applying in a process that can be killed: `python -m tests.support.applying FILE`, which says what to do.

The module has nothing but built-in `terraform_data`, so a whole life of it takes some tenths of a second; states are in
the real S3 backend, on the emulator.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.adapters.terraform.opened import Opened, opened
from engine.adapters.terraform.plan import Limits
from engine.adapters.terraform.template import Setup
from engine.adapters.terraform.workspace import Job, Workspace, prepare
from engine.sandbox.emulator import Emulator
from tests.support.terraform import a_job, a_setup

MODULE = """
terraform {
  backend "s3" {}
}
variable "environment" { type = string }
variable "account" { type = string }
variable "region" { type = string }
variable "emulator" { type = bool }
variable "things" {
  type = map(object({ input = string, run = optional(string, "true") }))
}
resource "terraform_data" "thing" {
  for_each         = var.things
  input            = each.value.input
  triggers_replace = each.value.input
  provisioner "local-exec" {
    command = each.value.run
  }
}
"""
LIMITS = Limits(plan_s=60, lock_s=0, attempts=1)


def address(name: str) -> str:
    """Of one thing."""
    return f'terraform_data.thing["{name}"]'


class Applying:
    """One resource of such a module, with a state of its own."""

    def __init__(self, root: Path, aws: Emulator, name: str, **more: Any) -> None:
        module = root / "module"
        module.mkdir(exist_ok=True)
        (module / "main.tf").write_text(MODULE)
        self.root, self.name = root, name
        self.setup: Setup = a_setup(aws, module=str(module), cache_dir=str(root / "cache"), **more)
        self.workspace: Workspace = prepare(self.setup)

    def job(self, **things: str | Mapping[str, str]) -> Job:
        """With these things: what each is, or that and what is run for it."""
        variables = {name: {"input": one} if isinstance(one, str) else dict(one) for name, one in things.items()}
        return a_job(f"X/{self.name}", {"things": variables})

    def open(self, job: Job, run: str = "run") -> Opened:
        """Its work directory in a run."""
        return opened(job, self.workspace, f"{run}/{job.state_key}")

    def process(self, job: Job, run: str = "run") -> "subprocess.Popen[str]":
        """An engine of its own that plans and applies, or goes on with that; it says what it hears, a line for each."""
        file = self.root / f"{self.name}-{run}.json"
        file.write_text(json.dumps({"job": job._asdict(), "setup": _plain(self.setup), "run": run}))
        return subprocess.Popen(
            [sys.executable, "-m", "tests.support.applying", str(file)], stdout=subprocess.PIPE, text=True
        )


def _plain(setup: Setup) -> dict[str, Any]:
    return {**setup._asdict(), "backend": None, "accounts": None, "bucket": setup.backend.bucket}


def main(file: str) -> None:
    """What such a process does."""
    from engine.adapters.terraform.accounts import Profiles
    from engine.adapters.terraform.backend import Backend

    said = json.loads(Path(file).read_text())
    bucket = said["setup"].pop("bucket")
    setup = Setup(**{**said["setup"], "backend": Backend(bucket, emulator=True), "accounts": Profiles()})
    job = Job(**said["job"])
    cancel = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: cancel.set())

    def say(*words: object) -> None:
        print(*words, flush=True)

    say("ready")
    with opened(job, prepare(setup), f"{said['run']}/{job.state_key}") as work:
        say("opened")
        if work.begun is None:
            planned = work.plan(LIMITS)
            say("planned", planned.problem or "")
        applied = work.apply(lambda change: say(change.status, change.action, change.address), cancel)
        say("ended", applied.outcome)


if __name__ == "__main__":
    os.environ.pop("TF_LOG", None)
    main(sys.argv[1])
