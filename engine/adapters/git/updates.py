"""Which commits of a branch only merge the base into it: whoever made them has added nothing of their own.

Such a commit lies on the branch itself and has two parents. The first is where the branch was; the second is a commit
that the base branch has been at, and no other way to write the same merge is taken; its tree is what git makes of both.
Whatever cannot be told makes it a commit like any other.
"""

from collections.abc import Callable, Sequence

from engine.adapters.git.commits import Commit, History
from engine.errors import EngineError

AT_MOST = 20  # merges that are made again; a branch with more has somebody's commits in the older ones
_FAR = 2_000  # commits of the base's own history that are looked through

Again = Callable[[str, str], str | None]  # base, head → the tree of their merge; None where it is no clean one


def updates(base: str, head: str, own: Sequence[Commit], history: History, again: Again) -> frozenset[str]:
    """Those of `own`, the commits that `head` has and `base` has not, that only merge the base.

    Raises:
        EngineError: a commit of the base cannot be believed.
    """
    asked = _on_the_branch(head, own)[:AT_MOST]
    theirs = _been_at(base, {commit.parents[1] for commit in asked}, history)
    found = set[str]()
    for commit in asked:
        before, merged = commit.parents
        if merged not in theirs:
            continue
        try:
            if again(merged, before) == commit.tree:
                found.add(commit.sha)
        except EngineError:  # it cannot be made again: no reason to refuse the change, and none to spare anybody
            break
    return frozenset(found)


def _on_the_branch(head: str, own: Sequence[Commit]) -> list[Commit]:
    """Merges of two on the way back from the head along first parents, newest first."""
    known, found, sha = {commit.sha: commit for commit in own}, list[Commit](), head
    while commit := known.get(sha):
        if len(commit.parents) == 2:
            found.append(commit)
        sha = commit.parents[0] if commit.parents else ""
    return found


def _been_at(base: str, wanted: set[str], history: History) -> frozenset[str]:
    """Which of `wanted` the base branch has been at: its tip, and what lies behind it along first parents."""
    found, sha, missing = set[str](), base, set(wanted)
    for _ in range(_FAR):
        if not missing or not history.has_room:
            break
        commit = history.look(sha)
        if commit is None:
            break
        found |= missing & {sha}
        missing.discard(sha)
        if not commit.parents:
            break
        sha = commit.parents[0]
    return frozenset(found)
