"""What became of a resource, said in the trail and then in the ledger: there first, so that an entry has been said."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.audit.record import Said
from engine.core.holding import DONE
from engine.core.kept.ledger import NOTHING, Entry, values_digest
from engine.run.kept import ledger

if TYPE_CHECKING:
    from engine.core.state import State
    from engine.run.applying.model import Applying, Target

_NOTHING: Mapping[str, Any] = {}


def about(applying: "Applying", target: "Target") -> dict[str, Any]:
    """What each entry of this run says of a resource, whatever came out."""
    subject, resource = applying.subject, target.resource
    believed = subject.verdict
    return {
        "repository": dict(subject.repository),
        "pr": subject.pr,
        "commit": subject.commit,
        "contains": list(subject.holders(resource.state_key)),
        "verdict": {"sequence": believed.verdict["sequence"], "digest": believed.digest},
        "merge": subject.merge,
        "controller": subject.controller,
        "module": applying.workspace.template.module_digest,
        "values": values_digest(resource.variables),
        "service": resource.service,
        "name": resource.name,
        "environment": resource.environment,
    }


def whole(about: Mapping[str, Any]) -> str:
    """What it is called when all of it is made: a resource that was given nothing is gone."""
    return "destroyed" if about["values"] == NOTHING else "applied"


def undone(whole: bool) -> str:
    """What it is called when it is taken back."""
    return "rolled_back" if whole else "half_back"


def write(
    applying: "Applying",
    key: str,
    about: Mapping[str, Any],
    outcome: str,
    *,
    state: "State | Mapping[str, Any] | None" = None,
    addresses: Mapping[str, str] = _NOTHING,
    done: Mapping[str, str] = _NOTHING,
    backup: str | None = None,
    why: str | None = None,
    after: str | None = None,
) -> Entry:
    """The entry that stands.

    Raises:
        EngineError: ENG720, it cannot be said; as `ledger.add`.
    """
    said = {
        **about,
        "outcome": outcome,
        "state": None if state is None else identity(state),
        "addresses": dict(addresses),
        "done": dict(done),
        "backup": backup,
        "why": why,
        **({} if after is None else {"after": after}),
        "people": [],
        "run": applying.run,
    }
    tell(applying, key, "completed" if outcome in DONE else outcome, why or outcome, state=said["state"])
    return ledger.add(
        applying.store, applying.signer, applying.trusted, lambda *_: {**said, "time": applying.now()}, key
    )


def tell(applying: "Applying", key: str, outcome: str, why: str, **details: Any) -> None:
    """Say something of applying this state key in the trail.

    Raises:
        EngineError: ENG720.
    """
    subject = applying.subject
    more = {"commit": subject.commit, "merge": subject.merge, "verdict": subject.verdict.digest, **details}
    applying.trail.say(Said("apply", outcome, subject.repository["name"], subject.pr, key, why, details=more))


def identity(state: "State | Mapping[str, Any]") -> dict[str, Any]:
    """Which state it is, without what it says."""
    if isinstance(state, Mapping):
        return dict(state)
    return {"lineage": state.lineage, "serial": state.serial, "digest": state.digest}
