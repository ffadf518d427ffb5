"""Planning with the real Terraform against the emulator; the few plans are shared by all tests."""

import json
import re
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

import engine.data
from engine.adapters.policy.bundle import policy_set, read_directory
from engine.adapters.policy.judging import evaluate
from engine.adapters.policy.port import Plan
from engine.adapters.terraform.plan import Limits, plan
from engine.adapters.terraform.workspace import prepare
from engine.core.plan.digest import change_set_digest
from engine.core.plan.model import changes
from engine.core.plan.summary import summarise
from engine.core.resources import services
from engine.core.resources.discover import discover
from engine.run.module import read_module
from engine.sandbox.emulator import ACCOUNT
from tests.support import resources
from tests.support.emulator import ask, put
from tests.support.terraform import a_job, a_setup, all_services, once, planned, problem_of

pytestmark = pytest.mark.terraform
QUICK = Limits(lock_s=0, attempts=1)

BAD = {
    "s3_buckets": {
        "Bad_Name": {"sse_algorithm": "none", "object_ownership": "x", "policy_json": "{}"},
        "key-without-use": {"kms_key_arn": "k"},
        "no-room-for-one-more": {"policy_json": json.dumps({"Statement": "x" * 20000})},
        "locked": {"versioning": False, "object_lock": {"mode": "x", "days": 0}},
        "idle": {
            "notifications": {"x": {"target_arn": "arn:aws:events:us-east-1:123456789012:rule/x"}},
            "lifecycle_rules": [{"id": "does-nothing"}],
        },
    },
    "kms_keys": {
        "alias/x": {
            "deletion_window_in_days": 1,
            "key_usage": "x",
            "policy_json": "text",
            "rotation_period_in_days": 365,
        }
    },
    "iam_roles": {
        "bad name": {
            "path": "x",
            "max_session_duration": 1,
            "assume_role_policy_json": "{}",
            "managed_policy_arns": ["a", "a"],
        }
    },
    "lambda_functions": {
        "bad name": {
            "role_arn": "r",
            "code": {"s3_bucket": "b"},
            "timeout": 0,
            "memory_size": 1,
            "architecture": "z80",
        },
        "tag": {
            "role_arn": "r",
            "code": {"image_uri": "repo:latest"},
            "tracing_mode": "x",
            "ephemeral_storage_mb": 511,
            "code_signing_config_arn": "c",
            "log_retention_days": 2,
        },
    },
    "sqs_queues": {
        "bad name": {
            "dead_letter_queue": True,
            "dead_letter_target_arn": "a",
            "visibility_timeout_seconds": -1,
            "message_retention_seconds": 1,
            "policy_json": "[]",
            "redrive_allow_arns": ["q"] * 11,
        },
        "no-room-for-one-more": {"policy_json": json.dumps({"Statement": "x" * 7800})},
    },
    "sns_topics": {
        "bad name": {"policy_json": "1", "subscriptions": {"x": {"protocol": "http", "endpoint": "http://x"}}},
        "no-room-for-one-more": {"policy_json": json.dumps({"Statement": "x" * 30200})},
        "told": {
            "signature_version": 3,
            "delivery_feedback": {"role_arn": "r", "success_sample_rate": 101},
            "subscriptions": {"x": {"protocol": "firehose", "endpoint": "e"}},
        },
    },
}


@pytest.fixture(scope="session")
def good(request, tmp_path_factory):
    """The kept plan of all six services."""

    def compute():
        workspace = prepare(a_setup(request.getfixturevalue("aws")))
        file = tmp_path_factory.mktemp("kept") / "plan.json"
        result = plan(a_job("S3/all", all_services()), workspace, limits=QUICK, keep=str(file))
        assert result.changes
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert json.loads(file.read_text()) == planned(result)
        return result.plan

    return once(tmp_path_factory, "good-plan", compute)


def test_a_plan_creates_all_services(good):
    assert {change.type.split("_")[1] for change in changes(good)} == {
        "s3", "kms", "iam", "lambda", "cloudwatch", "sqs", "sns",
    }  # fmt: skip
    assert summarise(good).create == len(changes(good))


