"""What the real Terraform (1.11, its built-in provider) says of a plan is taken for one, and nothing else is."""

import os
import shutil
import subprocess

import pytest

from engine.core.plan.form import RefusedPlanError, read
from engine.core.plan.mask import secrets
from engine.core.plan.model import changes, check
from engine.core.plan.summary import diff
from engine.core.redact import Redactor
from engine.errors import failure

MODULE = """
variable "secret" {
  type      = string
  sensitive = true
  default   = "hunter22"
}
resource "terraform_data" "NAME" {
  input = { p = var.secret, n = 0.1000000000000000000001, large = 1e350 }
}
"""
MOVED = """
moved {
  from = terraform_data.old
  to   = terraform_data.new
}
"""


@pytest.fixture
def shown(tmp_path):
    """Run Terraform's commands; the last one is `show -json`, of whose answer this is the reading."""
    terraform = shutil.which("terraform")
    assert terraform

    def _shown(*commands, name="old"):
        (tmp_path / "main.tf").write_text(MODULE.replace("NAME", name) + (MOVED if name == "new" else ""))
        env = {"PATH": os.environ["PATH"], "CHECKPOINT_DISABLE": "1", "HOME": str(tmp_path)}
        for command in commands:
            words = [terraform, *command.split()]
            done = subprocess.run(words, cwd=tmp_path, env=env, check=True, capture_output=True, timeout=120)
        return read(done.stdout, lambda reason: failure("ENG515", resource="x", reason=reason))

    return _shown


@pytest.mark.terraform
@pytest.mark.slow
def test_plans_of_every_kind_and_a_state(shown):
    made = shown("init", "plan -out=p", "show -json p")
    check(made)
    (change,) = changes(made)
    told = "\n".join(map(str, diff(change, Redactor(secrets(made)))))
    assert "0.1000000000000000000001" in told
    assert "large = 1" + "0" * 350 in told
    assert "hunter22" not in told
    check(shown("apply -auto-approve p", "plan -refresh-only -out=p", "show -json p"))
    state = shown("show -json")
    with pytest.raises(RefusedPlanError, match="a state"):
        check(state)
    moved = shown("plan -out=p", "show -json p", name="new")
    check(moved)
    assert [(c.actions, c.previous_address) for c in changes(moved)] == [(("no-op",), "terraform_data.old")]
    again = shown("apply -auto-approve p", "plan -out=p", "show -json p", name="new")
    check(again)
    assert changes(again) == ()
    gone = shown("plan -destroy -out=p", "show -json p", name="new")
    check(gone)
    assert [c.verb for c in changes(gone)] == ["delete"]
