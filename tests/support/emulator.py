"""The AWS emulator for tests: one per test process, started by the first test that wants it."""

import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from engine.adapters.places import BucketPlace
from engine.sandbox.emulator import Emulator, emulator


@pytest.fixture(scope="session")
def aws() -> Iterator[Emulator]:
    """A running emulator. Not shared between xdist's processes: the one that started it may end first."""
    with emulator() as running:
        yield running


@pytest.fixture
def s3(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> BucketPlace:
    """An empty place for a store in its bucket; the keys are in the environment."""
    for name, value in aws.credentials.items():
        monkeypatch.setenv(name, value)
    return BucketPlace(aws.bucket, f"{uuid4().hex}/", aws.region, None)


def ask(aws: Emulator, method: str, path: str, body: bytes = b"") -> http.client.HTTPResponse:
    """An S3 request without any client's library, answered and read."""
    scope = f"test/20200101/{aws.region}/s3/aws4_request"
    authorization = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"
    connection = http.client.HTTPConnection(urlsplit(aws.url).netloc, timeout=60)
    connection.request(method, path, body, {"Authorization": authorization})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def put(aws: Emulator, path: str, body: bytes = b"") -> str:
    """Write an object (or make a bucket); its version."""
    response = ask(aws, "PUT", path, body)
    assert response.status == http.client.OK
    return response.headers.get("x-amz-version-id", "")
