"""An override is a debt: what it covered is still there until a later merge of the same resource is without it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from engine.core.repository import same_repository

Finding: TypeAlias = tuple[str, str, str]  # rule, resource, address


class Settled(NamedTuple):
    """One merge of ours: its decision, and what its verdict denied."""

    said: Mapping[str, Any]  # of the form of `schemas/merge.schema.json`
    denied: frozenset[Finding]


class Debt(NamedTuple):
    """One use of an override, with what is still open of it."""

    repo: str
    pr: int
    since: str  # when it was merged
    login: str  # who has overridden, and so owes it
    id: int
    reason: str
    gate: str
    findings: tuple[Mapping[str, Any], ...]  # those that are still there

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {**self._asdict(), "findings": list(self.findings)}


def finding_of(row: Mapping[str, Any]) -> Finding:
    """What makes it the same one in another verdict: its words and its line may change."""
    return row["rule"], row["resource"], row["address"]


def debts(merges: Iterable[Settled]) -> tuple[Debt, ...]:
    """What is open of every override that was used, the oldest first."""
    found: Sequence[Settled] = sorted(merges, key=lambda one: (one.said["merged_at"], one.said["pr"]))
    open_ = []
    for place, merge in enumerate(found):
        for used in merge.said["overrides"]:
            rest = tuple(row for row in used["findings"] if not _is_gone(row, merge, found[place + 1 :]))
            if rest:
                said = merge.said
                open_.append(
                    Debt(
                        said["repository"]["name"], said["pr"], said["merged_at"], used["login"], used["id"],
                        used["reason"], used["gate"], rest,
                    )
                )  # fmt: skip
    return tuple(open_)


def _is_gone(row: Mapping[str, Any], merge: Settled, later: Sequence[Settled]) -> bool:
    """Is the last merge of its resource without it?"""
    repo = merge.said["repository"]["name"]
    same = [
        one
        for one in later
        if row["resource"] in one.said["trees"]
        and same_repository(one.said["repository"]["name"], repo)
        and one.said["base"]["ref"] == merge.said["base"]["ref"]
    ]
    return bool(same) and finding_of(row) not in same[-1].denied
