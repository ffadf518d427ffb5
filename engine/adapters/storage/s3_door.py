"""Asks S3 by its library, again where that may help, and says what failed.

A 409 (ConditionalRequestConflict) says that another write was under way, and nothing of this one: it is asked again. So
is, by the library, what was throttled or cut off; a write that had been done after all is then refused as the second
one. Whoever has to know asks what stands there (`run/kept/write`), as after an error.

No text of a server or of a library is repeated, as it may quote a key: an error names S3's code, or its own kind.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.adapters.pauses import pauses
from engine.adapters.storage.port import check_size
from engine.errors import EngineError, failure

if TYPE_CHECKING:
    from engine.adapters.places import BucketPlace

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
_OF_THE_MACHINE = frozenset({"iam-role", "container-role"})


class Door:
    """To one bucket. Thread-safe but for `connect`, which one thread calls at a time."""

    def __init__(self, place: "BucketPlace") -> None:
        self._place = place
        self._until: float | None = None  # when its keys end; None: the library looks after them

    @property
    def is_due(self) -> bool:
        """Is it time to connect anew, as the keys of the client end soon?"""
        return self._until is not None and time.monotonic() > self._until

    def connect(self) -> Any:
        """The library's client.

        Raises:
            EngineError: ENG206 there is no library, ENG590 no keys, ENG592 no such endpoint.
        """
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
            raise self.unanswered("opening it", "AWS_ENDPOINT_URL or the region is none") from None

    def _keys(self) -> dict[str, str]:
        """Keys of the role, where the place names one; taken anew in good time before they end."""
        if self._place.role is None:
            return {}
        from engine.adapters.job_identity import Exchange

        found = Exchange(self._place.identity).keys(self._place.role, self._place.region, _SESSION_S)
        self._until = time.monotonic() + _SESSION_S / 2
        return {"aws_access_key_id": found.id, "aws_secret_access_key": found.secret, "aws_session_token": found.token}

    def ask(
        self, client: Any, does: str, name: str | None = None, answers: Mapping[str, Any] = _NOT_SO, **words: Any
    ) -> Any:
        """S3's answer, with its body read; as `answers` has it where S3 says one of these codes.

        None, unless they say otherwise: a condition does not hold, or nothing stands there.

        Raises:
            EngineError: ENG590 no access, ENG591 no such bucket there, ENG592 no answer, or one not understood.
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
                    raise self.unanswered(what, "no answer of S3")
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
        return self.unanswered(what, said.removeprefix(f"{what}: "))

    def _failed(self, what: str, error: Exception) -> EngineError:
        kind = type(error).__name__
        if kind in _NO_KEYS:
            return self._refused(f"{kind}, with the profile {self._place.profile or 'of the process'}")
        return self.unanswered(what, kind)

    def _refused(self, reason: str) -> EngineError:
        return failure("ENG590", store=self._place, reason=reason)

    def unanswered(self, what: str, reason: str) -> EngineError:
        """What has come to `what` is no answer of S3's."""
        return failure("ENG592", store=self._place, what=what, reason=reason)
