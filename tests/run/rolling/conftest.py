"""Merges that are half applied."""

from tests.support.emulator import aws
from tests.support.merged import merge, place

__all__ = ["aws", "merge", "place"]
