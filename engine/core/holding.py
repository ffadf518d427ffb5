"""Who holds a resource: derived from signed merge decisions and the ledger. Nothing is stored, so nothing is left over.

A merge decision names the state keys that it holds. It holds one of them until the ledger has an entry for that key of
the merge itself, or of a newer commit that contains it. Pull requests that only wait hold nothing, and have no place in
the queue: whoever is ready first when it is free merges next.

An entry that only says which state is ours (`OF_STATE` of the ledger) frees nothing, but a verdict
that was given before it has not seen that state. A merge that is older than the first apply there ever was holds like
any other: it is applied like any other, or two people give it up.

An entry of what is not done (`DONE`) frees the resource too, or a broken change would keep everybody out. But then the
base has what was never applied, and the next merge carries it along: only a verdict that was given after that entry has
seen it.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

from engine.core.repository import same_repository

Row: TypeAlias = Mapping[str, Any]  # of the facts `merges` and `ledger`, in the order of `schemas/facts.schema.json`


class State(Enum):
    """What has become of one state key of one merge."""

    HELD = "held"  # merged, and the ledger says nothing of it yet
    APPLIED = "applied"
    DESTROYED = "destroyed"
    FAILED = "failed"  # Terraform has ended in an error before it changed anything
    PARTIAL = "partial"  # it has changed some of it
    STOPPED = "stopped"  # what would be applied is not what was approved
    REFUSED = "refused"  # a gate of applying has said no
    SKIPPED = "skipped"  # what it comes after was not applied
    RELEASED = "released"  # two people have given it up
    SUPERSEDED = "superseded"  # a newer commit, which contains it, was tried since


DONE = (State.APPLIED.value, State.DESTROYED.value)  # nothing is left to be done
OUTCOMES = tuple(state.value for state in State if state is not State.HELD)  # of a try: each ends a hold


class Hold(NamedTuple):
    """One state key of one merge, and what became of it."""

    key: str
    repo: str
    pr: int
    commit: str  # the merge
    since: str  # when it was merged
    state: State
    carried: bool  # has nothing that contains it been applied? Then the next apply of the key brings it along

    def name(self, repo: str) -> str:
        """`#5`, or `acme/other#5` for a reader of another repository."""
        return f"#{self.pr}" if same_repository(self.repo, repo) else f"{self.repo}#{self.pr}"


class Blocked(NamedTuple):
    """Why a pull request may not have one of its resources now."""

    key: str
    by: Hold | None  # who holds it; None: nobody does, but
    unseen: Row | None  # this entry of the ledger is younger than the verdict


def holds(merges: Sequence[Row], ledger: Sequence[Row]) -> tuple[Hold, ...]:
    """Every state key of every merge, in the order of merging."""
    entries: dict[str, list[Row]] = {}
    for entry in sorted(ledger, key=lambda e: int(e["number"])):
        if entry["outcome"] in OUTCOMES:
            entries.setdefault(entry["key"], []).append(entry)
    return tuple(_hold(merge, key, entries.get(key, ())) for merge in merges for key in merge["keys"])


def _hold(merge: Row, key: str, entries: Sequence[Row]) -> Hold:
    commit = merge["commit"]
    about = [entry for entry in entries if speaks_of(entry, commit)]
    state = State.HELD
    if about:
        last = about[-1]
        state = State(last["outcome"]) if last["commit"] == commit else State.SUPERSEDED
    carried = bool(about) and all(entry["outcome"] not in DONE for entry in about)
    return Hold(key, merge["repo"], merge["pr"], commit, merge["time"], state, carried)


def speaks_of(entry: Row, commit: str) -> bool:
    """Does an entry say what became of this merge? Nothing that lies in it was refused with another one."""
    return commit == entry["commit"] or (commit in entry["contains"] and entry["outcome"] != State.REFUSED.value)


def queue(held: Sequence[Hold], key: str) -> tuple[Hold, ...]:
    """Those that hold the key, the first one first."""
    return tuple(hold for hold in held if hold.key == key and hold.state is State.HELD)


def carried_along(held: Sequence[Hold], keys: Collection[str]) -> tuple[Hold, ...]:
    """What the base has of these keys, and nobody has applied: the next merge brings it along."""
    return tuple(hold for hold in held if hold.key in keys and hold.carried)


def blocked(repo: str, pr: int, verdict: Row, merges: Sequence[Row], ledger: Sequence[Row]) -> tuple[Blocked, ...]:
    """Why this pull request may not have its resources, one row for each that it may not have."""
    held = holds(merges, ledger)
    found = []
    for key in dict.fromkeys(resource["state_key"] for resource in verdict["resources"]):
        others = [hold for hold in queue(held, key) if not (same_repository(hold.repo, repo) and hold.pr == pr)]
        entry = _unseen(verdict, key, [entry for entry in ledger if not _is_own(entry, repo, pr)])
        if others or entry:
            found.append(Blocked(key, others[0] if others else None, entry))
    return tuple(found)


def _is_own(entry: Row, repo: str, pr: int) -> bool:
    """Is it of this very pull request, which is merged and tried again?"""
    return entry.get("pr") == pr and same_repository(entry.get("repository", ""), repo)


def _unseen(verdict: Row, key: str, ledger: Sequence[Row]) -> Row | None:
    """The last entry of the key, if it is no success and the verdict was not given after it."""
    last = max((entry for entry in ledger if entry["key"] == key), key=lambda e: int(e["number"]), default=None)
    if last is None or last["outcome"] in DONE:
        return None
    return None if verdict.get("confirmed_at", verdict["signed_at"]) > last["time"] else last


def sentence(repo: str, found: Sequence[Blocked]) -> str:
    """What a person is told first; empty where nothing is in the way."""
    ahead = dict.fromkeys(one.by.name(repo) for one in found if one.by)
    if ahead:
        return f"Waiting behind {', '.join(ahead)}"
    if not found:
        return ""
    entry = found[0].unseen
    assert entry is not None
    return f"{entry['key']} was {_WORDS.get(entry['outcome'], entry['outcome'])} after the verdict was given"


_WORDS = {
    "failed": "left unapplied (failed)",
    "partial": "left half applied",
    "stopped": "left unapplied (stopped)",
    "refused": "left unapplied (refused)",
    "skipped": "left unapplied (skipped)",
    "reconciled": "given the state of an apply that was cut off (reconciled)",
    "pushed": "given the state of an apply that could not save it (pushed)",
    "adopted": "given another state (adopted)",
    "restored": "given an older state (restored)",
    "rolled_back": "taken back by itself",
    "half_back": "half taken back by itself",
}


class Move(NamedTuple):
    """What brings a merged change on from a state."""

    by: str  # `sweep`, which comes by itself, `merge` of another pull request, or a command of the rules
    to: tuple[State, ...]
    says: str  # for a person; format string over `hold` and `key`


_TRIED = (*map(State, DONE), State.FAILED, State.PARTIAL, State.STOPPED, State.REFUSED, State.SKIPPED)
_SWEEP = Move("sweep", _TRIED, "{hold} applied, which is tried again by itself")
_AFTER = Move("sweep", _TRIED, "{hold} applied, which comes by itself when what it waits for is applied")
_APPLY = Move("apply", _TRIED, "{hold} applied: comment `/engine apply` there")
_UNLOCK = Move("unlock", (State.RELEASED,), "{hold} given up: comment `/engine unlock {key}` there")
_MERGE = Move("merge", (State.SUPERSEDED,), "a pull request that is validated now; its merge carries {hold} along")
# Whatever became of a merge, somebody can bring it on; only what was applied, or is part of something newer, is done.
MOVES: Mapping[State, tuple[Move, ...]] = {
    State.HELD: (_SWEEP, _APPLY, _UNLOCK),
    **dict.fromkeys((State.FAILED, State.PARTIAL, State.STOPPED, State.REFUSED, State.RELEASED), (_APPLY, _MERGE)),
    State.SKIPPED: (_AFTER, _APPLY, _MERGE),
    **dict.fromkeys(map(State, DONE), ()),
    State.SUPERSEDED: (),
}
