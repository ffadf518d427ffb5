"""What applying one resource came to, by two witnesses: how Terraform ended, and what it said meanwhile."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from engine.adapters.attached import Ended, Found, Running
from engine.adapters.process import Done, signal_name
from engine.adapters.terraform import failures
from engine.core.plan.events import Address, Events
from engine.core.redact import Redactor
from engine.errors import Place, Problem, problem

Outcome: TypeAlias = Literal["applied", "failed", "partial", "unknown"]

_NOT_STARTED = 127  # see `attached.Ended`
_UNSAVED = b"Failed to persist state"


class Applied(NamedTuple):
    """What applying one resource's saved plan came to.

    | outcome | |
    |---|---|
    | `applied` | exit code 0, every action that was begun is done, and Terraform has counted them |
    | `failed` | it ended with errors before any action was completed; without addresses nothing was begun at all |
    | `partial` | it ended with errors, and some of it is done, or may be |
    | `unknown` | nobody here knows: it is still at work, was killed, or what it said is not whole: no `close` |

    `problem.code` says why nothing was begun: ENG412 the state is locked, ENG413 the plan is stale, ENG465 another
    account.
    """

    outcome: Outcome
    addresses: Mapping[str, Address]  # errors without credentials; whoever shows them hides the plan's secrets, too
    seconds: float
    problem: Problem | None
    errored: str | None  # a state that Terraform could not write where it belongs: `push` it before anything else


class Case(NamedTuple):
    """What is judged."""

    resource: str
    program: str
    found: Found | None
    events: Events
    words: bytes  # the end of its standard error
    errored: str | None


def judge(case: Case, redactor: Redactor) -> tuple[Outcome, Problem | None]:
    """By exit code and by events: what only one of them says is not known."""
    outcome, why = _judged(case, redactor)
    if outcome == "unknown" or case.errored is None:
        return outcome, why
    return outcome, problem("ENG468", Place(case.resource), resource=case.resource, file=case.errored)


def riddle(resource: str, program: str, found: Found | None) -> Problem:
    """What is to be said of a program whose end says nothing."""
    if isinstance(found, Running):
        return problem("ENG462", Place(resource), program=program, resource=resource)
    if isinstance(found, Ended):
        return _unsaid(resource, f"it was killed by {signal_name(-found.code)}")
    return _unsaid(resource, "it was killed, or the machine was, and its exit code is lost")


def _judged(case: Case, redactor: Redactor) -> tuple[Outcome, Problem | None]:
    resource, found, events = case.resource, case.found, case.events
    if not isinstance(found, Ended) or found.code < 0:
        return "unknown", riddle(resource, case.program, found)
    if case.errored is None and any(_UNSAVED in one for one in events.diagnostics):
        return "unknown", _unsaid(resource, "its state could be written nowhere")
    states = {one.status for one in events.addresses.values()}
    if found.code == 0:
        if events.whole and not events.broken and not events.diagnostics and states <= {"done"}:
            return "applied", None
        return "unknown", _unsaid(resource, "it has ended well, but what it said of it is not whole")
    said = Done(found.code, b"\n".join(events.diagnostics), case.words, found.seconds)
    why = failures.of_resource(resource, said, redactor).problems[0]
    if found.code == 1 and events.diagnostics and not events.broken:
        done = any(one.done for one in events.addresses.values())
        return "partial" if done or "started" in states else "failed", why
    if found.code == _NOT_STARTED and not events.lines and case.words:
        return "failed", why
    return "unknown", _unsaid(resource, f"it ended with exit code {found.code}, and what it said is not whole")


def _unsaid(resource: str, reason: str) -> Problem:
    return problem("ENG470", Place(resource), resource=resource, reason=reason)
