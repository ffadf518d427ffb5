"""One thing that is said in the trail, and the line that says it.

A line is canonical JSON in ASCII: `splitlines`, a terminal and a spreadsheet see one line where we have written one,
whatever stands in the texts (U+2028, half a surrogate pair). Its first keys are what the chain is made of, so that
whoever verifies a million of them reads the beginning of each and not the whole.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from engine.core.canonical import digest_bytes

What: TypeAlias = Literal[
    "decision", "approval", "override", "merge", "plan", "backup", "apply", "unlock", "freeze", "key", "run"
]
WHATS: tuple[What, ...] = get_args(What)

VERSION = 1
LONGEST = 500  # characters of a text; details are digests and numbers, and no place for more
LARGEST = 8 * 1024  # bytes of a line

_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


class Said(NamedTuple):
    """One thing, as whoever does it says it: small, masked, digests rather than texts."""

    what: What
    outcome: str
    repository: str
    pr: int | None
    key: str | None  # a state key, or another name of what it is about
    why: str
    actor: Mapping[str, Any] | None = None  # {login, id}; None: the engine by itself
    details: Mapping[str, Any] = {}

    @property
    def subject(self) -> str | None:
        """`owner/name#7`, in lower case: GitHub takes either for the same repository."""
        return None if self.pr is None else f"{self.repository.lower()}#{self.pr}"


class Record(NamedTuple):
    """A line of the trail, as it is read."""

    seq: int
    time: str
    run: str
    said: Said

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        said = self.said
        return {
            "seq": self.seq,
            "time": self.time,
            "actor": said.actor,
            "what": said.what,
            "repository": said.repository,
            "pr": said.pr,
            "key": said.key,
            "outcome": said.outcome,
            "why": said.why,
            "run": self.run,
            "details": said.details,
        }


def encoded(value: object) -> bytes:
    """The one spelling of a line, without its end."""
    return _JSON.encode(value).encode("ascii")


def bounded(said: Said, hide: Callable[[str], str]) -> Mapping[str, Any]:
    """What the line says: secrets hidden first, since half of one that was cut would not be recognised, then cut.

    Raises:
        TypeError, ValueError: its details are no JSON; a bug in whoever says it.
    """

    def text(value: str) -> str:
        value = hide(value)
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}…"

    def leaves(value: Any) -> Any:
        if isinstance(value, str):
            return text(value)
        if isinstance(value, Mapping):
            return {text(name): leaves(item) for name, item in value.items()}
        return [leaves(item) for item in value] if isinstance(value, list | tuple) else value

    assert said.what in WHATS, said.what
    row = {
        "what": said.what,
        "outcome": text(said.outcome),
        "repository": text(said.repository),
        "pr": said.pr,
        "key": None if said.key is None else text(said.key),
        "why": text(said.why),
        "actor": said.actor and {"id": said.actor.get("id"), "login": text(str(said.actor.get("login")))},
        "details": leaves(said.details),
    }
    size = len(encoded(row))
    if size > LARGEST - 1024:  # the rest of the line has room in this
        row["details"] = {"cut": {"bytes": size, "digest": digest_bytes(encoded(row["details"]))}}
    return row


def line(after: str, seq: int, said: Mapping[str, Any], run: str, time: str) -> bytes:
    """A line of the trail, without its end. `after` is the digest of the line before it, in hexadecimal digits."""
    return encoded({"after": after, "at": seq, "run": run, "said": said, "time": time, "v": VERSION})


def begins(after: str, seq: int) -> bytes:
    """What the line with that number begins with, in the one spelling."""
    return b'{"after":"%s","at":%d,' % (after.encode("ascii"), seq)


def read(data: bytes) -> Record:
    """The record of a line.

    Raises:
        ValueError: it is none that this release writes, or is spelt otherwise; the reason.
    """
    value = json.loads(data)
    match value:
        case {
            "after": str(),
            "at": int(seq),
            "run": str(run),
            "said": {
                "what": str(what),
                "outcome": str(outcome),
                "repository": str(repository),
                "pr": int() | None as pr,
                "key": str() | None as key,
                "why": str(why),
                "actor": dict() | None as actor,
                "details": dict(details),
                **odd,
            },
            "time": str(time),
            "v": int(version),
            **more,
        } if not odd and not more:
            if version != VERSION:
                raise ValueError(f"it is of version {version}, and this release knows {VERSION}")
            if what not in WHATS or encoded(value) != data:
                raise ValueError("it is not written as this release writes it")
            return Record(seq, time, run, Said(what, outcome, repository, pr, key, why, actor, details))
    raise ValueError("it does not have the form of a record")
