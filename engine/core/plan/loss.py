"""What comes back of what was changed or destroyed: by what a plan of the way back does, and what its types hold.

A type that stands in no table may hold anything, so nothing is promised of it.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

from engine.core.plan.compare import name
from engine.core.plan.model import Change


class Comes(IntEnum):
    """How much of it comes back; the worst is the greatest."""

    WHOLE = 0
    WITHOUT_DATA = 1
    NOT_AT_ALL = 2

    @property
    def words(self) -> str:
        """For a person: `comes back …`."""
        return ("whole", "without its data", "not at all")[self]


class Back(NamedTuple):
    """One change of the way back."""

    address: str
    verb: str
    comes: Comes
    why: str = ""  # empty where it comes back whole


# Only what its configuration says: made anew it is what it was.
_NOTHING = frozenset({
    "aws_dynamodb_table_item", "aws_iam_group", "aws_iam_group_policy", "aws_iam_instance_profile", "aws_iam_policy",
    "aws_iam_role_policy", "aws_iam_role_policy_attachment", "aws_iam_user_policy", "aws_iam_user_policy_attachment",
    "aws_kms_alias", "aws_lambda_alias", "aws_lambda_event_source_mapping", "aws_lambda_function",
    "aws_lambda_permission", "aws_cloudwatch_metric_alarm", "aws_cloudwatch_event_rule", "aws_cloudwatch_event_target",
    "aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_logging", "aws_s3_bucket_notification",
    "aws_s3_bucket_object_lock_configuration", "aws_s3_bucket_ownership_controls", "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block", "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning", "aws_security_group_rule", "aws_sns_topic_policy", "aws_sns_topic_subscription",
    "aws_sqs_queue_policy", "terraform_data",
})  # fmt: skip

# What goes with it, and its configuration does not say.
_DATA: Mapping[str, str] = {
    "aws_cloudwatch_log_group": "its log lines go with it",
    "aws_db_instance": "its data goes with it",
    "aws_dynamodb_table": "its items go with it",
    "aws_ebs_volume": "its data goes with it",
    "aws_ecr_repository": "its images go with it",
    "aws_efs_file_system": "its files go with it",
    "aws_iam_role": "it gets another unique id: policies elsewhere that name it as a principal have to be written anew",
    "aws_iam_user": "it gets another unique id, and its keys and passwords go with it",
    "aws_kinesis_stream": "its records go with it",
    "aws_opensearch_domain": "its indices go with it",
    "aws_rds_cluster": "its data goes with it",
    "aws_s3_bucket": "its objects go with it, and anybody may take its name meanwhile",
    "aws_s3_object": "its older versions go with it",
    "aws_sns_topic": "the subscriptions of others go with it",
    "aws_sqs_queue": "its messages go with it",
    "aws_ssm_parameter": "its history goes with it",
}

# What nothing can make again.
_SELF: Mapping[str, str] = {
    "aws_acm_certificate": "a new one is another certificate",
    "aws_cognito_user_pool": "its people go with it, and a new one is another pool",
    "aws_iam_access_key": "a new one is another key",
    "aws_kms_external_key": "what it has encrypted can be read by no other key",
    "aws_kms_key": "what it has encrypted can be read by no other key",
    "aws_secretsmanager_secret": "its secret goes with it",
    "aws_secretsmanager_secret_version": "its secret goes with it",
    "random_password": "a new one is another password",
    "tls_private_key": "a new one is another key",
}
_UNKNOWN = "what a resource of its type holds is not known here"
_STAYS = "it stays, and nobody manages it"


def way_back(changes: Iterable[Change]) -> tuple[Back, ...]:
    """Each change of the plan of a way back, in the order of the plan; data sources are left out."""
    return tuple(Back(name(one), one.verb, *_comes(one)) for one in changes if one.mode == "managed")


def worst(found: Iterable[Back]) -> Comes:
    """What comes back of all of them."""
    return max((one.comes for one in found), default=Comes.WHOLE)


def is_known(kind: str) -> bool:
    """Does it stand in a table?"""
    return kind in _NOTHING or kind in _DATA or kind in _SELF


def _comes(change: Change) -> tuple[Comes, str]:
    """Of what is taken away, and of what is made again, its type decides; what is changed in place stays what it is."""
    if "forget" in change.actions:
        return Comes.NOT_AT_ALL, _STAYS
    if not {"create", "delete"} & set(change.actions) or change.type in _NOTHING:
        return Comes.WHOLE, ""
    if change.type in _DATA:
        return Comes.WITHOUT_DATA, _DATA[change.type]
    return Comes.NOT_AT_ALL, _SELF.get(change.type, _UNKNOWN)
