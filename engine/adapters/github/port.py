"""What runs ask of GitHub, by purpose, in two halves: who is handed `Looks` cannot change anything.

Everything is told as GitHub has it now, whole or not at all: a list that is cut, a count that differs, an answer in
part is an EngineError (ENG593 to ENG597), never a shorter list. People are told by id; whom GitHub does not know any
more (a deleted account) is None. Moments are RFC 3339 in UTC.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

LISTED_COMMITS = 250  # of a pull request that GitHub lists, and perhaps counts


class Person(NamedTuple):
    """An account. The id stays, the login may be another's tomorrow."""

    id: int
    login: str
    bot: bool = False


class Hand(NamedTuple):
    """Whom a commit names: the account behind an address, where there is one."""

    email: str | None
    user: Person | None


class Branch(NamedTuple):
    """One side of a pull request."""

    ref: str  # without `refs/heads/`
    sha: str | None  # of its tip now; None: it was deleted
    repo: str | None  # `owner/name`; None: it was deleted


class Review(NamedTuple):
    """A review, also one that is pending or dismissed."""

    id: int
    user: Person | None
    state: str  # APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED, PENDING
    commit: str | None
    submitted_at: str | None  # None: it is pending
    edited: bool
    body: str


class Dismissal(NamedTuple):
    """Somebody took a review's effect away."""

    review: int | None  # None: it is gone
    was: str  # what the review had said
    by: Person | None
    when: str


class Comment(NamedTuple):
    """A comment on the pull request itself."""

    id: int
    node: str  # its id in GraphQL, to minimise it by
    user: Person | None
    body: str
    created_at: str
    edited_at: str | None
    minimised: bool
    by_email: bool = False  # a reply to a mail, whose sender nobody has proven


class Commit(NamedTuple):
    """A commit of a pull request, as GitHub joins it with accounts."""

    sha: str
    authors: tuple[Hand, ...]  # the author, then the co-authors
    committer: Hand
    github_signed: bool  # a valid signature of GitHub's own


class Check(NamedTuple):
    """The newest check run of a name on the head, or a commit status of that context."""

    name: str
    status: str  # as REST has it: queued, in_progress, completed, …
    conclusion: str | None  # likewise: success, failure, neutral, …
    app: int | None  # id of the App that a check run is bound to
    external_id: str


class Retarget(NamedTuple):
    """A change of the base."""

    when: str
    before: str
    after: str
    by: Person | None


class Push(NamedTuple):
    """A move of a branch."""

    by: Person | None
    before: str | None  # None: there was no branch
    after: str
    forced: bool
    when: str


Part: TypeAlias = Literal["reviews", "dismissals", "comments", "labels", "commits", "checks", "retargets"]


class Pull(NamedTuple):
    """A pull request. Lists that were not asked for are None."""

    number: int
    node: str  # its id in GraphQL
    repo_id: int
    me: str  # the login that we have
    title: str
    body: str
    author: Person | None
    state: Literal["open", "closed"]
    draft: bool
    merged: bool
    merged_by: Person | None
    merge_commit: str | None  # never the one that GitHub tries the merge with
    merged_at: str | None
    head: Branch
    base: Branch
    updated_at: str
    commit_count: int  # what git finds has to be as many, below `LISTED_COMMITS`
    reviews: tuple[Review, ...] | None = None
    dismissals: tuple[Dismissal, ...] | None = None
    comments: tuple[Comment, ...] | None = None
    labels: tuple[str, ...] | None = None
    commits: tuple[Commit, ...] | None = None  # None also where GitHub may list too few: see `Looks.commits`
    checks: tuple[Check, ...] | None = None
    retargets: tuple[Retarget, ...] | None = None


class Stated(NamedTuple):
    """What became of a pull request, and what its body says."""

    state: Literal["open", "closed"]
    merged: bool
    body: str


class Talk(NamedTuple):
    """What was said on a pull request, of each (how many there are, the id of the newest; 0: there is none)."""

    comments: tuple[int, int]
    reviews: tuple[int, int]


class Brief(NamedTuple):
    """A pull request in a list."""

    number: int
    head: Branch
    base: Branch
    draft: bool
    updated_at: str
    is_mine: bool  # did we open it?
    talk: "Talk"


class Landed(NamedTuple):
    """A merged pull request in a list."""

    number: int
    is_mine: bool  # did we merge it?
    head: str  # sha
    base: str  # branch
    updated_at: str
    talk: "Talk"


class Newest(NamedTuple):
    """A branch in a list."""

    ref: str
    sha: str
    committed_at: str  # as whoever made the commit has it


class Recent(NamedTuple):
    """What has changed last in a repository, at most a page of each."""

    merged: tuple[Landed, ...]  # the one that changed last comes first
    branches: tuple[Newest, ...]  # the one with the newest commit comes first
    branch_count: int  # of all


class People(NamedTuple):
    """Who somebody is, by the names that were asked for."""

    users: Mapping[str, Person | None]  # None: nobody has that login
    teams: Mapping[str, tuple[Person, ...] | None]  # with those of child teams; None: there is none, or not for us
    permissions: Mapping[int, str]  # of the users, by id: admin, maintain, write, triage, read, none


