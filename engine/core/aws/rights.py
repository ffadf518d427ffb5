"""What each role may do in an account: tables, from which documents are made.

What plans reads the services of the shipped module, and no object of a bucket but the states. What applies also
changes them; roles it makes only below one path and under a boundary, so that nothing it makes can do more than that
says, and it can pass on no other role. A module with more services needs a policy beside what is printed.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]

PATH = "/managed/"  # of the roles that applies may make
BOUNDARY = "interlock-boundary"

_REHEARSALS = "env:/interlock-rehearsal/*"  # see docs/store.md
_READS = {
    "iam": "GetRole GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole ListRolePolicies ListRoleTags",
    "kms": "DescribeKey GetKeyPolicy GetKeyRotationStatus ListAliases ListResourceTags",
    "lambda": "GetFunction GetFunctionCodeSigningConfig GetFunctionConfiguration GetPolicy ListTags "
    "ListVersionsByFunction",
    "logs": "DescribeLogGroups ListTagsForResource",
    "s3": "GetAccelerateConfiguration GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging "
    "GetBucketNotification GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy "
    "GetBucketPublicAccessBlock "
    "GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration "
    "GetLifecycleConfiguration GetReplicationConfiguration ListBucket ListBucketVersions",
    "sns": "GetSubscriptionAttributes GetTopicAttributes ListTagsForResource",
    "sqs": "GetQueueAttributes GetQueueUrl ListQueueTags",
}
_WRITES = {
    "kms": "CreateAlias CreateKey DeleteAlias DisableKey DisableKeyRotation EnableKey EnableKeyRotation PutKeyPolicy "
    "ScheduleKeyDeletion TagResource UntagResource UpdateAlias UpdateKeyDescription",
    "lambda": "AddPermission CreateFunction DeleteFunction DeleteFunctionConcurrency PutFunctionConcurrency "
    "RemovePermission TagResource UntagResource UpdateFunctionCode UpdateFunctionConfiguration",
    "logs": "AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DisassociateKmsKey PutRetentionPolicy "
    "TagResource UntagResource",
    "s3": "CreateBucket DeleteBucket DeleteBucketPolicy PutBucketAcl PutBucketLogging PutBucketNotification "
    "PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock "
    "PutBucketTagging PutBucketVersioning PutEncryptionConfiguration PutLifecycleConfiguration",
    "sns": "CreateTopic DeleteTopic SetSubscriptionAttributes SetTopicAttributes Subscribe TagResource Unsubscribe "
    "UntagResource",
    "sqs": "CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue",
}
_BOUNDED = "AttachRolePolicy CreateRole DeleteRolePolicy DetachRolePolicy PutRolePermissionsBoundary PutRolePolicy"
_ROLES = "DeleteRole TagRole UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription"
# What a role that was made may do at the most.
_AT_MOST = {
    "cloudwatch": "PutMetricData",
    "kms": "Decrypt Encrypt GenerateDataKey",
    "lambda": "InvokeFunction",
    "logs": "CreateLogStream PutLogEvents",
    "s3": "DeleteObject GetObject ListBucket PutObject",
    "sns": "Publish",
    "sqs": "ChangeMessageVisibility DeleteMessage GetQueueAttributes ReceiveMessage SendMessage",
}
# What may be done below a prefix of the store, by the letters of docs/store.md; whoever deletes or writes also reads.
_LETTERS = {"r": ("GetObject",), "w": ("GetObject", "PutObject")}
_LETTERS["d"] = (*_LETTERS["w"], "DeleteObject")
STORE: Mapping[str, Mapping[str, str]] = {
    prefix: dict(zip(("plan", "decide", "apply"), letters.split(","), strict=True))
    for prefixes, letters in (
        ("audit decided rules receipts durations logins", "w,w,w"),
        ("backups", ",,w"),
        ("ledger tried", "r,r,w"),
        ("merges statements statements-local holds", "r,w,w"),
        ("applying", ",r,w"),
        ("unapplied", "r,w,d"),
        ("journal begun", "w,d,d"),
        ("claims board board-ended", ",d,d"),
        ("merging rollbacks", ",w,r"),
        ("comments comments-apply told asked swept renewals heard sources", ",w,w"),
        ("struck", ",,w"),
        ("freeze", "r,r,r"),
        ("doctor", "d,d,d"),
    )
    for prefix in prefixes.split()
}


def plans(state_arn: str, table_arn: str | None) -> Document:
    """What a job may do that plans: in the bucket of the states; `table_arn` is what locks them, if no file does."""
    locks = [_statement("Lock", {"s3": "DeleteObject PutObject"}, [f"{state_arn}/*.tflock"])]
    return _document(
        _statement("Look", _READS, ["*"]),
        _statement("States", {"s3": "GetObject"}, [f"{state_arn}/*"]),
        *(locks if table_arn is None else [_table(table_arn)]),
    )


def applies(partition: str, account: str, state_arn: str, table_arn: str | None, guarded: Sequence[str]) -> Document:
    """What a job may do that applies; it may not change the buckets that are `guarded`: of the states and the store."""
    roles = f"arn:{partition}:iam::{account}:role{PATH}*"
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary_arn(partition, account)}}
    to_lambda = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    return _document(
        _statement("Look", _READS, ["*"]),
        _statement("Change", _WRITES, ["*"]),
        _statement("RolesWithinBounds", {"iam": _BOUNDED}, [roles], bounded),
        _statement("Roles", {"iam": _ROLES}, [roles]),
        _statement("PassRoles", {"iam": "PassRole"}, [roles], to_lambda),
        _statement("States", {"s3": "GetObject PutObject"}, [f"{state_arn}/*"]),
        _statement("Locks", {"s3": "DeleteObject"}, [f"{state_arn}/{key}" for key in ("*.tflock", _REHEARSALS)]),
        *([] if table_arn is None else [_table(table_arn)]),
        _statement("NotOurBuckets", {"s3": _WRITES["s3"]}, list(guarded), effect="Deny"),
    )  # fmt: skip


def boundary(guarded: Sequence[str]) -> Document:
    """What a role that applies has made may do at the most."""
    inside = [part for arn in guarded for part in (arn, f"{arn}/*")]
    return _document(
        _statement("AtMost", _AT_MOST, ["*"]), _statement("NotOurBuckets", {"s3": "*"}, inside, effect="Deny")
    )


def boundary_arn(partition: str, account: str) -> str:
    """Of the policy in that account."""
    return f"arn:{partition}:iam::{account}:policy/{BOUNDARY}"


def store(bucket_arn: str, prefix: str, column: str) -> Document:
    """What a job of that column may do in the store; nobody changes the bucket or removes a version."""
    rows: dict[str, list[str]] = {letter: [] for letter in "rwd"}
    for name, of in STORE.items():
        if letter := of[column]:
            rows[letter].append(f"{bucket_arn}/{prefix}{name}/*")
    rows["w"].append(f"{bucket_arn}/{prefix}.interlock-store")
    below = ((letter, {"s3": " ".join(_LETTERS[letter])}, found) for letter, found in rows.items() if found)
    kept = [f"{bucket_arn}/{prefix}{name}/*" for name in _LASTING if "w" in STORE[name][column]]
    return _document(
        _statement("List", {"s3": "GetBucketObjectLockConfiguration ListBucket ListBucketVersions"}, [bucket_arn]),
        *(_statement(f"Below{letter.upper()}", actions, found) for letter, actions, found in below),
        _statement("Keep", {"s3": "PutObjectRetention"}, kept),
    )  # fmt: skip


_LASTING = ("audit", "backups", "decided", "holds", "ledger", "merges", "rules", "statements", "tried")


def _table(arn: str) -> Document:
    return _statement("Lock", {"dynamodb": "DeleteItem DescribeTable GetItem PutItem"}, [arn])


def _statement(
    sid: str,
    actions: Mapping[str, str],
    resources: list[str],
    condition: Document | None = None,
    *,
    effect: str = "Allow",
) -> Document:
    listed = [f"{service}:{name}" for service, names in actions.items() for name in names.split()]
    said: Document = {"Sid": sid, "Effect": effect, "Action": listed, "Resource": resources}
    return said | ({"Condition": condition} if condition else {})


def _document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}
