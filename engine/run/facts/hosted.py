"""The two sides of a change as GitHub has them: of a pull request, of a branch, or of nothing at all.

The event only says where to look. Git is asked about exact commits, in a mirror that has them.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.adapters.pauses import pauses
from engine.core.repository import same_repository
from engine.errors import EngineError, failure
from engine.printable import in_line
from engine.run.facts.clone import address
from engine.run.facts.once import once
from engine.run.facts.people import somebody
from engine.run.facts.talk import is_us
from engine.run.facts.where import Head, Tip, Where

if TYPE_CHECKING:
    from engine.adapters.git.repository import Commit, Person, Repository
    from engine.adapters.github.port import Commit as Joined
    from engine.adapters.github.port import Forge, Hand, Part, Pull, Push
    from engine.adapters.github.port import Person as Account

Opened = Callable[[str], "Repository"]  # git on a directory

_LATE = (3, 1.0, 3.0)  # looks for what GitHub has told of and does not show yet: how many, pauses in seconds
_WEB = {"id": 19864447, "login": "web-flow"}  # whoever commits in GitHub's own pages
_WEB_EMAIL = "noreply@github.com"


class PullRequest:
    """`Sides` of a pull request. Everything is looked up once; thread-safe."""

    def __init__(
        self, forge: "Forge", repo: str, number: int, parts: "Sequence[Part]", claimed: str | None, opened: Opened
    ) -> None:
        """`parts` are asked for at once; `claimed` is the head that the event has seen."""
        self._forge, self._repo, self._number, self._parts = forge, repo, number, parts
        self._claimed, self._opened = claimed, opened

    @once
    def pull(self) -> "Pull":
        """All that is asked of GitHub about it. A head that only the event knows may take a moment to be seen."""
        for pause in pauses(*_LATE):
            found = self._forge.pull(self._repo, self._number, self._parts)
            if self._claimed in (None, found.head.sha) or found.state == "closed":
                return found
            time.sleep(pause)
        return self._forge.pull(self._repo, self._number, self._parts)

    @once
    def where(self) -> Where:
        """By GitHub alone."""
        pull = self.pull
        assert pull.head.sha is not None, "the commit of a head stays, whatever becomes of its branch"

        def merge_commit() -> str:
            if pull.merge_commit is None:
                raise failure("ENG597", what=f"#{pull.number}", reason="it does not say which commit it became")
            return pull.merge_commit

        return Where(
            pull.number,
            Head(pull.head.ref, pull.head.sha, pull.head.repo),
            Tip(pull.base.ref, pull.base.sha, self._repo),
            pull.merged,
            merge_commit,
        )

    @once
    def repository(self) -> "Repository":
        """The mirror, with what these commits are made of."""
        pull = self.pull
        landed = [pull.merge_commit] if pull.merge_commit else []
        return self._opened(self._forge.repository(self._repo, *filter(None, (pull.head.sha, self.base, *landed))))

    @property
    def base(self) -> str:
        """Where the branch is now.

        Raises:
            EngineError: ENG611, the base branch was deleted.
        """
        base = self.pull.base
        if base.sha is None:
            raise failure("ENG611", branch=base.ref, repo=self._repo)
        return base.sha

    def check_known(self) -> None:
        """GitHub itself has named the head."""

    def check_merge(self, sha: str) -> None:
        """GitHub itself has named it; whether the branch is still at it, the fact `merged` tells."""

    def check_head(self, *, again: bool = False) -> None:
        """Nothing, if the event is about the head of now, and `again`: that is still the head."""
        head = self.where.head
        now = self._forge.pull(self._repo, self._number, ()).head.sha if again else head.sha
        then = head.sha if again or self._claimed is None else self._claimed
        if now != then:
            raise failure("ENG552", ref=head.ref, then=then, now=now)

    @property
    def refused(self) -> str | None:
        """A fork is: who pushes there is told to nobody here."""
        repo = self.where.head.repo
        if repo is not None and same_repository(repo, self._repo):
            return None
        fork = f"{in_line(repo)}, a fork" if repo else "a fork that we may not see, or that is gone"
        return f"the branch is in {fork}: who pushes there cannot be told. Push it to {self._repo}, and open it anew"

    def people(self, commits: "Sequence[Commit]") -> list[Mapping[str, Any]]:
        """Git's commits, each with the accounts that GitHub sees behind its addresses.

        Raises:
            EngineError: ENG610, GitHub has other commits than git.
        """
        pull = self.pull
        listed = {joined.sha: joined for joined in pull.commits} if pull.commits is not None else None
        found = listed if listed is not None else self._forge.commits(self._repo, [commit.sha for commit in commits])
        unknown = [commit.sha for commit in commits if commit.sha not in found]
        # What git does not list, though GitHub does, may have come into the base by another way.
        own = {commit.sha for commit in commits}
        strange = [sha for sha in listed or () if sha not in own and not self.repository.contains(self.base, sha)]
        # Of what was merged in some odd way: whoever made it must not be nobody.
        if unknown or strange or (pull.merged and not own):
            raise failure("ENG610", number=pull.number, git=len(commits), github=pull.commit_count)
        address, ours = _our_address(pull), self._ours
        return [_joined(c, found[c.sha], pull.author, address if c.sha in ours else "") for c in commits]

    @property
    def _ours(self) -> frozenset[str]:
        """The commits that our App itself has pushed, as the last of a push; none, where that cannot be told.

        An address proves nothing, nor does GitHub's signature beside it: its API lets anybody who may write a file name
        any author of it.
        """
        if not _our_address(self.pull):
            return frozenset()
        try:
            return frozenset(push.after for push in self.pushes if is_us(self.pull, push.by))
        except EngineError:
            return frozenset()

    @once
    def pushes(self) -> "Sequence[Push]":
        """Every push to the head's branch, oldest first.

        Raises:
            EngineError: ENG612, the head's own push is not among them (yet); ENG597, they are cut; it is a fork.
        """
        if self.refused:
            raise failure("ENG556", name="pushers", reason=self.refused)
        head = self.where.head
        found: Sequence[Push] = ()
        for pause in (*pauses(*_LATE), 0.0):
            found = self._forge.pushes(self._repo, head.ref)
            if any(push.after == head.sha for push in found):
                return found
            time.sleep(pause)
        raise failure("ENG612", ref=head.ref, sha=head.sha)

    def branch(self, name: str) -> str | None:
        """Where a branch is now."""
        return self._forge.branches(self._repo, [name])[name]


class Branch:
    """`Sides` of a branch for which there may be no pull request yet: it is compared with the branch that it left.

    Of those that changes may go to, that is the one which takes the fewest commits. Of several, the first.
    """

    def __init__(self, forge: "Forge", repo: str, name: str, targets: Sequence[str], opened: Opened) -> None:
        self._forge, self._repo, self._name, self._targets, self._opened = forge, repo, name, targets, opened
        self.refused = None

    @once
    def tips(self) -> Mapping[str, str | None]:
        """Where the branch is now, and those that changes may go to."""
        return self._forge.branches(self._repo, {self._name, *self._targets})

    @once
    def where(self) -> Where:
        """By GitHub alone.

        Raises:
            EngineError: ENG611, the branch is gone, or has nothing in common with any other.
        """
        target = self._nearest
        return Where(
            None, Head(self._name, self._head, self._repo), Tip(target, self.tips[target], self._repo), False, _never
        )

    @property
    def _head(self) -> str:
        sha = self.tips[self._name]
        if sha is None:
            raise failure("ENG611", branch=self._name, repo=self._repo)
        return sha

    @once
    def repository(self) -> "Repository":
        """The mirror, with all of these branches."""
        shas = [self._head, *(self.tips[name] for name in self._targets)]
        return self._opened(self._forge.repository(self._repo, *dict.fromkeys(filter(None, shas))))

    @once
    def _nearest(self) -> str:
        counts: dict[str, int] = {}
        for name in self._targets:
            tip = self.tips[name]
            if tip is None or name == self._name:
                continue
            try:
                counts[name] = len(self.repository.range(tip, self._head).commits)
            except EngineError as error:
                if error.problems[0].code != "ENG354":  # nothing in common
                    raise
        if not counts:
            raise failure("ENG611", branch=" or ".join(self._targets), repo=self._repo)
        return min(counts, key=lambda name: counts[name])

    @property
    def base(self) -> str:
        """The tip of the branch that it left."""
        tip = self.tips[self._nearest]
        assert tip is not None
        return tip

    def check_known(self) -> None:
        """GitHub itself has named the head."""

    def check_merge(self, sha: str) -> None:
        """GitHub itself has named it; whether the branch is still at it, the fact `merged` tells."""

    def check_head(self, *, again: bool = False) -> None:
        """A branch is taken as it is; `again`: nothing, if it is still there."""
        if again and (now := self.branch(self._name)) != self._head:
            raise failure("ENG552", ref=self._name, then=self._head, now=now or "gone")

    def people(self, commits: "Sequence[Commit]") -> list[Mapping[str, Any]]:
        """Git's commits, each with the accounts that GitHub sees behind its addresses."""
        found = self._forge.commits(self._repo, [commit.sha for commit in commits])
        if unknown := [commit.sha for commit in commits if commit.sha not in found]:
            raise failure("ENG610", number=unknown[0][:12], git=len(commits), github=len(found))
        return [_joined(commit, found[commit.sha]) for commit in commits]

    def branch(self, name: str) -> str | None:
        """Where a branch is now."""
        return self._forge.branches(self._repo, [name])[name]


