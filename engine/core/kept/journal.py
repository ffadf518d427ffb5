"""The journal of a run: what was begun and what has ended, line by line. Pure: lines come in, what is past goes out.

A line has the next number, so there is one after each; it holds the digest of the line before it, so that none can be
altered, taken out or put elsewhere; and a seal of its own, which is for the last one what the next line is for others.
With a key the seal is a code that nobody without the key can make.

An owner writes lines until another takes the run over, with a line. Whoever was replaced finds that line where the next
one of theirs should have gone: their writing ends there, without clocks and leases.
"""

import json
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any, Literal, NamedTuple, TypeAlias

from engine.core.canonical import canonical, digest, digest_bytes
from engine.core.handover import key_id, mac
from engine.errors import EngineError, ExitCode, failure

VERSION = 1
MOST = 999_999  # lines: their numbers have six digits, so that their keys are in order

Kind: TypeAlias = Literal[
    "start",  # the first one: of which run, and what was decided
    "take",  # somebody else goes on with it
    "begin",  # of an action, or of one item of it
    "end",  # with its outputs
    "stop",  # before an action, for another job to go on
    "finish",  # with the outcome and the exit code; the last one
]
# What a line of a kind says at least; others may stand beside it.
_SAYS: Mapping[Kind, Mapping[str, type]] = {
    "start": {"who": str, "asked": str, "stance": dict},
    "take": {"who": str},
    "begin": {"action": str, "item": str, "inputs": str},
    "end": {"action": str, "item": str, "outputs": dict},
    "stop": {"before": str},
    "finish": {"exit": int},
}
# What every line has besides its seal.
_MEMBERS: Mapping[str, type] = {
    "version": int,
    "run": str,
    "number": int,
    "before": str,
    "kind": str,
    "by": str,
    "said": dict,
}
_DOMAIN = b"interlock journal line 1\n"


class Identity(NamedTuple):
    """Which run: the same delivery starts a pipeline about a subject once, and again where others lead back to it."""

    delivery: str
    pipeline: str
    subject: str
    turn: int = 1  # 2: it has led to another pipeline, which leads back to it

    @property
    def key(self) -> str:
        """The run's part of a store's keys."""
        return digest(list(self)).removeprefix("sha256:")[:40]

    def __str__(self) -> str:
        again = "" if self.turn == 1 else f", turn {self.turn}"
        return f"{self.delivery} ({self.pipeline} of {self.subject}{again})"


class Line(NamedTuple):
    """One line; `by` is the owner of the run who wrote it."""

    kind: Kind
    by: str
    said: Mapping[str, Any]


class Entry(NamedTuple):
    """What is past of an action, or of one item of it."""

    state: Literal["never", "begun", "done"]  # begun: what came of it is not known
    inputs: str = ""  # digest of what it was begun with
    said: Mapping[str, Any] = {}  # what its end says


NEVER = Entry("never")


def line_key(run: str, number: int) -> str:
    """Where a line stands in a store.

    Raises:
        EngineError: ENG573, there are no more numbers.
    """
    if number > MOST:
        raise failure("ENG573", run=run, reason=f"it has {MOST} lines, which is all that one may have")
    return f"{prefix(run)}{number:06}"


def prefix(run: str) -> str:
    """What the keys of all lines of a run begin with."""
    return f"journal/{run}/"


