"""Fixtures of the Terraform tests."""

from tests.support.emulator import aws

__all__ = ["aws"]
