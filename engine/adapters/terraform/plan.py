"""Plans one resource and reads the plan; whatever goes wrong is a result, so that one resource fails alone."""

import threading
import time
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from engine.adapters import files
from engine.adapters.process import Done
from engine.adapters.terraform import failures, nowhere
from engine.adapters.terraform.failures import Kind, TerraformError
from engine.adapters.terraform.locks import Lock
from engine.adapters.terraform.workspace import VARIABLES, Job, Workspace
from engine.core.canonical import digest_bytes
from engine.core.exact import Json
from engine.core.plan.form import read
from engine.core.plan.model import check
from engine.errors import EngineError, Place, Problem, failure

_OUT = "plan.tfplan"


class Limits(NamedTuple):
    """How long and how often Terraform may try."""

    plan_s: float = 900
    lock_s: int = 60  # waits so long for a state that another run has locked
    attempts: int = 3
    pause_s: float = 2  # before the second attempt; twice that before the third


LIMITS = Limits()


class PlanResult(NamedTuple):
    """What planning one resource came to."""

    path: str
    status: Literal["planned", "failed"]
    plan: dict[str, Json] | None  # `terraform show -json`: holds secrets in clear, never leaves the machine
    seconds: float
    problem: Problem | None = None
    kind: Kind | None = None  # of a failure that Terraform reported
    changes: bool = False  # exit code 2: applying would do something
    digest: str = ""  # of the very bytes that `plan` was read from, and that were kept
    lock: Lock | None = None  # of somebody else, which was in the way
    more: tuple[Problem, ...] = ()  # beside the problem: other values that the module refuses


class Attempt(NamedTuple):
    """One attempt at planning."""

    number: int
    again: bool  # in a directory that Terraform itself initialises


_Read = TypeVar("_Read")
Shown: TypeAlias = tuple[bool, bytes]  # would applying do something? And `show -json` of the plan


def plan(
    job: Job,
    workspace: Workspace,
    *,
    limits: Limits = LIMITS,
    cancel: threading.Event | None = None,
    keep: str | None = None,
) -> PlanResult:
    """Plan `job`; a failure that time may heal is tried again. `keep`: a file for the plan's JSON (mode 0600)."""

    def once(attempt: Attempt) -> Shown:
        with workspace.directory(job, cancel, again=attempt.again) as place:
            return shown(job, workspace, place, _OUT, limits, cancel, attempt)

    return result(job, once, limits, cancel, keep)


def result(
    job: Job,
    once: Callable[[Attempt], Shown],
    limits: Limits,
    cancel: threading.Event | None,
    keep: str | None = None,
) -> PlanResult:
    """What `once` comes to, tried as often as `limits` say."""
    began = time.monotonic()
    try:
        changes, data = tried(once, limits, cancel)
        found = _read(job, data)
        if keep:
            files.write(keep, data)
    except EngineError as error:
        kind, lock = (error.kind, error.lock) if isinstance(error, TerraformError) else (None, None)
        problem, *more = error.problems
        problem = problem if problem.place else problem._replace(place=Place(job.path))
        return PlanResult(
            job.path, "failed", None, time.monotonic() - began, problem, kind, lock=lock, more=tuple(more)
        )
    return PlanResult(job.path, "planned", found, time.monotonic() - began, changes=changes, digest=digest_bytes(data))


def shown(
    job: Job,
    workspace: Workspace,
    place: str,
    out: str,
    limits: Limits,
    cancel: threading.Event | None,
    attempt: Attempt,
    locked: bool = False,
) -> Shown:
    """Plan in the working directory `place`, into the file `out` there, and show that plan.

    `locked`: hold the state's lock meanwhile. A plan changes nothing, and one that is killed leaves its lock to whoever
    applies next; so it has one only where what it says must not be of the middle of an apply.

    Raises:
        EngineError: it cannot be planned (`TerraformError`), or not be shown.
    """
    arguments = [
        "plan",
        "-input=false",
        "-json",
        "-detailed-exitcode",
        *(["-refresh=false"] if job.nowhere else []),
        f"-lock-timeout={limits.lock_s}s" if locked else "-lock=false",
        f"-out={out}",
        f"-var-file={VARIABLES}",
    ]
    env = workspace.env(job, place)
    done = workspace.command(arguments, place, limits.plan_s, (0, 1, 2), cancel, env)
    if done.code == 1 or failures.errors(failures.diagnostics(done.stdout)):
        instead = nowhere.UNANSWERED if job.nowhere else {}
        raise failures.of_resource(job.path, done, workspace.redactor, attempts=attempt.number, instead=instead)
    answer = workspace.show([out], place, limits.plan_s, cancel, env)
    if answer.code:
        raise _unreadable(job, answer)
    return done.code == 2, answer.stdout


def tried(once: Callable[[Attempt], _Read], limits: Limits, cancel: threading.Event | None) -> _Read:
    """Try until it works, `limits.attempts` are used up, or the failure is not one that another attempt heals."""
    again = False
    for number in range(1, limits.attempts + 1):
        try:
            return once(Attempt(number, again))
        except TerraformError as error:
            # A locked state has been waited for already (`-lock-timeout`).
            healing = error.kind is Kind.RETRY and error.problems[0].code != "ENG412"
            reinit = error.kind is Kind.REINIT and not again
            if number == limits.attempts or not (healing or reinit):
                raise
            again = again or reinit
            if healing and _waited(limits.pause_s * number, cancel):
                raise
    raise AssertionError("at least one attempt")


def _waited(seconds: float, cancel: threading.Event | None) -> bool:
    """Wait; True when cancelled meanwhile."""
    if cancel is not None:
        return cancel.wait(seconds)
    time.sleep(seconds)
    return False


def _unreadable(job: Job, answer: Done) -> EngineError:
    return failure("ENG416", Place(job.path), resource=job.path, reason=f"`show` ended with exit code {answer.code}")


def _read(job: Job, data: bytes) -> dict[str, Json]:
    """A plan that nobody can judge fails here, alone."""
    found = read(data, lambda reason: failure("ENG416", Place(job.path), resource=job.path, reason=reason))
    if "format_version" not in found or found.get("errored"):
        raise failure("ENG416", Place(job.path), resource=job.path, reason="`show` gave no complete plan")
    check(found)
    return found
