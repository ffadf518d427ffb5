"""A store in an S3 bucket: its objects are the items, and S3 itself looks at the condition of each write.

What was relied on, as documented for general purpose buckets and measured with the emulator:

    put_if_absent  PutObject, If-None-Match: *     412 something stands there
    replace        PutObject, If-Match: ETag       412 another does, 404 nothing does
    delete         DeleteObject, If-Match: ETag    412, 404 the same; general purpose buckets have it since 2025

A bucket whose server passes over conditions would make every write a blind one. So this is tried when the mark is put
there, once in the life of a store. Directory buckets are refused by name: their lists have no order. Nothing is asked,
and the library not loaded, before the first use: an event that starts nothing needs no store.

What has to stay (`keys.LASTING`) is put under Object Lock where the bucket has it: with the retention that is the
bucket's default, else in governance mode for 400 days. That keeps each version, and a delete only hides it; so there a
key that has been put, and is not found, is an error, whatever else a reader would make of its absence.
"""

from collections.abc import Iterable, Iterator, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

from engine.adapters.storage.port import FORM, MARK, Item, Version, check_size, checked, is_key, newer
from engine.adapters.storage.s3_door import Door
from engine.core.kept.keys import LASTING
from engine.errors import failure

if TYPE_CHECKING:
    from engine.adapters.places import BucketPlace

PAGE = 1000  # keys of one answer, the most that S3 gives

_RETAINED_DAYS = 400  # a year of audits, and the month in which they are read
# What are answers about Object Lock, and no failures.
_NO_LOCK: Mapping[str, Any] = {
    "AccessDenied": None,  # it may have one
    "ObjectLockConfigurationNotFoundError": {},
    "NotImplemented": {},
    "MethodNotAllowed": {},
}
_PUT_BACK = (
    "delete its delete marker, with the version id that `aws s3api list-object-versions` shows, and ask who made it"
)


