"""What is shown, as values: pages and the API show the same, and only the form differs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.kept.board import Turn
from engine.core.schedule.graph import Graph

if TYPE_CHECKING:
    from engine.core.kept.board import Entry
    from engine.core.report.model import Report
    from engine.core.report.progress import Line as Step
    from engine.errors import Problem
    from engine.run.kept.freezes import Said
    from engine.service.delivery import Delivery
    from engine.service.health import Component
    from engine.service.runlog import Line
    from engine.service.runs import Run
    from engine.service.timeline import Timeline

Json = dict[str, Any]


class Lane(NamedTuple):
    """Pull requests of which it is the same one's turn."""

    turn: Turn
    title: str
    about: str
    otherwise: str  # who can unblock one of which nobody is named
    entries: "tuple[Entry, ...]" = ()

    def to_json(self) -> Json:
        """For machines."""
        return {"turn": self.turn, "title": self.title, "pulls": [entry.to_json() for entry in self.entries]}


# In the order in which somebody is needed.
LANES = (
    Lane("apply", "Merged, not all of it applied", "Whoever is named says how it goes on.", "who runs the engine"),
    Lane("operator", "Could not be judged", "Something broke; once it is mended, it is judged anew.",
         "who runs the engine"),
    Lane("people", "Waiting for people", "Whoever is named can give what is missing.", "who the rules name"),
    Lane("author", "Waiting for their authors", "Denied or refused: a push mends it, or who is named excuses it.",
         "whoever has pushed it"),
    Lane("behind", "Waiting behind others", "Another pull request has the resource until it is applied.",
         "who can unblock that one"),
    Lane("frozen", "Frozen", "Nothing is deployed until somebody ends the freeze.", "who may end the freeze"),
    Lane("person", "Nothing to validate", "No resource is changed: the engine leaves the merge to people.",
         "who may merge"),
    Lane("engine", "At work", "It goes on by itself.", "nobody has to"),
)  # fmt: skip


class Asked(NamedTuple):
    """Which pull requests. Empty: all of them."""

    who: str = ""  # a login or a group that can bring it on, in any case
    repo: str = ""
    turn: str = ""
    text: str = ""  # part of its name, title or author

    def takes(self, entry: "Entry") -> bool:
        """Is it one of these?"""
        who, text = self.who.lower(), self.text.lower()
        return (
            (not who or who in (name.lower() for name in entry.who))
            and (not self.repo or entry.repo.lower() == self.repo.lower())
            and (not self.turn or entry.turn == self.turn)
            and (not text or any(text in part.lower() for part in (entry.name, entry.title, entry.author)))
        )


ALL = Asked()


class Count(NamedTuple):
    """How many pull requests have this."""

    name: str
    number: int


class Pulls(NamedTuple):
    """Pull requests by what they wait for."""

    at: str
    asked: Asked
    total: int  # of all that have not ended
    lanes: tuple[Lane, ...]  # those that are not empty
    who: tuple[Count, ...]  # who can bring how many on, whatever was asked for; the most first
    repos: tuple[Count, ...]
    unreadable: tuple[str, ...] = ()  # keys of the store that hold no such record
    problem: "Problem | None" = None  # the store does not answer; this was there before

    @property
    def shown(self) -> int:
        """How many are shown."""
        return sum(len(lane.entries) for lane in self.lanes)

    def to_json(self) -> Json:
        """For machines."""
        return {
            "at": self.at,
            "total": self.total,
            "lanes": [lane.to_json() for lane in self.lanes],
            "who": {count.name: count.number for count in self.who},
            "repositories": {count.name: count.number for count in self.repos},
            "unreadable": list(self.unreadable),
            "problem": self.problem.to_json() if self.problem else None,
        }


class Placed(NamedTuple):
    """A resource among those that it is applied with."""

    path: str
    after: tuple[str, ...]  # paths
    state: str  # empty: nobody can tell yet


_STATES = {"none": "to come", "partial": "half applied", "rolled_back": "rolled back", "half_back": "half back"}


