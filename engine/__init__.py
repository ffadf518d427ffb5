"""Interlock: a declarative rules engine for Terraform pull requests."""

__version__ = "0.1.0"
