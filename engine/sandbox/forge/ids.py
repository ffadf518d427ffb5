"""Ids as GitHub has them: numbers for REST, opaque `node_id`s for GraphQL, which name the kind and the number."""

import base64
import binascii
import secrets

# What GitHub calls a kind in the prefix of its node ids, and in GraphQL.
PREFIXES = {
    "User": "U",
    "Bot": "BOT",
    "Organization": "O",
    "Mannequin": "M",
    "Team": "T",
    "App": "A",
    "Installation": "IN",
    "Repository": "R",
    "Issue": "I",
    "PullRequest": "PR",
    "IssueComment": "IC",
    "PullRequestReview": "PRR",
    "PullRequestReviewComment": "PRRC",
    "Label": "LA",
    "CheckSuite": "CS",
    "CheckRun": "CR",
    "StatusContext": "SC",
    "Deployment": "DE",
    "DeploymentStatus": "DES",
    "Environment": "EN",
    "BranchPolicy": "GBP",
    "Ref": "REF",
    "Commit": "C",
    "Tree": "TREE",
    "Blob": "B",
    "Tag": "TAG",
    "Comparison": "CMP",
    "PullRequestCommit": "PURC",
    "ReviewRequest": "RR",
    "Status": "ST",
    "StatusCheckRollup": "SCR",
    "Ruleset": "RRS",
    "Activity": "RA",
    "UserContentEdit": "UCE",
    "TimelineEvent": "TE",
}
_KINDS = {prefix: kind for kind, prefix in PREFIXES.items()}


def node_id(kind: str, number: int | str) -> str:
    """The GraphQL id of the `kind` (a key of PREFIXES) with this number, or another key such as `12:refs/heads/x`."""
    return f"{PREFIXES[kind]}_{base64.urlsafe_b64encode(str(number).encode()).decode().rstrip('=')}"


def read_node_id(text: str) -> tuple[str, str] | None:
    """(kind, key) of a node id; None if it is none."""
    prefix, _, rest = text.partition("_")
    try:
        key = base64.urlsafe_b64decode(rest + "=" * (-len(rest) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    kind = _KINDS.get(prefix)
    return (kind, key) if kind is not None and node_id(kind, key) == text else None


def new_token(prefix: str) -> str:
    """A secret such as `ghp_…` (personal), `ghs_…` (installation)."""
    return f"{prefix}_{secrets.token_hex(18)}"
