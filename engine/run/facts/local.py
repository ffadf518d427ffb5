"""Facts about a pull request from a clone alone: no GitHub, so what only GitHub knows has failed, and is never guessed.

The event says which pull request; what git knows is asked of git. A statement made from these facts says
`origin: local`, and nobody else believes it.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.events.kinds import BRANCH, FLAG, NUMBER, SHA, TEXT, WORD, Fields, wrong
from engine.core.resources.changes import printable
from engine.errors import EngineError, failure
from engine.run.facts.gather import Absent, Fetch

if TYPE_CHECKING:
    from engine.adapters.git.repository import Range, Repository
    from engine.core.events.envelope import Event
    from engine.core.resources.model import Discovery
    from engine.core.resources.services import Services
    from engine.core.rules.model import Rules

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
    """What a person has asked for, by resource path."""

    destroy: tuple[str, ...] = ()
    move: tuple[str, ...] = ()


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
            "now": lambda: self._now,
            "pr": self._pr,
            "resources": self._resources,
            "rules": lambda: {**self._rules.fact(), **self._today()},
            "source": self._source,
            "statements": lambda: Absent("a clone keeps none"),
            "verdict": lambda: Absent("a clone keeps none"),
        }

    def check_head(self) -> None:
        """Nothing, if the branch is still where the event saw it.

        Raises:
            EngineError: ENG552, it has moved on: this event is superseded.
        """
        ref, then = self._pull["head"]["ref"], self._pull["head"]["sha"]
        if _repo(self._pull["head"], self._event.subject.repo) != self._event.subject.repo:
            return  # a fork's branch: here another one may have its name
        now = self._tip(ref)
        if now is not None and now != then:
            raise failure("ENG552", ref=ref, then=then, now=now)

    @cached_property
    def discovery(self) -> "Discovery":
        """The resources of the change.

        Raises:
            EngineError: the source is not declared, or git cannot tell what changed.
        """
        from engine.adapters.git import contents
        from engine.core.resources import sources
        from engine.core.resources.discover import discover

        source = sources.choose(self._rules, self._event.source_repo, None)
        found = contents.of_range(self._repository, self._range, self._services)
        asked = self._asked
        return discover(found, self._services, self._rules, source, allow_destroy=asked.destroy, allow_move=asked.move)

    @cached_property
    def _range(self) -> "Range":
        base = self._pull["base"]
        tip = self._tip(base["ref"]) or base.get("sha") or base["ref"]
        return self._repository.range(tip, self._pull["head"]["sha"])

    def _tip(self, branch: str) -> str | None:
        """Where a branch is now; None when this clone does not have it (CI often fetches one commit)."""
        for ref in (f"refs/heads/{branch}", f"refs/remotes/origin/{branch}"):
            try:
                return self._repository.resolve(ref)
            except EngineError as error:
                if error.problems[0].code != "ENG351":
                    raise
        return None

    def _pr(self) -> Any:
        pull, repo = self._pull, self._event.subject.repo
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
            "head": {"ref": pull["head"]["ref"], "sha": self._range.head, "repo": _repo(pull["head"], repo)},
            "base": {"ref": pull["base"]["ref"], "sha": self._range.base, "repo": _repo(pull["base"], repo)},
            "retargeted": None,
        }

    def _resources(self) -> Any:
        return self.discovery.fact()

    def _source(self) -> Any:
        repo = self._event.subject.repo
        source = next((s for s in self._rules.sources if s.repo == repo), None)
        return {"repo": repo, "declared": source is not None, "owns": list(source.owns) if source else []}

    def _commits(self) -> Any:
        """Git knows names and addresses; who that is on GitHub is unknown."""
        return [
            {"sha": c.sha, "author": None, "committer": None, "co_authors": [None for _ in c.co_authors]}
            for c in self._repository.commits(self._range)
        ]

    def _files(self) -> Any:
        return [
            {
                "path": printable(change.path),
                "status": "renamed"
                if change.old_path
                else "modified"
                if change.old and change.new
                else "added"
                if change.new
                else "removed",
                "previous_path": printable(change.old_path) if change.old_path else None,
            }
            for change in self._range.changes
        ]


def _repo(tip: Mapping[str, Any], otherwise: str) -> str:
    """The repository of a head or base; null in a payload once a fork was deleted."""
    repo = tip.get("repo")
    return repo["full_name"] if isinstance(repo, dict) and isinstance(repo.get("full_name"), str) else otherwise
