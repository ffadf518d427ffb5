"""What `engine aws trust` prints: the same each time, what AWS takes, and what our own policies let through."""

import json
import os
import subprocess

import pytest

from engine import data
from engine.adapters.clock import now
from engine.adapters.policy.bundle import policy_set, read_directory
from engine.adapters.policy.judging import evaluate
from engine.adapters.policy.port import Plan
from engine.adapters.terraform import mirror
from engine.core.aws.trust import terraform
from engine.core.findings import Effect
from tests.support.trusted import STORE, an_account

ACCOUNT = "123456789012"  # of the emulator
ONE = {"production": ACCOUNT}
OVERRIDE = """provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  s3_use_path_style           = true
}
"""


def test_it_is_printed_the_same_each_time():
    it = an_account(ACCOUNT, accounts=ONE)
    assert terraform(it) == terraform(an_account(ACCOUNT, accounts=ONE))
    assert "aws_iam_openid_connect_provider" not in terraform(it, provider=False)


@pytest.fixture(scope="module")
def applied(aws, tmp_path_factory):
    place = tmp_path_factory.mktemp("trust")
    store = STORE._replace(account=ACCOUNT)
    (place / "interlock.tf").write_text(
        terraform(an_account(ACCOUNT, accounts=ONE, store=store, states="acme-states-{account}"))
    )
    (place / "emulator_override.tf").write_text(OVERRIDE)
    (place / "cli.tfrc").write_text(mirror.choose(None, None, os.path.expanduser("~")).text)
    env = {
        **aws.credentials,
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "TF_CLI_CONFIG_FILE": str(place / "cli.tfrc"),
    }

    def run(*words):
        done = subprocess.run(["terraform", *words], cwd=place, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    run("init", "-input=false", "-backend=false")
    run("plan", "-input=false", "-out=made")
    plan = json.loads(run("show", "-json", "made"))
    run("apply", "-input=false", "made")
    return plan, env, run


APPLY, BOUNDARY = "aws_iam_role_policy.apply_production", "aws_iam_policy.boundary"
CHANGES = "Whoever applies changes what it applies; what a change may be is judged by these policies before"
AT_MOST = "A boundary grants nothing: a role has what its own policies say, which are judged, and no more than this"
EXCEPTED = [
    ("ACC-IAM-007", APPLY, CHANGES),
    ("ACC-IAM-010", APPLY, "The provider asks for a function's code with its settings, in one call"),
    ("ACC-IAM-011", APPLY, CHANGES),
    ("ACC-IAM-024", APPLY, "Only below /managed/, where every role is made by an apply and has the boundary"),
    ("ACC-IAM-010", "aws_iam_role_policy.plan_production", "The provider asks for a function's code with its settings"),
    ("ACC-IAM-009", BOUNDARY, AT_MOST),
    ("ACC-IAM-010", BOUNDARY, AT_MOST),
]
ABOUT = {"owner": "platform", "expires": "2027-11-30"}  # then somebody looks at them again


@pytest.mark.slow
def test_our_own_policies_let_it_through(applied):
    """What they would deny is excepted here, rule by rule; an exception that nothing needs is none."""
    plan, _, _ = applied
    excepted = [{"rule": r, "resource": a, "reason": why, **ABOUT} for r, a, why in EXCEPTED]
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    files = read_directory(data.path("policies"))
    settings = json.loads(files["data.json"])["settings"]
    settings["access"] |= {"trusted_providers": [provider]}
    files["data.json"] = json.dumps({"settings": {**settings, "exceptions": excepted}}).encode()
    found = evaluate([Plan("interlock", plan)], policy_set(files), now=now())
    denied = [f"{one.rule} {one.address}: {one.message}" for one in found if one.effect is Effect.DENY]
    assert denied == []
    assert {(one.rule, one.address) for one in found if one.effect is Effect.EXCEPTION} == {
        (rule, address) for rule, address, _ in EXCEPTED
    }


@pytest.mark.slow
def test_it_is_there_as_it_was_printed(applied):
    _, env, run = applied
    run("plan", "-input=false", "-detailed-exitcode")
