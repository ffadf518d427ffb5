"""What the ledger tells of a change: what became of its resources, and what runs of them in every environment."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from engine.core.repository import same_repository

if TYPE_CHECKING:
    from engine.core.kept.ledger import Entry
    from engine.core.resources.model import Resource

Row: TypeAlias = Mapping[str, Any]
Contains: TypeAlias = Callable[[str, str], bool]  # (tip, commit): is that the tip, or an ancestor of it?


def rows(entries: Sequence["Entry"], merges: Sequence[Row], repo: str, contains: Contains) -> list[dict[str, Any]]:
    """The fact `ledger`, of the entries of one state key; `merges` are those that hold it, in the order of merging.

    Which of them lie in an entry's commit git tells; where it does not know the commit, which is of another repository
    or was pushed away, the entry itself, which is signed.
    """
    merged = [merge["commit"] for merge in merges if same_repository(merge["repo"], repo)]
    is_chain = all(contains(later, earlier) for earlier, later in pairwise(merged))

    def inside(entry: "Entry") -> Sequence[str]:
        tip = entry.said["commit"]
        if not same_repository(entry.said["repository"]["name"], repo) or not contains(tip, tip):
            return [merge["commit"] for merge in merges if merge["commit"] in entry.said["contains"]]
        if not is_chain:
            return [commit for commit in merged if contains(tip, commit)]
        low, high = 0, len(merged)  # what contains one contains all before it
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if contains(tip, merged[middle]) else (low, middle)
        return merged[:low]

    return [entry.to_row(inside(entry)) for entry in entries]


def elsewhere(
    resources: Sequence["Resource"], branches: Mapping[str, str], entries: "Callable[[str], Sequence[Entry]]"
) -> list[dict[str, Any]]:
    """The fact `elsewhere`: each resource in each environment; `entries` looks the entries of a state key up."""
    from engine.core.kept.ledger import runs_since, values_digest
    from engine.core.verdict.derived import placed

    found = []
    for resource in resources:
        values = values_digest(resource.variables)
        for environment, branch in branches.items():
            there = entries(placed(resource.path, branch).state_key)
            is_applied = bool(there) and there[-1].outcome == "applied" and _is(there[-1], resource, environment)
            found.append(
                {
                    "environment": environment,
                    "path": resource.path,
                    "applied": is_applied,
                    "same_since": runs_since(there, values) if is_applied else None,
                }
            )
    return found


def _is(entry: "Entry", resource: "Resource", environment: str) -> bool:
    """Is it of that resource there? A branch may have been another environment's before."""
    said = entry.said
    return (said["service"], said["name"], said["environment"]) == (resource.service, resource.name, environment)
