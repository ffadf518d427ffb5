"""What was decided: pipelines with their gates and actions. Values alone, for whoever only tells of them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.canonical import digest
from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Cause, Json
from engine.core.decision.inputs import source
from engine.core.events.envelope import Event
from engine.core.outcome import ALL, Outcome, combine

if TYPE_CHECKING:
    from engine.core.decision.gates import GateResult
    from engine.core.decision.matching import Fired
    from engine.core.rules.model import Input


class ActionResult(NamedTuple):
    """One action of a pipeline: whether it would run, and with what."""

    id: str
    uses: str
    runs: bool | None  # None: its `if` reads the outputs of earlier actions
    inputs: Mapping[str, Any]
    deferred: "Mapping[str, Input]"

    def to_json(self) -> Json:
        """Part of `Decision.to_json`."""
        return {
            "id": self.id,
            "uses": self.uses,
            "runs": self.runs,
            "with": dict(self.inputs),
            "deferred": {name: source(value) for name, value in self.deferred.items()},
        }


class PipelineResult(NamedTuple):
    """One pipeline that the event starts."""

    name: str
    outcome: Outcome
    because: str
    causes: tuple[Cause, ...]  # of the pipeline itself; those of its gates are theirs
    gates: "tuple[GateResult, ...]"
    actions: tuple[ActionResult, ...]
    locks: tuple[str, ...]
    then: str | None
    instead: str | None  # `else:`

    def to_json(self) -> Json:
        """Part of `Decision.to_json`."""
        return {
            "name": self.name,
            "outcome": self.outcome.value,
            "because": self.because,
            "causes": [c.to_json() for c in self.causes],
            "gates": [g.to_json() for g in self.gates],
            "actions": [a.to_json() for a in self.actions],
            "locks": list(self.locks),
            "then": self.then,
            "else": self.instead,
        }


class Decision(NamedTuple):
    """What is to happen and why; nothing has happened yet."""

    event: Event
    rules: str  # digest
    document: FactDocument
    read: frozenset[str]  # the facts that this decision may have read
    pipelines: tuple[PipelineResult, ...]
    triggers: "tuple[Fired, ...]"  # the rows of `events:` that were asked

    @property
    def outcome(self) -> Outcome:
        """Of all pipelines together; `error` when there is none."""
        return combine(ALL, (p.outcome for p in self.pipelines))

    def to_json(self) -> Json:
        """The form of `schemas/decision.schema.json`."""
        read = sorted(self.read)
        document = self.document
        return {
            "version": 1,
            "event": {
                "name": self.event.name,
                "action": self.event.action,
                "delivery": self.event.delivery,
                "subject": str(self.event.subject),
                "digest": self.event.digest,
            },
            "rules": self.rules,
            "facts": {
                "digest": document.digest,
                "read": {name: digest(document.facts[name]) for name in read if name in document.facts},
                "absent": {name: document.absent[name] for name in read if name in document.absent},
                "failed": {name: document.failed[name] for name in read if name in document.failed},
                "unfetched": [name for name in read if document.state(name) and name not in _told(document)],
            },
            "outcome": self.outcome.value,
            "pipelines": [p.to_json() for p in self.pipelines],
        }


def _told(document: FactDocument) -> frozenset[str]:
    return frozenset(document.absent) | frozenset(document.failed)
