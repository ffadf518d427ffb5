"""A decision as it is kept: with the event, the facts and the digest of the rules that it was made from.

Whoever has it and those rules decides again offline, and gets the same bytes (`core/analysis/replay`).
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.canonical import canonical, digest_bytes
from engine.core.rules.draft import ENTRY
from engine.core.source import load_json
from engine.errors import EngineError, failure

if TYPE_CHECKING:
    from engine.core.declare import Catalog
    from engine.core.rules.model import Rules

VERSION = 1
_LIMIT = 32 * 1024 * 1024  # bytes: what a store keeps


class Decided(NamedTuple):
    """One decision, and all that it was made from."""

    run: str
    at: str  # when its facts were fetched
    engine: str  # the release that decided
    asked: str | None  # the pipeline that was asked for; None: those that the event starts
    clone: bool  # of a run on a clone, which passes over what is done on GitHub
    event: Mapping[str, Any]  # {name, delivery, payload}
    facts: Mapping[str, Any]  # of the form of `schemas/facts.schema.json`
    rules: str  # digest of `rules_of`
    decision: Mapping[str, Any]  # of the form of `schemas/decision.schema.json`


_FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "run": str,
    "at": str,
    "engine": str,
    "asked": (str, type(None)),
    "clone": bool,
    "event": dict,
    "facts": dict,
    "rules": str,
    "decision": dict,
}


def encode(decided: Decided) -> bytes:
    """The bytes of one."""
    return canonical({"version": VERSION, "kind": "decided", **decided._asdict()})


def decode(data: bytes, file: str) -> Decided:
    """The decision that was kept.

    Raises:
        EngineError: ENG193, it is none; ENG194, a newer engine wrote it.
    """
    value = _read(data, file)
    fields: dict[str, Any] = {name: value.get(name) for name in _FIELDS}
    sent = value.get("event")
    is_whole = isinstance(sent, dict) and sent.keys() == {"name", "delivery", "payload"}
    if not is_whole or not all(isinstance(fields[name], kind) for name, kind in _FIELDS.items()):
        raise failure("ENG193", key=file, reason="a decision has other fields")
    return Decided(**fields)


def rules_of(files: Mapping[str, bytes], entry: str = ENTRY) -> bytes:
    """The files of the rules as one: they are read again byte for byte, and begin in `entry`."""
    texts = {path: b64encode(data).decode("ascii") for path, data in files.items()}
    begin = {} if entry == ENTRY else {"entry": entry}
    return canonical({"version": VERSION, "kind": "rules", "files": texts, **begin})


def rules_in(data: bytes, file: str, catalog: "Catalog") -> "Rules":
    """The rules that `rules_of` was given.

    Raises:
        EngineError: ENG193, ENG194, they are none; they do not load with this release.
    """
    from engine.core.rules.load import load

    return load(files_of(data, file), catalog, str(_read(data, file).get("entry", ENTRY)))


def files_of(data: bytes, file: str) -> dict[str, bytes]:
    """The files that `rules_of` was given.

    Raises:
        EngineError: ENG193, ENG194, they are none.
    """
    try:
        return {path: b64decode(text, validate=True) for path, text in _read(data, file)["files"].items()}
    except (LookupError, TypeError, ValueError, AttributeError):
        raise failure("ENG193", key=file, reason="these are no files of rules") from None


def digest_of(data: bytes) -> str:
    """Its digest without the name of the algorithm: a part of a key."""
    return digest_bytes(data).removeprefix("sha256:")


def _read(data: bytes, file: str) -> dict[str, Any]:
    try:
        value = load_json(data, file, limit=_LIMIT).data
    except EngineError as error:
        raise failure("ENG193", key=file, reason=f"it is no JSON: {error.problems[0].message}") from None
    version = value.get("version") if isinstance(value, dict) else None
    if type(version) is int and version > VERSION:
        raise failure("ENG194", key=file, version=version, known=VERSION)
    if version != VERSION:
        raise failure("ENG193", key=file, reason=f"it is not of version {VERSION}")
    assert isinstance(value, dict)
    return value
