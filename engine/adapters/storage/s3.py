"""A store in an S3 bucket: its objects are the items, and S3 itself looks at the condition of each write.

What was relied on, as documented for general purpose buckets and measured with the emulator:

    put_if_absent  PutObject, If-None-Match: *     412 something stands there
    replace        PutObject, If-Match: ETag       412 another does, 404 nothing does
    delete         DeleteObject, If-Match: ETag    412, 404 the same; general purpose buckets have it since 2025

A 409 (ConditionalRequestConflict) says that another write was under way, and nothing of this one: it is asked again. So
is, by the library, what was throttled or cut off; a write that had been done after all is then refused as the second
one. Whoever has to know asks what stands there (`run/kept/write`), as after an error.

A bucket whose server passes over conditions would make every write a blind one. So this is tried when the mark is put
there, once in the life of a store. Directory buckets are refused by name: their lists have no order. Nothing is asked,
and the library not loaded, before the first use: an event that starts nothing needs no store.

What has to stay (`keys.LASTING`) is put under Object Lock where the bucket has it: with the retention that is the
bucket's default, else in governance mode for 400 days. That keeps each version, and a delete only hides it; so there a
key that has been put, and is not found, is an error, whatever else a reader would make of its absence.

No text of a server or of a library is repeated, as it may quote a key: an error names S3's code, or its own kind.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

from engine.adapters.pauses import pauses
from engine.adapters.storage.port import FORM, MARK, Item, Version, check_size, checked, is_key, newer
from engine.core.kept.keys import LASTING
from engine.errors import EngineError, failure

if TYPE_CHECKING:
    from engine.adapters.places import BucketPlace

PAGE = 1000  # keys of one answer, the most that S3 gives

_RETAINED_DAYS = 400  # a year of audits, and the month in which they are read
_SESSION_S = 3600  # the longest that every role gives
_TRIES = 6  # of what is asked again here, over some 5 s
_PATIENCE = {"connect_timeout": 5, "read_timeout": 30, "retries": {"mode": "standard", "total_max_attempts": 4}}
_CONNECTIONS = 128  # at once: as many as there are threads in four runs

_SAYS = {
    "get_object": {"Body", "ContentLength", "ETag"},
    "put_object": {"ETag"},
    "delete_object": set(),
    "list_objects_v2": {"IsTruncated"},
    "list_object_versions": {"IsTruncated"},
    "get_object_lock_configuration": {"ObjectLockConfiguration"},
}
# What are answers, and no failures, and how they are told.
_NOT_SO: Mapping[str, Any] = {"PreconditionFailed": None, "NoSuchKey": None}
_NO_LOCK: Mapping[str, Any] = {
    "AccessDenied": None,  # it may have one
    "ObjectLockConfigurationNotFoundError": {},
    "NotImplemented": {},
    "MethodNotAllowed": {},
}
_AGAIN = frozenset({"ConditionalRequestConflict", "OperationAborted"})
_ELSEWHERE = frozenset(
    {"NoSuchBucket", "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "InvalidBucketName",
     "IllegalLocationConstraintException"}
)  # fmt: skip
_CREDENTIALS = frozenset(
    {"ExpiredToken", "InvalidToken", "TokenRefreshRequired", "RequestTimeTooSkewed", "InvalidAccessKeyId"}
)  # some of them come with status 400
# What the library says when it finds no keys, or cannot use those that it finds.
_NO_KEYS = frozenset(
    {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound", "ConfigParseError",
     "ConfigNotFound", "InvalidConfigError", "InfiniteLoopConfigError", "TokenRetrievalError", "MetadataRetrievalError",
     "SSOError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "RefreshWithMFAUnsupportedError",
     "LoginRefreshRequired", "UnknownCredentialError"}
)  # fmt: skip
_PUT_BACK = (
    "delete its delete marker, with the version id that `aws s3api list-object-versions` shows, and ask who made it"
)
_OF_THE_MACHINE = frozenset({"iam-role", "container-role"})


class Bucket:
    """A `Store`. A version is an object's ETag."""

    durable = True

    def __init__(self, place: "BucketPlace") -> None:
        """Opens it when it is used first.

        Every method then raises EngineError: ENG206 boto3 is missing, ENG590 no access, ENG591 no such bucket there,
        ENG592 no answer, or one that is not understood; ENG190, ENG191, ENG196 as every store.
        """
        self._place = place
        self._lock = Lock()
        self._client: Any = None
        self._until: float | None = None  # when its keys end; None: the library looks after them
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
                answer = self._ask(client, "get_object_lock_configuration", answers=_NO_LOCK)
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
        answer = self._ask(client, "get_object", name)
        return None if answer is None else Item(name, answer["Body"], answer["ETag"])

    def _put(self, client: Any, name: str, data: bytes, condition: Mapping[str, Any]) -> Version | None:
        answer = self._ask(client, "put_object", name, Body=data, **condition)
        return None if answer is None else str(answer["ETag"])

    def _delete(self, client: Any, name: str, version: Version) -> bool:
        return self._ask(client, "delete_object", name, IfMatch=version) is not None

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
        return self._ask(client, does, Prefix=self._place.prefix + prefix, MaxKeys=PAGE, **words)

    def _in_order(self, does: str, name: str, prefix: str, is_next: bool) -> None:
        if not is_next or not name.startswith(self._place.prefix + prefix):
            raise self._unanswered(does, "its keys are in another order, or others than were asked for")

    def _open(self) -> Any:
        """The library's client, of a place that was found to be a store of ours."""
        with self._lock:
            if self._client is None:
                client = self._connect()
                self._check(client)
                self._client = client
            elif self._until is not None and time.monotonic() > self._until:
                self._client = self._connect()
            return self._client

    def _connect(self) -> Any:
        try:
            import boto3
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError
        except ImportError:
            raise failure("ENG206", what=f"the store {self._place}", library="boto3", extra="s3") from None
        profile = self._place.profile
        try:
            session = boto3.Session(profile_name=profile, region_name=self._place.region, **self._keys())
            keys = session.get_credentials()
            if keys is None or (profile and keys.method in _OF_THE_MACHINE):
                # Without keys of its own the library would take those of the machine, which everybody on it has.
                raise self._refused(f"the profile {profile} has no keys" if profile else "there are no keys")
            config = Config(max_pool_connections=_CONNECTIONS, **_PATIENCE)
            return session.client("s3", config=config)
        except BotoCoreError as error:
            raise self._failed("opening it", error) from None
        except ValueError:  # an endpoint that is no URL
            raise self._unanswered("opening it", "AWS_ENDPOINT_URL or the region is none") from None

    def _keys(self) -> dict[str, str]:
        """Keys of the role, where the place names one; taken anew in good time before they end."""
        if self._place.role is None:
            return {}
        from engine.adapters.job_identity import Exchange

        found = Exchange(self._place.identity).keys(self._place.role, self._place.region, _SESSION_S)
        self._until = time.monotonic() + _SESSION_S / 2
        return {"aws_access_key_id": found.id, "aws_secret_access_key": found.secret, "aws_session_token": found.token}

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

    def _ask(
        self, client: Any, does: str, name: str | None = None, answers: Mapping[str, Any] = _NOT_SO, **words: Any
    ) -> Any:
        """S3's answer, with its body read; as `answers` has it where S3 says one of these codes.

        None, unless they say otherwise: a condition does not hold, or nothing stands there.
        """
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError
        from urllib3.exceptions import HTTPError

        if name is not None:
            words["Key"] = self._place.prefix + name
        what = f"{does}({name or ''})"
        waits = pauses(_TRIES, 0.1, 2)
        while True:
            try:
                answer = getattr(client, does)(Bucket=self._place.bucket, **words)
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code")
                if code in answers:
                    return answers[code]
                wait = next(waits, None) if code in _AGAIN else None
                if wait is None:
                    raise self._denied(what, error.response) from None
            except RecursionError:  # the library follows whoever sends it on, and names no region, for ever
                raise failure("ENG591", store=self._place, reason=f"{what}: sent on without end") from None
            except (BotoCoreError, ResponseParserError) as error:
                raise self._failed(what, error) from None
            else:
                if not _SAYS[does] <= answer.keys():  # a proxy's page, say, with status 200
                    raise self._unanswered(what, "no answer of S3")
                try:
                    return self._whole(answer, name)
                except (BotoCoreError, HTTPError) as error:  # cut off, or not what its checksum says
                    wait = next(waits, None)
                    if wait is None:
                        raise self._failed(what, error) from None
            time.sleep(wait)

    @staticmethod
    def _whole(answer: dict[str, Any], name: str | None) -> dict[str, Any]:
        if "Body" in answer:
            with answer["Body"] as body:
                check_size(str(name), answer["ContentLength"])
                answer["Body"] = body.read()
        return answer

    def _denied(self, what: str, response: Mapping[str, Any]) -> EngineError:
        code = str(response.get("Error", {}).get("Code", ""))
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        said = f"{what}: {code if code.isalnum() and len(code) < 60 else 'no answer of S3'} (status {status})"
        if code in _ELSEWHERE or status in (301, 307):
            return failure("ENG591", store=self._place, reason=said)
        if status in (401, 403) or code in _CREDENTIALS:
            return self._refused(said)
        return self._unanswered(what, said.removeprefix(f"{what}: "))

    def _failed(self, what: str, error: Exception) -> EngineError:
        kind = type(error).__name__
        if kind in _NO_KEYS:
            return self._refused(f"{kind}, with the profile {self._place.profile or 'of the process'}")
        return self._unanswered(what, kind)

    def _refused(self, reason: str) -> EngineError:
        return failure("ENG590", store=self._place, reason=reason)

    def _unanswered(self, what: str, reason: str) -> EngineError:
        return failure("ENG592", store=self._place, what=what, reason=reason)
