"""The store that the settings name."""

from typing import TYPE_CHECKING

from engine.adapters.storage.memory import Memory

if TYPE_CHECKING:
    from engine.adapters.places import BucketPlace, StorePlace
    from engine.adapters.storage.port import Store


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
