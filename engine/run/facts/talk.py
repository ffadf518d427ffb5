"""What was said on a pull request: comments with what they were said of, our answers, and what was asked for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.core.command import PREFIX
from engine.core.decision import destroying
from engine.core.decision.document import freeze
from engine.core.decision.explain import Doubt
from engine.core.report.replies import answered
from engine.errors import EngineError, failure
from engine.run.facts.once import once
from engine.run.facts.people import People, somebody

if TYPE_CHECKING:
    from engine.adapters.github.port import Comment, Person, Pull, Push
    from engine.core.rules.model import Rules

Rows = Sequence[Mapping[str, Any]]


class Talk:
    """What was said. Everything is looked up once; thread-safe."""

    def __init__(
        self,
        pull: "Callable[[], Pull]",
        pushes: "Callable[[], Sequence[Push]]",
        statements: Callable[[], Rows],
        people: "Callable[[], People]",
        rules: "Rules",
        run: str,
    ) -> None:
        """`pushes` and `statements` raise where they cannot be told: then it is not known what a comment was about."""
        self._pull, self._pushes, self._statements = pull, pushes, statements
        self._people, self._rules, self._run = people, rules, run

    @property
    def _commands(self) -> tuple[str, ...]:
        return (PREFIX, *(override.command for override in self._rules.overrides.values()))

    def spoke(self) -> "Iterator[Person]":
        """Who has said something that needs a right: a review with an opinion, or what begins like a command."""
        pull = self._pull()
        for review in pull.reviews or ():
            if review.user and review.state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
                yield review.user
        for comment in pull.comments or ():
            if comment.user and comment.body.startswith(self._commands):
                yield comment.user

    @once
    def comments(self) -> list[dict[str, Any]]:
        """The fact."""
        comments = self._pull().comments
        assert comments is not None
        then = self._then(any(comment.body.startswith(self._commands) for comment in comments))
        return [
            {
                "id": comment.id,
                "user": somebody(comment.user),
                "body": comment.body,
                "created_at": comment.created_at,
                "edited": comment.edited_at is not None,
                "by_email": comment.by_email,
                "kind": "pull_request",
                **then(comment),
            }
            for comment in sorted(comments, key=lambda one: (one.created_at, one.id))
        ]

    def _then(self, wanted: bool) -> "Callable[[Comment], Mapping[str, Any]]":
        """The head and the verdict at the time of writing, as far as that is told; asked only where it matters."""
        pushes = _told(self._pushes) if wanted else None
        statements = _told(self._statements) if wanted else None

        def then(comment: "Comment") -> Mapping[str, Any]:
            head = _head_at(pushes, comment.created_at) if pushes else None
            known = statements is not None and head is not None
            return {"head": head, "verdict": _verdict_at(statements or (), head, comment.created_at) if known else None}

        return then

    @property
    def replies(self) -> list[dict[str, Any]]:
        """The fact: our answers to commands, but none of this run, which would find its own question answered."""
        pull = self._pull()
        assert pull.comments is not None
        ours = [(answered(comment.body, self._run), comment) for comment in pull.comments if is_us(pull, comment.user)]
        rows = [{"to": to, "at": comment.created_at} for to, comment in ours if to is not None]
        return sorted(rows, key=lambda row: (str(row["at"]), str(row["to"])))

    @once
    def asked(self) -> list[dict[str, Any]]:
        """The fact. Nobody is looked up where nobody has asked for anything of this head.

        Raises:
            EngineError: ENG613, whether somebody may have asked cannot be told.
        """
        pull = self._pull()
        if not destroying.claimed(self.comments, pull.head.sha or ""):
            return []
        people = self._people()
        document = freeze(
            {
                "comments": self.comments,
                "groups": people.groups,
                "permissions": people.permissions,
                "pr": {"head": {"sha": pull.head.sha}},
            }
        )
        try:
            return [dict(row) for row in destroying.asked(document, self._rules)]
        except Doubt as doubt:
            raise failure("ENG613", reason=str(doubt)) from doubt


def is_us(pull: "Pull", person: "Person | None") -> bool:
    """Are we that? GraphQL leaves `[bot]` out of the login of an App, and GitHub gives nobody else such a login."""
    if person is None:
        return False
    mine, theirs = (login.removesuffix("[bot]").lower() for login in (pull.me, person.login))
    return mine == theirs and person.bot == pull.me.endswith("[bot]")


def _told(look: Callable[[], Any]) -> Any:
    """What is not told is not known; whoever needs it says so."""
    try:
        return look()
    except EngineError:
        return None


def _head_at(pushes: "Sequence[Push]", moment: str) -> str | None:
    """Where the branch was; None where it moved within that very second."""
    if any(push.when == moment for push in pushes):
        return None
    return next((push.after for push in reversed(pushes) if push.when < moment), None)


def _verdict_at(statements: Rows, head: str | None, moment: str) -> int:
    """The number of the last statement about that head that was there; 0: there was none."""
    about = [row["sequence"] for row in statements if row["head_sha"] == head and row["confirmed_at"] < moment]
    return max(about, default=0)
