"""Does what somebody wrote still stand? It was written of what had been validated then, and of nothing else.

Every validation leaves a numbered statement. What was written under one of them holds while each one since says the
same. The first that does not ends it for good: going back revives nothing. An approval may be of another head than the
verdict, if nothing but the head is another; an override may not.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Doubt

FACTS = frozenset({"verdict", "statements"})
_AGAIN = "; write a new one"


class Statement(NamedTuple):
    """One validation of this pull request."""

    sequence: int
    made_at: str  # when it was signed itself, whatever it repeats; not before the one it follows, whatever a clock said
    head: str  # sha
    base: str  # branch
    content: str  # digest of what it says
    failed: bool  # it ended in an error, and so says nothing of the change
    authors: frozenset[int] | None  # and co-authors, by id; None: not known


class Statements(NamedTuple):
    """All validations, and which of them ends what was written before."""

    rows: tuple[Statement, ...]  # lowest number first
    content: str  # what the verdict says
    other: Statement | None  # the last one that says something else
    gap: int  # the highest number that is missing; 0: none is

    def seen(self, commit: str, at: str) -> Statement | None:
        """What somebody saw who wrote of `commit` at this time: the last statement about it that was there."""
        about = (row for row in reversed(self.rows) if row.head == commit and row.made_at < at)
        return next(about, None)

    def ended(self, since: int) -> Statement | None:
        """The last one from number `since` on that says something else than the verdict."""
        return self.other if self.other and self.other.sequence >= since else None

    def check_whole(self, since: int) -> None:
        """Nothing, if all are known from number `since` on.

        Raises:
            Doubt: one is missing, and it may have said something else.
        """
        if self.gap >= since:
            raise Doubt(f"statement {self.gap} of this pull request is missing, and may have said something else")


def statements(document: FactDocument) -> Statements:
    """All validations; the verdict is among them.

    Raises:
        Doubt: they are not known, or it is not.
    """
    verdict = document.known("verdict")
    rows = list(accumulate(sorted(map(_statement, document.known("statements")), key=_number), _follows))
    mine = (verdict["sequence"], verdict["head_sha"])
    said = next((row.content for row in rows if (row.sequence, row.head) == mine), None)
    if said is None:
        raise Doubt(f"the verdict, number {mine[0]}, is not among the statements of this pull request")
    same = {(row.head, row.base) for row in rows if row.content == said}
    # One that failed says nothing of a change about which another has spoken since, or had before.
    others = [row for row in rows if row.content != said and not (row.failed and (row.head, row.base) in same)]
    return Statements(tuple(rows), said, others[-1] if others else None, missing([row.sequence for row in rows]))


def _number(row: Statement) -> int:
    return row.sequence


def _follows(before: Statement, row: Statement) -> Statement:
    return row._replace(made_at=max(before.made_at, row.made_at))


def missing(numbers: Sequence[int]) -> int:
    """The highest number that is not among `numbers` (lowest first), though a higher one is; 0 where they are whole."""
    expected = numbers[-1] if numbers else 0
    for number in reversed(numbers):
        if number < expected:
            return expected
        expected = number - 1
    return max(expected, 0)


def _statement(row: Mapping[str, Any]) -> Statement:
    hands = row["hands"]
    return Statement(
        row["sequence"],
        max(row["confirmed_at"], row["signed_at"]),
        row["head_sha"],
        row["base_ref"],
        row["content"],
        row["result"] == "error",
        None if hands is None else frozenset(hands["authors"]),
    )


def superseded(comment: Mapping[str, Any], verdict: Mapping[str, Any], known: Callable[[], Statements]) -> str:
    """Why a comment is about something else than the verdict; empty when it is about just that, and this head.

    Raises:
        Doubt: it may be; what it was written about, or what came since, is not known.
    """
    number, head = comment.get("verdict"), comment.get("head")
    if head is not None and head != verdict["head_sha"]:
        return f"it is about another head, {head:.7}{_AGAIN}"
    if number == 0 or (number is None and comment["created_at"] <= verdict["signed_at"]):
        return f"it is older than the verdict{_AGAIN}"
    if number is None:
        raise Doubt(f"which verdict stood when comment {comment['id']} was written is unknown")
    found = known()
    if found.ended(number) or any(row.head != verdict["head_sha"] for row in found.rows if row.sequence >= number):
        return f"something else was validated since{_AGAIN}"
    if any(row.made_at >= comment["created_at"] for row in found.rows if row.sequence == number):
        return f"it is older than the verdict{_AGAIN}"
    found.check_whole(number)
    if number > verdict["sequence"]:
        raise Doubt(f"comment {comment['id']} is said to be about number {number}, which is not the verdict")
    if head is None:
        raise Doubt(f"which head comment {comment['id']} was written about is unknown")
    return ""
