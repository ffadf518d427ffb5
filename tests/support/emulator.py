"""The AWS emulator for tests: one per test process, started by the first test that wants it."""

import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from engine.sandbox.emulator import Emulator, emulator


@pytest.fixture(scope="session")
def aws() -> Iterator[Emulator]:
    """A running emulator. Not shared between xdist's processes: the one that started it may end first."""
    with emulator() as running:
        yield running


def put(aws: Emulator, path: str, body: bytes = b"") -> str:
    """Write an S3 object (or make a bucket) without any client's library; its version."""
    scope = f"test/20200101/{aws.region}/s3/aws4_request"
    connection = http.client.HTTPConnection(urlsplit(aws.url).netloc, timeout=30)
    connection.request(
        "PUT", path, body, {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"}
    )
    response = connection.getresponse()
    assert response.status == http.client.OK, response.read()
    return response.headers.get("x-amz-version-id", "")
