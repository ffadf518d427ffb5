"""Is a statement ours, about this, and does it still hold? Otherwise there is no verdict, and this says why.

A statement about something else, another head say, neither counts nor blocks: it is passed over. Of those that remain
the highest sequence is the verdict; if that one does not hold any more, an older one is not revived.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from engine.core.canonical import canonical, digest_bytes
from engine.core.schema import is_valid
from engine.core.signature import Signed, TrustedKeys, authentic, in_force, verify
from engine.core.source import load_json
from engine.core.verdict import derived
from engine.core.verdict.about import IDENTITY, SURROUNDINGS, Wanted, ahead, differs, expired
from engine.core.verdict.statement import PREDICATE, Json
from engine.errors import EngineError, Place, failure


class Believed(NamedTuple):
    """A statement whose signature, key and form are right."""

    verdict: Mapping[str, Any]  # the fact
    made_from: Mapping[str, Any]
    key_id: str
    digest: str  # of the statement: what comments and checks name


class Absent(NamedTuple):
    """There is no verdict."""

    reason: str


def read(envelope: bytes, trusted: TrustedKeys, now: str, file: str = "statement") -> Believed:
    """A verdict statement that a trusted key has signed and that says what follows from its parts.

    Raises:
        EngineError: why it is not believed (ENG270-ENG275, ENG280, ENG287, ENG288).
    """
    return _statement(verify(envelope, trusted, now=now, purpose="verdict", file=file), file)


def once_believed(envelope: bytes, trusted: TrustedKeys, file: str = "statement") -> Believed:
    """A verdict statement as `read` takes it, even if its key has expired or was revoked since: it is still ours.

    Raises:
        EngineError: why it never was (ENG270, ENG271, ENG274, ENG275, ENG280, ENG287, ENG288).
    """
    return _statement(authentic(envelope, trusted, purpose="verdict", file=file), file)


def _statement(signed: Signed, file: str) -> Believed:
    payload, key = signed
    statement = opened(payload, file)
    if not is_valid("statement", statement) or statement["predicateType"] != PREDICATE:
        raise failure("ENG280", Place(file))
    derived.check(statement, file)
    predicate = statement["predicate"]
    return Believed(predicate["verdict"], predicate["made_from"], key, digest_bytes(payload))


def opened(payload: bytes, file: str) -> Json:
    """What was signed, read strictly.

    Raises:
        EngineError: ENG270, another reader could read it otherwise.
    """
    try:
        value: Json = load_json(payload, file).data
    except EngineError as error:
        raise failure(
            "ENG270", Place(file), reason=f"its payload is not strict JSON: {error.problems[0].message}"
        ) from None
    if canonical(value) != payload:
        raise failure("ENG270", Place(file), reason="its payload is not written in the canonical form")
    return value


def current(believed: Believed, now: str, file: str = "statement") -> None:
    """Nothing, if the statement holds at `now`.

    Raises:
        EngineError: ENG281, it was signed in the future; ENG282, it does not hold any more.
    """
    verdict = believed.verdict
    if ahead(verdict, now):
        raise failure("ENG281", Place(file), signed_at=verdict["signed_at"])
    if expired(verdict, now):
        raise failure("ENG282", Place(file), expires_at=verdict["expires_at"])


def latest(statements: Iterable[Believed], trusted: TrustedKeys, now: str, wanted: Wanted) -> Believed | Absent:
    """The verdict about `wanted`, or the reason why there is none.

    A statement whose key has expired or was revoked since is still ours: it does not hold, and revives no older one.
    """
    ours, passed_over = [], "none has been signed"
    for believed in statements:
        if other := differs(IDENTITY, believed.verdict, wanted):
            passed_over = f"one {other}"
        else:
            ours.append(believed)
    if not ours:
        return Absent(passed_over)
    highest = max(b.verdict["sequence"] for b in ours)
    first, *others = [b for b in ours if b.verdict["sequence"] == highest]
    if any(other.digest != first.digest for other in others):
        return Absent(f"two different ones have the sequence number {highest}")
    try:
        in_force(trusted[first.key_id], now)
        current(first, now)
    except EngineError as error:
        return Absent(f"the last one does not hold: {error.problems[0].message}")
    if other := differs(SURROUNDINGS, first.verdict, wanted):
        return Absent(f"the last one {other}")
    return first
