"""Writes whose answer may be lost: what is there says whose it is, since no two writers put the same bytes."""

from engine.adapters.storage.port import Store, Version
from engine.errors import EngineError


def put(store: Store, key: str, data: bytes, instead_of: Version | None = None) -> bool:
    """Put it where nothing stands, or in the place of that version. Does it stand there now, because of us?

    Raises:
        EngineError: the store fails, and it does not.
    """
    try:
        done = store.put_if_absent(key, data) if instead_of is None else store.replace(key, data, instead_of)
    except EngineError:
        if not _stands(store, key, data):
            raise
        return True
    return done is not None or _stands(store, key, data)


def put_named(store: Store, key: str, data: bytes) -> None:
    """Put it under a key that is its digest, so whatever else stood there is mended.

    Raises:
        EngineError: the store fails.
    """
    if not put(store, key, data) and (item := store.get(key)):
        put(store, key, data, item.version)  # where somebody was quicker, they have put the same


def _stands(store: Store, key: str, data: bytes) -> bool:
    item = store.get(key)
    return item is not None and item.data == data
