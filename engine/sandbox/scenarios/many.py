"""The files of changes over several services: eight resources that need one another, and what is wrong with one."""

import json
from collections.abc import Mapping

_ACCOUNT = "111111111111"
TAKEN = "acme-dev-parcel-archive"  # a bucket whose name somebody else may have
ROLE, KEY, TOPIC = "IAM/parcel-archiver.tfvars", "KMS/parcels.tfvars", "SNS/parcels.tfvars"
FAILS = "S3/parcel-archive.tfvars"  # the bucket of that name
WAIT = ("S3/parcel-labels.tfvars", "SNS/archived-parcels.tfvars")  # for it
FREE = (ROLE, KEY, TOPIC, "SNS/returns.tfvars", "SNS/late-parcels.tfvars")
_TAGS = 'tags = { Team = "parcels" }'


def _tfvars(variable: str, name: str, *lines: str, top: str = "") -> bytes:
    body = "".join(f"    {line}\n" for line in (*lines, _TAGS))
    return f'environment = "development"\n{top}\n{variable} = {{\n  "{name}" = {{\n{body}  }}\n}}\n'.encode()


def _policy(**statement: object) -> bytes:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2).encode() + b"\n"


def arn(role: str) -> str:
    """Of a role."""
    return f"arn:aws:iam::{_ACCOUNT}:role/{role}"


def logged(role: str) -> str:
    """The line of a topic whose deliveries are logged by that role."""
    return f'delivery_feedback = {{ role_arn = "{arn(role)}" }}'


def key(name: str) -> Mapping[str, bytes]:
    """A key, with an alias of its name."""
    return {f"KMS/{name}.tfvars": _tfvars("kms_keys", name, f'description = "For {name}"')}


def topic(name: str, *lines: str, after: str = "") -> Mapping[str, bytes]:
    """A topic; `after`: a resource that it waits for, though it does not name it."""
    return {f"SNS/{name}.tfvars": _tfvars("sns_topics", name, *lines, top=after and f'depends_on = ["{after}"]\n')}


def role(name: str) -> Mapping[str, bytes]:
    """A role that builds may take."""
    trust = _policy(Effect="Allow", Principal={"Service": "codebuild.amazonaws.com"}, Action="sts:AssumeRole")
    tfvars = _tfvars("iam_roles", name, f'assume_role_policy_file = "{name}.json"')
    return {f"IAM/{name}.tfvars": tfvars, f"IAM/{name}.json": trust}


def archive(principal: object) -> Mapping[str, bytes]:
    """The bucket `TAKEN`, in which that principal may write."""
    policy = _policy(
        Sid="WhoMayWrite",
        Effect="Allow",
        Principal=principal,
        Action="s3:PutObject",
        Resource=f"arn:aws:s3:::{TAKEN}/*",
    )
    return {
        FAILS: _tfvars("s3_buckets", TAKEN, 'policy_file = "parcel-archive.json"'),
        "S3/parcel-archive.json": policy,
    }


def parcels() -> Mapping[str, bytes]:
    """Eight: a role, a key, two buckets, four topics. Of the bucket `TAKEN` one bucket and one topic wait."""
    return {
        **role("parcel-archiver"),
        **archive({"AWS": arn("parcel-archiver")}),
        "S3/parcel-labels.tfvars": _tfvars(
            "s3_buckets", "acme-dev-parcel-labels", top='depends_on = ["S3/parcel-archive"]\n'
        ),
        **key("parcels"),
        **topic("parcels", 'kms_master_key_id = "alias/parcels"'),
        **topic("returns", 'kms_master_key_id = "alias/parcels"'),
        **topic("late-parcels"),
        **topic("archived-parcels", after="S3/parcel-archive"),
    }
