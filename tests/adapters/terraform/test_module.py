"""What the shipped module may hold, read as text."""

import os
import re
from pathlib import Path

import pytest

import engine.data
from engine.adapters import process

MODULE = engine.data.path("terraform")
COMMON = ("main.tf", "variables.tf", "outputs.tf")
FILES = {path.name: path.read_text() for path in sorted(Path(MODULE).glob("*.tf"))}
SERVICES = [name for name in FILES if name not in COMMON]


@pytest.mark.parametrize("name", FILES)
def test_it_opens_no_file_and_runs_no_program(name):
    """Values come from pull requests: with a path in them a function that opens files would read the runner's."""
    opened = r"\b(file\w*|templatefile|pathexpand)\s*\(|\bpath\.|\bprovisioner\b|\bdata\s+\"|\blocal-exec\b"
    assert re.findall(opened, FILES[name]) == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_complete_in_its_file(name):
    blocks = re.findall(r'^(variable|output|resource) "(\w+)"', FILES[name], re.MULTILINE)
    variables = [label for kind, label in blocks if kind == "variable"]
    assert [label for kind, label in blocks if kind == "output"] == variables
    assert any(kind == "resource" for kind, _ in blocks)
    assert "validation {" in FILES[name]


@pytest.mark.parametrize("name", COMMON)
def test_the_common_files_name_no_service(name):
    assert not re.search(r'^resource "|var\.(\w+_\w+)', FILES[name], re.MULTILINE)


def test_the_provider_touches_no_other_account():
    assert "allowed_account_ids = [var.account]" in FILES["main.tf"]


@pytest.mark.parametrize("switch", ["bypass_policy_lockout_safety_check", "force_detach_policies", "skip_destroy"])
def test_no_guard_of_aws_is_switched_off(switch):
    assert [name for name, text in FILES.items() if switch in text] == []


@pytest.mark.terraform
def test_it_is_formatted():
    env = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "CHECKPOINT_DISABLE": "1"}
    try:
        done = process.run(["terraform", "fmt", "-check"], cwd=MODULE, env=env, timeout_s=60, answers=(0, 3))
    except process.ProcessError as error:
        if error.problems[0].code != "ENG450":
            raise
        pytest.skip("no terraform on PATH")
    assert done.stdout == b""