class Bucket:
    """A `Store`. A version is an object's ETag."""

    durable = True

    def __init__(self, place: "BucketPlace") -> None:
        """Opens it when it is used first.

        Every method then raises EngineError: ENG206 boto3 is missing, ENG590 no access, ENG591 no such bucket there,
        ENG592 no answer, or one that is not understood; ENG190, ENG191, ENG196 as every store.
        """
        self._place = place
        self._door = Door(place)
        self._lock = Lock()
        self._client: Any = None
        self._object_lock: tuple[Mapping[str, Any] | None] | None = None  # None: not asked for yet

    def get(self, key: str) -> Item | None:
        """What stands there."""
        item = self._get(self._open(), checked(key))
        if item is None and self._stays(key):
            found = self._page(self._open(), "list_object_versions", key, {})
            self._none_hidden([row for row in found.get("DeleteMarkers", ()) if row["Key"] == self._place.prefix + key])
        return item

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        """The keys, page by page as they are asked for."""
        checked(f"{prefix}x")
        names = self._latest(prefix, after) if self._stays(prefix) else self._names(prefix, after)
        return (key for key in names if is_key(key))

    def put_if_absent(self, key: str, data: bytes) -> Version | None:
        """Put it where nothing stands."""
        check_size(key, len(data))
        condition = {"IfNoneMatch": "*"}
        return self._put(self._open(), checked(key), data, condition | self._retention(key))

    def replace(self, key: str, data: bytes, version: Version) -> Version | None:
        """Put it in the place of that version."""
        check_size(key, len(data))
        return self._put(self._open(), checked(key), data, {"IfMatch": version} | self._retention(key))

    def delete(self, key: str, version: Version) -> bool:
        """Delete that version."""
        return self._delete(self._open(), checked(key), version)

    @property
    def locking(self) -> str:
        """What its Object Lock does, for people."""
        lock = self._lock_of()
        if lock is None:
            return "whether it has Object Lock cannot be told (s3:GetBucketObjectLockConfiguration)"
        if not lock:
            return "without Object Lock, so what is deleted is gone"
        rule = lock.get("Rule", {}).get("DefaultRetention", {})
        mode, days = rule.get("Mode", "GOVERNANCE"), rule.get("Days") or rule.get("Years", 0) * 365 or _RETAINED_DAYS
        return f"Object Lock keeps what has to stay for {days} days ({str(mode).lower()} mode)"

    def _lock_of(self) -> Mapping[str, Any] | None:
        """Its Object Lock; empty: it has none; None: we may not know."""
        client = self._open()
        with self._lock:
            if self._object_lock is None:
                answer = self._door.ask(client, "get_object_lock_configuration", answers=_NO_LOCK)
                self._object_lock = (answer and answer["ObjectLockConfiguration"],)
            return self._object_lock[0]

    def keeps(self, prefix: str) -> bool | None:
        """Is what is put there kept, whoever deletes it? None: we may not know."""
        lock = self._lock_of()
        return None if lock is None else bool(lock) and prefix.startswith(LASTING)

    def _stays(self, prefix: str) -> bool:
        return prefix.startswith(LASTING) and bool(self.keeps(prefix))

    def _retention(self, key: str) -> dict[str, Any]:
        if not self._stays(key) or "Rule" in (self._lock_of() or ()):
            return {}
        from datetime import UTC, datetime, timedelta

        until = datetime.now(UTC) + timedelta(days=_RETAINED_DAYS)
        return {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}

    def _get(self, client: Any, name: str) -> Item | None:
        answer = self._door.ask(client, "get_object", name)
        return None if answer is None else Item(name, answer["Body"], answer["ETag"])

    def _put(self, client: Any, name: str, data: bytes, condition: Mapping[str, Any]) -> Version | None:
        answer = self._door.ask(client, "put_object", name, Body=data, **condition)
        return None if answer is None else str(answer["ETag"])

    def _delete(self, client: Any, name: str, version: Version) -> bool:
        return self._door.ask(client, "delete_object", name, IfMatch=version) is not None

    def _names(self, prefix: str, after: str = "", client: Any = None) -> Iterator[str]:
        """All names that begin with `prefix`, also those that are no keys."""
        client = client or self._open()
        words: dict[str, Any] = {"StartAfter": self._place.prefix + after} if after else {}
        last, is_more = after, True
        while is_more:
            answer = self._page(client, "list_objects_v2", prefix, words)
            for row in answer.get("Contents", ()):
                name = row["Key"].removeprefix(self._place.prefix)
                self._in_order("ListObjectsV2", row["Key"], prefix, name > last)
                yield name
                last = name
            is_more = answer["IsTruncated"]
            words = {"ContinuationToken": answer.get("NextContinuationToken", "")}

    def _latest(self, prefix: str, after: str = "") -> Iterator[str]:
        """The same, where all versions are kept.

        Raises:
            EngineError: ENG193, one of them was deleted.
        """
        client = self._open()
        words: dict[str, Any] = {"KeyMarker": self._place.prefix + after} if after else {}
        last, is_more = after, True
        while is_more:
            answer = self._page(client, "list_object_versions", prefix, words)
            self._none_hidden(answer.get("DeleteMarkers", ()))
            for row in answer.get("Versions", ()):
                name = row["Key"].removeprefix(self._place.prefix)
                self._in_order("ListObjectVersions", row["Key"], prefix, name >= last)
                if row["IsLatest"]:
                    yield name
                last = name
            is_more = answer["IsTruncated"]
            words = {
                "KeyMarker": answer.get("NextKeyMarker", ""),
                "VersionIdMarker": answer.get("NextVersionIdMarker", ""),
            }

    def _none_hidden(self, markers: Iterable[Mapping[str, Any]]) -> None:
        for row in markers:
            if row["IsLatest"]:
                name = row["Key"].removeprefix(self._place.prefix)
                raise failure("ENG193", key=name, reason="it was deleted, and its bucket keeps it", hint=_PUT_BACK)

    def _page(self, client: Any, does: str, prefix: str, words: Mapping[str, Any]) -> Any:
        return self._door.ask(client, does, Prefix=self._place.prefix + prefix, MaxKeys=PAGE, **words)

    def _in_order(self, does: str, name: str, prefix: str, is_next: bool) -> None:
        if not is_next or not name.startswith(self._place.prefix + prefix):
            raise self._door.unanswered(does, "its keys are in another order, or others than were asked for")

    def _open(self) -> Any:
        """The library's client, of a place that was found to be a store of ours."""
        with self._lock:
            if self._client is None:
                client = self._door.connect()
                self._check(client)
                self._client = client
            elif self._door.is_due:
                self._client = self._door.connect()
            return self._client

    def _check(self, client: Any) -> None:
        """It has our mark; an empty place gets one.

        Raises:
            EngineError: ENG190 it holds something else, ENG191 it has the mark of another release.
        """
        mark = self._get(client, MARK)
        if mark is None:
            found = next(self._names("", client=client), None)
            mark = self._get(client, MARK)  # asked after looking: whoever makes a store at this moment marks it first
            if mark is None:
                if found is not None:
                    raise failure("ENG190", store=self._place, reason=f"it holds {found[:100]}")
                self._make(client)
                return
        if mark.data != FORM:
            raise newer(self._place, mark.data)

    def _make(self, client: Any) -> None:
        self._put(client, MARK, FORM, {"IfNoneMatch": "*"})
        wrong = '"none"'
        for is_blind in (
            lambda: self._put(client, MARK, FORM, {"IfNoneMatch": "*"}),
            lambda: self._put(client, MARK, FORM, {"IfMatch": wrong}),
            lambda: self._delete(client, MARK, wrong),
        ):
            if is_blind():
                raise failure("ENG190", store=self._place, reason="its server passes over the conditions of a write")
