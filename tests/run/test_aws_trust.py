"""What `engine aws trust` prints: the same each time, what AWS takes, and what our own policies let through."""

import json
import os
import subprocess

import boto3
import pytest

from engine import data
from engine.adapters.account import Account
from engine.adapters.clock import now
from engine.adapters.policy.bundle import policy_set, read_directory
from engine.adapters.policy.judging import evaluate
from engine.adapters.policy.port import Plan
from engine.adapters.terraform import mirror
from engine.core.aws.trust import terraform
from engine.core.findings import Effect
from engine.run.doctor import aws
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
    (place / "interlock.tf").write_text(terraform(as_printed()))
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
    return plan, env


def as_printed():
    return an_account(ACCOUNT, accounts=ONE, store=STORE._replace(account=ACCOUNT), states="acme-states-{account}")


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
    plan, _ = applied
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


@pytest.fixture
def clients(applied, monkeypatch):
    for name, value in applied[1].items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    return boto3.client("iam", region_name="us-east-1"), boto3.client("s3", region_name="us-east-1")


class OverHttp(Account):
    """The emulator takes a bucket's policy without its conditions, so that nobody could write there at all."""

    def written_twice(self, bucket, key):
        s3 = boto3.client("s3", region_name="us-east-1")
        policy = (self.bucket(bucket) or {})["policy"]
        s3.delete_bucket_policy(Bucket=bucket)
        found = super().written_twice(bucket, key)
        if policy:
            s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
        return found


@pytest.mark.slow
def test_a_doctor_finds_what_was_printed_to_be_well(clients):
    found = aws.look(as_printed(), None, OverHttp)
    assert [one for one in found if not one.ok] == []
    assert len(found) == 1 + 1 + 7 + 1 + 2
    assert clients[1].list_object_versions(Bucket=STATES).get("Versions", []) == [], "taken away"


APPLY_ROLE, PLAN_ROLE = "interlock-apply-production", "interlock-plan-production"
STATES = "acme-states-123456789012"
WIDE = {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/*"}}
ADMIN = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def trusting(name, change):
    role = next(one for one in as_printed().roles if one.name == name)
    document = as_printed().trust(role)
    document["Statement"][0]["Condition"] = change(document["Statement"][0]["Condition"])
    return {"RoleName": name, "PolicyDocument": json.dumps(document)}


def without_aud(condition):
    return {"StringEquals": {key: value for key, value in condition["StringEquals"].items() if key.endswith(":sub")}}


def provided(iam, audiences):
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=as_printed().provider_arn)
    iam.create_open_id_connect_provider(
        Url=f"https://{as_printed().controller.provider}", ClientIDList=audiences, ThumbprintList=["0" * 40]
    )


BOUND = "arn:aws:iam::123456789012:policy/interlock-boundary"
SPOILT = [
    ("a pattern", lambda i, _: i.update_assume_role_policy(**trusting(APPLY_ROLE, lambda _: WIDE)), "trusts otherwise"),
    ("any audience", lambda i, _: i.update_assume_role_policy(**trusting(PLAN_ROLE, without_aud)), "trusts otherwise"),
    (
        "all rights",
        lambda i, _: i.put_role_policy(RoleName=APPLY_ROLE, PolicyName="interlock", PolicyDocument=json.dumps(ADMIN)),
        "may do otherwise",
    ),
    (
        "rights besides",
        lambda i, _: i.put_role_policy(RoleName=APPLY_ROLE, PolicyName="more", PolicyDocument=json.dumps(ADMIN)),
        "policies besides: more",
    ),
    (
        "a wider boundary",
        lambda i, _: i.create_policy_version(PolicyArn=BOUND, PolicyDocument=json.dumps(ADMIN), SetAsDefault=True),
        "otherwise than is printed",
    ),
    (
        "one more audience",
        lambda i, _: provided(i, ["sts.amazonaws.com", "api"]),
        "its audiences are",
    ),
    (
        "no versions",
        lambda _, s: s.put_bucket_versioning(Bucket=STATES, VersioningConfiguration={"Status": "Suspended"}),
        "of two writes it keeps 1",
    ),
    ("open without TLS", lambda _, s: s.delete_bucket_policy(Bucket=STATES), "without TLS"),
    ("open to everybody", lambda _, s: s.delete_public_access_block(Bucket=STATES), "public access"),
    ("no bucket", lambda _, s: s.delete_bucket(Bucket=STATES), "it is not there"),
]


@pytest.mark.slow
def test_a_doctor_names_each_hole_with_its_attack_and_what_mends_it(clients):
    known = set()
    for why, spoil, told in SPOILT:
        spoil(*clients)
        found = [one for one in aws.look(as_printed(), None, OverHttp) if not one.ok]
        new = [one for one in found if (one.subject, one.what) not in known]
        known |= {(one.subject, one.what) for one in new}
        assert told == "it is not there" or [told in one.what for one in new].count(True) == 1, (why, new)
        assert any(told in one.what for one in new), (why, new)
        assert all(one.attack and "engine aws trust --account 123456789012" in one.mend for one in new), why


def test_another_account_than_the_one_that_was_meant():
    class Other(Account):
        def whose(self):
            return "222222222222"

    [one] = aws.look(as_printed(), "x", Other)
    assert (one.ok, "222222222222" in one.what, "ENGINE_AWS_PROFILE" in one.mend) == (False, True, True)