class Pull(NamedTuple):
    """One pull request."""

    at: str
    entry: "Entry"
    url: str  # on GitHub; empty: nobody knows
    gates: Sequence[Mapping[str, Any]]  # as in a decision: {name, outcome, because, missing, causes}
    report: "Report | None"  # of its newest validation: verdict, findings, plans; None: it is not kept
    timeline: "Timeline"
    runs: "tuple[Run, ...]" = ()  # the newest first
    problem: "Problem | None" = None  # its report cannot be read
    frozen: "tuple[Said, ...]" = ()  # freezes of its environment, whether it was looked at since or not

    @property
    def order(self) -> tuple[Placed, ...]:
        """Its resources as they are applied, where one waits for another."""
        rows = self.report.rows if self.report else ()
        if self.report is None or not any(row.after for row in rows):
            return ()
        after = {row.path: frozenset(row.after) for row in rows}
        known = Graph(tuple(after), {path: others & after.keys() for path, others in after.items()})
        states = self._states
        return tuple(Placed(path, tuple(sorted(known.after[path])), states.get(path, "")) for path in known.in_order())

    @property
    def _states(self) -> Mapping[str, str]:
        """What is known of each resource by its path: of one that is open what policy says, afterwards what became."""
        assert self.report is not None
        if self.entry.stage == "open":
            return {row.path: self.report.standing(row).value for row in self.report.rows}
        open_ = {wait.gate: wait.outcome for wait in self.entry.waits}
        if not self.entry.words.startswith("Merged") or (self.entry.stage == "merged" and not open_):
            return {}  # closed; or it is being applied at this moment
        return {row.path: _STATES.get(state := open_.get(row.path, "done"), state) for row in self.report.rows}

    def to_json(self) -> Json:
        """For machines."""
        return {
            "at": self.at,
            "pull": self.entry.to_json(),
            "url": self.url or None,
            "gates": [dict(gate) for gate in self.gates],
            "report": self.report.to_json() if self.report else None,
            "timeline": [event.to_json() for event in self.timeline.events],
            "runs": [run.to_json() for run in self.runs],
            "frozen": [frozen_json(one) for one in self.frozen],
            "problem": self.problem.to_json() if self.problem else None,
        }


class Overview(NamedTuple):
    """Everything at a glance."""

    at: str
    components: "tuple[Component, ...]"
    lanes: tuple[Count, ...]  # by turn
    pulls: Pulls
    running: "tuple[Run, ...]"
    deliveries: Mapping[str, int]  # by state
    frozen: "tuple[Said, ...]"

    def to_json(self) -> Json:
        """For machines."""
        return {
            "at": self.at,
            "components": [component.to_json() for component in self.components],
            "pulls": {count.name: count.number for count in self.lanes},
            "who": {count.name: count.number for count in self.pulls.who},
            "running": [run.to_json() for run in self.running],
            "deliveries": dict(self.deliveries),
            "frozen": [frozen_json(one) for one in self.frozen],
        }


class RunList(NamedTuple):
    """Runs, the newest first."""

    at: str
    runs: "tuple[Run, ...]"
    counts: Mapping[str, int]  # by state, of all
    more: int | None = None  # what `before` has to be for the next ones; None: there are none

    def to_json(self) -> Json:
        """For machines."""
        rows = [run.to_json() for run in self.runs]
        return {"at": self.at, "runs": rows, "counts": dict(self.counts), "more": self.more}


class OneRun(NamedTuple):
    """A run with its log."""

    at: str
    run: "Run"
    lines: "tuple[Line, ...]"
    after: int  # how many lines came before these
    steps: "tuple[Step, ...]" = ()  # how far each resource has come
    more: int = 0  # resources that are not among them

    def to_json(self) -> Json:
        """For machines."""
        return {
            "at": self.at,
            "run": self.run.to_json(),
            "after": self.after,
            "lines": [line._asdict() for line in self.lines],
            "resources": [step._asdict() for step in self.steps],
            "more": self.more,
        }


class Deliveries(NamedTuple):
    """Deliveries, the newest first."""

    at: str
    deliveries: "tuple[Delivery, ...]"
    counts: Mapping[str, int]  # by state, of all
    more: int | None = None  # what `before` has to be for the next ones; None: there are none

    def to_json(self) -> Json:
        """For machines."""
        rows = [delivery.to_json() for delivery in self.deliveries]
        return {"at": self.at, "deliveries": rows, "counts": dict(self.counts), "more": self.more}


class Queue(NamedTuple):
    """What waits to be worked on, and what is."""

    at: str
    running: "tuple[Run, ...]"
    queued: "tuple[Run, ...]"  # the oldest: each waits for one of its pull request, for a place, or for a moment
    waiting: "tuple[Delivery, ...]"  # in the order in which they are looked at
    poisoned: "tuple[Run, ...]"  # given up, until a person has them go on
    counts: Mapping[str, int]  # deliveries by state, of all
    runs: Mapping[str, int]  # likewise

    def to_json(self) -> Json:
        """For machines."""
        return {
            "at": self.at,
            "running": [run.to_json() for run in self.running],
            "queued": [run.to_json() for run in self.queued],
            "waiting": [delivery.to_json() for delivery in self.waiting],
            "poisoned": [run.to_json() for run in self.poisoned],
            "counts": dict(self.counts),
            "runs": dict(self.runs),
        }


class Freeze(NamedTuple):
    """What is frozen."""

    at: str
    frozen: "tuple[Said, ...]"
    environments: tuple[str, ...]  # that the rules name
    problem: "Problem | None" = None

    def to_json(self) -> Json:
        """For machines."""
        problem = self.problem.to_json() if self.problem else None
        return {"at": self.at, "frozen": [frozen_json(one) for one in self.frozen], "problem": problem}


def frozen_json(one: "Said") -> Json:
    """For machines, as `engine freeze --json` has it."""
    return {"environment": one.environment or "all", "reason": one.reason, "by": one.by, "at": one.at}
