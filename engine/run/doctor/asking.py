"""Looking where somebody may not let us: what is not permitted is a finding that says what to grant, and to whom."""

from collections.abc import Callable, Iterable

from engine.core.doctor import UNSEEN, Finding
from engine.errors import EngineError

_DENIED = ("ENG593", "ENG594")


def tried(subject: str, grant: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What `look` finds; where it may not, or gets no answer, that.

    Args:
        subject: what is looked at.
        grant: what is to be given to whom, so that it may.
        look: asks, and judges.
    """
    found = list[Finding]()
    try:
        for one in look():
            found.append(one)  # what was found before it ends is kept
    except EngineError as error:
        why = error.problems[0]
        found.append(Finding(subject, False, why.message, UNSEEN, grant if why.code in _DENIED else why.hint))
    return found