def test_what_nobody_asks_for_is_not_made(good):
    """Options came later than what has been applied, and leave it as it is."""
    optional = {"aws_s3_bucket_notification", "aws_s3_bucket_object_lock_configuration", "aws_s3_bucket_logging"}
    assert {change.type for change in changes(good)} & optional == set()
    (topic,) = [change.after for change in changes(good) if change.type == "aws_sns_topic"]
    assert isinstance(topic, dict)
    assert {name: value for name, value in topic.items() if "feedback" in name and value} == {}


def test_what_policies_judge_is_known_when_planning(good):
    """A policy with the ARN of something new inside would be unknown until after the apply that it should stop."""
    policies: dict[str, Any] = {
        c.address: c.after["policy"] for c in changes(good) if isinstance(c.after, dict) and c.after.get("policy")
    }
    assert set(policies) == {
        'aws_iam_role_policy.this["demo-role/read"]',
        'aws_kms_key.this["demo-key"]',
        'aws_s3_bucket_policy.this["demo-own"]',
        'aws_s3_bucket_policy.this["demo-plain"]',
        'aws_sns_topic_policy.this["demo-topic"]',
        'aws_sqs_queue.dead_letter["demo-queue"]',
        'aws_sqs_queue.this["demo-queue"]',
    }
    for address, policy in policies.items():
        tls_only = {"Bool": {"aws:SecureTransport": "false"}}
        conditions = [statement.get("Condition") for statement in json.loads(policy)["Statement"]]
        assert (tls_only in conditions) == (not address.startswith(("aws_iam", "aws_kms"))), address


def policy_of(planned_, type_):
    """The policy of the only resource of a type."""
    (policy,) = [c.after["policy"] for c in changes(planned_) if c.type == type_ and isinstance(c.after, dict)]
    return json.loads(str(policy))


def test_a_key_without_a_policy_has_the_one_that_aws_gives_it(good):
    """In each word: so that keys which are already there are left alone."""
    assert policy_of(good, "aws_kms_key") == {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }


def test_a_topic_denies_what_aws_lets_it_deny_over_plain_http(good):
    """AWS refuses `sns:*` in a topic's policy; publishing is what its best practices name."""
    statements = policy_of(good, "aws_sns_topic_policy")["Statement"]
    assert [s["Action"] for s in statements if s["Effect"] == "Deny"] == ["sns:Publish"]


@pytest.mark.parametrize(
    ("why", "address", "path", "value"),
    [
        ("encrypted", 'aws_s3_bucket_server_side_encryption_configuration.this["demo-plain"]',
         ["rule", 0, "apply_server_side_encryption_by_default", 0, "sse_algorithm"], "AES256"),
        ("versioned", 'aws_s3_bucket_versioning.this["demo-plain"]',
         ["versioning_configuration", 0, "status"], "Enabled"),
        ("private", 'aws_s3_bucket_public_access_block.this["demo-plain"]', ["restrict_public_buckets"], True),
        ("without ACLs", 'aws_s3_bucket_ownership_controls.this["demo-plain"]',
         ["rule", 0, "object_ownership"], "BucketOwnerEnforced"),
        ("rotated", 'aws_kms_key.this["demo-key"]', ["enable_key_rotation"], True),
        ("encrypted queue", 'aws_sqs_queue.this["demo-queue"]', ["sqs_managed_sse_enabled"], True),
        ("encrypted topic", 'aws_sns_topic.this["demo-topic"]', ["kms_master_key_id"], "alias/aws/sns"),
        ("logs that end", 'aws_cloudwatch_log_group.lambda["demo-function"]', ["retention_in_days"], 365),
        ("tagged with the environment", 'aws_s3_bucket.this["demo-plain"]', ["tags_all", "Environment"], "development"),
        ("tagged with who manages it", 'aws_s3_bucket.this["demo-plain"]', ["tags_all", "ManagedBy"], "terraform"),
    ],
)  # fmt: skip
def test_defaults_are_secure(good, why, address, path, value):
    found: Any
    (found,) = [change.after for change in changes(good) if change.address == address]
    for step in path:
        found = found[step]
    assert found == value, why


