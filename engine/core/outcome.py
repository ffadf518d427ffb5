"""The five outcomes of gates with their total orders, the three results of work, and their exit codes, written once."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Literal, TypeAlias

from engine.errors import ExitCode


class Outcome(Enum):
    """What a gate says."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    PENDING = "pending"
    ERROR = "error"
    NOT_APPLICABLE = "not_applicable"


ALL = (Outcome.ERROR, Outcome.FAIL, Outcome.PENDING, Outcome.PASS)  # leftmost present wins
# One yes is enough; a broken gate outranks a waiting one.
ANY = (Outcome.PASS, Outcome.ERROR, Outcome.PENDING, Outcome.FAIL)


def combine(order: Sequence[Outcome], outcomes: Iterable[Outcome]) -> Outcome:
    """Strongest outcome; ERROR if nothing was judged. NOT_APPLICABLE is in neither order, so it never adds a yes."""
    present = set(outcomes)
    return next((o for o in order if o in present), Outcome.ERROR)


Result: TypeAlias = Literal["passed", "failed", "error"]  # what an action's work says of the change

# What a command tells the shell. A gate that cannot be told is no permission either; work that cannot be, has failed.
EXIT: Mapping[Outcome | Result, ExitCode] = {
    Outcome.PASS: ExitCode.DONE,
    Outcome.PENDING: ExitCode.WAITING,
    Outcome.FAIL: ExitCode.NEGATIVE,
    Outcome.ERROR: ExitCode.NEGATIVE,
    "passed": ExitCode.DONE,
    "failed": ExitCode.NEGATIVE,
    "error": ExitCode.EXECUTOR,
}
