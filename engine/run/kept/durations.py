"""How long resources took, in a store. It only orders work: what cannot be read or kept is in nobody's way."""

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.core.kept import keys, record
from engine.core.schedule.durations import Durations, Took, read
from engine.errors import EngineError
from engine.run.kept.write import put

if TYPE_CHECKING:
    from engine.adapters.storage.port import Item, Store


def known(store: "Store", repo: str) -> Durations:
    """What earlier runs of a repository have taken."""
    try:
        return _read(store.get(keys.durations(repo)))
    except EngineError:
        return Durations()


def note(store: "Store", run: str, repo: str, took: Iterable[Took]) -> None:
    """Remember these times, too; of two runs at once perhaps those of one."""
    if new := tuple(took):
        with suppress(EngineError):
            item = store.get(keys.durations(repo))
            data = record.encode("durations", run=run, ms=dict(_read(item).with_(new).ms))
            put(store, keys.durations(repo), data, item.version if item else None)


def _read(item: "Item | None") -> Durations:
    if item is None:
        return Durations()
    try:
        return read(record.decode("durations", item.data, item.key)["ms"])
    except EngineError:
        return Durations()
