"""The five outcomes, their total orders and their exit codes, written once."""

from collections.abc import Iterable, Sequence
from enum import Enum

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


# What a command tells the shell. What cannot be told is no permission either.
EXIT = {
    Outcome.PASS: ExitCode.DONE,
    Outcome.PENDING: ExitCode.WAITING,
    Outcome.FAIL: ExitCode.NEGATIVE,
    Outcome.ERROR: ExitCode.NEGATIVE,
}
