"""From the bytes of an event to an Event, or a refusal of one line.

Four senders, one form: a GitHub webhook's body, the event file of a GitHub Actions job, a dispatch from a source
repository, and the clock.
"""

from typing import NamedTuple

from engine.core.canonical import digest, digest_bytes
from engine.core.events.body import Body, read_body, shown
from engine.core.events.dispatch import contract, stands_for
from engine.core.events.kinds import ALIASES, BY_NAME, SHA, Subject, recognise, wrong
from engine.errors import EngineError, Place, failure
from engine.names import closest, either

_AROUND = ("event", "payload", "body")  # what tools keep a payload in
_FOR_PLACES = 256 * 1024  # bytes of a payload in which places are looked up: GitHub's have a tenth of it
_LINE = 200  # characters of a line that is shown; a sender's payload is one line


class Event(NamedTuple):
    """What came in. A hint where to look: gates never read the payload, and facts are fetched afresh."""

    name: str
    action: str | None
    delivery: str  # the sender's id, or the digest of the body: the same event twice has the same one
    payload: Body
    subject: Subject
    source_repo: str | None  # where the subject lives

    @property
    def digest(self) -> str:
        """What a statement or a record says of the event that caused it."""
        return digest({"name": self.name, "delivery": self.delivery, "payload": self.payload})


def read_event(data: bytes, name: str | None = None, delivery: str | None = None, file: str = "event") -> Event:
    """Turn `data` into an Event; without `name` the payload has to tell by itself which event it is.

    Raises:
        EngineError: one problem of one line (ENG150-ENG158).
    """
    body = read_body(data, file)
    name = _name(body, name, file)
    payload: Body = body
    if name == "repository_dispatch" and (sent := contract(body)):
        name, payload = stands_for(sent, file)
    elif name == "workflow_dispatch" and (asked := _asked(body)):
        name, payload = stands_for(read_body(asked, file), file)
    row = BY_NAME[name]
    if found := wrong(payload, row.fields):
        guess = recognise(body)
        hint = f"it looks like a `{guess}` event: say --event-name {guess}" if guess not in (None, name) else ""
        if wrapped := next((key for key in _AROUND if isinstance(body.get(key), dict)), "") if not hint else "":
            hint = f"hand over what stands in `{wrapped}`, without what is around it"
        if not hint and ", found " in found[1]:
            hint = "correct it there, or hand over the payload as GitHub sent it"
        place = _where(data, file, found[0]) if payload is body else Place(file)
        raise failure("ENG156", place, hint=hint, event=name, path=found[0], reason=found[1])
    subject = row.subject(payload)
    return Event(
        name=name,
        action=payload["action"] if "action" in row.fields else None,
        delivery=delivery or digest_bytes(data),
        payload=payload,
        subject=subject,
        source_repo=subject.repo or None,
    )


def _where(data: bytes, file: str, path: str) -> Place:
    """Where a part of the payload stands, or what lacks it; of what is long, the file."""
    from engine.core.source import load_json

    if len(data) > _FOR_PLACES:
        return Place(file)
    try:
        place = load_json(data, file).place(*path.split("."))
    except EngineError:  # stricter than what GitHub sends
        return Place(file)
    return place if len(place.excerpt) <= _LINE else place._replace(excerpt="")


def commits(event: Event) -> list[str]:
    """The two sides of the event's pull request, as far as it says; none where it is about something else."""
    pull = event.payload.get("pull_request")
    sides = [pull.get(name) for name in ("head", "base")] if isinstance(pull, dict) else []
    return [side["sha"] for side in sides if isinstance(side, dict) and SHA.holds(side.get("sha"))]


def _asked(body: Body) -> bytes:
    """What a sweep of ours has found, as the workflow is started for it: the contract of dispatches, in one input."""
    inputs = body.get("inputs")
    found = inputs.get("contract") if isinstance(inputs, dict) else None
    return found.encode(errors="replace") if isinstance(found, str) else b""


def _name(body: Body, given: str | None, file: str) -> str:
    if given is None:
        name = "repository_dispatch" if contract(body) else recognise(body)
        if name is None:
            raise failure("ENG155", Place(file), known=either(BY_NAME))
        return name
    name = ALIASES.get(given, given)
    if name not in BY_NAME:
        raise failure(
            "ENG159", Place(file), hint=closest(given[:60], BY_NAME), name=shown(given), known=either(BY_NAME)
        )
    return name
