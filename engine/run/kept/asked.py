"""Who was asked for a review of a pull request, so that nobody is asked twice."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.core.kept import keys, record
from engine.errors import failure
from engine.run.kept.write import put

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store


def get(store: "Store", repo: str, pr: int) -> frozenset[str]:
    """Logins and teams.

    Raises:
        EngineError: ENG193, ENG194, ENG196, it cannot be believed; the store fails.
    """
    key = keys.asked(repo, pr)
    item = store.get(key)
    if item is None:
        return frozenset()
    names = record.decode("asked", item.data, key)["names"]
    if not all(isinstance(name, str) for name in names):
        raise failure("ENG193", key=key, reason="a name in it is none", hint=record.WAY_OUT["asked"])
    return frozenset(names)


def keep(store: "Store", repo: str, pr: int, run: str, names: Iterable[str]) -> None:
    """These too, from now on.

    Raises:
        EngineError: the store fails.
    """
    key, found, is_kept = keys.asked(repo, pr), set(names), False
    while not is_kept:  # another run may have asked others meanwhile
        item = store.get(key)
        found |= get(store, repo, pr)
        is_kept = put(store, key, record.encode("asked", run=run, names=sorted(found)), item.version if item else None)