class Nowhere:
    """`Sides` of what is about no change: the clock."""

    refused = None

    def __init__(self, event: str) -> None:
        self._event = event

    @property
    def where(self) -> Where:
        """Raises EngineError: ENG556."""
        raise failure("ENG556", name="pr", reason=f"a {self._event} event is about no pull request and no branch")

    @property
    def repository(self) -> "Repository":
        """Likewise."""
        raise failure("ENG556", name="commits", reason=f"a {self._event} event is about no pull request and no branch")

    @property
    def base(self) -> str:
        """Likewise."""
        return self.where.base.ref

    def check_known(self) -> None:
        """Nobody has named one."""

    def check_merge(self, sha: str) -> None:
        """Likewise."""

    def check_head(self, *, again: bool = False) -> None:
        """There is none that could have moved."""

    def people(self, commits: "Sequence[Commit]") -> Sequence[Mapping[str, Any]]:
        """There are no commits."""
        return [address(commit.author) or {} for commit in commits]

    def branch(self, name: str) -> str | None:
        """Nobody looks."""
        raise failure("ENG556", name="ref", reason=f"a {self._event} event is not about {in_line(name)}")


def _never() -> str:
    raise failure("ENG556", name="merge", reason="a branch has not been merged as such")


def _our_address(pull: "Pull") -> str:
    """What GitHub writes into a commit that our App makes by its API; empty: the pull request is none of ours.

    GitHub joins such a commit with no account, as a bot is no user.
    """
    if not (pull.author and is_us(pull, pull.author) and pull.author.bot):
        return ""
    return f"{pull.author.id}+{pull.me.removesuffix('[bot]')}[bot]@users.noreply.github.com"


