"""Does what somebody wrote about still stand? What was written about one head and its findings is about no others.

Every validation leaves a numbered statement. What was written when one of them was the verdict holds while each one
since says the same of the same head. The first that does not ends it for good: going back revives nothing.
"""

from collections.abc import Mapping
from typing import Any

from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Doubt
from engine.core.verdict.about import content

FACTS = frozenset({"verdict", "statements"})
_AGAIN = "; write a new one"


def superseded(comment: Mapping[str, Any], document: FactDocument) -> str:
    """Why a comment is about something else than the verdict; empty when it is about just that.

    Raises:
        Doubt: it may be; what it was written about, or what came since, is not known.
    """
    verdict = document.known("verdict")
    number, head = comment.get("verdict"), comment.get("head")
    if head is not None and head != verdict["head_sha"]:
        return f"it is about another head, {head:.7}{_AGAIN}"
    if number == 0 or (number is None and comment["created_at"] <= verdict["signed_at"]):
        return f"it is older than the verdict{_AGAIN}"
    if number is None:
        raise Doubt(f"which verdict stood when comment {comment['id']} was written is unknown")
    said = content(verdict)
    this = {"sequence": verdict["sequence"], "signed_at": verdict["signed_at"], "same": True}
    others = [
        {**row, "same": row["head_sha"] == verdict["head_sha"] and row["content"] == said}
        for row in document.known("statements")
    ]
    since = [row for row in (this, *others) if row["sequence"] >= number]
    if not all(row["same"] for row in since):
        return f"something else was validated since{_AGAIN}"
    if any(row["signed_at"] >= comment["created_at"] for row in since if row["sequence"] == number):
        return f"it is older than the verdict{_AGAIN}"
    numbers = {row["sequence"] for row in since}
    if number not in numbers or len(numbers) != max(numbers) - number + 1:
        raise Doubt(f"of the verdicts since comment {comment['id']}, number {number} and up, not all are known")
    if head is None:
        raise Doubt(f"which head comment {comment['id']} was written about is unknown")
    return ""
