"""The store that the settings name."""

import time
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

from engine.adapters.storage.memory import Memory

if TYPE_CHECKING:
    from engine.adapters.places import BucketPlace, StorePlace
    from engine.adapters.storage.port import Store

Opened: TypeAlias = "Callable[[StorePlace | BucketPlace | None], Store]"
_REUSED_S = 60.0


def opened(place: "StorePlace | BucketPlace | None") -> "Store":
    """The store at `place`; one of this process alone where none is named. One in S3 is asked nothing yet.

    Raises:
        EngineError: it cannot be used (ENG190, ENG191, ENG001, ENG002, ENG008).
    """
    if place is None:
        return Memory()
    from engine.adapters.places import StorePlace

    if isinstance(place, StorePlace):
        from engine.adapters.storage.directory import Directory

        return Directory(place.directory, durable=place.shared)
    from engine.adapters.storage.s3 import Bucket

    return Bucket(place)


class Reused:
    """`opened` for the runs of one process, which share a bucket's client: to make one takes longer than most of what a
    run asks of it. For a minute, since by then its keys may have been exchanged. Thread-safe.
    """

    def __init__(self, clock: "Callable[[], float]" = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._kept: tuple[StorePlace | BucketPlace, Store, float] | None = None

    def __call__(self, place: "StorePlace | BucketPlace | None") -> "Store":
        """The store at `place`. Raises as `opened` does."""
        if place is None:
            return opened(place)  # each has one of its own
        with self._lock:
            if self._kept is None or self._kept[0] != place or self._clock() >= self._kept[2]:
                self._kept = place, opened(place), self._clock() + _REUSED_S
            return self._kept[1]
