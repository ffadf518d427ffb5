"""The kinds of documents: what AWS wants of a policy depends on where it is put.

An attribute of the controller's module says its kind in a comment, `policy_json = string # document: kms-key-policy`.
"""

from typing import NamedTuple

MAX_BYTES = 64 * 1024  # the largest policy that AWS takes (KMS) has 32 KB

NEEDED, FORBIDDEN, OPTIONAL = "needed", "forbidden", "optional"

# AWS answers "AssumeRole policy may only specify STS AssumeRole actions" to all others, and to wildcards.
_TRUST_ACTIONS = (
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "SetContext",
    "SetSourceIdentity",
    "TagSession",
)
_ANYBODY = ("AWS", "Service", "Federated")


class Kind(NamedTuple):
    """One kind of document. A kind without a principal is a policy of an identity, which needs none."""

    words: str
    limit: int = MAX_BYTES  # bytes; for IAM, characters
    limit_remedy: str = "shorten it"
    is_policy: bool = True
    is_iam: bool = False  # plain Sids, and white space is not counted
    is_latin: bool = False  # no character beyond U+00FF
    principals: tuple[str, ...] = ()  # the forms that a Principal may have; none: there must be no Principal
    resource: str = NEEDED
    service: str = ""  # the only service whose actions and resources it may name
    actions: tuple[str, ...] = ()  # the only actions of that service
    needs_version: bool = False  # 2012-10-17; IAM takes no other for a managed policy
    limit_of_all: bool = False  # the limit is that of all documents of one attribute


KINDS = {
    "json": Kind("a JSON document", is_policy=False),
    "trust-policy": Kind(
        "a trust policy",
        8192,
        "shorten it: 2048 is AWS's default, 8192 the most that a quota allows",
        is_iam=True,
        is_latin=True,
        principals=_ANYBODY,
        resource=FORBIDDEN,
        service="sts",
        actions=_TRUST_ACTIONS,
    ),
    "role-policy": Kind(
        "an inline policy of a role",
        10240,
        "move statements into a managed policy: AWS counts all inline policies of a role together",
        is_iam=True,
        is_latin=True,
        limit_of_all=True,
    ),
    "group-policy": Kind(
        "an inline policy of a group",
        5120,
        "move statements into a managed policy",
        is_iam=True,
        is_latin=True,
        limit_of_all=True,
    ),
    "user-policy": Kind(
        "an inline policy of a user",
        2048,
        "move statements into a managed policy",
        is_iam=True,
        is_latin=True,
        limit_of_all=True,
    ),
    "managed-policy": Kind(
        "a managed policy", 6144, "split it into two policies", is_iam=True, is_latin=True, needs_version=True
    ),
    "s3-bucket-policy": Kind("a bucket policy", 20480, principals=(*_ANYBODY, "CanonicalUser"), service="s3"),
    "kms-key-policy": Kind("a key policy", 32768, is_latin=True, principals=_ANYBODY, service="kms"),
    "sqs-queue-policy": Kind("a queue policy", 8192, principals=_ANYBODY, service="sqs"),
    "sns-topic-policy": Kind("a topic policy", 30720, principals=_ANYBODY, service="sns"),
    "lambda-function-policy": Kind("a function policy", 20480, principals=_ANYBODY, service="lambda"),
    "resource-policy": Kind("a resource policy", principals=(*_ANYBODY, "CanonicalUser"), resource=OPTIONAL),
}
