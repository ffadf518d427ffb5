"""What became of applying a merged pull request, resource by resource: what comment, terminal and JSON show of it.

Read from the rows of `terraform.apply`, while it works and when it has ended. What a person can do about a resource
that is not applied is a row of a table, and so is what comes by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from engine.core.command import usage
from engine.core.holding import DONE
from engine.core.plan.told import WORDS, Line
from engine.core.schedule.summary import Summary
from engine.errors import Problem
from engine.names import plural
from engine.printable import harmless

FAILED = ("failed", "partial")  # what Terraform has begun, and not done
_LONGEST_S = 10**7  # a number that is none is no time


class Touched(NamedTuple):
    """One address of Terraform's, as its events tell of it."""

    address: str
    action: str  # create, update, delete, …
    status: str  # started, done, failed
    seconds: float = 0.0
    error: str = ""


class Differs(NamedTuple):
    """One change that is not what was approved."""

    address: str
    approved: str  # what was approved to be done to it; empty: nothing
    fresh: str  # what would be done now; empty: nothing
    lines: tuple[Line, ...] = ()  # of what would be done now, its sensitive values masked
    was: tuple[Line, ...] = ()  # of what was approved, as far as that is kept
    why: str = ""  # what is odd about it


class Back(NamedTuple):
    """What taking a resource back would come to, as a plan of that has shown."""

    comes: str  # whole, without its data, not at all; empty: there is no way, or nobody can tell
    changes: int
    problem: Problem | None = None  # why not

    @property
    def is_available(self) -> bool:
        """Does all of it come back whole? Nothing less is called so."""
        from engine.core.plan.loss import Comes

        return self.problem is None and self.comes == Comes.WHOLE.words

    def __str__(self) -> str:
        """For people; no sentence yet."""
        if self.problem:
            return f"no rollback: {self.problem.message}"
        if not self.is_available:
            return f"it can be taken back, but not whole: some of it comes back {self.comes}"
        counted = f"all of it comes back whole, by {plural(self.changes, 'change')}"
        return (
            f"rollback available: {counted if self.changes else 'nothing is left there that would have to be changed'}"
        )

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        problem = self.problem.to_json() if self.problem else None
        return {"available": self.is_available, **self._asdict(), "comes": self.comes or None, "problem": problem}


class Attempt(NamedTuple):
    """One resource of the merge."""

    path: str
    service: str
    name: str
    key: str  # of its state
    outcome: str = "none"  # of `ATTEMPTS` of the ledger; none: it has no entry
    waits: str = ""  # what keeps it from being tried now
    touched: tuple[Touched, ...] = ()
    seconds: float = 0.0
    problem: Problem | None = None
    difference: tuple[Differs, ...] | None = None  # None: what would be done is what was approved, or nobody knows
    entry: int = 0  # its number in the ledger; 0: none
    back: Back | None = None  # None: nobody has looked

    @property
    def is_done(self) -> bool:
        """Is nothing left to be done?"""
        return self.outcome in DONE


class Applied(NamedTuple):
    """All of them."""

    attempts: tuple[Attempt, ...]
    commit: str = ""  # the merge
    is_live: bool = False  # it is being applied at this moment
    may: Mapping[str, str] = {}  # command → who may say it, in words; what is not in it, the rules do not know
    log: str = ""  # where the whole log is; empty: nobody can tell
    summary: Summary | None = None  # None while it goes on, and of a run that did not come to its end
    revert: int = 0  # number of the pull request that takes back on the branch what was taken back; 0: none was opened

    @property
    def done(self) -> int:
        """How many are applied, or destroyed."""
        return sum(one.is_done for one in self.attempts)

    def to_json(self) -> dict[str, Any]:
        """For machines; the names are those of `terraform.apply`."""
        return {
            "commit": self.commit or None,
            "summary": self.summary.to_json() if self.summary else None,
            "resources": [
                {
                    **{name: getattr(one, name) for name in ("path", "service", "name", "outcome")},
                    "state_key": one.key,
                    "waits": one.waits or None,
                    "addresses": [{**each._asdict(), "error": each.error or None} for each in one.touched],
                    "seconds": round(one.seconds, 3),
                    "problem": one.problem.to_json() if one.problem else None,
                    "difference": None if one.difference is None else [
                        {
                            **each._asdict(), "lines": list(map(str, each.lines)), "was": list(map(str, each.was))
                        } for each in one.difference
                    ],
                    "entry": one.entry or None,
                    "rollback": one.back.to_json() if one.back else None,
                }
                for one in self.attempts
            ],
        }  # fmt: skip


class Way(NamedTuple):
    """What it means that a resource is not applied, and what brings it on."""

    means: str
    command: str = ""  # of the rules; empty: it is tried again by itself
    then: str = ""  # what the command does


