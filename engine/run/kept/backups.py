"""Backups of states in a store, sealed: each state as it was before somebody applied to it, by number.

One counts when it was read back and opened. It is sealed as being of this account, state key, lineage and serial, so
none can be put back as another's. None is deleted: one that is dropped leaves what it was of, sealed, under its number,
so that one which is missing is seen to be missing.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from engine.adapters.sealed import header_of, opened, seal
from engine.core.canonical import digest_bytes
from engine.core.kept import keys
from engine.errors import EngineError, failure
from engine.run.kept import numbered
from engine.run.kept.write import put

if TYPE_CHECKING:
    from engine.adapters.sealed import Opened, SealingKey
    from engine.adapters.storage.port import Item, Store

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
    dropped: str | None  # since when nothing is kept of it but this


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
        EngineError: ENG717 it cannot be opened, or is of something else; ENG716 there is none of that number; ENG873 it
            was dropped; the store fails.
    """
    about, found = _opened(store.get(_place(state_key, number)), sealing, state_key, number)
    if about.account != account:
        raise _of_another(about)
    if about.dropped:
        raise failure("ENG873", key=state_key, number=number, time=about.dropped)
    return about, found.data


def listed(store: "Store", state_key: str) -> Iterator[Backup]:
    """What the backups of a state key say they are, the oldest first; nothing is opened.

    Raises:
        EngineError: ENG711, ENG193, ENG717; the store fails.
    """
    for number in range(1, _last(store, keys.backups(state_key), state_key) + 1):
        place = _place(state_key, number)
        item = _found(store.get(place), state_key, number)
        about, key_id, _ = header_of(item.data, place)
        yield _about(place, about, key_id)


def every(store: "Store", turn: int = 0, most: int | None = None) -> Iterator[str]:
    """The state keys that have backups, by what the first one of each says; `most` of them, beginning with any `turn`.

    Raises:
        EngineError: ENG193, ENG717; the store fails.
    """
    first = dict[str, str]()  # folder → the first one in it
    for place in store.list(keys.BACKUPS):
        first.setdefault(place.rpartition("/")[0], place)
    begin = turn % len(first) if first else 0
    for folder, place in [*islice(first.items(), begin, None), *islice(first.items(), begin)][:most]:
        item = store.get(place)
        about, key_id, _ = header_of(item.data if item else b"", place)
        found = _about(place, about, key_id)
        if keys.backups(found.state_key) != f"{folder}/":
            raise _of_another(found)
        yield found.state_key


def reseal(store: "Store", sealing: "Sequence[SealingKey]", state_key: str, number: int) -> bool:
    """Seal it with the first of the keys, whichever of them has sealed it. False: that one has.

    Raises:
        EngineError: ENG716, ENG717 it cannot be opened; ENG718 it is not what was put there; the store fails.
    """
    item = store.get(_place(state_key, number))
    about, found = _opened(item, sealing, state_key, number)
    if about.sealed_with == sealing[0].id:
        return False
    _replace(store, sealing[0], item, found.about, found.data)
    return True


def drop(store: "Store", sealing: "Sequence[SealingKey]", state_key: str, number: int, now: str) -> None:
    """Keep of it only what it was of, and since when.

    Raises:
        EngineError: as `reseal`: what cannot be opened is not dropped.
    """
    item = store.get(_place(state_key, number))
    about, found = _opened(item, sealing, state_key, number)
    if not about.dropped:
        _replace(store, sealing[0], item, {**found.about, "dropped": now}, b"")


def _opened(
    item: "Item | None", sealing: "Sequence[SealingKey]", state_key: str, number: int
) -> "tuple[Backup, Opened]":
    item = _found(item, state_key, number)
    found = opened(item.data, sealing, item.key)
    about = _about(item.key, found.about, found.key_id)
    if (about.state_key, about.number) != (state_key, number):
        raise _of_another(about)
    return about, found


def _found(item: "Item | None", state_key: str, number: int) -> "Item":
    if item is None:
        raise failure("ENG716", key=state_key, number=number)
    return item


def _replace(store: "Store", key: "SealingKey", item: "Item | None", about: Mapping[str, Any], data: bytes) -> None:
    """Put it in the place of what was found there: opened before, since nothing else is left of it, and read back."""
    assert item is not None
    sealed = seal(key, about, data)
    is_put = opened(sealed, [key], item.key).data == data and put(store, item.key, sealed, item.version)
    there = store.get(item.key)
    if not is_put or there is None or there.data != sealed:
        raise failure("ENG718", key=item.key)


def _of_another(about: Backup) -> EngineError:
    is_of = f"number {about.number} of {about.state_key} in the account {about.account}"
    return failure("ENG717", key=about.key, reason=f"it was sealed as {is_of}")


def _place(state_key: str, number: int) -> str:
    return keys.numbered(keys.backups(state_key), number)


def _about(place: str, about: Any, key_id: str) -> Backup:
    match about:
        case {
            "number": int(number), "account": str(account), "state_key": str(state_key), "lineage": str(lineage),
            "serial": int(serial), "version": None | str() as version, "run": str(run), "time": str(time),
        }:  # fmt: skip
            dropped = about.get("dropped")
            if dropped is None or isinstance(dropped, str):
                return Backup(place, number, account, state_key, lineage, serial, version, run, time, key_id, dropped)
    raise failure("ENG717", key=place, reason="its header does not say what a backup is of")


def _last(store: "Store", prefix: str, state_key: str) -> int:
    def missing(number: int) -> EngineError:
        return failure("ENG711", series=f"backups of {state_key}", number=number)

    return numbered.last(store, prefix, MOST, missing, "a backup")
