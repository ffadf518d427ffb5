"""What a resource's entries of the ledger mean for whoever is about to apply a merge to it. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from engine.core.holding import DONE
from engine.core.kept.ledger import ATTEMPTS, RAN, Entry
from engine.core.repository import same_repository
from engine.core.state import State

_RAN = (*RAN, "reconciled", "pushed")


_UNDONE = ("restored", "rolled_back", "half_back")


class Merge(NamedTuple):
    """What is to be applied: a merge, and by which verdict."""

    repo: str
    pr: int
    commit: str
    verdict: str  # digest of its statement
    asked: str | None  # when a person has asked for it to be tried again


class Standing(NamedTuple):
    """What is to be done about it."""

    what: Literal["try", "known", "older", "foreign"]
    entry: Entry | None = None  # which says so


TRY = Standing("try")


def standing(entries: Sequence[Entry], merge: Merge, contains: Callable[[str], bool]) -> Standing:
    """May this merge be applied now? `contains`: does its commit contain that one?

    What was tried before is not tried again by itself: only where a person has asked for it since, or where there is
    another verdict. What was skipped was to be tried, and was not. What was applied is done, unless an older state was
    brought back since.
    """
    mine = [
        one for one in _since(entries, ("restored",)) if one.said["commit"] == merge.commit and one.outcome in ATTEMPTS
    ]
    applied = next((one for one in mine if one.outcome in DONE), None)
    if applied:
        return Standing("known", applied)
    last = next((one for one in reversed(entries) if one.outcome in _RAN), None)
    if last and last.said["commit"] != merge.commit:
        if not same_repository(last.said["repository"]["name"], merge.repo):
            return Standing("foreign", last)
        if not contains(last.said["commit"]):
            return Standing("older", last)
    if mine and mine[-1].outcome != "skipped":
        tried = mine[-1]
        same_verdict = (tried.said["verdict"] or {}).get("digest") in (None, merge.verdict)
        if same_verdict and (merge.asked is None or merge.asked <= tried.said["time"]):
            return Standing("known", tried)
    return TRY


def done(entries: Sequence[Entry], commit: str, verdict: str) -> dict[str, str]:
    """Which changes of this verdict are made, as far as the ledger says: the change's name → digest.

    What was made before an older state was brought back, or it was taken back, is nobody's to rely on.
    """
    found: dict[str, str] = {}
    for entry in _since(entries, _UNDONE):
        if entry.said["commit"] == commit and (entry.said["verdict"] or {}).get("digest") == verdict:
            found |= {} if entry.revoked else entry.said["done"]
    return found


def tried(entries: Sequence[Entry], commit: str, verdict: str) -> bool:
    """Was Terraform at work on what this verdict approves? Then outputs stand in the state, whatever has failed."""
    ran = (entry.said for entry in _since(entries, _UNDONE) if entry.outcome in RAN)
    return any(said["commit"] == commit and said["verdict"]["digest"] == verdict for said in ran)


def _since(entries: Sequence[Entry], outcomes: Sequence[str]) -> Sequence[Entry]:
    numbers = [number for number, entry in enumerate(entries) if entry.outcome in outcomes]
    return entries[numbers[-1] + 1 :] if numbers else entries


def void(entries: Sequence[Entry], confirmed_at: str) -> str:
    """Why a verdict that was given then is about a state that is not there any more; empty where it is not."""
    restored = next((one for one in reversed(entries) if one.outcome == "restored"), None)
    if restored is None or confirmed_at > restored.said["time"]:
        return ""
    return f"an older state was brought back since ({restored.said['time']}), so it has to be planned anew"


def another(ours: Mapping[str, Any] | None, found: State | None) -> str:
    """Why the state that was found is not the one that the ledger speaks of; empty where it is.

    Where nothing was ever applied, one that has nothing in it is none: an interrupted plan leaves it.
    """
    if ours is None:
        if found is None or found.is_empty:
            return ""
        return f"there is one of serial {found.serial}, and nothing was ever applied by us"
    if found is None:
        return f"there is none any more, and serial {ours['serial']} was left"
    if found.lineage != ours["lineage"]:
        return f"it is of another lineage ({found.lineage} instead of {ours['lineage']})"
    if found.serial != ours["serial"]:
        age = "an older one" if found.serial < ours["serial"] else "a newer one"
        return f"it is {age}: serial {found.serial}, and {ours['serial']} was left"
    if found.digest != ours["digest"]:
        return f"its content was exchanged under the same serial {found.serial}"
    return ""


def unexplained(before: Mapping[str, Any] | None, found: State | None) -> str:
    """Why an apply that was begun from one state cannot have left the other; empty where it may have."""
    if before is None:
        return ""
    if found is None:
        return f"there is none any more, and serial {before['serial']} was there"
    if found.lineage != before["lineage"]:
        return f"it is of another lineage ({found.lineage} instead of {before['lineage']})"
    if found.serial < before["serial"]:
        return f"it is an older one: serial {found.serial}, and {before['serial']} was there"
    if found.serial == before["serial"]:
        return f"its content was exchanged under the same serial {found.serial}"
    return ""


def denied(
    findings: Iterable[Mapping[str, Any]], path: str, verdict: Mapping[str, Any], overridden: Iterable[Any]
) -> list[str]:
    """Rules of today that deny a plan, and that nobody has overridden for just that.

    `overridden`: findings that the merge decision says were. Which change a finding is about need not be asked: the
    plan has only changes that the verdict has, too.
    """

    def about(finding: Mapping[str, Any]) -> tuple[str, str, str]:
        return finding["rule"], finding["resource"], finding["address"]

    said = {about(one) for one in verdict["findings"] if one["effect"] == "deny"}
    excused = said & {about(one) for one in overridden}
    denying = [one for one in findings if one["effect"] == "deny" and one["resource"] == path]
    return sorted({one["rule"] for one in denying if about(one) not in excused})
