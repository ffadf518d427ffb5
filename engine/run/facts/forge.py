"""The teller of GitHub's runs: the pull request, reviews, pushes, labels, comments, checks and people, as they are now.

One request has the pull request with exactly the lists that somebody needs, one has the people, one the pushes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.core.canonical import digest_bytes
from engine.core.decision import depends
from engine.core.report.checks import is_ours
from engine.core.verdict.shown import shown
from engine.errors import failure
from engine.run.facts import applied
from engine.run.facts.gather import Fetch, Slow
from engine.run.facts.hosted import Branch, PullRequest
from engine.run.facts.once import once
from engine.run.facts.people import People, somebody
from engine.run.facts.talk import Rows, Talk
from engine.run.kept import ledger, merges

if TYPE_CHECKING:
    from engine.adapters.github.port import Forge as Hub
    from engine.adapters.github.port import Part, Pull, Stated
    from engine.adapters.storage.port import Store
    from engine.core.events.kinds import Subject
    from engine.core.kept.ledger import Entry
    from engine.core.kept.merge import Merged
    from engine.core.rules.model import Rules
    from engine.core.signature import TrustedKeys
    from engine.run.facts.change import Change
    from engine.run.facts.where import Sides

# What is made of the resources: of those that are deleted it has to be known whether somebody has asked for that.
_DISCOVERED = ("elsewhere", "freeze", "ledger", "merge", "merges", "resources")
_KEPT = ("merged", "statements", "verdict")
# Fact → what of the pull request it is made of.
_PARTS: "Mapping[str, tuple[Part, ...]]" = {
    "pr": ("retargets",),
    "reviews": ("reviews", "dismissals"),
    "comments": ("comments",),
    "replies": ("comments",),
    "asked": ("comments",),
    **dict.fromkeys(_DISCOVERED, ("comments",)),
    "commits": ("commits",),
    "labels": ("labels",),
    # Our own say how many verdicts there were: a store of yesterday does not.
    **dict.fromkeys(_KEPT, ("checks",)),
    "checks": ("checks",),
    "permissions": ("reviews", "comments"),
}
# Fact → what our App has to be allowed to look it up.
_PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("checks", *_KEPT), ("checks:read", "statuses:read")),
    "groups": ("members:read",),
    "permissions": ("members:read",),
    "asked": ("members:read",),
    **dict.fromkeys(_DISCOVERED, ("members:read",)),
}
_ALWAYS = ("contents:read", "pull_requests:read")
ELSEWHERE = ("pull_requests:read",)  # of another source, what became of a pull request there
_DEEPEST = 10  # how far `Depends-On` is followed: one request each


def parts(needs: Iterable[str]) -> "list[Part]":
    """The lists of a pull request that these facts are made of."""
    return sorted({part for need in needs for part in _PARTS.get(need, ())})


def permissions(needs: Iterable[str]) -> list[str]:
    """What our App has to be allowed, to look these facts up."""
    return sorted({*_ALWAYS, *(name for need in needs for name in _PERMISSIONS.get(need, ()))})


class Forge:
    """The teller. Everything is looked up once; thread-safe."""

    def __init__(
        self,
        hub: "Hub",
        subject: "Subject",
        sides: "Sides",
        change: "Change",
        rules: "Rules",
        store: "Store",
        trusted: "Callable[[], TrustedKeys]",
        statements: Callable[[], Rows],
        app: int | None,
        run: str,
        now: Callable[[], str],
        elsewhere: "Callable[[str], Hub]",
    ) -> None:
        """`app` is the id of our App, if we are one; `statements` are those of this pull request; `elsewhere` opens
        GitHub for another source, to read there.
        """
        self._hub, self._subject, self._sides, self._change, self._rules = hub, subject, sides, change, rules
        self._store, self._find_trusted, self._app, self._now = store, trusted, app, now
        self._elsewhere = elsewhere
        self._talk = Talk(
            lambda: self._pull, lambda: self._of_pull.pushes, statements, lambda: self._people, rules, run
        )
        spoke = self._talk.spoke if isinstance(sides, PullRequest) else lambda: iter(())
        self._people = People(hub, subject.repo, rules, store, spoke)

    @property
    def fetchers(self) -> Mapping[str, Fetch]:
        """Fact → how it is looked up."""
        return {
            "asked": Slow(lambda: self._talk.asked),
            "checks": Slow(self._checks),
            "comments": Slow(lambda: self._talk.comments),
            "depends": Slow(self._depends),
            "groups": Slow(lambda: self._people.groups),
            "labels": Slow(lambda: list(self._pull.labels or ())),
            "now": self._now,
            "permissions": Slow(lambda: self._people.permissions),
            "pr": Slow(self._pr),
            "pushers": Slow(self._pushers),
            "ref": Slow(self._ref),
            "replies": Slow(lambda: self._talk.replies),
            "reviews": Slow(self._reviews),
        }

    @property
    def asked(self) -> Rows:
        """What people who may have asked to be destroyed.

        Raises:
            EngineError: that cannot be told.
        """
        rows: Rows = self._talk.asked if isinstance(self._sides, PullRequest) else ()
        return rows

    @property
    def _of_pull(self) -> PullRequest:
        if not isinstance(self._sides, PullRequest):
            raise failure("ENG556", name="pr", reason=f"{self._subject} is no pull request")
        return self._sides

    @property
    def _pull(self) -> "Pull":
        return self._of_pull.pull

    def _pr(self) -> Any:
        pull, base = self._pull, self._of_pull.base
        return {
            "number": pull.number,
            "title": pull.title,
            "state": pull.state,
            "draft": pull.draft,
            "merged": pull.merged,
            "updated_at": pull.updated_at,
            "author": somebody(pull.author),
            "head": {"ref": pull.head.ref, "sha": pull.head.sha, "repo": self._change.spelt(pull.head.repo)},
            "base": {"ref": pull.base.ref, "sha": base, "repo": self._change.spelt(self._subject.repo)},
            "retargeted": None
            if pull.retargets is None
            else [
                {"when": one.when, "from": one.before, "to": one.after, "by": somebody(one.by)}
                for one in sorted(pull.retargets, key=lambda one: one.when)
            ],
        }

    def _ref(self) -> Any:
        name = self._subject.ref
        if name is None:
            raise failure("ENG556", name="ref", reason=f"{self._subject} is no branch")
        branch = name.removeprefix("refs/heads/")
        tip = self._sides.tips[branch] if isinstance(self._sides, Branch) else None
        return {"name": name, "branch": branch, "sha": tip}

    def _reviews(self) -> Any:
        """What is submitted: a pending one is nobody's word yet, and GitHub shows it to its author alone."""
        pull = self._pull
        dismissed = {one.review: one for one in pull.dismissals or ()}
        rows = []
        for review in pull.reviews or ():
            if review.submitted_at is None:
                continue
            by = dismissed.get(review.id) if review.state == "DISMISSED" else None
            rows.append(
                {
                    "id": review.id,
                    "user": somebody(review.user),
                    "state": review.state,
                    "was": by.was if by and by.was in ("APPROVED", "CHANGES_REQUESTED") else None,
                    "commit_id": review.commit,
                    "submitted_at": review.submitted_at,
                    "edited": review.edited,
                    "digest": digest_bytes(review.body.encode(errors="surrogatepass")),
                    "dismissed_by": somebody(by.by) if by else None,
                }
            )
        return sorted(rows, key=lambda row: (row["submitted_at"], row["id"]))

    def _pushers(self) -> Any:
        return [
            {"user": somebody(push.by), "before": push.before, "after": push.after, "forced": push.forced}
            for push in self._of_pull.pushes
        ]

    def _checks(self) -> Any:
        rows = [
            {"name": check.name, "status": check.status, "conclusion": check.conclusion}
            for check in self._pull.checks or ()
            if not is_ours(check.name, check.app, self._app)
        ]
        return sorted(rows, key=lambda row: str(row["name"]))

    @property
    def shown(self) -> int:
        """The highest number of a verdict that our checks on the head speak of: only our App can have set them."""
        if self._app is None or not isinstance(self._sides, PullRequest):
            return 0
        pull = self._pull
        return shown((one.external_id for one in pull.checks or () if one.app == self._app), pull.number)

    @once
    def _trusted(self) -> "TrustedKeys":
        return self._find_trusted()

    def _depends(self) -> Any:
        """What the body names, and what that names as long as it is not merged: level by level."""
        named = self._named(self._pull.body, self._subject.repo)
        pulls: dict[str, Any] = {}
        level: Sequence[depends.Pull] = named.on
        for _ in range(_DEEPEST):
            level = [pull for pull in dict.fromkeys(level) if str(pull) not in pulls][: depends.MOST_REACHED]
            if not level or len(pulls) > depends.MOST_REACHED:
                break
            pulls |= self._looked_up(level)
            level = [on for pull in level if (row := pulls[str(pull)]) and not row["merged"] for on in row["on"]]
        return {"on": list(named.on), "wrong": named.wrong or None, "pulls": pulls}

    def _named(self, body: str, repo: str) -> depends.Named:
        return depends.parse(body, repo, [one.repo for one in self._rules.sources], self._subject.repo)

    def _looked_up(self, level: "Sequence[depends.Pull]") -> dict[str, Any]:
        """What became of each: a request for each repository."""
        own = self._subject.repo
        places = {pull: depends.place(pull, own) for pull in level}
        found: dict[tuple[str, int], Stated | None] = {}
        for repo in dict.fromkeys(repo for repo, _ in places.values()):
            hub = self._hub if repo == own else self._elsewhere(repo)
            stated = hub.stated(repo, [number for where, number in places.values() if where == repo])
            found |= {(repo, number): one for number, one in stated.items()}
        return {str(pull): self._stated(*place, found[place]) for pull, place in places.items()}

    def _is_applied(self, decision: "Merged") -> bool:
        def entries(key: str) -> "Sequence[Entry]":
            return ledger.entries(self._store, key, self._trusted)

        return applied.is_applied(decision.to_row(), entries, self._change.repo, self._change.contains)

    def _stated(self, repo: str, number: int, pull: "Stated | None") -> Any:
        if pull is None:
            return None
        decision = merges.get(self._store, repo, number, self._trusted) if pull.merged else None
        return {
            "state": pull.state,
            "merged": pull.merged,
            "decided": decision is not None,
            "applied": None if decision is None or not decision.said["keys"] else self._is_applied(decision),
            "on": list(self._named(pull.body, repo).on),
        }
