"""An AWS emulator (moto) on a free loopback port, as a child process that ends with us.

In a process of its own because Terraform talks to it while the engine works: sharing one interpreter lock would slow
down both.
"""

import http.client
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from engine.adapters import process
from engine.errors import EngineError, failure

ACCOUNT = "123456789012"
REGION = "us-east-1"
_START_S = 60.0
_FOREVER_S = 30 * 24 * 3600.0


class Emulator(NamedTuple):
    """A running emulator, and what a program needs to talk to it."""

    url: str
    account: str
    region: str
    bucket: str  # for the state, exists
    credentials: Mapping[str, str]  # environment variables for Terraform


@contextmanager
def emulator(account: str = ACCOUNT) -> Iterator[Emulator]:
    """Start one that is `account`, give it an empty state bucket, and stop it at the end.

    Raises:
        EngineError: the `emulator` extra is not installed, or the server does not start.
    """
    from importlib.util import find_spec

    if find_spec("moto") is None or find_spec("flask") is None:
        raise failure("ENG440")
    with tempfile.TemporaryDirectory(prefix="interlock-emulator-") as folder:
        server = _Server(folder, account)
        server.start()
        try:
            port = server.port()
            url = f"http://127.0.0.1:{port}"
            bucket = f"terraform-state-{account}"
            create_bucket(port, bucket)
            yield Emulator(url, account, REGION, bucket, _credentials(url))
        finally:
            server.stop.set()
            server.join()


def _credentials(url: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "emulator",
        "AWS_SECRET_ACCESS_KEY": "emulator",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


class _Server(threading.Thread):
    """Waits for the child; the child writes its port into a file as soon as it listens."""

    def __init__(self, folder: str, account: str) -> None:
        super().__init__(name="emulator", daemon=True)
        self.folder = folder
        self.account = account
        self.port_file = os.path.join(folder, "port")
        self.stop = threading.Event()
        self.failed: EngineError | None = None

    def run(self) -> None:
        """Run the child until `stop` is set."""
        program = os.path.join(os.path.dirname(__file__), "emulator_server.py")
        try:
            process.run(
                [sys.executable, "-I", program, self.port_file],
                cwd=self.folder,
                env={
                    "HOME": self.folder,
                    "AWS_DEFAULT_REGION": REGION,
                    "MOTO_ACCOUNT_ID": self.account,
                    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
                },
                timeout_s=_FOREVER_S,
                cancel=self.stop,
                grace_s=2,
            )
        except EngineError as error:
            self.failed = error

    def port(self) -> int:
        """Where it listens, once it does."""
        end = time.monotonic() + _START_S
        while time.monotonic() < end and self.is_alive():
            try:
                with open(self.port_file, encoding="ascii") as file:
                    return int(file.read())
            except FileNotFoundError:
                time.sleep(0.05)
        raise failure("ENG441", reason=str(self.failed or f"it did not listen within {_START_S:g} s"))


def create_bucket(port: int, bucket: str, access_key_id: str = "emulator") -> None:
    """Make a bucket with versions, as the owner of the key; nothing where there is one.

    Raises:
        EngineError: ENG441.
    """
    versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    for path, body in ((f"/{bucket}", ""), (f"/{bucket}?versioning", versioning)):
        status = ask(f"http://127.0.0.1:{port}", "PUT", path, access_key_id, body)
        if status != http.client.OK:
            raise failure("ENG441", reason=f"the bucket {bucket} cannot be made (status {status})")


def ask(url: str, verb: str, path: str, access_key_id: str, body: str = "") -> int:
    """The status of a request to S3 of the emulator at `url`, as the owner of the key.

    Raises:
        EngineError: ENG441.
    """
    # moto reads which service and whose key is meant, and checks nothing
    scope = f"{access_key_id}/20200101/{REGION}/s3/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"}
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    try:
        connection.request(verb, path, body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise failure("ENG441", reason=str(error)) from error
    finally:
        connection.close()
