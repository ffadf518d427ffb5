"""How things in AWS are called."""

_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def partition(region: str) -> str:
    """Of the partitions that have GitHub in reach."""
    return next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")


def role_arn(account: str, region: str, use: str, environment: str) -> str:
    """What `engine init` calls the role with which a job plans or applies; others are named in the rules."""
    return f"arn:{partition(region)}:iam::{account}:role/interlock-{use}-{environment}"
