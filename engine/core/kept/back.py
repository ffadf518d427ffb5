"""Where the way back of a resource leads: to what the ledger says was applied before, or nowhere. Pure."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from engine.core.holding import DONE
from engine.core.kept.ledger import ATTEMPTS, RAN, Entry

_SHORTEST = 7  # characters of a commit that name it
_NOT_RUN = tuple(one for one in ATTEMPTS if one not in RAN)


class Goal(NamedTuple):
    """What is taken back, and what comes in its place."""

    undone: Entry  # the last try of the resource
    good: Entry  # the last one before it that was applied


class NoWayBack(Exception):  # noqa: N818 - no error by itself: whoever asks says it with a place
    """Why there is none, and what can be done instead."""

    def __init__(self, reason: str, hint: str, *, is_needless: bool = False) -> None:
        """`is_needless`: nothing is there that could be taken back."""
        super().__init__(reason)
        self.reason, self.hint, self.is_needless = reason, hint, is_needless


def goal(
    entries: Sequence[Entry], is_way_back: Callable[[Entry], bool], *, commit: str | None = None, to: str | None = None
) -> Goal:
    """Where the way back leads.

    `commit`: the merge that is to be taken back; None: whatever was tried last. `to`: a commit, or its beginning, of
    what was applied before. `is_way_back`: does an entry come of a pull request that took something back?

    Raises:
        NoWayBack: there is none, or nobody can tell which one is meant.
    """
    ran = [one for one in entries if one.outcome in RAN]
    if not ran:
        raise NoWayBack("nothing of it was ever applied", "there is nothing to be taken back", is_needless=True)
    last = ran[-1]
    if commit is not None and last.said["commit"] != commit:
        raise NoWayBack(
            f"{_name(last)} was tried since, and would be taken back with it",
            "take that back first, or name the commit that it is to be as again",
        )
    if to is None and commit is None and is_way_back(last):
        raise NoWayBack(
            f"what was tried last, {_name(last)}, is a way back itself",
            "name the commit that it is to be as again, or say it on the pull request that is to be taken back",
        )
    before = [one for one in ran[:-1] if one.outcome in DONE and one.said["commit"] != last.said["commit"]]
    good = _named(ran, to) if to else before[-1] if before else None
    if good is None or good.outcome == "destroyed":
        was = "it was destroyed then" if good else f"{_name(last)} was the first try of it"
        raise NoWayBack(
            f"{was}, so there was nothing before that it could be as again",
            "to be rid of it, remove its files in a pull request and ask for `/engine destroy PATH` there",
        )
    if last.outcome in DONE and good.said["values"] == last.said["values"]:
        reason = f"{good.said['commit'][:12]} has the very values that are applied"
        raise NoWayBack(reason, "there is nothing to do", is_needless=True)
    return Goal(last, good)


def newer(entries: Sequence[Entry], undone: Entry) -> list[Entry]:
    """What was merged after `undone` and not applied, the last entry of each: the way back takes that back, too."""
    known = {undone.said["commit"], *undone.said["contains"]}
    after = [one for one in entries if one.number > undone.number and one.outcome in _NOT_RUN]
    return [*{commit: one for one in after if (commit := one.said["commit"]) not in known}.values()]


def _named(ran: Sequence[Entry], to: str) -> Entry:
    """The last entry of what was applied at that commit."""
    found = [one for one in ran if one.outcome in DONE and one.said["commit"].startswith(to)]
    commits = sorted({one.said["commit"] for one in found})
    if len(to) < _SHORTEST or len(commits) > 1:
        raise NoWayBack(f"{to} names no one commit", f"write at least {_SHORTEST} characters of it")
    if not found:
        known = sorted({one.said["commit"][:12] for one in ran if one.outcome == "applied"})
        hint = f"name one that was: {', '.join(known)}" if known else "nothing of it was ever applied whole"
        raise NoWayBack(f"{to} was never applied, so nobody knows whether it works", hint)
    return found[-1]


def _name(entry: Entry) -> str:
    return f"{entry.said['commit'][:12]} (#{entry.said['pr']})"
