"""Where a Terraform address comes from in the configuration."""

import pytest

from engine.core.resources.model import EMPTY_TREE, Resource

LINES = {"lake": 4, "lake-logs": 9}


@pytest.mark.parametrize(
    ("why", "address", "line"),
    [
        ("the name of the resource", 'aws_s3_bucket.this["lake"]', 4),
        ("another one", 'aws_s3_bucket_policy.this["lake-logs"]', 9),
        ("a part of a resource", 'aws_iam_role_policy.this["lake/read"]', 4),
        ("a name that the file does not have", 'aws_s3_bucket.this["pond"]', 0),
        ("an address without a name", "aws_s3_bucket.this", 0),
        ("a number is no name", "aws_s3_bucket.this[0]", 0),
    ],
)
def test_line_of(why, address, line):
    resource = Resource("S3", "a", "S3/a", "k", "added", "dev", "S3/a/a.tfvars", {}, EMPTY_TREE, {}, LINES)
    assert resource.line_of(address) == line, why
