"""Which repository a source's name meant when something of it came first, and of which installation of our App it was.

A repository that is renamed leaves its name to whoever takes it next: that one is another, and no source.
"""

from collections.abc import Iterator
from typing import NamedTuple

from engine.adapters.storage.port import Item, Store
from engine.core.kept import keys, record
from engine.errors import EngineError, failure
from engine.run.kept.write import put


class Ids(NamedTuple):
    """What GitHub calls them."""

    repo_id: int
    installation: int | None  # None: what came first was of no App


def first(store: Store, repo: str, now: Ids | None) -> Ids | None:
    """The ids that it had first: `now`, those that it has, where nobody has asked before. None: nobody has, nor knows.

    Raises:
        EngineError: ENG193, ENG194, ENG196, what stands there cannot be believed; the store fails.
    """
    key, name = keys.source(repo), repo.lower()
    item = store.get(key)
    if item is None and now is not None:
        put(store, key, record.encode("source", repository=name, id=now.repo_id, installation=now.installation))
        item = store.get(key)
        if item is None:
            raise failure("ENG193", key=key, reason="it was taken away just now", hint=record.WAY_OUT["source"])
    if item is None:
        return None
    return _ids(item, key)


def _ids(item: "Item", key: str) -> Ids:
    found = record.decode("source", item.data, key)
    if keys.source(found["repository"]) != key:
        raise failure("ENG193", key=key, reason="it was said of another repository", hint=record.WAY_OUT["source"])
    return Ids(found["id"], found["installation"])


def unreadable(store: Store) -> Iterator[str]:
    """The keys of what stands there and is not believed: all that these sources send waits.

    Raises:
        EngineError: the store fails.
    """
    for key in list(store.list(keys.SOURCES)):
        try:
            item = store.get(key)
            if item is not None:
                _ids(item, key)
        except EngineError as error:
            if error.problems[0].code not in record.DISBELIEVED:
                raise
            yield key
