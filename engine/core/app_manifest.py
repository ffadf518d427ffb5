"""What a GitHub App of ours is to be: the manifest that GitHub makes one from, with what the rules need and no more.

Form: https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

# Event → the permission without which GitHub does not send it to an App.
_SENT_WITH: Mapping[str, str] = {
    "check_run": "checks",
    "check_suite": "checks",
    "issue_comment": "issues",
    "merge_group": "merge_queues",
    "pull_request": "pull_requests",
    "pull_request_review": "pull_requests",
    "pull_request_review_comment": "pull_requests",
    "push": "contents",
    "repository_dispatch": "contents",
}
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 -]{0,32}[A-Za-z0-9])?")  # GitHub takes 34 characters
_ORGANIZATION = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}")


def manifest(
    name: str, permissions: Mapping[str, str], events: Collection[str], webhook: str | None, home: str
) -> dict[str, Any]:
    """The manifest. Without a `webhook` nothing is ever sent, and no event is asked for.

    It is private: nobody else can install it, so whatever it signs comes from an account of ours.
    """
    wanted = {**permissions, "metadata": "read"}
    if webhook is not None:
        for event in events:
            wanted.setdefault(_SENT_WITH.get(event, "metadata"), "read")
    sent = sorted(event for event in events if event in _SENT_WITH) if webhook is not None else []
    return {
        "name": name,
        "url": home,
        "description": "Plans, judges, merges and applies Terraform pull requests.",
        "public": False,
        "default_permissions": dict(sorted(wanted.items())),
        "default_events": sent,
        "hook_attributes": {"url": webhook or home, "active": webhook is not None},
    }


def reading(permissions: Mapping[str, str]) -> dict[str, str]:
    """The same, but for looking alone: of jobs that plan and apply, and tell nobody."""
    return dict.fromkeys(permissions, "read")


def is_name(text: str) -> bool:
    """Can an App have this name? Nothing in it means anything in a page or a shell."""
    return _NAME.fullmatch(text) is not None


def is_organization(text: str) -> bool:
    """Can an account have this login?"""
    return _ORGANIZATION.fullmatch(text) is not None
