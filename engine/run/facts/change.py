"""What a clone of the source tells of a change: its commits and files, what merging it brings, and its resources.

Where to look is told by somebody else (`Where`): by the event, or by GitHub. What git knows is asked of git.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.repository import same_repository
from engine.core.resources import sources
from engine.errors import EngineError, failure
from engine.names import listing
from engine.printable import in_line
from engine.run.facts.gather import Fetch, Slow
from engine.run.facts.once import once
from engine.run.facts.where import Where

if TYPE_CHECKING:
    from engine.adapters.git.repository import Merge, Person, Range, Repository
    from engine.core.resources.model import Discovery
    from engine.core.resources.services import Services
    from engine.core.rules.model import Rules
    from engine.core.verdict.about import Wanted

_TAG = "delete the tag in this clone, or fetch without tags: nobody can tell which of the two is meant"


class Asked(NamedTuple):
    """What the person who started the run has said."""

    destroy: tuple[str, ...] = ()  # resource paths
    move: tuple[str, ...] = ()
    source: str | None = None  # owner/name of the clone


class Change:
    """The teller of what git knows. Everything is looked up once; thread-safe."""

    def __init__(
        self,
        where: "Callable[[], Where]",
        repo: str,
        rules: "Rules",
        repository: "Repository",
        services: "Services",
        *,
        asked: Asked,
        today: "Callable[[], Mapping[str, str | None]]",
    ) -> None:
        """`where` raises what is wrong with the pull request; the facts that need it have failed then."""
        self._find, self._repo, self._rules, self._repository = where, repo, rules, repository
        self._services, self._asked, self._today = services, asked, today

    @property
    def fetchers(self) -> Mapping[str, Fetch]:
        """Fact → how it is looked up."""
        return {
            "commits": Slow(self._commits),
            "files": Slow(self._files),
            "merge": Slow(self._merge_fact),
            "resources": Slow(self._resources),
            "rules": lambda: {**self._rules.fact(), **self._digests},
            "source": self._source,
        }

    @once
    def _where(self) -> Where:
        return self._find()

    def check_source(self, base: str | None) -> None:
        """Nothing, if the clone is of the repository that the event is about; `base` is whose its pull request is.

        Raises:
            EngineError: ENG366.
        """
        origin = self._repository.origin()
        sources.confirm(self._rules, self._repo, self._asked.source, origin.name, is_local=origin.is_local)
        if base is not None and not same_repository(base, self._repo):
            raise failure("ENG366", repo=self._repo, reason=f"its pull request is of {base}")

    def check_head(self, *, again: bool = False) -> None:
        """Nothing, if the branch is still where it was seen, as far as this clone can tell.

        Raises:
            EngineError: ENG552, it has moved on: this event is superseded.
        """
        try:
            head = self._where.head
        except EngineError:
            return  # where it was seen is not known: nor will be the facts about it
        now = self._look_for_head(self._repository.anew()) if again else self._head_now
        if now is not None and now != head.sha:
            raise failure("ENG552", ref=head.ref, then=head.sha, now=now)

    @once
    def _head_now(self) -> str | None:
        return self._look_for_head(self._repository)

    def _look_for_head(self, repository: "Repository") -> str | None:
        """Where the head is, if anything here says so: its branch, or what was fetched of the pull request itself."""
        head, pull = self._where.head, f"pull/{self._where.number}"
        branch = repository.branch(head.ref) if self._is_ours(head.repo) else None
        fetched = (repository.ref(f"{above}/{pull}/head") for above in ("refs", "refs/remotes"))
        # GitHub's trial merge is all that the checkout of a CI job may have of a fork.
        trial = f"refs/remotes/{pull}/merge"
        merged = repository.resolve(f"{trial}^2") if repository.has(trial) else None
        return branch or next(filter(None, fetched), None) or merged

    def _is_ours(self, repo: str | None) -> bool:
        return repo is not None and same_repository(repo, self._repo)

    def wanted(self, origin: str) -> "Wanted":
        """What a verdict of a run of that origin would have to be about today, and given under."""
        from engine.core.verdict.about import Wanted

        where = self._where
        return Wanted(
            repo=self._declared,
            pr=where.number,
            head_sha=where.head.sha,
            base_ref=where.base.ref,
            rules=self._rules.digest,
            origin=origin,
            **self._digests,
        )

    @once
    def _digests(self) -> Mapping[str, str | None]:
        return self._today()

    @once
    def discovery(self) -> "Discovery":
        """The resources of the change, as they will be once it is merged.

        Raises:
            EngineError: the source is not declared, or git cannot tell what changed; ENG370, it cannot be merged.
        """
        from engine.adapters.git import contents
        from engine.core.resources.discover import discover

        source = sources.choose(self._rules, self._repo or None, None)
        merge, where = self._merge, self._where
        if merge.conflicts:
            paths = listing(map(in_line, merge.conflicts))
            raise failure("ENG370", head=where.head.ref, base=where.base.ref, paths=paths)
        found = contents.of_range(self._repository, merge, self._services)
        asked = self._asked
        return discover(found, self._services, self._rules, source, allow_destroy=asked.destroy, allow_move=asked.move)

    @once
    def _range(self) -> "Range":
        self._check_head_is_known()
        return self._repository.range(self._base, self._where.head.sha)

    @once
    def _merge(self) -> "Merge":
        """What the change makes of the base as it is now, or has made of it: that is planned, not the head alone."""
        return self._landed() if self._where.merged else self._repository.merge(self._range)

    def _landed(self) -> "Merge":
        """The merge commit's own change."""
        sha, branch = self._where.merge_commit(), self._where.base.ref
        if not self._repository.contains(self._base, sha):
            raise failure("ENG371", sha=sha, branch=branch, tip=self._base)
        return self._repository.landed(sha)

    @once
    def _base(self) -> str:
        """Where the base branch is. The event does not choose it: what it says may only be older.

        Raises:
            EngineError: the clone does not know the branch, or the event means another one.
        """
        base, repository = self._where.base, self._repository
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

    def _check_head_is_known(self) -> None:
        """An event could otherwise name any commit that was once a head, on a branch or of a fork that is not here."""
        head = self._where.head
        if self._head_now is None and self._repository.branch(head.ref) != head.sha:
            if self._is_ours(head.repo):
                raise failure("ENG364", branch=head.ref)
            repo = head.repo or "a repository that is not known"
            raise failure("ENG368", ref=head.ref, repo=repo, sha=head.sha, number=self._where.number)

    @property
    def tips(self) -> tuple[str, str]:
        """The commits of base and head, as git has them now.

        Raises:
            EngineError: the clone cannot tell.
        """
        return self._range.base, self._range.head

    def branch(self, name: str) -> str | None:
        """Where a branch is now; None where there is none."""
        return self._repository.branch(name)

    def spelt(self, repo: str | None) -> str | None:
        """The name of a repository; of this one as the rules spell it."""
        return self._declared if self._is_ours(repo) else repo

    def _resources(self) -> Any:
        return self.discovery.fact()

    def _merge_fact(self) -> Any:
        if self._merge.conflicts:
            return {"clean": False, "trees": {}}
        return {"clean": True, "trees": {resource.path: resource.tree for resource in self.discovery.resources}}

    @property
    def _declared(self) -> str:
        """The name of the repository, as the rules spell it."""
        source = sources.declared(self._rules, self._repo)
        return source.repo if source else self._repo

    def _source(self) -> Any:
        source = sources.declared(self._rules, self._repo)
        return {"repo": self._declared, "declared": source is not None, "owns": list(source.owns) if source else []}

    def _commits(self) -> Any:
        """Git knows names and addresses; who that is on GitHub is unknown."""
        updates = self._repository.updates(self._range)
        return [
            {
                "sha": c.sha,
                "author": _address(c.author),
                "committer": _address(c.committer),
                "co_authors": [_address(person) for person in c.co_authors],
                "parents": list(c.parents),
                "merges_base": c.sha in updates,
            }
            for c in self._range.commits
        ]

    def _files(self) -> Any:
        return [
            {
                "path": in_line(change.path),
                "status": "renamed"
                if change.old_path
                else "modified"
                if change.old and change.new
                else "added"
                if change.new
                else "removed",
                "previous_path": in_line(change.old_path) if change.old_path else None,
            }
            for change in self._range.changes
        ]


def _address(person: "Person") -> Mapping[str, str] | None:
    return {"email": person.email} if person.email else None
