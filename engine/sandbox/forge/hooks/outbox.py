"""What becomes of an event: one row for each hook that wants it, in the same change as the event itself.

So no crash can lose a delivery of what has happened, or make one of what has not.
"""

import json
import secrets
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.hooks.bodies import installed, whole
from engine.sandbox.forge.kept import Row

LARGEST = 25 * 1024 * 1024  # bytes; GitHub never sends a larger body
_STATES = {"lose": "lost", "late": "held", "reorder": "swapped"}  # where chaos puts a delivery; else it waits


def emit(
    forge: Forge, event: str, action: str | None, repository: int, sender: int | None, body: Mapping[str, Any]
) -> None:
    """Put an event out; fits `forge.Emit`."""
    about = forge.repository_of(repository)
    hooks = [] if about is None else list(_listening(forge, about, event))
    if about is None or not hooks:
        return
    said = whole(forge, event, action, about, sender, body)
    guid = str(uuid.uuid4())
    for hook, installation in hooks:
        post(forge, hook, event, said, guid=guid, repository=repository, installation=installation)


def post(
    forge: Forge,
    hook: Row,
    event: str,
    body: Mapping[str, Any],
    *,
    guid: str = "",
    repository: int | None = None,
    installation: int | None = None,
) -> None:
    """Write the row, or the two or none that chaos makes of it, and tell the sender once the change is done."""
    if installation is not None:
        body = {**body, **installed(installation)}
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    if len(data) > LARGEST:
        return
    how = forge.faults.delivery(event, body.get("action"))
    row = {
        "guid": guid or str(uuid.uuid4()),
        "hook": hook["id"],
        "installation": installation,
        "repository": repository,
        "event": event,
        "action": body.get("action"),
        "number": _number(body),
        "body": data,
        "due_at": forge.now(),
        "state": _STATES.get(how, "waiting"),
    }
    for _ in range(2 if how == "double" else 1):
        forge.kept.insert("deliveries", **row)
    forge.kept.afterwards(forge.wake)


def redeliver(forge: Forge, delivery: Row) -> int:
    """Send it again, as it was: the same body and guid, under a new id."""
    again = {name: delivery[name] for name in _SAME}
    with forge.kept.change():
        number = forge.kept.insert("deliveries", **again, redelivery=1, due_at=forge.now())
        forge.kept.afterwards(forge.wake)
    return number


_SAME = ("guid", "hook", "installation", "repository", "event", "action", "number", "body")


def new_secret() -> str:
    """What signs deliveries."""
    return secrets.token_hex(20)


def _listening(forge: Forge, repository: Row, event: str) -> Iterator[tuple[Row, int | None]]:
    """Every active hook that wants this event of this repository; an App's with its installation there."""
    for hook in forge.kept.rows(_OF_REPOSITORY, repository["id"]):
        if _wants(hook, event):
            yield hook, None
    for hook in forge.kept.rows(_OF_APPS, repository["owner"], repository["id"]):
        if _wants(hook, event):
            yield hook, hook["installation"]


_OF_REPOSITORY = "SELECT * FROM hooks WHERE repository = ? AND active ORDER BY id"
_OF_APPS = """SELECT h.*, i.id AS installation FROM hooks h JOIN installations i ON i.app = h.app
  WHERE i.account = ? AND h.active AND h.url != '' AND i.suspended_at IS NULL AND (i.selection = 'all' OR EXISTS (
    SELECT * FROM installation_repositories r WHERE r.installation = i.id AND r.repository = ?)) ORDER BY h.id"""


def _wants(hook: Row, event: str) -> bool:
    events = json.loads(hook["events_json"])
    return "*" in events or event in events


def _number(body: Mapping[str, Any]) -> int | None:
    """Of the issue or pull request that it is about."""
    for name in ("pull_request", "issue"):
        if isinstance(body.get(name), Mapping):
            found: int | None = body[name].get("number")
            return found
    return None
