"""Why an outcome is what it is: a tree of causes, what is missing, and who can give it.

The explanation is part of the result, never a second opinion: it is built from the values the outcome came from.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from engine.core.canonical import canonical, digest
from engine.core.expressions.model import Trace
from engine.core.outcome import Outcome
from engine.errors import EngineError

Json: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[str, Any]  # a fact that was read: ("pr.base.ref", "dev")

_SHOWN_IN_FULL = 500  # bytes; a longer value (3,000 changed files) is told by its digest, or a decision has no bound


class Cause(NamedTuple):
    """One reason, with the facts that made the difference and the reasons below it."""

    outcome: Outcome | None  # None: a remark that decides nothing
    text: str
    facts: tuple[Path, ...] = ()
    causes: tuple["Cause", ...] = ()

    def to_json(self) -> Json:
        """For `Decision.to_json`."""
        return {
            "outcome": self.outcome.value if self.outcome else None,
            "text": self.text,
            "facts": [_fact(path, value) for path, value in self.facts],
            "causes": [c.to_json() for c in self.causes],
        }


class Missing(NamedTuple):
    """What would bring a gate further, and who can give it. Nobody in `who`: it comes by itself, or never."""

    what: str
    who: tuple[str, ...] = ()

    def to_json(self) -> Json:
        """For `Decision.to_json`."""
        return {"what": self.what, "who": list(self.who)}


class Counted(NamedTuple):
    """Somebody whose approval made a gate pass."""

    id: int
    login: str
    review: int

    def to_json(self) -> Json:
        """For `Decision.to_json`."""
        return {"id": self.id, "login": self.login, "review": self.review}


class Judgement(NamedTuple):
    """An outcome with its reasons."""

    outcome: Outcome
    because: str
    causes: tuple[Cause, ...] = ()
    missing: tuple[Missing, ...] = ()
    people: tuple[Counted, ...] = ()  # whose approvals it leans on, where it passes by them


class Doubt(Exception):  # noqa: N818 - it is the absence of knowledge, not of correctness
    """Something that had to be known is not. Caught where a gate is judged; the answer to doubt is never yes."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.cause = Cause(Outcome.ERROR, text)


def causes_of(trace: Trace, outcome: Outcome) -> tuple[Cause, ...]:
    """The conditions of an expression that made the difference, marked with the outcome they led to."""
    if trace.error:
        broken = [child for child in trace.children if child.error]
        if broken:
            return tuple(cause for child in broken for cause in causes_of(child, outcome))
        return (Cause(Outcome.ERROR, f"{trace.text}: {trace.error}", trace.facts),)
    if not trace.children:
        return (Cause(outcome, trace.text, trace.facts),)
    # An `&&` that is false is so because of its false parts, an `||` that is true because of its true ones. Where no
    # part agrees with the whole (`!`), all of them matter.
    decisive = [child for child in trace.children if child.value == trace.value and not child.error] or trace.children
    below = tuple(cause for child in decisive for cause in causes_of(child, outcome))
    if len(below) == 1 and below[0].causes:  # a name for a junction: its conditions say it all
        below = below[0].causes
    return (Cause(outcome, trace.text, trace.facts, below),)


def one_line(error: EngineError) -> str:
    """What an error says, for a sentence that goes on."""
    return "; ".join(problem.message for problem in error.problems)


def people(names: Sequence[str]) -> str:
    """`ann, bob and cid`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nobody"


def _fact(path: str, value: Any) -> Mapping[str, Any]:
    size = len(canonical(value))
    return {"path": path, "value": value} if size <= _SHOWN_IN_FULL else {"path": path, "digest": digest(value)}
