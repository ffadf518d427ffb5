"""What `apply -json` says while it works, line by line, and what that comes to for each address.

The lines are for machines, and their text is not: an error's words may quote a secret, so whoever shows them masks
them. A line that is not understood is passed over; whether the story is whole, its end says.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from engine.core import exact

Status: TypeAlias = Literal["started", "done", "failed"]
_STATUS: Mapping[str, Status] = {
    "apply_start": "started",
    "apply_progress": "started",
    "apply_complete": "done",
    "apply_errored": "failed",
}
_CHANGES = frozenset(("create", "update", "delete"))  # what else is told (`read`, `noop`) changes nothing
_LONGEST = 20_000  # characters of an error; whoever shows it cuts it where nothing secret is torn
_MOST = 100  # diagnostics that are kept


class Change(NamedTuple):
    """One address has come on."""

    address: str
    action: str  # create, update or delete; a replacement is two of them, one after the other
    status: Status
    seconds: float  # since this action of this address began, as Terraform counts them: whole ones
    error: str  # not masked


class Address(NamedTuple):
    """What an apply came to at one address."""

    action: str  # the last one that was begun
    status: Status  # of that one; `started`: nothing says how it ended
    seconds: float  # of all its actions
    error: str
    done: tuple[str, ...]  # the actions that were completed, in their order


class Events:
    """Reads the lines, one after the other."""

    def __init__(self) -> None:
        self.addresses: dict[str, Address] = {}
        self.diagnostics: list[bytes] = []  # the lines of errors, as they are, for `failures`
        self.whole = False  # has Terraform said how many changes it has made? It does so after the last one
        self.dumped: str | None = None  # a state that could be written nowhere else
        self.lines = 0
        self.broken = False  # was a line none of these? Then a disk was full, say, and others may be missing

    def read(self, line: bytes) -> Change | None:
        """What the line tells of an address; None: nothing."""
        if not line.strip():
            return None
        self.lines += 1
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            self.broken = True
            return None
        kind = said.get("type")
        if isinstance(kind, str) and kind in _STATUS:
            return self._came_on(_STATUS[kind], said.get("hook"))
        if kind == "diagnostic":
            return self._complained(line, said.get("diagnostic"))
        if kind == "change_summary":
            found = said.get("changes")
            self.whole = self.whole or (isinstance(found, dict) and found.get("operation") in ("apply", "destroy"))
        elif kind == "log" and isinstance(said.get("state"), dict):
            self.dumped = _state(line)
        return None

    def _came_on(self, status: Status, hook: Any) -> Change | None:
        if not isinstance(hook, dict):
            return None
        resource, action = hook.get("resource"), hook.get("action")
        address = resource.get("addr") if isinstance(resource, dict) else None
        if not isinstance(address, str) or not address:
            return None
        past = self.addresses.get(address)
        if past and "action" not in hook:  # of an end, OpenTofu and older releases may leave it out
            action = past.action
        if action not in _CHANGES:
            return None
        seconds = _number(hook.get("elapsed_seconds"))
        done = past.done if past else ()
        before = past.seconds if past else 0.0
        self.addresses[address] = Address(
            action,
            status,
            before if status == "started" else before + seconds,
            past.error if past else "",
            (*done, action) if status == "done" else done,
        )
        return Change(address, action, status, seconds, "")

    def _complained(self, line: bytes, found: Any) -> Change | None:
        if not isinstance(found, dict) or found.get("severity") != "error":
            return None
        if len(self.diagnostics) < _MOST:
            self.diagnostics.append(line)
        address = found.get("address")
        past = self.addresses.get(address) if isinstance(address, str) else None
        if past is None:
            return None
        error = ". ".join(str(found[name]) for name in ("summary", "detail") if found.get(name))[:_LONGEST]
        assert isinstance(address, str)
        self.addresses[address] = past._replace(status="failed", error=past.error or error)
        return Change(address, past.action, "failed", past.seconds, error)


def _state(line: bytes) -> str | None:
    """The state in a line, to the last digit."""
    try:
        said = exact.loads(line)
    except ValueError:
        return None
    return exact.dumps(said["state"]) if isinstance(said, dict) else None


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0
