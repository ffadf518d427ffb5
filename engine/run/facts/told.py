"""What the event tells: of which pull request it is, and what a clone has no way to know of it.

Nobody vouches for it but the sender: a statement made from this says `origin: local`, and nobody else believes it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.events.kinds import BRANCH, FLAG, NUMBER, REPO, SHA, TEXT, WORD, Check, Fields, wrong
from engine.errors import failure
from engine.run.facts.gather import Fetch, Slow
from engine.run.facts.where import Head, Tip, Where

if TYPE_CHECKING:
    from engine.core.events.envelope import Event
    from engine.run.facts.change import Change

_WHERE: Fields = {"base.ref": BRANCH, "head.ref": BRANCH, "head.sha": SHA}
# What only the event tells; a dispatch does not say them all.
_TOLD: dict[str, Check] = {
    "title": TEXT,
    "state": WORD,
    "draft": FLAG,
    "merged": FLAG,
    "user.id": NUMBER,
    "user.login": TEXT,
}


def where(event: "Event") -> Where:
    """The pull request that an event is about.

    Raises:
        EngineError: ENG553 it does not say enough of one, ENG156 what it says cannot be.
    """
    pull = event.payload.get("pull_request")
    if event.subject.kind != "pull_request" or not isinstance(pull, dict) or "base" not in pull:
        raise failure("ENG553", event=event.name, subject=event.subject)
    number, head, base = event.subject.number, pull["head"], pull["base"]
    assert number is not None

    def merge_commit() -> str:
        _check(event, pull, {"merge_commit_sha": SHA})
        return str(pull["merge_commit_sha"])

    _check(event, pull, {**_WHERE, **({"base.sha": SHA} if "sha" in base else {})})
    return Where(
        number,
        Head(head["ref"], head["sha"], _repository_of(head)),
        Tip(base["ref"], base.get("sha"), _repository_of(base)),
        pull.get("merged") is True,
        merge_commit,
    )


def check(event: "Event") -> None:
    """Nothing, if something can come of the event without GitHub.

    Raises:
        EngineError: ENG553, nobody here could tell anything of its pull request; ENG156 what it says cannot be.
    """
    pull = event.payload.get("pull_request")
    if isinstance(pull, dict) and "base" in pull:
        where(event)
        if pull.keys().isdisjoint(("title", "user")):  # a dispatch: it only says where to look
            raise failure("ENG553", event=event.name, subject=event.subject)


def base_repository(event: "Event") -> str | None:
    """Whose the event's pull request is, if it says so."""
    pull = event.payload.get("pull_request")
    base = pull.get("base") if isinstance(pull, dict) else None
    return _repository_of(base) if isinstance(base, dict) else None


class Told:
    """The teller of what the event says."""

    def __init__(self, event: "Event", change: "Change", now: str) -> None:
        self._event, self._change, self._now = event, change, now

    @property
    def fetchers(self) -> Mapping[str, Fetch]:
        """Fact → how it is looked up."""
        return {"now": lambda: self._now, "pr": Slow(self._pr), "ref": self._ref}

    def _pr(self) -> Any:
        place, change = where(self._event), self._change
        pull: Mapping[str, Any] = self._event.payload["pull_request"]
        if found := wrong(pull, _TOLD):
            raise failure("ENG556", name="pr", reason=f"see `{found[0]}` in the event: {found[1]}")
        user, (base, head) = pull["user"], change.tips
        return {
            "number": place.number,
            "title": pull["title"],
            "state": pull["state"],
            "draft": pull["draft"],
            "merged": pull["merged"],
            "author": {"id": user["id"], "login": user["login"], "bot": user.get("type") == "Bot"},
            "head": {"ref": place.head.ref, "sha": head, "repo": change.spelt(place.head.repo)},
            "base": {"ref": place.base.ref, "sha": base, "repo": change.spelt(self._event.subject.repo)},
            "retargeted": None,
        }

    def _ref(self) -> Any:
        name = self._event.subject.ref
        if name is None:
            raise failure("ENG556", name="ref", reason=f"a {self._event.name} event is about no branch")
        branch = name.removeprefix("refs/heads/")
        return {"name": name, "branch": branch, "sha": self._change.branch(branch) if branch != name else None}


def _check(event: "Event", pull: Mapping[str, Any], fields: Fields) -> None:
    if found := wrong(pull, fields):
        raise failure("ENG156", event=event.name, path=f"pull_request.{found[0]}", reason=found[1])


def _repository_of(tip: Mapping[str, Any]) -> str | None:
    """The repository of a head or base, if it is said; null in a payload once a fork was deleted."""
    repo = tip.get("repo")
    name = repo.get("full_name") if isinstance(repo, dict) else None
    return name if isinstance(name, str) and REPO.holds(name) else None
