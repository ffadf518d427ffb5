"""What a verdict is compared with is computed as what it is signed with, or none would ever hold."""

import json
from base64 import b64decode

import pytest

from engine.adapters import settings
from engine.adapters.terraform.template import LOCK_FILE
from engine.core.canonical import digest_bytes
from engine.core.verdict.about import MADE_WITH
from engine.errors import EngineError
from engine.run.context import Controller
from engine.run.today import digests
from tests.support.machine import good


def today(machine, **environ):
    folder = machine.controller
    controller = Controller(str(folder), str(folder / "terraform"), str(folder / "policies"))
    return digests(controller, settings.read({**machine.environ, **environ}))


def test_what_is_signed_is_what_is_there_today(machine, engine):
    (machine.controller / "terraform" / LOCK_FILE).write_text("# no providers\n")
    machine.change({"S3/a.tfvars": good()})
    engine(*machine.words())
    envelope = json.loads((machine.out / "statement.json").read_text())
    verdict = json.loads(b64decode(envelope["payload"]))["predicate"]["verdict"]
    assert {name: verdict[name] for name in MADE_WITH} == today(machine)


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("policies/small.rego", {"policy"}),
        ("policies/small_test.rego", set()),
        ("terraform/s3.tf", {"module"}),
        (f"terraform/{LOCK_FILE}", {"module", "lock_file"}),
    ],
)
def test_what_changes_with_a_file(machine, file, changed):
    before = today(machine)
    with open(machine.controller / file, "a") as handle:
        handle.write("\n# a word\n")
    assert {name for name, value in today(machine).items() if value != before[name]} == changed


def test_opentofu_has_a_lock_file_of_its_own(machine):
    """Whose providers a plan was made with is told by the file that was in use."""
    own = machine.root / "tofu.lock.hcl"
    own.write_text("# OpenTofu's providers\n")
    with_tofu = today(machine, ENGINE_TERRAFORM="tofu", ENGINE_TOFU_LOCK=str(own))
    assert with_tofu["lock_file"] == digest_bytes(own.read_bytes())
    assert today(machine, ENGINE_TOFU_LOCK=str(own)) == today(machine)


def test_policies_that_cannot_be_read_are_no_digest(machine):
    (machine.controller / "policies" / "data.json").write_text("[")
    with pytest.raises(EngineError):
        today(machine)


def test_a_module_that_cannot_be_read_is_no_digest(machine):
    (machine.controller / "terraform" / "notes.md").symlink_to("nowhere")
    with pytest.raises(EngineError, match=r"ENG001.*notes\.md"):
        today(machine)
