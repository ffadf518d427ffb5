"""Whose workflow file GitHub runs for an event, and on which ref: what its documentation says of each trigger.

A trigger is of the default branch (its file, on its ref), or of what it is about: then whoever may write that wrote the
file too. Environments are open to refs, so what counts is that no such file runs on the default branch's ref.
"""

from typing import NamedTuple

MAIN = "refs/heads/main"


class Runs(NamedTuple):
    """What GitHub does for one event."""

    is_theirs: bool  # is it the file of the branch that the event is about?
    ref: str  # GITHUB_REF


# Of the default branch. `pull_request_target` is so since 2025-12-08; before, it was the base branch's.
OF_THE_DEFAULT_BRANCH = (
    *("branch_protection_rule", "check_run", "check_suite", "delete", "discussion", "discussion_comment", "fork"),
    *("gollum", "issue_comment", "issues", "label", "milestone", "page_build", "public", "pull_request_target"),
    *("repository_dispatch", "schedule", "status", "watch", "workflow_run"),
)
_OF_A_REF = ("create", "deployment", "deployment_status", "push", "registry_package", "release", "workflow_dispatch")
_OF_A_PULL_REQUEST = ("pull_request", "pull_request_review", "pull_request_review_comment")
# What somebody may call a branch or tag who may not write to the default branch.
REFS = ("refs/heads/x", "refs/heads/Main", "refs/heads/main2", "refs/heads/refs/heads/main", "refs/tags/main", "")


def runs() -> dict[tuple[str, str], Runs]:
    """(trigger, what it is about) → what runs. A commit alone, as a deployment may be of, has no ref."""
    found = {(name, MAIN): Runs(False, MAIN) for name in OF_THE_DEFAULT_BRANCH}
    found |= {(name, ref): Runs(True, ref) for name in _OF_A_REF for ref in REFS}
    found |= {(name, "refs/pull/7/merge"): Runs(True, "refs/pull/7/merge") for name in _OF_A_PULL_REQUEST}
    queue = "refs/heads/gh-readonly-queue/main/pr-7-x"
    return found | {("merge_group", queue): Runs(True, queue)}
