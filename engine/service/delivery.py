"""One delivery: what GitHub says in the headers and the body of a webhook, as far as we look at it before it is kept.

A signature covers the body alone. What headers say (id, event) is a word of whoever sent it: it finds doubles and
chooses what the body is read as, and no more.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from engine.core.events.body import read_body
from engine.core.events.kinds import ALIASES, BY_NAME, REPO, SHA, WORD, wrong
from engine.errors import EngineError

State: TypeAlias = Literal[
    "waiting", "queued", "running", "done", "failed", "kept", "refused", "superseded", "poisoned"
]
STATES: tuple[State, ...] = (
    "waiting",  # nobody has looked at it
    "queued",  # it leads to a run
    "running",
    "done",
    "failed",
    "kept",  # no rule listens to it
    "refused",  # not from a source of ours, or not what it says it is
    "superseded",  # a newer one says the same
    "poisoned",  # its run came to no end, again and again
)
ENDED: frozenset[State] = frozenset({"done", "failed", "kept", "refused", "superseded", "poisoned"})

_PLAIN = 1024 * 1024  # bytes, of which no more than 64 MB of values can come
_LONGEST_ID = 64
_ID = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-")  # a GUID; part of names of files
_EVENT = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
_WHOLE = 2**53


class Delivery(NamedTuple):
    """One row of the inbox. Texts are of the alphabets of `core/events/kinds`, or empty."""

    id: str  # X-GitHub-Delivery
    event: str  # X-GitHub-Event
    action: str
    repo_id: int | None
    repo: str  # owner/name
    installation: int | None  # of our App
    digest: str  # sha256 of the body, hexadecimal
    subject: str  # owner/name#5, owner/name@refs/heads/main, owner/name, or nothing
    head: str
    received_at: str  # moment
    state: State = "waiting"
    run: str = ""
    reason: str = ""
    tries: int = 0  # runs that were begun for it
    priority: int = 0  # the higher, the sooner
    turn: int = 1  # grows when somebody has it delivered again
    number: int = 0  # order of arrival; 0: not kept yet

    @property
    def run_id(self) -> str:
        """Of the run that it leads to: the same delivery twice is the same run, unless somebody asked for another."""
        return f"gh-{self.id}" if self.turn == 1 else f"gh-{self.id}-{self.turn}"

    @property
    def pull(self) -> int | None:
        """The number of the pull request that it is about. A branch may have `#5` in its name, too."""
        place, _, number = self.subject.partition("#")
        return int(number) if number and "@" not in place else None

    def to_json(self) -> dict[str, Any]:
        """For pages and the API."""
        return self._asdict()


class UnreadableError(ValueError):
    """It is no delivery. The text is a sentence for whoever sent it, and quotes nothing of it."""


def read(id_: str, event: str, body: bytes, at: str) -> Delivery:
    """The delivery that was sent. What the body does not say, or says in another form, is empty.

    Raises:
        UnreadableError: the headers have no id or event, or the body is no JSON object.
    """
    if not id_ or len(id_) > _LONGEST_ID or not _ID.issuperset(id_):
        raise UnreadableError("X-GitHub-Delivery is no id of a delivery")
    if not event or len(event) > _LONGEST_ID or not _EVENT.issuperset(event):
        raise UnreadableError("X-GitHub-Event is no name of an event")
    try:
        # No strict reading of what is small, since it takes longer: whoever acts on it reads it with `read_event`.
        said = json.loads(body.decode()) if len(body) <= _PLAIN else read_body(body, "body")
    except (ValueError, RecursionError, EngineError):
        raise UnreadableError("the body is no JSON, or nests too deep") from None
    if not isinstance(said, dict):
        raise UnreadableError("the body is no JSON object")
    repo = _text(REPO, said, "repository", "full_name")
    action = _text(WORD, said, "action")
    return Delivery(
        id=id_,
        event=event,
        action=action,
        repo_id=_number(said, "repository", "id"),
        repo=repo,
        installation=_number(said, "installation", "id"),
        digest=hashlib.sha256(body).hexdigest(),
        subject=_subject(event, said) or repo,
        head=_head(said),
        received_at=at,
    )


def _subject(event: str, said: Mapping[str, Any]) -> str:
    row = BY_NAME.get(ALIASES.get(event, event))
    if row is None or wrong(said, row.fields):
        return ""
    subject = row.subject(said)
    return "" if subject.kind == "none" else str(subject)


def _head(said: Mapping[str, Any]) -> str:
    """The commit that it is about."""
    places = (
        ("pull_request", "head", "sha"),
        ("check_run", "head_sha"),
        ("check_suite", "head_sha"),
        ("merge_group", "head_sha"),
        ("after",),
    )
    return next((found for place in places if (found := _text(SHA, said, *place))), "")


def _text(check: Any, said: Mapping[str, Any], *path: str) -> str:
    value = _value(said, path)
    return value if check.holds(value) else ""


def _number(said: Mapping[str, Any], *path: str) -> int | None:
    value = _value(said, path)
    return value if type(value) is int and 0 < value < _WHOLE else None


def _value(said: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if not isinstance(said, dict):
            return None
        said = said.get(key)
    return said