@pytest.fixture(scope="session")
def bad(request, tmp_path_factory):
    """What Terraform says about values that the module refuses, all at once."""

    def compute():
        workspace = prepare(a_setup(request.getfixturevalue("aws")))
        job = a_job("S3/bad", BAD)
        result = plan(job, workspace, limits=QUICK)
        problem = problem_of(result)
        assert result.kind is not None
        told = [problem.code, str(problem.place), result.kind.value]
        with workspace.directory(job) as place:
            options = ["plan", "-input=false", "-json", "-var-file=resource.tfvars.json"]
            return {
                "result": [result.status, result.plan, *told],
                "said": workspace.command(options, place, 60, (1,), None).stdout.decode(),
            }

    return once(tmp_path_factory, "bad-plan", compute)


@pytest.mark.slow
def test_a_refused_value_is_a_failed_result_that_names_the_resource(bad):
    assert bad["result"] == ["failed", None, "ENG904", "S3/bad", "never"]


def messages():
    """Every `error_message` of the services' validations, as the module has them."""
    for service in ("s3", "kms", "iam", "lambda", "sqs", "sns"):
        with open(f"{engine.data.path('terraform')}/{service}.tf", encoding="utf-8") as file:
            for text in re.findall(r'error_message = "((?:[^"\\]|\\.)*)"', file.read()):
                yield text.replace('\\"', '"')


@pytest.mark.parametrize("message", list(messages()))
def test_every_validation_of_the_module_refuses_something(bad, message):
    said = [json.loads(line).get("diagnostic", {}).get("detail", "") for line in bad["said"].splitlines()]
    assert any(message in detail for detail in said)


DYNAMODB = """
variable "dynamodb_tables" {
  type = map(object({
    hash_key = string
    tags     = optional(map(string), {})
  }))
  default = {}
}

resource "aws_dynamodb_table" "this" {
  for_each     = var.dynamodb_tables
  name         = each.key
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = each.value.hash_key
  tags         = each.value.tags

  attribute {
    name = each.value.hash_key
    type = "S"
  }
}
"""
ORDERS = """environment = "development"

dynamodb_tables = {
  orders = { hash_key = "id" }
}
"""


@pytest.mark.slow
def test_a_new_service_is_one_new_file(aws, tmp_path):
    """From the source's tfvars to a real plan and its findings, with nothing changed but the module's one file."""
    module = tmp_path / "terraform"
    shutil.copytree(engine.data.path("terraform"), module, ignore=shutil.ignore_patterns(".terraform*"))
    (module / "dynamodb.tf").write_text(DYNAMODB)
    known = services.read(read_module(str(module)))
    change = resources.contents({}, {"DynamoDB/orders/orders.tfvars": ORDERS})
    found = discover(change, known, resources.rules(), resources.source())
    assert found.refused == ()
    (resource,) = found.resources
    assert (resource.service, resource.state_key) == ("DynamoDB", "DynamoDB/dev/orders/terraform.tfstate")
    job = a_job(resource.path, dict(resource.variables))._replace(state_key=resource.state_key)
    workspace = prepare(a_setup(aws, module=str(module), cache_dir=str(tmp_path / "cache")))
    result = plan(job, workspace, limits=QUICK)
    assert [change.address for change in changes(planned(result))] == ['aws_dynamodb_table.this["orders"]']
    policies = policy_set(read_directory(engine.data.path("policies")))
    judged = evaluate([Plan(resource.path, planned(result))], policies)
    assert [(finding.rule, finding.address) for finding in judged] == [("TAG-001", 'aws_dynamodb_table.this["orders"]')]