class Deployed(NamedTuple):
    """How the deployment of a merge stands."""

    repo: str
    commit: str
    environment: str
    pr: int
    state: str  # in_progress, success, failure
    description: str
    log: str = ""  # address of the whole log


class Looks(Protocol):
    """Reads. Safe with threads."""

    def pull(self, repo: str, number: int, parts: Collection[Part]) -> Pull:
        """It, with these lists: one request for up to a hundred rows of each."""

    def commits(self, repo: str, shas: Sequence[str]) -> Mapping[str, Commit]:
        """These commits, as GitHub joins them with accounts: one request for a hundred."""

    def stated(self, repo: str, numbers: Collection[int]) -> Mapping[int, Stated | None]:
        """These pull requests; None: there is none of that number. One request."""

    def branches(self, repo: str, names: Collection[str]) -> Mapping[str, str | None]:
        """The commit that each branch is at now; None: there is none of that name. One request."""

    def pulls(self, repo: str, *, head: str | None = None) -> Sequence[Brief]:
        """The open ones, those of a branch only where one is named; the one that changed last comes first."""

    def recent(self, repo: str) -> Recent:
        """What was merged last, and the branches whose commits are the newest. One request."""

    def people(self, repo: str, logins: Collection[str], teams: Collection[str]) -> People:
        """Accounts and teams (`organisation/slug`), and what the accounts may do in the repository."""

    def pushes(self, repo: str, branch: str) -> Sequence[Push]:
        """Every move of the branch since somebody made it, oldest first.

        Raises:
            EngineError: ENG597 also where GitHub does not tell back to there.
        """


class Writes(Protocol):
    """Writes. Each may be done again, by whoever goes on: then it changes nothing, or what differs.

    After a write of which nobody knows they look what is there. What GitHub refuses is a `RefusedError`. Requests where
    nothing goes wrong: 1 for `open_pull`, `retarget`, `merge` and `request_reviews`; `label`: 1 for all that is put on,
    1 for each that is taken off; `comment` and `minimise`: 2; `check`: 1 to look at a commit, then 1 for each and for
    every fifty annotations more; `deployment`: 2 to look and 1 for each that is made or said;
    `branch`: 2 to look and 3 to make it.
    """

    def branch(self, repo: str, name: str, parent: str, files: Mapping[str, str | None], message: str) -> str:
        """The commit that the branch is at, which is made on `parent` where there is none of that name.

        `files`: path → the blob, which the repository has already, that is to stand there; None: nothing is.
        """

    def open_pull(self, repo: str, head: str, base: str, title: str, body: str) -> int:
        """The number of the open pull request of these branches, which is opened where there is none."""

    def retarget(self, repo: str, number: int, base: str) -> bool:
        """Has that base now. A `RefusedError` of 422 where another one of its head goes there already."""

    def label(self, repo: str, number: int, *, add: Collection[str], remove: Collection[str]) -> None:
        """Puts labels on and takes labels off, and no others."""

    def comment(self, repo: str, number: int, body: str, *, instead_of: int | None) -> int:
        """The id of the comment, which is written in place of another of ours where that is still there.

        What stands there already is not written again.
        """

    def minimise(self, node: str) -> bool:
        """Was that comment of ours shown until now?"""

    def check(self, repo: str, sha: str, bodies: Sequence[Mapping[str, Any]]) -> int:
        """The id of our check run on that commit, which the first body makes, or makes of the newest of its name.

        `bodies` are those of REST; each after the first one adds annotations. What is so already, by `external_id`,
        state and title, is no request.
        """

    def deployment(self, deployed: Deployed) -> int:
        """The id of our deployment of that commit and pull request, which is made where there is none, and says so.

        Only one at a time may ask. What it says already is not said again.
        """

    def merge(self, repo: str, number: int, *, head: str, title: str, message: str) -> str:
        """The commit that it was squashed into, once, if its head is still that.

        The message has to name the run, as nothing else: by it the merge is known again as ours. A `RefusedError` of
        405 or 409 where it is merged by somebody else, or cannot be merged now.
        """

    def request_reviews(
        self, repo: str, number: int, *, users: Collection[str], teams: Collection[str]
    ) -> Collection[str]:
        """Who of them is asked now: not the author, nor whom GitHub does not let us ask."""


class Forge(Looks, Writes, Protocol):
    """GitHub, for one run: what it may do there is what its token was asked for."""

    @property
    def calls(self) -> int:
        """Requests that were sent, those for tokens too."""

    def clock(self) -> float | None:
        """What time it is at GitHub, in seconds since 1970 and never too late; None before anything was answered."""

    def repository(self, repo: str, *shas: str) -> str:
        """A bare mirror of the repository that has these commits and all that lies before them: its directory.

        Raises:
            EngineError: one of them cannot be had.
        """


class OnlyLooks:
    """`Looks` and the mirror of a forge, and nothing else of it: for whoever has not declared that it writes."""

    __slots__ = ("_forge",)
    _ALLOWED = frozenset({*(name for name in vars(Looks) if not name.startswith("_")), "calls", "clock", "repository"})

    def __init__(self, forge: Forge) -> None:
        self._forge = forge

    def __getattr__(self, name: str) -> Any:
        if name not in self._ALLOWED:
            raise PermissionError(f"nobody has declared that it writes to GitHub, so there is no `{name}`")
        return getattr(self._forge, name)
