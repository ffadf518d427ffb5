"""Is a statement ours, about this, and does it still hold? Otherwise there is no verdict, and this says why.

A statement that nobody signed, or that is about something else, neither counts nor blocks: it is passed over. Of those
that remain the highest sequence is the verdict; if that one does not hold any more, an older one is not revived.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from engine.core.canonical import canonical, digest_bytes
from engine.core.events.kinds import same_repository
from engine.core.moment import later
from engine.core.schema import is_valid
from engine.core.signature import TrustedKeys, verify
from engine.core.source import load_json
from engine.core.verdict import derived
from engine.core.verdict.statement import PREDICATE, Json
from engine.errors import EngineError, Place, failure

_SKEW_S = 300  # clocks of two machines may differ


class Wanted(NamedTuple):
    """What a verdict has to be about."""

    repo: str
    pr: int | None
    head_sha: str
    base_ref: str
    rules: str  # digest
    origin: str = "github"


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
    payload, key = verify(envelope, trusted, now=now, purpose="verdict", file=file)
    try:
        statement: Json = load_json(payload, file).data
    except EngineError as error:
        raise failure(
            "ENG270", Place(file), reason=f"its payload is not strict JSON: {error.problems[0].message}"
        ) from None
    if not is_valid("statement", statement) or statement["predicateType"] != PREDICATE:
        raise failure("ENG280", Place(file))
    if canonical(statement) != payload:
        raise failure("ENG270", Place(file), reason="its payload is not written in the canonical form")
    derived.check(statement, file)
    predicate = statement["predicate"]
    return Believed(predicate["verdict"], predicate["made_from"], key, digest_bytes(payload))


def current(believed: Believed, now: str, file: str = "statement") -> None:
    """Nothing, if the statement holds at `now`.

    Raises:
        EngineError: it does not hold yet, or no more (ENG281, ENG282).
    """
    verdict = believed.verdict
    if verdict["signed_at"] > later(now, _SKEW_S):
        raise failure("ENG281", Place(file), signed_at=verdict["signed_at"])
    if now >= verdict["expires_at"]:
        raise failure("ENG282", Place(file), expires_at=verdict["expires_at"])


def latest(envelopes: Iterable[bytes], trusted: TrustedKeys, now: str, wanted: Wanted) -> Believed | Absent:
    """The verdict about `wanted`, or the reason why there is none."""
    ours, passed_over = [], "none has been signed"
    for envelope in envelopes:
        try:
            believed = read(envelope, trusted, now)
        except EngineError as error:
            passed_over = f"one is not believed: {error.problems[0].message}"
            continue
        if other := _differs(_IDENTITY, believed, wanted):
            passed_over = other
        else:
            ours.append(believed)
    if not ours:
        return Absent(passed_over)
    highest = max(b.verdict["sequence"] for b in ours)
    first, *others = [b for b in ours if b.verdict["sequence"] == highest]
    if any(other.digest != first.digest for other in others):
        return Absent(f"two different ones have the sequence number {highest}")
    try:
        current(first, now)
    except EngineError as error:
        return Absent(error.problems[0].message)
    if other := _differs(_SURROUNDINGS, first, wanted):
        return Absent(other)
    return first


class _Row(NamedTuple):
    same: Callable[[Mapping[str, Any], Wanted], bool]
    otherwise: str  # format string over the verdict


# Whose verdict it is: another's is passed over.
_IDENTITY = (
    _Row(lambda v, w: v["origin"] == w.origin, "one is of a {origin} run, which nobody else believes"),
    _Row(lambda v, w: same_repository(v["repo"], w.repo), "one is of another repository, {repo}"),
    _Row(lambda v, w: v.get("pr") == w.pr, "one is of another pull request"),
    _Row(lambda v, w: v["head_sha"] == w.head_sha, "one is of another head, {head_sha:.7}"),
)
# What it was given under: a change makes it void, and an older one is not revived.
_SURROUNDINGS = (
    _Row(lambda v, w: v["base_ref"] == w.base_ref, "the last one is of another base, {base_ref}"),
    _Row(lambda v, w: v["rules"] == w.rules, "the last one was given under other rules"),
)


def _differs(rows: Iterable[_Row], believed: Believed, wanted: Wanted) -> str:
    return next((r.otherwise.format(**believed.verdict) for r in rows if not r.same(believed.verdict, wanted)), "")