@pytest.mark.slow
def test_a_locked_state_is_planned_all_the_same_and_stays_locked(aws):
    """Who plans changes nothing; whoever is killed meanwhile would leave a lock that keeps others from applying."""
    lock = {"ID": "1b2c", "Operation": "OperationTypeApply", "Who": "ann@ci", "Created": "2026-01-31T10:00:00Z"}
    file = f"/{aws.bucket}/SNS/dev/locked/terraform.tfstate.tflock"
    put(aws, file, json.dumps(lock).encode())
    result = plan(a_job("SNS/locked", {"sns_topics": {"locked": {}}}), prepare(a_setup(aws)), limits=QUICK)
    assert planned(result)
    assert ask(aws, "HEAD", file).status == 200


@pytest.mark.slow
def test_a_state_bucket_that_does_not_exist_is_told(aws, tmp_path):
    from engine.adapters.terraform.backend import Backend

    setup = a_setup(aws, backend=Backend("no-such-bucket", emulator=True), cache_dir=str(tmp_path))
    result = plan(a_job("SNS/topic", {}), prepare(setup), limits=QUICK)
    assert problem_of(result).code == "ENG415"


@pytest.mark.slow
def test_two_plans_of_the_same_have_the_same_digest(aws, good):
    again = plan(a_job("S3/all", all_services()), prepare(a_setup(aws)), limits=QUICK)
    other = all_services()
    other["s3_buckets"]["demo-plain"]["tags"]["Team"] = "data"
    changed = plan(a_job("S3/all", other), prepare(a_setup(aws)), limits=QUICK)
    assert change_set_digest(planned(again), b"k" * 32) == change_set_digest(good, b"k" * 32)
    assert change_set_digest(planned(changed), b"k" * 32) != change_set_digest(good, b"k" * 32)


@pytest.mark.slow
def test_a_backend_that_nobody_answers_for_may_be_tried_again_later(aws, tmp_path):
    credentials = {**aws.credentials, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    result = plan(
        a_job("SNS/x", {}), prepare(a_setup(aws, credentials=credentials, cache_dir=str(tmp_path))), limits=QUICK
    )
    assert result.kind is not None
    assert (problem_of(result).code, result.kind.value) == ("ENG411", "retry")


@pytest.mark.slow
def test_credentials_of_another_account_are_refused_before_anything_is_planned(aws):
    job = a_job("SNS/x", {"sns_topics": {"x": {}}})._replace(account="999999999999")
    result = plan(job, prepare(a_setup(aws)), limits=QUICK)
    assert problem_of(result).code == "ENG465"


@pytest.mark.slow
def test_a_provider_that_cannot_be_had_is_told_with_what_to_do(aws, tmp_path):
    from engine.errors import EngineError

    empty = tmp_path / "mirror" / "registry.terraform.io" / "hashicorp" / "aws" / "1.0.0"
    empty.mkdir(parents=True)
    setup = a_setup(aws, mirror=str(tmp_path / "mirror"), cache_dir=str(tmp_path / "cache"))
    with pytest.raises(EngineError) as caught:
        prepare(setup)
    problem = caught.value.problems[0]
    assert problem.code == "ENG403"
    assert "ENGINE_TERRAFORM_MIRROR" in problem.hint


def test_the_record_of_a_backend_is_the_same_wherever_terraform_makes_it(aws, tmp_path):
    """In a directory that has nothing but the block, and then in the module's own: the shipped one is as empty."""
    module = tmp_path / "module"
    module.mkdir()
    (module / "main.tf").write_text('terraform {\n  backend "s3" {}\n}\nresource "terraform_data" "a" {}\n')
    workspace = prepare(a_setup(aws, module=str(module), cache_dir=str(tmp_path / "cache")))
    records = []
    for again in (False, True):
        with workspace.directory(a_job("S3/recorded", {}), again=again) as place:
            records.append(json.loads(Path(place, ".terraform", "terraform.tfstate").read_text()))
    assert records[0] == records[1]
    assert (records[0]["backend"]["type"], records[0]["backend"]["hash"] > 0) == ("s3", True)
