"""Does what somebody wrote about still stand? What was written about one head and its findings is about no others.

Every validation leaves a numbered statement. What was written when one of them was the verdict holds while each one
since says the same of the same head. The first that does not ends it for good: going back revives nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Doubt
from engine.core.verdict.about import content

FACTS = frozenset({"verdict", "statements"})
_AGAIN = "; write a new one"


class Statement(NamedTuple):
    """One validation of this pull request."""

    sequence: int
    signed_at: str
    same: bool  # does it say of the present head what the verdict says?


def statements(document: FactDocument) -> tuple[Statement, ...]:
    """All validations, the verdict included, in any order.

    Raises:
        Doubt: they are not known.
    """
    verdict = document.known("verdict")
    head, said = verdict["head_sha"], content(verdict)
    return (
        Statement(verdict["sequence"], verdict["signed_at"], True),
        *(
            Statement(row["sequence"], row["signed_at"], row["head_sha"] == head and row["content"] == said)
            for row in document.known("statements")
        ),
    )


def superseded(comment: Mapping[str, Any], verdict: Mapping[str, Any], known: Callable[[], Sequence[Statement]]) -> str:
    """Why a comment is about something else than the verdict; empty when it is about just that.

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
    since = [statement for statement in known() if statement.sequence >= number]
    if not all(statement.same for statement in since):
        return f"something else was validated since{_AGAIN}"
    if any(s.signed_at >= comment["created_at"] for s in since if s.sequence == number):
        return f"it is older than the verdict{_AGAIN}"
    numbers = {statement.sequence for statement in since}
    if number > verdict["sequence"] or len(numbers) != max(numbers) - number + 1:
        raise Doubt(f"of the verdicts since comment {comment['id']}, number {number} and up, not all are known")
    if head is None:
        raise Doubt(f"which head comment {comment['id']} was written about is unknown")
    return ""
