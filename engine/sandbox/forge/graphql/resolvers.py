"""Every field that is resolved: type → `field` or `field(arguments)` → a function of its parent and its arguments.

`tools/github_graphql.py` makes the schema from this: a field is in it exactly if it has a row here.
"""

from collections.abc import Mapping

from engine.sandbox.forge.graphql import (
    checks,
    commits,
    deployments,
    lookup,
    mutations,
    pages,
    people,
    pulls,
    refs,
    repository,
    talk,
)
from engine.sandbox.forge.graphql import timeline as events
from engine.sandbox.forge.graphql.people import Resolver, Table

_MODULES = (checks, commits, deployments, events, lookup, mutations, people, pulls, refs, repository, talk)
# What an App's installation must have been granted to be shown a field.
GRANTS: Mapping[str, Mapping[str, str]] = {
    "Repository": {
        "collaborators": "metadata:read",
        "defaultBranchRef": "contents:read",
        "deployments": "deployments:read",
        "issues": "issues:read",
        "object": "contents:read",
        "pullRequests": "pull_requests:read",
        "ref": "contents:read",
        "refs": "contents:read",
    },
    "Commit": {
        "associatedPullRequests": "pull_requests:read",
        "checkSuites": "checks:read",
        "deployments": "deployments:read",
        "file": "contents:read",
        "history": "contents:read",
        "status": "statuses:read",
        "statusCheckRollup": "checks:read",
        "tree": "contents:read",
    },
    "Label": {"pullRequests": "pull_requests:read"},
    "Ref": {"associatedPullRequests": "pull_requests:read"},
    "PullRequest": {"files": "contents:read", "statusCheckRollup": "checks:read"},
    "Organization": {"team": "members:read", "teams": "members:read", "membersWithRole": "members:read"},
}


def table() -> dict[str, dict[str, Resolver]]:
    """All rows, those of a type together; the key has the arguments that the function looks at."""
    found: dict[str, dict[str, Resolver]] = {}
    for module in _MODULES:
        rows: Table = module.TABLE
        for kind, fields in rows.items():
            found.setdefault(kind, {}).update(fields)
    return found


def arguments(key: str) -> tuple[str, tuple[str, ...]]:
    """A row's field and its arguments: `refs(first, last)` → ("refs", ("first", "last"))."""
    name, _, rest = key.partition("(")
    return name, tuple(filter(None, rest.rstrip(")").split(", ")))


def general(kind: str) -> Mapping[str, Resolver]:
    """Rows of types of which there are many alike: connections and their edges."""
    return {
        name: lambda found, _, read=read: read(found)  # type: ignore[misc]
        for suffix, rows in (("Connection", pages.CONNECTION), ("Edge", pages.EDGE), ("PageInfo", pages.PAGE_INFO))
        if kind.endswith(suffix)
        for name, read in rows.items()
    }
