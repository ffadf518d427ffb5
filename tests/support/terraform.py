"""Real Terraform for tests: the machine's settings as a `Setup`, and jobs for the shipped module."""

import fcntl
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import engine.data
from engine.adapters.terraform.backend import Backend
from engine.adapters.terraform.plan import PlanResult
from engine.adapters.terraform.template import Setup
from engine.adapters.terraform.workspace import Job
from engine.errors import Problem
from engine.sandbox.emulator import ACCOUNT, REGION, Emulator

# One template for all test processes and for the next run: making it costs a second, more where it downloads.
READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::demo-own/*"]}],
}
CACHE = os.path.join(os.path.expanduser("~"), ".cache", "interlock-tests", "terraform")


def a_setup(aws: Emulator | None = None, **more: Any) -> Setup:
    """The shipped module on this machine's Terraform, against `aws`."""
    credentials = dict(aws.credentials) if aws else {}
    bucket = aws.bucket if aws else "no-bucket"
    values = {
        "module": engine.data.path("terraform"),
        "cache_dir": CACHE,
        "backend": Backend(bucket, emulator=True),
        "credentials": credentials,
        "path": os.environ["PATH"],
        "home": os.path.expanduser("~"),
        "cli_config": os.environ.get("TF_CLI_CONFIG_FILE"),
    }
    return Setup(**{**values, **more})


def a_job(path: str, variables: dict[str, Any]) -> Job:
    """One resource in the environment `development` (branch `dev`) of the emulator's account."""
    service, name = path.split("/")
    return Job(path, f"{service}/dev/{name}/terraform.tfstate", variables, "development", ACCOUNT, REGION)


def a_policy(*, principal: str = "lambda.amazonaws.com", action: str = "sts:AssumeRole") -> str:
    """A policy document as the engine inlines it."""
    statement = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": [action]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def all_services() -> dict[str, Any]:
    """Variables of all six services at once: one plan instead of six."""
    owner = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                    "Action": "*",
                    "Resource": "*",
                }
            ],
        }
    )
    return {
        "s3_buckets": {
            "demo-plain": {"tags": {"Team": "platform"}},
            "demo-own": {"sse_algorithm": "aws:kms", "policy_json": owner.replace('"*"', '"arn:aws:s3:::demo-own"')},
        },
        "kms_keys": {"demo-key": {"deletion_window_in_days": 7}},
        "iam_roles": {
            "demo-role": {
                "assume_role_policy_json": a_policy(),
                "inline_policies_json": {"read": json.dumps(READ)},
                "managed_policy_arns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
            }
        },
        "lambda_functions": {
            "demo-function": {
                "role_arn": f"arn:aws:iam::{ACCOUNT}:role/demo-role",
                "code": {"s3_bucket": "demo-code", "s3_key": "demo.zip", "s3_object_version": "v1"},
                "environment_variables": {"STAGE": "dev"},
                "ephemeral_storage_mb": 1024,
                "permissions": {"uploads": {"principal": "s3.amazonaws.com", "source_arn": "arn:aws:s3:::demo-plain"}},
            }
        },
        "sqs_queues": {"demo-queue": {"dead_letter_queue": True, "policy_json": owner, "redrive_allow_arns": []}},
        "sns_topics": {"demo-topic": {"policy_json": owner.replace('"Action": "*"', '"Action": "sns:Publish"')}},
    }


def planned(result: PlanResult) -> dict[str, Any]:
    """The plan of a result that has one."""
    assert result.plan is not None, result.problem
    return result.plan


def problem_of(result: PlanResult) -> Problem:
    """The problem of a result that failed."""
    assert result.problem is not None
    return result.problem


def a_program(folder: Path, body: str, name: str = "terraform") -> Path:
    """An executable `name` in `folder`; a shell script. Its first argument is the subcommand."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def once(factory: pytest.TempPathFactory, name: str, compute: Callable[[], Any]) -> Any:
    """`compute()`, a JSON value, once for all test processes of this run: a real plan costs six seconds of CPU."""
    shared = factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else factory.getbasetemp()
    file = shared / f"{name}.json"
    with open(shared / f"{name}.lock", "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            file.write_text(json.dumps(compute()))
    return json.loads(file.read_text())
