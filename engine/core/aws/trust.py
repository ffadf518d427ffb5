"""What an account has to have so that each job gets in where it belongs, and the Terraform that makes it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from engine.core.aws import rights
from engine.core.aws.names import partition
from engine.core.aws.who import AUDIENCE, JOBS, PUBLIC, Controller, check_apart, environment_of, environments_of
from engine.core.report.hcl import Reference, block
from engine.core.rules.model import Environment, Rules
from engine.errors import failure

_STORE_SESSION_S = 3600
_PROVIDER = "aws_iam_openid_connect_provider"


class Role(NamedTuple):
    """One role: whom it trusts, and what it may do."""

    arn: str
    subjects: Sequence[str]
    may: rights.Document
    session_s: int
    label: str  # in Terraform

    @property
    def path(self) -> str:
        """With a slash at both ends."""
        return self.arn.partition(":role")[2].rpartition("/")[0] + "/"

    @property
    def name(self) -> str:
        """Without its path."""
        return self.arn.rpartition("/")[2]


class Bucket(NamedTuple):
    """A bucket whose versions are kept, that is encrypted, and that only TLS reaches."""

    name: str
    label: str
    try_below: str  # where `engine doctor` may write
    locked: bool = False  # Object Lock, see docs/store.md


class Store(NamedTuple):
    """Where the store is."""

    bucket: str
    prefix: str  # none, or one that ends with `/`
    account: str
    region: str


class Wanted(NamedTuple):
    """All that one account has to have."""

    account: str
    region: str
    controller: Controller
    provider_arn: str
    roles: Sequence[Role]
    buckets: Sequence[Bucket]
    boundary: rights.Document | None  # of what applies may make; None: nothing is applied there
    store: Store | None  # in whatever account

    @property
    def partition(self) -> str:
        """Of its ARNs."""
        return partition(self.region)

    @property
    def command(self) -> str:
        """What prints it, where the settings are these."""
        ids, store = self.controller.ids, self.store
        words = ["engine aws trust --account", self.account, "--repo", self.controller.repo]
        words += ["--ids", "/".join(map(str, ids))] if ids else []
        words += ["--store-account", store.account] if store else []
        words += ["--server", self.controller.server] if self.controller.server != PUBLIC else []
        return " ".join(words)

    def trust(self, role: Role) -> rights.Document:
        """Its trust: this provider, for AWS, and one of these subjects; each by equality."""
        of = self.controller.provider
        equal = {f"{of}:aud": AUDIENCE, f"{of}:sub": list(role.subjects)}
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Federated": self.provider_arn},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {"StringEquals": equal},
                }
            ],
        }

    def tls_only(self, bucket: Bucket) -> rights.Document:
        """The policy of a bucket."""
        arn = bucket_arn(self.partition, bucket.name)
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [arn, f"{arn}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }


def bucket_arn(of: str, name: str) -> str:
    """Of a bucket in that partition."""
    return f"arn:{of}:s3:::{name}"


def accounts(rules: Rules, store: Store | None) -> list[str]:
    """Those that have to have something."""
    found = [one.account for one in rules.environments.values() if one.roles and one.account]
    return sorted({*found, *([store.account] if store else [])})


def wanted(rules: Rules, controller: Controller, account: str, state_bucket: str, store: Store | None) -> Wanted:
    """What that account has to have; `state_bucket` may have `{account}` in it.

    Raises:
        EngineError: ENG953, environments that would be one to GitHub; ENG954, nothing is to be there; ENG956, what
            applies could change its own role.
    """
    check_apart(tuple(rules.environments))
    here = [one for one in rules.environments.values() if one.account == account and one.roles]
    is_stores = store is not None and store.account == account
    if not here and not is_stores:
        known = accounts(rules, store)
        raise failure("ENG954", account=account, known=", ".join(known) or "there is none: no environment has roles")
    region = here[0].region if here else store and store.region
    assert region
    of, states = partition(region), state_bucket.replace("{account}", account)
    buckets = [Bucket(states, "states", "interlock-doctor/")] if here else []
    roles: list[Role] = []
    if is_stores and store:
        buckets.append(Bucket(store.bucket, "store", f"{store.prefix}doctor/", locked=True))
        roles += _of_store(tuple(rules.environments), controller, store, of)
    table = rules.backend.dynamodb_table
    locks = table and f"arn:{of}:dynamodb:{region}:{account}:table/{table.replace('{account}', account)}"
    guarded = [bucket_arn(of, one.name) for one in buckets]
    for one in here:
        roles += _of_environment(one, controller, guarded, locks)
    if within := [role.arn for role in roles if role.path.startswith(rights.PATH)]:
        raise failure("ENG956", role=within[0], path=rights.PATH)
    provider = f"arn:{of}:iam::{account}:oidc-provider/{controller.provider}"
    limit = rights.boundary(guarded) if here else None
    return Wanted(account, region, controller, provider, roles, buckets, limit, store)


def _of_environment(
    to: Environment, controller: Controller, guarded: Sequence[str], table: str | None
) -> Iterator[Role]:
    assert to.roles
    assert to.account
    assert to.region
    may = {
        "plan": rights.plans(guarded[0], table),
        "apply": rights.applies(partition(to.region), to.account, guarded[0], table, guarded),
    }
    for job, arn in (("plan", to.roles.plan), ("apply", to.roles.apply)):
        subjects = controller.subjects([environment_of(job, to.name)])
        yield Role(arn, subjects, may[job], to.roles.session_s, f"{job}_{to.name}")


def _of_store(environments: Sequence[str], controller: Controller, store: Store, of: str) -> Iterator[Role]:
    bucket = bucket_arn(of, store.bucket)
    for job in JOBS:
        arn = f"arn:{of}:iam::{store.account}:role/interlock-store-{job.name}"
        subjects = controller.subjects(environments_of(job, environments))
        yield Role(arn, subjects, rights.store(bucket, store.prefix, job.store), _STORE_SESSION_S, f"store_{job.name}")


def terraform(it: Wanted, *, provider: bool = True) -> str:
    """A configuration of its own; without `provider` where the account has GitHub's already."""
    return "\n".join([line for head, body in _blocks(it, provider) for line in (*block(head, body), "")])


