"""Backups of states in a store, sealed: each state as it was before somebody applied to it, by number.

One counts when it was read back and opened. It is sealed as being of this account, state key, lineage and serial, so
none can be put back as another's.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from engine.adapters.sealed import header_of, opened, seal
from engine.core.canonical import digest_bytes
from engine.core.kept import keys
from engine.errors import EngineError, failure
from engine.run.kept import numbered
from engine.run.kept.write import put

if TYPE_CHECKING:
    from engine.adapters.sealed import SealingKey
    from engine.adapters.storage.port import Store

MOST = 100_000  # of one state key


class State(Protocol):
    """A state as Terraform gives it: `engine.core.state.State`."""

    @property
    def lineage(self) -> str: ...  # noqa: D102 - of Terraform's own

    @property
    def serial(self) -> int: ...  # noqa: D102

    @property
    def digest(self) -> str:
        """Of its canonical JSON without `terraform_version`."""

    @property
    def data(self) -> bytes:
        """As it was pulled."""

    @property
    def version(self) -> str | None:
        """Of the object in its bucket, where that is known."""


class Backup(NamedTuple):
    """What a backup says it is of. Only `load` makes sure of that."""

    key: str  # where it stands
    number: int
    account: str
    state_key: str
    lineage: str
    serial: int
    version: str | None
    run: str
    time: str
    sealed_with: str  # id of the key


def keep(
    store: "Store",
    key: "SealingKey",
    account: str,
    state_key: str,
    state: State,
    run: str,
    now: str,
) -> str:
    """Seal a state, put it, read it back and open it: where it stands. Without this nothing is applied.

    Raises:
        EngineError: ENG196 it is too large; ENG711, ENG193 of those before one is missing, or something else stands
            there; ENG713 somebody else was always first; ENG718 what is read back is something else; the store fails.
    """
    about = {
        "account": account,
        "state_key": state_key,
        "lineage": state.lineage,
        "serial": state.serial,
        "version": state.version,
        "sha256": digest_bytes(state.data).removeprefix("sha256:"),
        "digest": state.digest,
        "run": run,
        "time": now,
    }
    prefix = keys.backups(state_key)
    for _ in range(numbered.TRIES):
        number = _last(store, prefix, state_key) + 1
        place = keys.numbered(prefix, number)
        sealed = seal(key, {**about, "number": number}, state.data)
        if put(store, place, sealed):
            item = store.get(place)
            if item is None or item.data != sealed or opened(item.data, [key], place).data != state.data:
                raise failure("ENG718", key=place)
            return place
    raise failure("ENG713", tries=numbered.TRIES, key=state_key)


def load(
    store: "Store", sealing: "Sequence[SealingKey]", account: str, state_key: str, number: int
) -> tuple[Backup, bytes]:
    """A backup of this state key in this account, and the state's bytes.

    Raises:
        EngineError: ENG717 it cannot be opened, or is of something else; ENG716 there is none of that number; the store
            fails.
    """
    place = keys.numbered(keys.backups(state_key), number)
    item = store.get(place)
    if item is None:
        raise failure("ENG716", key=state_key, number=number)
    found = opened(item.data, sealing, place)
    about = _about(place, found.about, found.key_id)
    wanted = (account, state_key, number)
    if (about.account, about.state_key, about.number) != wanted:
        is_of = f"number {about.number} of {about.state_key} in the account {about.account}"
        raise failure("ENG717", key=place, reason=f"it was sealed as {is_of}")
    return about, found.data


def listed(store: "Store", state_key: str) -> Iterator[Backup]:
    """What the backups of a state key say they are, the oldest first; nothing is opened.

    Raises:
        EngineError: ENG711, ENG193, ENG717; the store fails.
    """
    prefix = keys.backups(state_key)
    for number in range(1, _last(store, prefix, state_key) + 1):
        place = keys.numbered(prefix, number)
        item = store.get(place)
        if item is None:
            raise failure("ENG716", key=state_key, number=number)
        about, key_id, _ = header_of(item.data, place)
        yield _about(place, about, key_id)


def _about(place: str, about: Any, key_id: str) -> Backup:
    match about:
        case {
            "number": int(number), "account": str(account), "state_key": str(state_key), "lineage": str(lineage),
            "serial": int(serial), "version": None | str() as version, "run": str(run), "time": str(time),
        }:  # fmt: skip
            return Backup(place, number, account, state_key, lineage, serial, version, run, time, key_id)
    raise failure("ENG717", key=place, reason="its header does not say what a backup is of")


def _last(store: "Store", prefix: str, state_key: str) -> int:
    def missing(number: int) -> EngineError:
        return failure("ENG711", series=f"backups of {state_key}", number=number)

    return numbered.last(store, prefix, MOST, missing, "a backup")
