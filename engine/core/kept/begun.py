"""That an apply has begun: put before Terraform starts, signed, and answered by the entry of the ledger that follows.

It is about one place in the ledger: the entry that will say what came of it has that number. So it is open as long as
the ledger has no such entry, and whoever comes next, on whatever machine, knows that the state may be another than the
ledger's, what it was before, and which changes may have been made since.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from engine.core.canonical import canonical
from engine.core.signature import Signer, TrustedKeys, authentic, sign
from engine.core.verdict.check import opened
from engine.errors import Place, failure

KIND = "application/vnd.interlock.begun+json"
_FORM: Mapping[str, type | tuple[type, ...]] = {
    "id": str,
    "number": int,
    "key": str,
    "state": (dict, type(None)),
    "backup": (int, type(None)),
    "approved": list,
    "left": dict,
    "done": dict,
    "about": dict,
    "at": str,
}
_BACK = {"back": (str, type(None))}  # not in those that were written by an engine that took nothing back
_CHANGE = {"address", "type", "actions", "digest"}


class Begun(NamedTuple):
    """An apply that was begun."""

    id: str  # of its work directory, on the machine that began it
    number: int  # of the entry that will say what came of it
    key: str  # state key
    state: Mapping[str, Any] | None  # what the ledger said of the state then; None: there was none yet
    backup: int | None  # number of the backup of that state
    approved: Sequence[Mapping[str, Any]]  # changes, as the verdict has them
    left: Mapping[str, str]  # those that the plan was to make: the change's name → digest
    done: Mapping[str, str]  # those that had been made before, likewise
    about: Mapping[str, Any]  # what the entry will say of commit, verdict, values, …
    at: str
    back: str | None = None  # it takes that merge back, to what this commit has


def signed(begun: Begun, signer: Signer) -> bytes:
    """The envelope about it."""
    return sign(canonical(begun._asdict()), signer, KIND)


def read(envelope: bytes, trusted: TrustedKeys, file: str) -> Begun:
    """What one of our keys has signed.

    Raises:
        EngineError: why it is not believed (ENG270, ENG271, ENG274, ENG275, ENG734).
    """
    payload, key = authentic(envelope, trusted, purpose="audit", kind=KIND, file=file)
    said = opened(payload, file)
    form = {**_FORM, **_BACK}
    fits = isinstance(said, dict) and said.keys() in (_FORM.keys(), form.keys())
    if not fits or not all(isinstance(said[name], form[name]) for name in said):
        raise failure("ENG734", Place(file), resource=file, reason="it is not written as we write it")
    rows = said["approved"]
    if trusted[key].revoked or not all(isinstance(row, dict) and row.keys() == _CHANGE for row in rows):
        raise failure("ENG734", Place(file), resource=file, reason="a thief may have written what was begun")
    return Begun(**said)
