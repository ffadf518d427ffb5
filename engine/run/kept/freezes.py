"""What is frozen: what a person has said last of an environment, or of all of them, in a store."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from engine.adapters.storage.port import Store
from engine.core.kept import keys, record
from engine.errors import EngineError, failure
from engine.run.kept.write import put


class Said(NamedTuple):
    """What somebody has said. The fields are those of the record."""

    run: str  # of the process that wrote it: no other has it
    environment: str | None  # None: all of them
    active: bool
    by: str
    at: str
    reason: str


def is_known(store: Store, environment: str) -> bool:
    """Has anybody ever said anything of it, believable or not?

    Raises:
        EngineError: the store fails.
    """
    return store.get(keys.freeze(environment)) is not None


def active(store: Store, environment: str | None = None) -> list[Said]:
    """What freezes the environment; without one, everything that is frozen. What is said of all comes first.

    Raises:
        EngineError: ENG193, ENG194, ENG196, it cannot be believed; the store fails.
    """
    places: Iterable[str] = (keys.freeze(None), keys.freeze(environment)) if environment else _places(store)
    return [found for key in places if (found := _at(store, key)) and found.active]


def say(store: Store, new: Said) -> None:
    """From now on this is what was said last, whatever stood there, unless a newer engine wrote that.

    Raises:
        EngineError: ENG194; the store fails.
    """
    key, data = keys.freeze(new.environment), record.encode("freeze", **new._asdict())
    is_said = False
    while not is_said:  # somebody else was quicker: then this is said after them
        item = store.get(key)
        if item is not None:
            _check_replaceable(item.data, key)
        is_said = put(store, key, data, item.version if item else None)


def _check_replaceable(data: bytes, key: str) -> None:
    try:
        record.decode("freeze", data, key)
    except EngineError as error:
        if error.problems[0].code == "ENG194":
            raise


def _places(store: Store) -> Iterator[str]:
    yield keys.freeze(None)
    yield from (key for key in store.list(keys.FREEZES) if key != keys.freeze(None))


def _at(store: Store, key: str) -> Said | None:
    item = store.get(key)
    if item is None:
        return None
    found = Said(**record.decode("freeze", item.data, key))
    if keys.freeze(found.environment) != key:
        raise failure("ENG193", key=key, reason="it was said of something else", hint=record.WAY_OUT["freeze"])
    return found
