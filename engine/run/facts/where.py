"""Where a change is: which pull request, between which branches. A hint of the event's, or what GitHub says."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from engine.adapters.git.repository import Commit, Repository


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
    """One pull request, or a branch of which there may be none yet."""

    number: int | None  # None: a branch
    head: Head
    base: Tip
    merged: bool
    merge_commit: Callable[[], str]  # what it was merged as; raises where that is not told


class Sides(Protocol):
    """Where the two sides of a change are, by whoever knows it, and the git that has both."""

    @property
    def where(self) -> Where:
        """Raises EngineError: what is wrong with it; the facts that need it have failed then."""

    @property
    def repository(self) -> "Repository":
        """The git that has both."""

    @property
    def base(self) -> str:
        """The commit of the base branch as it is now.

        Raises:
            EngineError: that cannot be told.
        """

    def check_known(self) -> None:
        """Nothing, if the head is known to be that of the pull request."""

    def check_merge(self, sha: str) -> None:
        """Nothing, if the pull request is known to have become this commit, be it still on the branch or not.

        Raises:
            EngineError: ENG371.
        """

    def check_head(self, *, again: bool = False) -> None:
        """Nothing, if the head is still where it was seen; `again`: it is looked for anew.

        Raises:
            EngineError: ENG552, it has moved on: this event is superseded.
        """

    @property
    def refused(self) -> str | None:
        """Why no change from there is taken, as a sentence; None: it may be."""

    def people(self, commits: "Sequence[Commit]") -> Sequence[Mapping[str, Any]]:
        """Who made each of them: `author`, `committer`, `co_authors` and, where that is known, `github_signed`.

        Raises:
            EngineError: whoever is asked knows other commits.
        """

    def branch(self, name: str) -> str | None:
        """Where a branch is now; None where there is none."""
