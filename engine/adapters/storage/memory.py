"""A store that ends with the process: for runs that are seen by nobody else."""

from collections.abc import Iterator
from threading import Lock

from engine.adapters.storage.port import Item, Version, check_size, checked


class Memory:
    """A `Store` of this process. Its versions are numbers: no two writes have the same."""

    durable = False

    def __init__(self) -> None:
        self._lock = Lock()
        self._items: dict[str, Item] = {}
        self._writes = 0

    def get(self, key: str) -> Item | None:
        """What stands there."""
        return self._items.get(checked(key))

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        """The keys of this moment."""
        checked(f"{prefix}x")
        with self._lock:
            keys = sorted(self._items)
        return iter([key for key in keys if key.startswith(prefix) and key > after])

    def put_if_absent(self, key: str, data: bytes) -> Version | None:
        """Put it where nothing stands."""
        with self._lock:
            return None if checked(key) in self._items else self._put(key, data)

    def replace(self, key: str, data: bytes, version: Version) -> Version | None:
        """Put it in the place of that version."""
        with self._lock:
            return self._put(key, data) if self._is(checked(key), version) else None

    def delete(self, key: str, version: Version) -> bool:
        """Delete that version."""
        with self._lock:
            if not self._is(checked(key), version):
                return False
            del self._items[key]
            return True

    def _is(self, key: str, version: Version) -> bool:
        item = self._items.get(key)
        return item is not None and item.version == version

    def _put(self, key: str, data: bytes) -> Version:
        check_size(key, len(data))
        self._writes += 1
        self._items[key] = Item(key, bytes(data), str(self._writes))
        return self._items[key].version
