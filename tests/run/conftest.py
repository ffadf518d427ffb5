"""Fixtures of whole runs."""

from tests.support.emulator import aws, s3

__all__ = ["aws", "s3"]
