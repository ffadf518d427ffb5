"""Whose a login was when a run first met it. A person who is renamed is no other; whoever takes the login then is."""

from typing import TYPE_CHECKING

from engine.core.kept import keys, record
from engine.errors import failure
from engine.run.kept.write import put

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store


def first(store: "Store", login: str, now: int) -> int:
    """The account that had it first: `now`, the one that has it, where nobody has asked before.

    Raises:
        EngineError: ENG193, ENG194, ENG196, what stands there cannot be believed; the store fails.
    """
    key = keys.login(login)
    item = store.get(key)
    if item is None:
        put(store, key, record.encode("login", login=login.lower(), id=now))
        item = store.get(key)
    if item is None:
        raise failure("ENG193", key=key, reason="it was taken away just now", hint=record.WAY_OUT["login"])
    found = record.decode("login", item.data, key)
    if found["login"] != login.lower():
        raise failure("ENG193", key=key, reason="it was said of another login", hint=record.WAY_OUT["login"])
    identity: int = found["id"]
    return identity
