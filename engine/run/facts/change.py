"""What git tells of a change: its commits and files, what merging it brings, and its resources.

Where to look is told by somebody else (`Sides`): by a clone and an event, or by GitHub. What git knows is asked of git.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.repository import same_repository
from engine.core.resources import sources
from engine.errors import failure
from engine.names import listing
from engine.printable import in_line
from engine.run import aws_actions, ordering
from engine.run.facts.gather import Fetch, Slow
from engine.run.facts.once import once
from engine.run.facts.where import Sides
from engine.run.request import Asked

if TYPE_CHECKING:
    from engine.adapters.git.repository import Merge, Range
    from engine.core.resources.model import Discovery
    from engine.core.resources.services import Services
    from engine.core.rules.model import Rules
    from engine.core.verdict.about import Wanted


class Change:
    """The teller of what git knows. Everything is looked up once; thread-safe."""

    def __init__(
        self,
        sides: Sides,
        repo: str,
        rules: "Rules",
        services: "Services",
        *,
        asked: "Callable[[], Asked]",
        today: "Callable[[], Mapping[str, str | None]]",
    ) -> None:
        """`asked` raises why nobody can tell what people have asked for."""
        self._sides, self._repo, self._rules = sides, repo, rules
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

    def wanted(self, origin: str) -> "Wanted":
        """What a verdict of a run of that origin would have to be about today, and given under."""
        from engine.core.verdict.about import Wanted

        where = self._sides.where
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
        merge, where = self._merge, self._sides.where
        if merge.conflicts:
            paths = listing(map(in_line, merge.conflicts))
            raise failure("ENG370", head=where.head.ref, base=where.base.ref, paths=paths)
        found = contents.of_range(self._sides.repository, merge, self._services)
        asked = self._asked()
        discovered = discover(
            found,
            self._services,
            self._rules,
            source,
            allow_destroy=asked.destroy,
            allow_move=asked.move,
            actions=aws_actions.known,
        )
        return ordering.ordered(
            discovered, self._sides.repository, merge.tree, merge.before, self._services, self._rules
        )

    @once
    def _range(self) -> "Range":
        """Of what is merged, since the branch was left that it was merged into: by now it has all of it."""
        self._sides.check_known()
        where = self._sides.where
        base = f"{where.merge_commit()}^1" if where.merged else self._sides.base
        return self._sides.repository.range(base, where.head.sha)

    @once
    def _merge(self) -> "Merge":
        """What the change makes of the base as it is now, or has made of it: that is planned, not the head alone."""
        return self._landed() if self._sides.where.merged else self._sides.repository.merge(self._range)

    def _landed(self) -> "Merge":
        """The merge commit's own change."""
        sha = self._sides.where.merge_commit()
        self._sides.check_merge(sha)
        return self._sides.repository.landed(sha)

    def is_trunk(self, commit: str) -> bool:
        """Was the base branch, as it is now, at this commit itself?"""
        return self._sides.repository.is_trunk(self._sides.base, commit)

    def is_whole(self, count: int) -> bool:
        """Is the merge commit all of the change, and not the last of several that a rebase has made of it?

        `count`: how many commits GitHub has counted.
        """
        where = self._sides.where
        sha, own = where.merge_commit(), [one.sha for one in self._range.commits if len(one.parents) < 2]
        if sha == where.head.sha:  # the branch was only moved on
            return count < 2
        return len(own) < 2 or not self._sides.repository.is_replay(sha, own)

    @property
    def tips(self) -> tuple[str, str]:
        """The commits of base and head, as git has them now.

        Raises:
            EngineError: the clone cannot tell.
        """
        return self._sides.base, self._range.head

    def branch(self, name: str) -> str | None:
        """Where a branch is now; None where there is none."""
        return self._sides.branch(name)

    def contains(self, tip: str, commit: str) -> bool:
        """Is `commit` the commit `tip` or an ancestor of it?"""
        return self._sides.repository.contains(tip, commit)

    @property
    def branches(self) -> Mapping[str, str]:
        """Each environment in which something can be applied → its branch."""
        return {name: one.branch for name, one in self._rules.environments.items() if one.account}

    @property
    def repo(self) -> str:
        """The repository, as the rules spell it."""
        return self._declared

    def _is_ours(self, repo: str | None) -> bool:
        return repo is not None and same_repository(repo, self._repo)

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
        why = self._sides.refused if source else f"{in_line(self._repo)} is not among the `sources` of the rules"
        return {
            "repo": self._declared,
            "declared": source is not None and why is None,
            "owns": list(source.owns) if source else [],
            "why": why,
        }

    def _commits(self) -> Any:
        """Git knows names and addresses; who that is on GitHub, the sides may know."""
        commits = self._range.commits
        updates = self._sides.repository.updates(self._range)
        return [
            {"sha": c.sha, **people, "parents": list(c.parents), "merges_base": c.sha in updates}
            for c, people in zip(commits, self._sides.people(commits), strict=True)
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
