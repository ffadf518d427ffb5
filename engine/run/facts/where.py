"""Where a change is: which pull request, between which branches. A hint of the event's, or what GitHub says."""

from collections.abc import Callable
from typing import NamedTuple


class Tip(NamedTuple):
    """One side of a pull request."""

    ref: str  # a branch
    sha: str | None  # of a head always there; a base may be told without
    repo: str | None  # owner/name; None where it is not known, as of a deleted fork


class Head(NamedTuple):
    """The side that is to be merged."""

    ref: str
    sha: str
    repo: str | None


class Where(NamedTuple):
    """One pull request."""

    number: int
    head: Head
    base: Tip
    merged: bool
    merge_commit: Callable[[], str]  # what it was merged as; raises where that is not told
