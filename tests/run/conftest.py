"""Fixtures of whole runs."""

from tests.support.emulator import aws

__all__ = ["aws"]