class Past:
    """What the lines of a run have come to so far; it grows by `follow`, one line after the other."""

    def __init__(self, run: str, key: bytes | None) -> None:
        self.run = run
        self.lines = 0
        self.last = ""  # digest of the last one
        self.owner = ""
        self.who = ""  # the owner, for a person
        self.start: Mapping[str, Any] | None = None
        self.stopped: str | None = None  # the action that it stopped before, and nobody has gone on
        self.reached: str | None = None  # the action that it stopped before last: it has come to there
        self.finish: Mapping[str, Any] | None = None
        self._key = key
        self._entries: dict[tuple[str, str], Entry] = {}

    def of(self, action: str, item: str = "") -> Entry:
        """What is past of it."""
        return self._entries.get((action, item), NEVER)

    def next(self, line: Line) -> tuple[str, bytes]:
        """The key and the bytes of `line`, were it the next one.

        Raises:
            EngineError: ENG573, there is no room for one.
            ValueError, TypeError: something in it is not JSON.
        """
        record = {
            "version": VERSION,
            "run": self.run,
            "number": self.lines + 1,
            "before": self.last,
            "kind": line.kind,
            "by": line.by,
            "said": line.said,
        }
        return line_key(self.run, self.lines + 1), canonical({**record, "seal": self._seal(record)})

    def follow(self, at: str, data: bytes) -> None:
        """The line `data`, which stands at the key `at`, is next.

        Raises:
            EngineError: ENG573 it, or one before it, was altered, taken out or put elsewhere; ENG574 a newer engine has
                written it.
        """
        number = self.lines + 1
        if at != line_key(self.run, number):
            raise self._altered(f"line {number} is missing, or {at} is none of its lines")
        record = self._record(data)
        if (record["run"], record["number"], record["before"]) != (self.run, number, self.last):
            raise self._altered(f"line {number} does not follow the one before it")
        try:
            self._take(Line(record["kind"], record["by"], record["said"]))
        except (LookupError, TypeError, ValueError, _ImpossibleError):
            raise self._altered(f"line {number} cannot come there") from None
        self.lines, self.last = number, digest_bytes(data)

    def _take(self, line: Line) -> None:
        fits = all(isinstance(line.said[name], type_) for name, type_ in _SAYS[line.kind].items())
        if not fits or (self.start is None) != (line.kind == "start") or self.finish is not None:
            raise _ImpossibleError
        if line.kind == "start":
            self.start, self.owner, self.who = line.said, line.by, line.said["who"]
        elif line.kind == "take":
            self.owner, self.who, self.stopped = line.by, line.said["who"], None
        elif line.by != self.owner or self.stopped is not None:
            raise _ImpossibleError
        elif line.kind == "stop":
            self.stopped = self.reached = line.said["before"]
        elif line.kind == "finish":
            ExitCode(line.said["exit"])
            self.finish = line.said
        else:
            self._enter(line)

    def _enter(self, line: Line) -> None:
        of = (line.said["action"], line.said["item"])
        if line.kind == "begin":
            self._entries[of] = Entry("begun", line.said["inputs"])
        elif (begun := self.of(*of)).state == "begun":
            self._entries[of] = Entry("done", begun.inputs, line.said)
        else:
            raise _ImpossibleError

    def _record(self, data: bytes) -> dict[str, Any]:
        """The line's members, if it is one, of a form that is known, and its seal is right."""
        number = self.lines + 1
        try:
            record: Any = json.loads(data)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise self._altered(f"line {number} is no line")
        version = record.get("version")
        if type(version) is int and version > VERSION:
            raise failure("ENG574", run=self.run, number=number, version=version)
        bare = {name: value for name, value in record.items() if name != "seal"}
        seal = record.get("seal")
        if not isinstance(seal, str) or not compare_digest(seal.encode(errors="replace"), self._seal(bare).encode()):
            raise self._altered(f"line {number} was altered, or written with another key, or with none")
        formed = bare.keys() == _MEMBERS.keys() and all(type(bare[name]) is _MEMBERS[name] for name in bare)
        if not formed or version != VERSION or bare["kind"] not in _SAYS or canonical(record) != data:
            raise self._altered(f"line {number} is no line")
        return record

    def _seal(self, record: Mapping[str, Any]) -> str:
        try:
            data = canonical(record)
        except ValueError:  # half of a character, which no line of ours has
            return ""
        key = self._key
        return f"hmac-sha256:{key_id(key)}:{mac(_DOMAIN, data, key)}" if key else digest_bytes(_DOMAIN + data)

    def _altered(self, reason: str) -> EngineError:
        return failure("ENG573", run=self.run, reason=reason)


class _ImpossibleError(Exception):
    """No owner writes such a line there."""
