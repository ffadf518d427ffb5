"""The form of what runs keep: canonical JSON with a version. What is of another form is an error, never guessed at.

Each has a row of `FIELDS`; the run that wrote it is among them, so that a write whose answer was lost is known again.
"""

from collections.abc import Mapping
from types import NoneType
from typing import Any

from engine.core.canonical import canonical
from engine.core.signature import LARGEST as LARGEST_ENVELOPE
from engine.core.source import load_json
from engine.errors import EngineError, failure

VERSION = 1
# What stands there is not believed: of that one record, where any other error is of the store.
DISBELIEVED = frozenset({"ENG193", "ENG194", "ENG196"})
LARGEST = LARGEST_ENVELOPE + 4096  # bytes

FIELDS: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "statement": {"run": str, "envelope": dict},
    "merge": {"run": str, "envelope": dict},
    "hold": {"key": str, "repository": str, "pr": int},
    "ledger": {"run": str, "envelope": dict},
    "tried": {"key": str, "repository": str, "pr": int},
    "applying": {"run": str, "envelope": dict},
    "swept": {
        "run": str,
        "repository": str,
        "pr": int,
        "marks": dict,
        "keys": list,
        "depends": list,
        "until": (str, NoneType),
    },
    "unapplied": {"repository": str, "pr": int},
    "sweep": {"run": str, "repository": str, "at": str, "after": str, "tips": dict, "told": list},
    "renewal": {"run": str, "repository": str, "pr": int, "about": str},
    "heard": {"run": str, "repository": str, "pr": int, "about": str},
    "begun": {
        "run": str,
        "repository": str,
        "pr": (int, NoneType),
        "ref": (str, NoneType),
        "pipeline": str,
        "at": str,
    },
    "merging": {"run": str, "envelope": dict},
    "comment": {
        "run": str,
        "order": list,  # number of the verdict that it tells of, and when its facts were fetched
        "id": (int, NoneType),  # None: there is none yet
        "digest": str,  # of what we have written there
        "history": list,  # verdicts: number, head, result, time
        "old": list,  # ids of comments of ours that have to be minimised
        "pending": str,  # digest of a comment that is about to be written
        "open": list,  # gates of merging that did not hold when it was last told, with why
    },
    "told": {"run": str, "sequence": int, "digest": str, "outputs": dict},
    "board": {"run": str, "entry": dict, "gates": list, "steps": list},
    "asked": {"run": str, "names": list},
    "rollback": {"run": str, "repository": str, "pr": int, "keys": dict},  # state key → entry undone, commit of before
    "claim": {"owner": str, "run": str, "who": str, "why": str, "since": str, "at": str},  # at: when last renewed
    "freeze": {"run": str, "environment": (str, NoneType), "active": bool, "by": str, "at": str, "reason": str},
    "login": {"login": str, "id": int},
    "source": {"repository": str, "id": int, "installation": (int, NoneType)},
    "struck": {"run": str, "repository": str, "pipeline": str, "at": str},
    "known-keys": {"run": str, "keys": dict},
    "durations": {"run": str, "ms": dict},  # phase → state key → milliseconds
}
# What to do where one is not believed, or is too large to be one.
WAY_OUT: Mapping[str, str] = {
    "statement": "put it back, from a copy of the store, with its key in trusted-keys.yaml, perhaps `revoked`; or "
    "close the pull request, and go on in a new one from the same branch",
    "merge": "put it back, from a copy of the store, with its key in trusted-keys.yaml, perhaps `revoked`",
    "hold": "put it back, from a copy of the store; what it says stands in its key",
    "ledger": "put it back, from a copy of the store or a version that its bucket keeps, with its key in "
    "trusted-keys.yaml, perhaps `revoked`; until then nothing is applied to that resource",
    "tried": "put it back, from a copy of the store; what it says stands in its key",
    "applying": "put it back, from a copy of the store; without it the state has to be adopted by two people",
    "swept": "take it out of the store: its pull request is decided once more",
    "unapplied": "take it out of the store; comment `/engine apply` on the pull request, if it is not applied",
    "sweep": "take it out of the store: the next sweep looks at everything",
    "renewal": "take it out of the store: what it is about may be validated once more",
    "heard": "take it out of the store: what a stranger has started is said in the trail once more",
    "begun": "take it out of the store: it only says that a run may have been left lying",
    "merging": "put it back, from a copy of the store; or delete it: then the merge, if there was one, is judged anew",
    "comment": "delete it: a new comment is written, with a new history",
    "told": "delete it: the comment is then shown without plans until the next validation",
    "board": "delete it: the next run that tells the pull request's page writes it again",
    "asked": "delete it: those who can still give what is missing are asked once more",
    "rollback": "delete it: its pull request is then one as any other",
    "claim": "delete it, if nobody is at work on that branch or pull request",
    "freeze": "say it anew: engine freeze on|off [ENVIRONMENT] --reason TEXT",
    "known-keys": "delete it: the trail is then told of all keys anew",
    "durations": "delete it: work is ordered without it until resources have run again",
    "login": "find out whose the login is, write their id into approvers-config.yaml, and take it out of the store",
    "struck": "take it out of the store: what it is about is started at the next tick",
    "source": "name the repository's `id` and `installation` under `sources` of the rules, and take it out of the "
    "store",
}


def encode(kind: str, **fields: object) -> bytes:
    """The bytes of one.

    Raises:
        EngineError: ENG196, it is too large to be read again.
    """
    assert fields.keys() == FIELDS[kind].keys()
    data = canonical({"version": VERSION, "kind": kind, **fields})
    if len(data) > LARGEST:
        raise failure("ENG196", key=f"a {kind}", limit=LARGEST)
    return data


def decode(kind: str, data: bytes, key: str) -> dict[str, Any]:
    """Its fields; `key` is where it stands.

    Raises:
        EngineError: ENG193 it is none, ENG194 a newer engine wrote it, ENG196 it is too large.
    """
    way_out = WAY_OUT[kind]
    if len(data) > LARGEST:
        raise failure("ENG196", key=key, limit=LARGEST, hint=way_out)
    try:
        value = load_json(data, key, limit=LARGEST).data
    except EngineError as error:
        raise failure("ENG193", key=key, reason=f"it is no JSON: {error.problems[0].message}", hint=way_out) from None
    version = value.get("version") if isinstance(value, dict) else None
    if type(version) is int and version > VERSION:
        raise failure("ENG194", key=key, version=version, known=VERSION)
    if version != VERSION or type(version) is not int or value.get("kind") != kind:
        raise failure("ENG193", key=key, reason=f"it is no {kind} of version {VERSION}", hint=way_out)
    fields = FIELDS[kind]
    if value.keys() != {"version", "kind", *fields} or not all(isinstance(value[n], t) for n, t in fields.items()):
        raise failure("ENG193", key=key, reason=f"a {kind} has other fields", hint=way_out)
    if canonical(value) != data:
        raise failure("ENG193", key=key, reason="it is not written in the canonical form", hint=way_out)
    return {name: value[name] for name in fields}
