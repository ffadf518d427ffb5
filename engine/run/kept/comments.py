"""Which comment of a pull request is ours, and what has been told there, in a store.

The id is kept here, and not found by what comments say: anybody can write what ours says. One record for each pull
request and each of the two comments, replaced by whoever holds the claim to write there.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.canonical import digest
from engine.core.kept import keys, record
from engine.core.report.model import Validated
from engine.errors import EngineError, failure
from engine.run.kept.write import put

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store, Version

_MOST = 500  # verdicts of a history

Order = tuple[int, str]  # number of the verdict, and when the facts were fetched: what is less is older news


class Told(NamedTuple):
    """What stands on a pull request's page, as far as we know."""

    order: Order = (0, "")
    id: int | None = None  # of the comment; None: there is none yet
    digest: str = ""  # of what we have written there
    history: tuple[Validated, ...] = ()  # oldest first
    old: tuple[int, ...] = ()  # comments that have to be minimised
    open: tuple[str, ...] = ()  # gates of merging that did not hold, as they were last told
    pending: str = ""  # digest of a new comment that is about to be written
    version: "Version | None" = None  # None: nothing is kept yet
    about: str = ""  # empty: of the one about the validation


def get(store: "Store", repo: str, pr: int, about: str = "") -> Told:
    """What is kept of a pull request's comment about that; without a word of the one about the validation.

    Raises:
        EngineError: ENG193, ENG194, ENG196, it cannot be believed; the store fails.
    """
    key = keys.comment(repo, pr, about)
    item = store.get(key)
    if item is None:
        return Told(about=about)
    said = record.decode("comment", item.data, key)
    try:
        sequence, at = said["order"]
        history = tuple(Validated(*row) for row in said["history"])
        sound = type(sequence) is int and all(map(_is_row, history)) and all(type(one) is int for one in said["old"])
        if not (sound and isinstance(at, str) and all(isinstance(one, str) for one in said["open"])):
            raise ValueError
    except (TypeError, ValueError):
        reason = "what is in it is of another form"
        raise failure("ENG193", key=key, reason=reason, hint=record.WAY_OUT["comment"]) from None
    return Told(
        (sequence, at),
        said["id"],
        said["digest"],
        history,
        tuple(said["old"]),
        tuple(said["open"]),
        said["pending"],
        item.version,
        about,
    )


def _is_row(one: Validated) -> bool:
    return type(one.number) is int and all(isinstance(text, str) for text in one[1:])


def keep(store: "Store", repo: str, pr: int, run: str, new: Told) -> Told:
    """From now on this is kept, in place of the version that it was made of.

    Raises:
        EngineError: ENG621, another run has kept something else meanwhile; the store fails.
    """
    key = keys.comment(repo, pr, new.about)
    data = record.encode(
        "comment",
        run=run,
        order=list(new.order),
        id=new.id,
        digest=new.digest,
        history=[list(one) for one in new.history[-_MOST:]],
        old=list(new.old),
        open=list(new.open),
        pending=new.pending,
    )
    if not put(store, key, data, new.version):
        raise failure("ENG621", what=key)
    item = store.get(key)
    return new._replace(version=item.version if item else None)


def put_found(store: "Store", repo: str, pr: int, run: str, sequence: int, outputs: Mapping[str, Any]) -> None:
    """Keep what a validation found, as it is shown, so that later runs can show it, too. Too much of it is not kept.

    Raises:
        EngineError: the store fails.
    """
    key = keys.told(repo, pr)
    try:
        data = record.encode("told", run=run, sequence=sequence, digest=digest(outputs), outputs=dict(outputs))
    except EngineError:  # ENG196: then it is shown by its own run alone
        return
    item = store.get(key)
    if item is None or _sequence(item.data, key) <= sequence:
        put(store, key, data, item.version if item else None)  # who is quicker has found something newer


def _sequence(data: bytes, key: str) -> int:
    try:
        return int(record.decode("told", data, key)["sequence"])
    except EngineError:
        return 0


def found(store: "Store", repo: str, pr: int, sequence: int) -> Mapping[str, Any]:
    """What the validation of that number found; empty where it is not kept. Only shown: nothing is decided by it.

    Raises:
        EngineError: the store fails.
    """
    key = keys.told(repo, pr)
    item = store.get(key)
    if item is None:
        return {}
    try:
        said = record.decode("told", item.data, key)
    except EngineError:
        return {}
    outputs: Mapping[str, Any] = said["outputs"]
    return outputs if said["sequence"] == sequence and said["digest"] == digest(outputs) else {}
