"""What GitHub says no to, and what nobody knows of, as errors with a way out.

A write that was refused and one of which nobody knows what came of it are different things: after the second kind the
writer looks before anything else happens (`client.once`).
"""

from collections.abc import Mapping

from engine.errors import EngineError, failure, problem

LONGEST = 300  # characters of what GitHub says that are repeated
_ACCEPTED = "x-accepted-github-permissions"  # what a token would have needed


class RefusedError(EngineError):
    """ENG599: GitHub did not do it, and says why."""

    def __init__(self, what: str, status: int, said: str) -> None:
        super().__init__(problem("ENG599", what=what, reason=f"{said or 'no reason given'} (status {status})"))
        self.status, self.said = status, said


class UnsureError(EngineError):
    """ENG598: it was asked for, and nobody knows whether it was done."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(problem("ENG598", what=what, reason=reason))


def unknown(reason: str) -> EngineError:
    """ENG593: there are no credentials, or GitHub does not take them."""
    return failure("ENG593", reason=reason)


def denied(what: str, status: int, said: str, headers: Mapping[str, str]) -> EngineError:
    """ENG594: a 403, or a 404, which is what GitHub says of things that we may not see, too."""
    needed = headers.get(_ACCEPTED, "")[:LONGEST]
    reason = f"{said or 'no reason given'} (status {status})"
    return failure("ENG594", what=what, reason=f"{reason}; it needs {needed}" if needed else reason)


def limited(what: str, seconds: float) -> EngineError:
    """ENG595: we would have to wait longer than we do."""
    return failure("ENG595", what=what, seconds=f"{seconds:.0f}")


def unanswered(what: str, reason: str) -> EngineError:
    """ENG596: no answer, for what may be asked again."""
    return failure("ENG596", what=what, reason=reason)


def not_whole(what: str, reason: str) -> EngineError:
    """ENG597: an answer by which nothing can be decided."""
    return failure("ENG597", what=what, reason=reason)