_AGAIN = "which tries again what is not applied, after asking all gates"
_REVERTS = "which opens the pull request that makes the branch say so, too"
_OUTCOMES: Mapping[str, Way] = {
    "failed": Way("Terraform ended in an error before it had changed anything", "apply", _AGAIN),
    "partial": Way("Terraform ended in an error after it had changed some of it", "apply", _AGAIN),
    "stopped": Way(
        "what would be done now is not what was approved", "replan",
        "which plans what was merged, signs that, and asks for approvals of it",
    ),
    "refused": Way("a gate of applying says no", "apply", _AGAIN),
    "skipped": Way("it comes after what was not applied, and is tried as soon as that is"),
    "released": Way("two people have given it up", "apply", _AGAIN),
    "rolled_back": Way("it was taken back by itself, and the branch is ahead of what is applied", "rollback", _REVERTS),
    "half_back": Way("it was not wholly taken back, and the branch is ahead of what is applied", "apply", _AGAIN),
}  # fmt: skip
_WAITS: Mapping[str, Way] = {
    "locked": Way("somebody else holds the lock of its Terraform state"),
    "state": Way(
        "its state is none that we have left", "adopt", "each of two people, after they have looked at what it holds"
    ),
    "backend": Way("where its state is kept does not answer"),
    "store": Way("the store does not answer"),
    "upstream": Way("it comes after what is still to be applied"),
    "frozen": Way("deployments are frozen"),
}
_WAITING = Way("it is not known yet what came of it")
_COMING = Way("it was not begun")


def way_of(attempt: Attempt) -> Way:
    """What it means that it is not applied."""
    if attempt.waits:
        return _WAITS.get(attempt.waits, _WAITING)
    return _OUTCOMES.get(attempt.outcome, _WAITING if attempt.touched else _COMING)


def words(way: Way, key: str) -> str:
    """What a person has to write, of the state with that key: `/engine replan`."""
    return usage(way.command).replace("KEY", key)


def time(seconds: float) -> str:
    """How long it took, for people; empty where nobody knows."""
    if not 0 < seconds < _LONGEST_S:
        return ""
    if seconds >= 90:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    return f"{seconds:.1f} s"


def lines(one: Attempt) -> Iterator[tuple[int, str]]:
    """All there is to say of a resource, as plain text: how far each line is indented, and what it says."""
    yield 0, "  ".join(part for part in (one.path, one.waits or one.outcome, time(one.seconds)) if part)
    for each in one.touched:
        yield 1, " ".join(part for part in (each.status, each.action, each.address, time(each.seconds)) if part)
        if each.error:
            yield 2, each.error
    for other in one.difference or ():
        yield 1, f"{other.address}: approved: {other.approved or 'nothing'}; now: {other.fresh or 'nothing'}"
        yield from ((2, str(line)) for line in (*other.was, *other.lines))
    if one.problem:
        yield 1, f"{one.problem.code} {one.problem.message}"
        if one.problem.hint:
            yield 2, f"Fix: {one.problem.hint}"
    if not one.is_done:
        way = way_of(one)
        yield 1, f"{way.means}: " + (words(way, one.key) if way.command else "it is tried again by itself")
    if one.back:
        yield 1, str(one.back)


def log(applied: Applied) -> str:
    """All of it as lines of text, for a file."""
    told = [line for one in applied.attempts for line in lines(one)]
    return "".join(f"{'  ' * depth}{part}\n" for depth, text in told for part in harmless(text).split("\n"))


def read(rows: Sequence[Mapping[str, Any]], looked: Sequence[Mapping[str, Any]] = ()) -> tuple[Attempt, ...]:
    """The rows of `terraform.apply`, with those of a `rollback.look` after it: of what has failed since then."""
    back = {row["state_key"]: row for row in looked}
    found = map(_attempt, rows)
    return tuple(
        one._replace(back=_back(back[one.key])) if one.key in back and one.outcome in FAILED else one for one in found
    )


def _back(row: Mapping[str, Any]) -> Back:
    problem = row["problem"]
    return Back("", 0, Problem.from_json(problem)) if problem else Back(row["comes"], len(row["changes"]))


def _attempt(row: Mapping[str, Any]) -> Attempt:
    problem, difference = row.get("problem"), row.get("difference")
    return Attempt(
        row["path"],
        row["service"],
        row["name"],
        row["state_key"],
        row["outcome"],
        waits=row.get("waits") or "",
        touched=tuple(
            Touched(one["address"], one["action"], one["status"], one.get("seconds") or 0.0, one.get("error") or "")
            for one in row.get("addresses", ())
        ),
        seconds=row.get("seconds") or 0.0,
        problem=Problem.from_json(problem) if problem else None,
        difference=None if difference is None else tuple(map(_differs, difference)),
        entry=row.get("entry") or 0,
    )


def _differs(row: Mapping[str, Any]) -> Differs:
    lines, was = (tuple(map(_line, row.get(name) or ())) for name in ("lines", "was"))
    why = WORDS.get(row.get("why", ""), "")
    return Differs(row["address"], _verb(row.get("approved")), _verb(row.get("fresh")), lines, was, why)


def _line(said: Any) -> Line:
    if isinstance(said, str):
        return Line("", (said,))
    lead, values, note = said
    return Line(lead, tuple(values), note)


def _verb(said: Any) -> str:
    if isinstance(said, str | None):
        return said or ""
    from engine.core.plan.model import VERBS

    return VERBS.get(tuple(said), ", ".join(said))