def _joined(commit: "Commit", joined: "Joined", us: "Account | None" = None, ours: str = "") -> Mapping[str, Any]:
    """Whom git names whom GitHub does not, is a contributor behind whom no account stands."""
    if ours and joined.github_signed:
        first = (hand._replace(user=us) if hand.email == ours else hand for hand in joined.authors[:1])
        joined = joined._replace(authors=(*first, *joined.authors[1:]))  # who stands in a trailer is somebody else
    seen = {hand.email.casefold() for hand in joined.authors if hand.email}
    others = [address(person) for person in commit.co_authors if (person.email or "").casefold() not in seen]
    return {
        "author": _hand(joined.authors[0] if joined.authors else None, commit.author, joined),
        "committer": _hand(joined.committer, commit.committer, joined),
        "co_authors": [*(_who(hand, joined) for hand in joined.authors[1:]), *others],
        "github_signed": joined.github_signed,
    }


def _hand(hand: "Hand | None", person: "Person", joined: "Joined") -> Mapping[str, Any] | None:
    """GitHub's account, if it speaks of the same address as git."""
    same = hand is not None and (hand.email or "").casefold() == (person.email or "").casefold()
    return _who(hand, joined) if same and hand else address(person)


def _who(hand: "Hand", joined: "Joined") -> Mapping[str, Any] | None:
    if hand.user is not None:
        return somebody(hand.user)
    if joined.github_signed and hand.email == _WEB_EMAIL:
        return _WEB
    return {"email": hand.email} if hand.email else None
