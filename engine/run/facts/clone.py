"""What a clone may say of the two sides of a change: the event names them, and something here has to bear it out."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.core.repository import same_repository
from engine.core.resources import sources
from engine.errors import EngineError, failure
from engine.run.facts.once import once
from engine.run.facts.where import Where

if TYPE_CHECKING:
    from engine.adapters.git.repository import Commit, Person, Repository
    from engine.core.rules.model import Rules

_TAG = "delete the tag in this clone, or fetch without tags: nobody can tell which of the two is meant"


class Clone:
    """`Sides` of somebody's clone. Everything is looked up once; thread-safe."""

    def __init__(self, where: Callable[[], Where], repo: str, repository: "Repository") -> None:
        """`repo` is the event's; `where` raises what is wrong with its pull request."""
        self._find, self._repo, self.repository = where, repo, repository

    @once
    def where(self) -> Where:
        """What the event says."""
        return self._find()

    def check_source(self, rules: "Rules", named: str | None, base: str | None) -> None:
        """Nothing, if the clone is of the repository that the event is about; `base` is whose its pull request is,
        and `named` what somebody says that the clone is of.

        Raises:
            EngineError: ENG366.
        """
        origin = self.repository.origin()
        sources.confirm(rules, self._repo, named, origin.name, is_local=origin.is_local)
        if base is not None and not same_repository(base, self._repo):
            raise failure("ENG366", repo=self._repo, reason=f"its pull request is of {base}")

    def check_head(self, *, again: bool = False) -> None:
        """Nothing, if the branch is still where it was seen, as far as this clone can tell.

        Raises:
            EngineError: ENG552, it has moved on: this event is superseded.
        """
        try:
            head = self.where.head
        except EngineError:
            return  # where it was seen is not known: nor will be the facts about it
        now = self._look_for_head(self.repository.anew()) if again else self._head_now
        if now is not None and now != head.sha:
            raise failure("ENG552", ref=head.ref, then=head.sha, now=now)

    @once
    def _head_now(self) -> str | None:
        return self._look_for_head(self.repository)

    def _look_for_head(self, repository: "Repository") -> str | None:
        """Where the head is, if anything here says so: its branch, or what was fetched of the pull request itself."""
        head, pull = self.where.head, f"pull/{self.where.number}"
        branch = repository.branch(head.ref) if self._is_ours(head.repo) else None
        fetched = (repository.ref(f"{above}/{pull}/head") for above in ("refs", "refs/remotes"))
        # GitHub's trial merge is all that the checkout of a CI job may have of a fork.
        trial = f"refs/remotes/{pull}/merge"
        merged = repository.resolve(f"{trial}^2") if repository.has(trial) else None
        return branch or next(filter(None, fetched), None) or merged

    def _is_ours(self, repo: str | None) -> bool:
        return repo is not None and same_repository(repo, self._repo)

    @once
    def base(self) -> str:
        """Where the base branch is. The event does not choose it: what it says may only be older.

        Raises:
            EngineError: ENG364, the clone does not know the branch; ENG365, the event means another one.
        """
        base, repository = self.where.base, self.repository
        branch = base.ref
        if repository.has(f"refs/tags/{branch}"):
            raise failure("ENG362", name=branch, names=f"refs/heads/{branch}, refs/tags/{branch}", hint=_TAG)
        tip = repository.branch(branch)
        if tip is None:
            raise failure("ENG364", branch=branch)
        sha = base.sha or tip
        if sha != tip and not repository.contains(tip, sha):
            raise failure("ENG365", branch=branch, sha=sha, tip=tip)
        return tip

    def check_known(self) -> None:
        """An event could otherwise name any commit that was once a head, on a branch or of a fork that is not here.

        Raises:
            EngineError: ENG364; ENG368, the head is of a fork, and nothing of it was fetched.
        """
        head = self.where.head
        if self._head_now is None and self.repository.branch(head.ref) != head.sha:
            if self._is_ours(head.repo):
                raise failure("ENG364", branch=head.ref)
            repo = head.repo or "a repository that is not known"
            raise failure("ENG368", ref=head.ref, repo=repo, sha=head.sha, number=self.where.number)

    def check_merge(self, sha: str) -> None:
        """An event could otherwise name any commit.

        Raises:
            EngineError: ENG371, it was merged as a commit that the base does not have.
        """
        if not self.repository.contains(self.base, sha):
            raise failure("ENG371", sha=sha, branch=self.where.base.ref, tip=self.base)

    @property
    def refused(self) -> None:
        """A clone has whatever somebody fetched."""

    def people(self, commits: "Sequence[Commit]") -> list[Mapping[str, Any]]:
        """Git knows names and addresses; who that is on GitHub is unknown."""
        return [
            {
                "author": address(c.author),
                "committer": address(c.committer),
                "co_authors": [address(person) for person in c.co_authors],
            }
            for c in commits
        ]

    def branch(self, name: str) -> str | None:
        """Where a branch is now; None where there is none."""
        return self.repository.branch(name)


def address(person: "Person") -> Mapping[str, str] | None:
    """Somebody of whom only git knows, as facts have them."""
    return {"email": person.email} if person.email else None
