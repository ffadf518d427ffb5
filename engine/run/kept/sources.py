"""Which repository a source's name meant when something of it came first, and of which installation of our App it was.

A repository that is renamed leaves its name to whoever takes it next: that one is another, and no source.
"""

from typing import NamedTuple

from engine.adapters.storage.port import Store
from engine.core.kept import keys, record
from engine.errors import failure
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
    found = record.decode("source", item.data, key)
    if found["repository"] != name:
        raise failure("ENG193", key=key, reason="it was said of another repository", hint=record.WAY_OUT["source"])
    return Ids(found["id"], found["installation"])
