"""The ledger: what became of each resource, one signed entry for each time that somebody tried, or spoke of its state.

The entries of one state key are numbered without a gap, and each names the digest of the one before it. So none can be
altered, taken out, put elsewhere or told again; only what was cut off at the end cannot be told from what never was.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from engine.core.canonical import canonical, digest, digest_bytes
from engine.core.events.kinds import NUMBER, REPO, SHA
from engine.core.holding import DONE
from engine.core.moment import later
from engine.core.schema import is_valid
from engine.core.signature import TrustedKeys, authentic, in_force
from engine.core.verdict.check import opened
from engine.core.verdict.statement import TYPE, subjects
from engine.errors import Place, failure

PREDICATE = "urn:interlock:ledger:1"
ATTEMPTS = (*DONE, "failed", "partial", "stopped", "refused", "skipped", "released")  # each ends a hold
# Each says which state is ours, and ends nothing; the last two: it was taken back by itself, or half of it.
OF_STATE = ("reconciled", "pushed", "adopted", "restored", "rolled_back", "half_back")
OUTCOMES = (*ATTEMPTS, *OF_STATE)

RAN = (*DONE, "failed", "partial")  # Terraform was started
_BELIEVED = (*DONE, "skipped")  # on which something is done, or left undone
_BY_PEOPLE = ("released", "adopted", "restored")
_ENVIRONMENT = "environment"  # the one value that a promotion changes

Json: TypeAlias = dict[str, Any]


class Entry(NamedTuple):
    """An entry that one of our keys has signed, and that says what can be."""

    said: Mapping[str, Any]  # the predicate, of the form of `schemas/ledger.schema.json`
    key_id: str  # what it has signed stays, when it has expired
    digest: str  # of the statement
    revoked: bool  # a thief may have signed it: it ends a hold, as something did, and nothing more is believed

    @property
    def number(self) -> int:
        """Its place among the entries of its state key, from 1."""
        number: int = self.said["number"]
        return number

    @property
    def key(self) -> str:
        """The state key."""
        key: str = self.said["key"]
        return key

    @property
    def outcome(self) -> str:
        """One of `OUTCOMES`; nothing counts as done, or is tried again by itself, by the word of a revoked key."""
        outcome: str = self.said["outcome"]
        return "refused" if self.revoked and outcome in _BELIEVED else outcome

    def to_row(self, contains: Sequence[str]) -> Json:
        """A row of the fact `ledger`; `contains` are the merges that lie in its commit."""
        said = self.said
        return {
            "number": self.number,
            "key": self.key,
            "outcome": self.outcome,
            "repository": said["repository"]["name"],
            "pr": said["pr"],
            "commit": said["commit"],
            "contains": list(contains),
            "time": said["time"],
            "run": said["run"],
        }

    def to_json(self) -> Json:
        """What `engine ledger --json` shows of it."""
        said = self.said
        state = said["state"] or {"serial": None, "lineage": None}
        return {
            "number": self.number,
            "key": self.key,
            "outcome": said["outcome"],
            "repository": said["repository"]["name"],
            **{name: said[name] for name in ("pr", "commit", "verdict", "merge")},
            "serial": state["serial"],
            "lineage": state["lineage"],
            **{name: said[name] for name in ("addresses", "time", "run")},
        }


def statement(said: Mapping[str, Any]) -> Json:
    """The statement about a predicate; sign its `canonical` form.

    Raises:
        EngineError: ENG710, it says what cannot be.
    """
    written = {"_type": TYPE, "subject": _subject(said), "predicateType": PREDICATE, "predicate": dict(said)}
    for reason in _wrong(written):
        raise failure("ENG710", reason=reason)
    return written


def read(envelope: bytes, trusted: TrustedKeys, file: str = "ledger entry") -> Entry:
    """An entry that a key has signed which is trusted for that, or was when it signed.

    Raises:
        EngineError: why it is not believed (ENG270, ENG271, ENG273, ENG274, ENG275, ENG710).
    """
    payload, key = authentic(envelope, trusted, purpose="audit", file=file)
    value = opened(payload, file)
    for reason in _wrong(value):
        raise failure("ENG710", Place(file), reason=reason)
    said, signer = value["predicate"], trusted[key]
    if signer.revoked is None:  # else nobody minds its dates
        in_force(signer, said["time"], file)
    return Entry(said, key, digest_bytes(payload), signer.revoked is not None)


def out_of_place(entry: Entry, key: str, before: Entry | None) -> str:
    """Why it is not the entry that follows `before` among those of `key`; empty where it is."""
    number = before.number + 1 if before else 1
    if (entry.key, entry.number) != (key, number):
        return f"it was signed as number {entry.number} of {entry.key}"
    if entry.said["before"] != (before.digest if before else None):
        return "it was signed to follow another one"
    is_early = before is not None and entry.said["time"] < before.said["time"]
    if before is not None and is_early and not before.revoked:  # a thief can write any date
        return "it is older than the one before it"
    return ""


def state_of(entries: Sequence[Entry]) -> Mapping[str, Any] | None:
    """The state that is ours: that of the last entry which speaks of one. None: there is none yet.

    Raises:
        EngineError: ENG715, a thief may have said which one it is.
    """
    last = next((entry for entry in reversed(entries) if entry.said["state"]), None)
    if last is None:
        return None
    if last.revoked:
        raise failure("ENG715", key=last.key, number=last.number, signer=last.key_id)
    state: Mapping[str, Any] = last.said["state"]
    return state


def values_digest(variables: Mapping[str, Any]) -> str:
    """Of what a resource is given without what says where: a promotion as it is does not change it."""
    return digest({name: value for name, value in variables.items() if name != _ENVIRONMENT})


NOTHING = values_digest({})  # what a resource is given whose files are gone


def runs_since(entries: Sequence[Entry], values: str) -> str | None:
    """Since when just these values have been applied, and nothing else was tried; None: they are not what runs."""
    since = None
    for entry in reversed(entries):
        if entry.outcome != "applied" or entry.said["values"] != values:
            break
        since = entry.said["time"]
    return since


def _subject(said: Mapping[str, Any]) -> list[Json]:
    try:
        repo, pr, state = said["repository"]["name"], said["pr"], said["state"]
        states = {said["key"]: state["digest"]} if state else {}
        return subjects(repo if pr is None else f"{repo}#{pr}", said["commit"], states)
    except (KeyError, TypeError, AttributeError):
        return []  # which no entry has


def _wrong(value: Any) -> Iterator[str]:
    """Why it is none; a signature makes nothing true."""
    if not is_valid("ledger", value):
        yield "it does not have the form of version 1"
        return
    said = value["predicate"]
    yield from _impossible(said)
    yield from _contradictions(said)
    if canonical(value["subject"]) != canonical(_subject(said)):
        yield "its subject is another than what it is about"


def _impossible(said: Mapping[str, Any]) -> Iterator[str]:
    forms = [
        ("number", said["number"], NUMBER),
        ("repository", said["repository"]["name"], REPO),
        ("repository", said["repository"]["id"], NUMBER),
        ("commit", said["commit"], SHA),
        *(("merge that it contains", sha, SHA) for sha in said["contains"]),
    ]
    if said["pr"] is not None:
        forms.append(("pull request", said["pr"], NUMBER))
    if said["verdict"] is not None:
        forms.append(("number of its verdict", said["verdict"]["sequence"], NUMBER))
    if said["controller"] is not None:
        forms.append(("controller", said["controller"], SHA))
    for what, value, form in forms:
        if not form.holds(value):
            yield f"its {what} is not {form.wanted}"
    if said["state"] is not None and type(said["state"]["serial"]) is not int:
        yield "the serial of its state is no whole number"
    try:
        later(said["time"], 0)
    except ValueError as error:
        yield f"{said['time']} is no moment: {error}"


def _contradictions(said: Mapping[str, Any]) -> Iterator[str]:
    outcome = said["outcome"]
    if (said["number"] == 1) != (said["before"] is None):
        yield "only the first one follows none"
    if outcome in OF_STATE and said["state"] is None:
        yield f"it says `{outcome}` of no state"
    if (outcome == "skipped") != ("after" in said) or said.get("after") == said["key"]:
        yield "it says `skipped`, and not after what, or that of something else"
    if outcome in RAN and (said["verdict"] is None or said["merge"] is None or said["pr"] is None):
        yield f"it says `{outcome}` of what was never judged and merged"
    if outcome == "applied" and said["values"] is None:
        yield "it says `applied`, and not of which values"
    if outcome == "destroyed" and said["values"] != NOTHING:
        yield "it says `destroyed` of what was given values"
    if outcome in _BY_PEOPLE and not (said["why"] and _is_asked(said["people"])):
        yield f"it says `{outcome}`, and not why, or not two people have asked for it"


def _is_asked(people: Sequence[Mapping[str, Any]]) -> bool:
    """Two people have, in comments of theirs; or somebody at a store of their own, whom nobody vouches for."""
    if any(one["comment"] is None or one["id"] is None for one in people):
        return len(people) == 1 and people[0]["id"] is None
    return len({one["id"] for one in people}) >= 2 and len({one["comment"] for one in people}) == len(people)
