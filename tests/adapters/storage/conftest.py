"""Fixtures of the stores' tests."""

from tests.support.emulator import aws, s3

__all__ = ["aws", "s3"]
