"""Names of buckets, queues, topics and roles: lower case words with hyphens (`engine policy eval --engine checkov`)."""

import re

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

NAMES = {"aws_s3_bucket": "bucket", "aws_sqs_queue": "name", "aws_sns_topic": "name", "aws_iam_role": "name"}
PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{1,62}(\.fifo)?")


class NamingConvention(BaseResourceCheck):
    """The name is known, and follows the pattern."""

    def __init__(self):
        super().__init__(
            name="Names are lower case words with hyphens",
            id="CKV2_INTERLOCK_1",
            categories=[CheckCategories.CONVENTION],
            supported_resources=list(NAMES),
        )

    def scan_resource_conf(self, conf):
        """`conf` holds each value in a list."""
        name = conf.get(NAMES[self.entity_type], [None])[0]
        return CheckResult.PASSED if isinstance(name, str) and PATTERN.fullmatch(name) else CheckResult.FAILED


check = NamingConvention()
