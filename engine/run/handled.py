"""What came of the pipelines of one run: carried out here, or told again as its journal has it."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from engine.core.decision.decided import PipelineResult
from engine.core.outcome import EXIT, Outcome
from engine.errors import ExitCode, worst
from engine.run.runner import Ran


class Again(NamedTuple):
    """One pipeline of a run that has ended before: what its journal says came of it."""

    name: str
    said: Mapping[str, Any]
    out: str
    child: bool = False
    ran: tuple[Ran, ...] = ()
    next: str = ""
    uses: str = ""
    requests: int = 0
    passes: bool = False

    def to_json(self) -> Mapping[str, Any]:
        """As it was."""
        done: Mapping[str, Any] = self.said.get("pipeline", {})
        return done

    @property
    def environment(self) -> str:
        """Of the change."""
        return str(self.said.get("environment", ""))

    @property
    def then(self) -> str | None:
        """The child run that follows."""
        then = self.said.get("then")
        return then if isinstance(then, str) and then else None

    @property
    def renews(self) -> str | None:
        """The same, where it gives a verdict again."""
        renews = self.said.get("renews")
        return renews if isinstance(renews, str) and renews else None

    @property
    def exit_code(self) -> ExitCode:
        """As it was."""
        return ExitCode(self.said["exit"])

    @property
    def part(self) -> ExitCode:
        """Nothing was to be done here."""
        return ExitCode.DONE


class Handled(NamedTuple):
    """One pipeline of one decision, carried out or not."""

    result: PipelineResult
    ran: tuple[Ran, ...]
    out: str  # where its results are
    environment: str  # of the change; empty where nobody could tell
    child: bool = False  # of another one's `then`, or `else`
    renews: str | None = None  # the pipeline that gives a verdict again, which this one waits for
    requests: int = 0  # to GitHub, for its facts and actions; git's are not counted
    passes: bool = False  # an error that may pass: a fact could not be looked up now

    @property
    def name(self) -> str:
        """The pipeline's."""
        return self.result.name

    @property
    def next(self) -> str:
        """The action that it stopped before, for another job; else empty."""
        return next((r.id for r in self.ran if r.status == "left"), "")

    @property
    def uses(self) -> str:
        """What that one is: `terraform.apply`."""
        return next((r.uses for r in self.ran if r.status == "left"), "")

    @property
    def then(self) -> str | None:
        """The child run that follows."""
        if self.result.outcome is not Outcome.PASS:
            return self.renews or self.result.instead
        return self.result.then if self.is_done else None

    def to_json(self) -> dict[str, object]:
        """The pipeline's part of the decision, and what became of each action."""
        return {**self.result.to_json(), "ran": [r.to_json() for r in self.ran]}

    @property
    def is_done(self) -> bool:
        """Has everything been carried out, whatever came out? Then `then` follows."""
        return self.result.outcome is Outcome.PASS and all(r.status not in ("failed", "left") for r in self.ran)

    @property
    def exit_code(self) -> ExitCode:
        """What it means to the shell; a child's is its own."""
        if self.result.outcome is not Outcome.PASS:
            return EXIT[self.result.outcome]
        return worst(one.exit_code for one in self.ran)

    @property
    def part(self) -> ExitCode:
        """The same of the work alone: could it be done? Not, what it says of the change."""
        if self.result.outcome is Outcome.ERROR:
            return EXIT[Outcome.ERROR]
        return worst(one.exit_code for one in self.ran if one.status == "failed")

    def said(self) -> dict[str, Any]:
        """What the journal keeps of it, so that it can be told again."""
        same = {"outcome": self.result.outcome.value, "exit": int(self.exit_code), "environment": self.environment}
        return {**same, "then": self.then, "renews": self.renews, "pipeline": self.to_json()}


def following(handled: "Iterable[Handled | Again]") -> "Handled | Again | None":
    """The one that stopped, and that another job goes on with."""
    return next((one for one in handled if one.next), None)


def exit_code(handled: "Iterable[Handled | Again]") -> ExitCode:
    """What a run means to the shell; what follows on a pipeline has no part in it.

    Where another job goes on, the last one tells what was found: a job that has done its part must not keep it away.
    """
    handled = tuple(handled)
    own = [one for one in handled if not one.child]
    return worst(one.part for one in own) if following(handled) else worst(one.exit_code for one in own)
