"""The facts of a pull request that nobody has made: everything is in order, and the people are said."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from engine.core.analysis.facts import Shared, in_good_order, spelled_out
from engine.core.decision.document import FactDocument, freeze
from engine.core.rules.model import Override, Rules

# What a plan may do to what it touches.
DEEDS = {
    "creates": ("create",),
    "updates": ("update",),
    "destroys": ("delete",),
    "replaces": ("delete", "create"),
    "forgets": ("forget",),
}
_MANY = (
    1_000  # how many resources and changes there are is not known: a condition has to say the same of one and of these
)
_SIGNED, _LATER, _NOW = (f"2026-01-01T{time}:00Z" for time in ("12:00", "12:30", "13:00"))


class MadeUp(NamedTuple):
    """A change to one environment."""

    rules: Rules
    environment: str
    branch: str
    types: tuple[str, ...]  # of Terraform resources that it touches; none: not said
    overrider: str | None
    members: Mapping[str, Sequence[str]]  # group → who is in it

    def scopes(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """What is known of the change: for each thing that a plan may do, much or little, and each source of it."""
        for source, (deed, actions), number in product(self.rules.sources, DEEDS.items(), (1, _MANY)):
            verdict: dict[str, Any] = {"environment": self.environment, "branch": self.branch}
            if self.types:
                verdict["resources"] = [{"plan": "made up", "changes": self._changes(actions)}] * number
            yield (
                deed,
                {
                    "verdict": verdict,
                    "pr": {"base": {"ref": self.branch, "repo": source.repo}},
                    "source": {"repo": source.repo, "declared": True, "owns": list(source.owns)},
                    "rules": self.rules.fact(),
                },
            )

    def _changes(self, actions: Sequence[str]) -> list[dict[str, Any]]:
        types = self.types
        return [{"address": f"{one}.this", "type": one, "actions": list(actions)} for one in types]

    def document(self, approvers: Sequence[str], severity: str = "low") -> FactDocument:
        """The facts, with an approval of each of these; failed by one finding where somebody overrides."""
        source, branch = self.rules.sources[0], self.branch
        base = {"repo": source.repo, "head_sha": "head", "base_ref": branch}
        finding = {"rule": "a finding", "effect": "deny", "severity": severity, "resource": "the change", "message": ""}
        facts = {
            "now": _NOW,
            "source": {"repo": source.repo, "declared": True, "owns": list(source.owns)},
            "pr": {
                "number": 1,
                "title": "",
                "state": "open",
                "draft": False,
                "merged": False,
                "author": "the author",
                "head": {"ref": "change", "sha": "head", "repo": source.repo},
                "base": {"ref": branch, "sha": "base", "repo": source.repo},
            },
            "commits": [{"sha": "head", "author": "the author", "committer": "the author", "co_authors": []}],
            "pushers": ["the author"],
            "permissions": {},
            "groups": {name: {"members": list(members)} for name, members in self.members.items()},
            "reviews": [_review(login) for login in approvers],
            "comments": [_comment(self.overrider, one) for one in self.rules.overrides.values() if self.overrider],
            "verdict": {
                **base,
                "sequence": 1,
                "result": "failed" if self.overrider else "passed",
                "origin": "github",
                "pr": 1,
                "environment": self.environment,
                "branch": branch,
                "signed_at": _SIGNED,
                "expires_at": "9999-01-01T00:00:00Z",
                "findings": [finding] if self.overrider else [],
                "resources": [{"plan": "made up", "changes": self._changes(("update",))}],
            },
        }
        full = spelled_out(facts, Shared(self._people(), {}), _nobody)
        in_good_order(full, (), self.rules)
        return freeze(full)

    def _people(self) -> dict[str, int]:
        everybody = dict.fromkeys(("the author", *(login for members in self.members.values() for login in members)))
        return {login: number for number, login in enumerate(everybody, 1)}


def _nobody(login: str) -> None:
    raise AssertionError(f"{login} is not among the people")


def _review(login: str) -> dict[str, Any]:
    said = {"state": "APPROVED", "commit_id": "head", "submitted_at": _LATER, "edited": False, "dismissed_by": None}
    return {"user": login, **said}


def _comment(login: str | None, override: Override) -> dict[str, Any]:
    body = f"{override.command} a reason that can be read"
    return {"user": login, "kind": "pull_request", "body": body, "created_at": _LATER, "edited": False}
