"""Sources in a line or two, and what becomes of their order, without git."""

import json
from collections.abc import Mapping
from typing import Any

from engine import data
from engine.core.resources import services
from engine.core.resources.discover import discover
from engine.core.resources.model import Discovery
from engine.core.resources.ordering import Around
from engine.core.resources.survey import Survey, Whole
from engine.core.rules.model import Rules
from engine.run.module import read_module
from tests.support.resources import contents, rules, source

SHIPPED = services.read(read_module(data.path("terraform")))
ACCOUNT, REGION = "111111111111", "us-east-1"


def arn(rest: str) -> str:
    """`sqs:orders`, `iam:role/reader`, `s3:lake/*` in the account of the rules that tests have."""
    service, _, resource = rest.partition(":")
    region = "" if service in ("iam", "sts", "s3") else REGION
    return f"arn:aws:{service}:{region}:{'' if service == 's3' else ACCOUNT}:{resource}"


def one(path: str, *waits_for: str, environment: str = "development", **variables: Any) -> dict[str, str]:
    """A resource: `S3/lake` is a directory, `S3/lake.tfvars` is flat."""
    name = path.rpartition("/")[2]
    file = path if path.endswith(".tfvars") else f"{path}/{name}.tfvars"
    said = {"environment": environment, **({"depends_on": list(waits_for)} if waits_for else {}), **variables}
    return {file: "".join(f"{key} = {json.dumps(value)}\n" for key, value in said.items())}


def bucket(name: str, *waits_for: str, **attributes: Any) -> dict[str, str]:
    """A flat bucket that is called as its file is."""
    return one(f"S3/{name}.tfvars", *waits_for, s3_buckets={name: attributes})


def role(name: str, *waits_for: str, principal: Mapping[str, str] | None = None, **attributes: Any) -> dict[str, str]:
    """A flat role."""
    trust = {
        "Effect": "Allow",
        "Principal": principal or {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    entry = {"assume_role_policy_json": json.dumps({"Statement": trust}), **attributes}
    return one(f"IAM/{name}.tfvars", *waits_for, iam_roles={name: entry})


def key(name: str, *waits_for: str, **attributes: Any) -> dict[str, str]:
    """A flat key."""
    return one(f"KMS/{name}.tfvars", *waits_for, kms_keys={name: attributes})


def queue(name: str, *waits_for: str, **attributes: Any) -> dict[str, str]:
    """A flat queue."""
    return one(f"SQS/{name}.tfvars", *waits_for, sqs_queues={name: attributes})


def topic(name: str, *waits_for: str, **attributes: Any) -> dict[str, str]:
    """A flat topic."""
    return one(f"SNS/{name}.tfvars", *waits_for, sns_topics={name: attributes})


def function(name: str, *waits_for: str, role: str = "arn:aws:iam::222222222222:role/of-others", **attributes: Any):
    """A flat function, whose role is another account's unless said."""
    image = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/x@sha256:{'0' * 64}"
    entry = {"role_arn": role, "code": {"image_uri": image}, **attributes}
    return one(f"Lambda/{name}.tfvars", *waits_for, lambda_functions={name: entry})


def policy(*resources: str, effect: str = "Allow", principal: Any = "*", action: str = "s3:*", **more: Any) -> str:
    """A resource's policy."""
    return json.dumps(
        {"Statement": {"Effect": effect, "Principal": principal, "Action": action, "Resource": [*resources], **more}}
    )


def together(*parts: Mapping[str, str]) -> dict[str, str]:
    """A source of several resources."""
    return {path: text for part in parts for path, text in part.items()}


def survey(files: Mapping[str, str], of: Rules | None = None) -> Survey:
    """All resources of a source."""
    seen = contents({}, files)
    return Whole(seen.directories, SHIPPED, {}).survey(seen.blobs, of or rules())


def ordered(
    head: Mapping[str, str], base: Mapping[str, str] | None = None, of: Rules | None = None, **options: Any
) -> Discovery:
    """A change from `base` to `head`, with its order; without a base all of it is looked at."""
    declared = of or rules()
    seen = contents(base or {}, head, everything=base is None)
    if base is None:
        seen = seen._replace(changes=())
    gone = [path.rpartition("/")[0] if path.count("/") > 1 else path for path in (base or {}) if path not in head]
    found = discover(seen, SHIPPED, declared, source(), allow_destroy=[p for p in gone if p.endswith("s") or "/" in p])
    return Around(SHIPPED, declared, survey(head, of), survey(base or {}, of)).ordered(found, **options)


def edges(found: Discovery) -> list[str]:
    """`S3/lake > KMS/key`: who waits, for whom; of the discovery's resources, by their paths without an ending."""
    paths = {one.state_key: one.path.removesuffix(".tfvars") for one in found.resources}
    return [f"{paths[node]} > {paths[other]}" for node, other in found.graph.edges()]
