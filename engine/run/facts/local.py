"""Facts about a pull request from a clone alone: no GitHub, so what only GitHub knows has failed, and is never guessed.

The event says which pull request; what git knows is asked of git. A statement made from these facts says
`origin: local`, and nobody else believes it.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.events.kinds import BRANCH, FLAG, NUMBER, REPO, SHA, TEXT, WORD, Fields, same_repository, wrong
from engine.core.resources import sources
from engine.errors import failure
from engine.names import listing
from engine.printable import in_line
from engine.run.facts.gather import Absent, Fetch
from engine.run.facts.once import once

if TYPE_CHECKING:
    from engine.adapters.git.repository import Merge, Person, Range, Repository
    from engine.core.events.envelope import Event
    from engine.core.resources.model import Discovery
    from engine.core.resources.services import Services
    from engine.core.rules.model import Rules

_TAG = "delete the tag in this clone, or fetch without tags: nobody can tell which of the two is meant"
UNKNOWN = "a clone alone does not tell; run it on the pull request"
_WHERE: Fields = {"base.ref": BRANCH, "head.ref": BRANCH, "head.sha": SHA}
# What only the event tells here; a dispatch does not say them all.
_TOLD: Fields = {
    "title": TEXT,
    "state": WORD,
    "draft": FLAG,
    "merged": FLAG,
    "user.id": NUMBER,
    "user.login": TEXT,
}


class Asked(NamedTuple):
    """What the person who started the run has said."""

    destroy: tuple[str, ...] = ()  # resource paths
    move: tuple[str, ...] = ()
    source: str | None = None  # owner/name of the clone


class Local:
    """A clone of the source repository, asked instead of GitHub. Everything is looked up once."""

    def __init__(
        self,
        event: "Event",
        rules: "Rules",
        repository: "Repository",
        services: "Services",
        *,
        asked: Asked,
        now: str,
        today: "Callable[[], Mapping[str, str | None]]",
    ) -> None:
        self._event, self._rules, self._repository = event, rules, repository
        self._services, self._asked, self._now, self._today = services, asked, now, today
        pull = event.payload.get("pull_request")
        if event.subject.kind != "pull_request" or not isinstance(pull, dict) or "base" not in pull:
            raise failure("ENG553", event=event.name, subject=event.subject)
        if found := wrong(pull, _WHERE):
            raise failure("ENG156", event=event.name, path=f"pull_request.{found[0]}", reason=found[1])
        self._pull: Mapping[str, Any] = pull

    @property
    def fetchers(self) -> Mapping[str, Fetch]:
        """Fact → how it is looked up here."""
        return {
            "commits": self._commits,
            "files": self._files,
            "merge": self._merge_fact,
            "now": lambda: self._now,
            "pr": self._pr,
            "resources": self._resources,
            "rules": lambda: {**self._rules.fact(), **self._today()},
            "source": self._source,
            "statements": lambda: Absent("a clone keeps none"),
            "verdict": lambda: Absent("a clone keeps none"),
        }

    def check_source(self) -> None:
        """Nothing, if the clone is of the repository that the event is about.

        Raises:
            EngineError: ENG366.
        """
        repo, origin = self._event.subject.repo, self._repository.origin()
        sources.confirm(self._rules, repo, self._asked.source, origin.name, is_local=origin.is_local)
        base = _repo(self._pull["base"])
        if base is not None and not same_repository(base, repo):
            raise failure("ENG366", repo=repo, reason=f"its pull request is of {base}")

    def check_head(self) -> None:
        """Nothing, if the branch is still where the event saw it, as far as this clone can tell.

        Raises:
            EngineError: ENG552, it has moved on: this event is superseded.
        """
        head, now = self._pull["head"], self._head_now
        if now is not None and now != head["sha"]:
            raise failure("ENG552", ref=head["ref"], then=head["sha"], now=now)

    @once
    def _head_now(self) -> str | None:
        """Where the head is, if anything here says so: its branch, or what was fetched of the pull request itself."""
        head, repository, pull = self._pull["head"], self._repository, f"pull/{self._event.subject.number}"
        branch = repository.branch(head["ref"]) if self._is_ours(head) else None
        fetched = (repository.ref(f"{above}/{pull}/head") for above in ("refs", "refs/remotes"))
        return branch or next(filter(None, fetched), None) or self._merged_head(f"refs/remotes/{pull}/merge")

    def _merged_head(self, ref: str) -> str | None:
        """The head in GitHub's trial merge, which is all that the checkout of a CI job may have of a fork."""
        return self._repository.resolve(f"{ref}^2") if self._repository.has(ref) else None

    def _is_ours(self, tip: Mapping[str, Any]) -> bool:
        return (name := _repo(tip)) is not None and same_repository(name, self._event.subject.repo)

    @once
    def discovery(self) -> "Discovery":
        """The resources of the change, as they will be once it is merged.

        Raises:
            EngineError: the source is not declared, or git cannot tell what changed; ENG370, it cannot be merged.
        """
        from engine.adapters.git import contents
        from engine.core.resources.discover import discover

        source = sources.choose(self._rules, self._event.source_repo, None)
        merge, pull = self._merge, self._pull
        if merge.conflicts:
            paths = listing(map(in_line, merge.conflicts))
            raise failure("ENG370", head=pull["head"]["ref"], base=pull["base"]["ref"], paths=paths)
        found = contents.of_range(self._repository, merge, self._services)
        asked = self._asked
        return discover(found, self._services, self._rules, source, allow_destroy=asked.destroy, allow_move=asked.move)

    @once
    def _range(self) -> "Range":
        self._check_head_is_known()
        return self._repository.range(self._base, self._pull["head"]["sha"])

    @once
    def _merge(self) -> "Merge":
        """What the change makes of the base as it is now, or has made of it: that is planned, not the head alone."""
        return self._landed() if self._pull.get("merged") is True else self._repository.merge(self._range)

    def _landed(self) -> "Merge":
        """The merge commit's own change."""
        if found := wrong(self._pull, {"merge_commit_sha": SHA}):
            raise failure("ENG156", event=self._event.name, path=f"pull_request.{found[0]}", reason=found[1])
        sha, branch = self._pull["merge_commit_sha"], self._pull["base"]["ref"]
        if not self._repository.contains(self._base, sha):
            raise failure("ENG371", sha=sha, branch=branch, tip=self._base)
        return self._repository.landed(sha)

    @once
    def _base(self) -> str:
        """Where the base branch is. The event does not choose it: what it says may only be older.

        Raises:
            EngineError: the clone does not know the branch, or the event means another one.
        """
        base, repository = self._pull["base"], self._repository
        branch = base["ref"]
        if "sha" in base and (found := wrong(self._pull, {"base.sha": SHA})):
            raise failure("ENG156", event=self._event.name, path=f"pull_request.{found[0]}", reason=found[1])
        if repository.has(f"refs/tags/{branch}"):
            raise failure("ENG362", name=branch, names=f"refs/heads/{branch}, refs/tags/{branch}", hint=_TAG)
        tip = repository.branch(branch)
        if tip is None:
            raise failure("ENG364", branch=branch)
        sha = base.get("sha", tip)
        if sha != tip and not repository.contains(tip, sha):
            raise failure("ENG365", branch=branch, sha=sha, tip=tip)
        return tip

    def _check_head_is_known(self) -> None:
        """An event could otherwise name any commit that was once a head, on a branch or of a fork that is not here."""
        head = self._pull["head"]
        if self._head_now is None and self._repository.branch(head["ref"]) != head["sha"]:
            if self._is_ours(head):
                raise failure("ENG364", branch=head["ref"])
            repo, number = _repo(head) or "a repository that is not known", self._event.subject.number
            raise failure("ENG368", ref=head["ref"], repo=repo, sha=head["sha"], number=number)

    def _pr(self) -> Any:
        pull, repo = self._pull, self._declared
        if found := wrong(pull, _TOLD):
            raise failure("ENG556", name="pr", reason=f"see `{found[0]}` in the event: {found[1]}")
        user = pull["user"]
        return {
            "number": self._event.subject.number,
            "title": pull["title"],
            "state": pull["state"],
            "draft": pull["draft"],
            "merged": pull["merged"],
            "author": {"id": user["id"], "login": user["login"], "bot": user.get("type") == "Bot"},
            "head": {
                "ref": pull["head"]["ref"],
                "sha": self._range.head,
                "repo": repo if self._is_ours(pull["head"]) else _repo(pull["head"]),
            },
            "base": {"ref": pull["base"]["ref"], "sha": self._range.base, "repo": repo},
            "retargeted": None,
        }

    def _resources(self) -> Any:
        return self.discovery.fact()

    def _merge_fact(self) -> Any:
        if self._merge.conflicts:
            return {"clean": False, "trees": {}}
        return {"clean": True, "trees": {resource.path: resource.tree for resource in self.discovery.resources}}

    @property
    def _declared(self) -> str:
        """The name of the repository, as the rules spell it."""
        source = sources.declared(self._rules, self._event.subject.repo)
        return source.repo if source else self._event.subject.repo

    def _source(self) -> Any:
        source = sources.declared(self._rules, self._event.subject.repo)
        return {"repo": self._declared, "declared": source is not None, "owns": list(source.owns) if source else []}

    def _commits(self) -> Any:
        """Git knows names and addresses; who that is on GitHub is unknown."""
        return [
            {
                "sha": c.sha,
                "author": _address(c.author),
                "committer": _address(c.committer),
                "co_authors": [_address(person) for person in c.co_authors],
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


def _repo(tip: Mapping[str, Any]) -> str | None:
    """The repository of a head or base, if it is said; null in a payload once a fork was deleted."""
    repo = tip.get("repo")
    name = repo.get("full_name") if isinstance(repo, dict) else None
    return name if isinstance(name, str) and REPO.holds(name) else None
