"""Which pull requests of ours take something back. Nothing is allowed by it: it only says what to look at besides."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.core.kept import keys, record
from engine.run.kept.write import put

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store


def get(store: "Store", repo: str, pr: int) -> Mapping[str, str]:
    """State key → the commit that it is to be as again; empty: it takes nothing back.

    Raises:
        EngineError: ENG193, ENG194, ENG196, it cannot be believed; the store fails.
    """
    item = store.get(keys.rollback(repo, pr))
    return record.decode("rollback", item.data, keys.rollback(repo, pr))["keys"] if item else {}


def keep(store: "Store", repo: str, pr: int, run: str, goals: Mapping[str, str]) -> None:
    """Say it, once.

    Raises:
        EngineError: the store fails.
    """
    put(store, keys.rollback(repo, pr), record.encode("rollback", run=run, repository=repo, pr=pr, keys=dict(goals)))
