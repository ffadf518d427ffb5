"""Fixtures of the Terraform tests."""

import json

import pytest

from engine.adapters.terraform.backend import Backend
from tests.support.emulator import aws
from tests.support.plans import a_change, a_plan
from tests.support.terraform import a_program, a_setup

__all__ = ["aws"]

# What Terraform writes for a backend: all of its settings, and one that only another job had set.
CONFIG = {**dict.fromkeys(Backend("b", emulator=True).settings("k", "1", "r")), "old": "x"}
RECORD = {"version": 3, "backend": {"type": "s3", "hash": 1, "config": CONFIG}}


@pytest.fixture
def fake(tmp_path):
    """A `Setup` with a program that answers as Terraform does, except where a case says otherwise."""

    def make(**how):
        files = tmp_path / "answers"
        files.mkdir(exist_ok=True)
        (files / "record").write_text(json.dumps(RECORD))
        (files / "plan").write_text(json.dumps(a_plan(a_change("create", None, {"bucket": "a"}))))
        (files / "calls").write_text("")
        answers = {
            "version": """echo '{"terraform_version": "1.11.4"}'""",
            "init": f"mkdir -p .terraform; cp {files}/record .terraform/terraform.tfstate",
            "plan": "exit 2",
            "show": f"cat {files}/plan",
            **how,
        }
        cases = "\n".join(f"{name}) {body};;" for name, body in answers.items())
        program = a_program(
            tmp_path / "bin",
            f'A={files}; echo "$@" >> $A/calls; N=$(grep -c "^$1 " $A/calls)\ncase $1 in\n{cases}\nesac',
        )
        module = tmp_path / "module"
        module.mkdir(exist_ok=True)
        (module / "main.tf").write_text('terraform {\n  backend "s3" {}\n}\n')
        return a_setup(module=str(module), cache_dir=str(tmp_path / "cache"), program=str(program))

    return make