def _blocks(it: Wanted, provider: bool) -> Iterator[tuple[str, Mapping[str, Any]]]:
    aws = {"source": "hashicorp/aws", "version": ">= 5.100.0"}
    yield "terraform", {"required_version": ">= 1.10", "required_providers": [{"aws": aws}]}
    tags = {"ManagedBy": "terraform", "Environment": "platform", "Team": "platform"}
    for name, value in (("account", it.account), ("region", it.region)):  # so that policies know them, too
        yield f'variable "{name}"', {"default": value}
    here = {"region": Reference("var.region"), "allowed_account_ids": [Reference("var.account")]}
    yield 'provider "aws"', {**here, "default_tags": [{"tags": tags}]}
    if provider:
        yield (
            f'resource "{_PROVIDER}" "github"',
            {"url": f"https://{it.controller.provider}", "client_id_list": [AUDIENCE]},
        )
    for bucket in it.buckets:
        yield from _bucket(it, bucket)
    if it.boundary:
        said = "What a role that interlock has made may do at the most."
        yield (
            'resource "aws_iam_policy" "boundary"',
            {"name": rights.BOUNDARY, "description": said, "policy": it.boundary},
        )
    for role in it.roles:
        yield from _role(it, role)


def _role(it: Wanted, role: Role) -> Iterator[tuple[str, Mapping[str, Any]]]:
    body: dict[str, Any] = {"name": role.name, "path": role.path, "max_session_duration": role.session_s}
    yield f'resource "aws_iam_role" "{role.label}"', {**body, "assume_role_policy": it.trust(role)}
    to = Reference(f"aws_iam_role.{role.label}.name")
    yield f'resource "aws_iam_role_policy" "{role.label}"', {"name": "interlock", "role": to, "policy": role.may}


def _bucket(it: Wanted, bucket: Bucket) -> Iterator[tuple[str, Mapping[str, Any]]]:
    label, to = f'"{bucket.label}"', {"bucket": Reference(f"aws_s3_bucket.{bucket.label}.id")}
    lock = {"object_lock_enabled": True} if bucket.locked else {}
    yield f'resource "aws_s3_bucket" {label}', {"bucket": bucket.name, **lock, "lifecycle": [{"prevent_destroy": True}]}
    shut = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    rows: Mapping[str, Mapping[str, Any]] = {
        "versioning": {"versioning_configuration": [{"status": "Enabled"}]},
        "server_side_encryption_configuration": {
            "rule": [
                {"apply_server_side_encryption_by_default": [{"sse_algorithm": "aws:kms"}], "bucket_key_enabled": True}
            ]
        },
        "public_access_block": dict.fromkeys(shut, True),
        "ownership_controls": {"rule": [{"object_ownership": "BucketOwnerEnforced"}]},
        "policy": {"policy": it.tls_only(bucket)},
    }
    for kind, body in rows.items():
        yield f'resource "aws_s3_bucket_{kind}" {label}', {**to, **body}
