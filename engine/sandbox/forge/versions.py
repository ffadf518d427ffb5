"""Versions of GitHub's REST, which a request names by date in `X-GitHub-Api-Version`."""

from collections.abc import Mapping
from typing import Any

from engine.sandbox.forge.answer import ForgeError

HEADER = "x-github-api-version"
DEFAULT = "2022-11-28"
# What each one no longer tells: (a property that such an object has, the property that is gone).
REMOVED: Mapping[str, tuple[tuple[str, str], ...]] = {
    DEFAULT: (),
    "2026-03-10": (("merge_commit_sha", "merge_commit_sha"), ("assignees", "assignee"), ("resources", "rate")),
}


def chosen(headers: Mapping[str, str]) -> str:
    """The version that a request is in.

    Raises:
        ForgeError: 400, there is none of this date.
    """
    named = headers.get(HEADER, DEFAULT)
    if named not in REMOVED:
        raise ForgeError(400, f"The requested API version is not supported. Supported versions: {', '.join(REMOVED)}.")
    return named


def spoken(version: str, value: Any) -> Any:
    """An answer as this version has it."""
    gone = REMOVED.get(version, ())
    if not gone:
        return value
    if isinstance(value, list):
        return [spoken(version, child) for child in value]
    if not isinstance(value, dict):
        return value
    left = {name for mark, name in gone if mark in value}
    return {name: spoken(version, child) for name, child in value.items() if name not in left}
