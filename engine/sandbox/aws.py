"""AWS of a sandbox: one emulator with an account per environment, and one in which the store is.

Measured with moto 5.2: which account a request is of follows from its access key, which moto looks up in the IAM of
every account; a key that it does not know is of account 123456789012, which no environment is. So each account has a
key of its own, and Terraform, told which account it may touch (`allowed_account_ids`), refuses the key of another.

It keeps everything in memory. Where a directory is kept (`lasting`), it is therefore a process that goes on when the
sandbox is killed, and that the next one finds by the file `aws.port`; ended well, it leaves what it had in `aws.kept`.
"""

import contextlib
import http.client
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from engine.adapters import files, process
from engine.errors import failure
from engine.sandbox.emulator import REGION, create_bucket

STORE_ACCOUNT = "999999999999"
STORE = "interlock-store"  # bucket, and the AWS profile of its key
STATE_BUCKET = "terraform-state-{account}"
_PORT, _ACCOUNTS, _KEPT, _PROFILES = "aws.port", "aws-accounts.json", "aws.kept", "aws-credentials"
_START_S = 60.0
_ENDING_S = 10.0
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Account(NamedTuple):
    """One account, and the key that is of it."""

    account: str
    access_key_id: str
    secret_access_key: str

    @property
    def state_bucket(self) -> str:
        """Where Terraform's states of it are."""
        return STATE_BUCKET.replace("{account}", self.account)


class Aws(NamedTuple):
    """What a program needs to talk to it."""

    url: str
    region: str
    environments: Mapping[str, Account]  # by the environment's name
    store: Account
    profiles: str  # file of AWS credentials: a profile for each environment, and `STORE`

    @property
    def environ(self) -> dict[str, str]:
        """Environment variables of an engine that works with it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": self.profiles,
            "AWS_CONFIG_FILE": os.devnull,
            "ENGINE_AWS_PROFILE": "{environment}",
            "ENGINE_EMULATOR": "1",
            "ENGINE_STATE_BUCKET": STATE_BUCKET,
            "ENGINE_STORE": f"s3:{STORE}/sandbox",
            "ENGINE_STORE_PROFILE": STORE,
            "ENGINE_STORE_REGION": self.region,
        }

    def told(self) -> dict[str, object]:
        """Its part of the ready line."""
        return {
            "endpoint_url": self.url,
            "region": self.region,
            "state_bucket": STATE_BUCKET,
            "environments": {name: one._asdict() for name, one in self.environments.items()},
            "store": {"url": f"s3:{STORE}/sandbox", "bucket": STORE, "prefix": "sandbox/", **self.store._asdict()},
        }


@contextmanager
def running(folder: str, environments: Mapping[str, str], *, lasting: bool) -> Iterator[Aws]:
    """An emulator with these accounts (environment → account), until the end of the block; what it is goes to `folder`.

    Raises:
        EngineError: ENG440 the `emulator` extra is not installed, ENG441 it ends before it listens, ENG002.
    """
    from importlib.util import find_spec

    if find_spec("moto") is None or find_spec("flask") is None:
        raise failure("ENG440")
    accounts, are_new = _accounts(folder, {*environments.values(), STORE_ACCOUNT}, lasting=lasting)
    by_name = {name: accounts[account] for name, account in environments.items()}
    profiles = os.path.join(folder, _PROFILES)
    rows = {**by_name, STORE: accounts[STORE_ACCOUNT]}
    files.write(profiles, "".join(_profile(name, one) for name, one in rows.items()).encode())
    server = _found(folder) if lasting else None
    if server and are_new:  # it does not know their keys
        server.end()
        server = None
    server = server or _started(folder)
    try:
        for one in accounts.values():
            create_bucket(server.port, STORE if one.account == STORE_ACCOUNT else one.state_bucket, one.access_key_id)
        yield Aws(f"http://127.0.0.1:{server.port}", REGION, by_name, accounts[STORE_ACCOUNT], profiles)
    finally:
        server.end()
        files.remove(os.path.join(folder, _PORT))


def _accounts(folder: str, wanted: set[str], *, lasting: bool) -> tuple[dict[str, Account], bool]:
    """Each account with its key, those of an earlier start too; and whether some are new."""
    file = os.path.join(folder, _ACCOUNTS)
    known: dict[str, dict[str, str]] = json.loads(files.read(file))["accounts"] if os.path.exists(file) else {}
    new = sorted(wanted - known.keys())
    for account in new:
        key = "AKIA" + "".join(secrets.choice(_ALPHABET) for _ in range(16))
        known[account] = {"access_key_id": key, "secret_access_key": secrets.token_urlsafe(30)}
    said = {"accounts": known, "kept": os.path.join(folder, _KEPT) if lasting else ""}
    files.write(file, json.dumps(said, indent=1, sort_keys=True).encode())
    return {account: Account(account, **known[account]) for account in sorted(wanted)}, bool(new)


def _profile(name: str, one: Account) -> str:
    return (
        f"[{name}]\naws_access_key_id = {one.access_key_id}\naws_secret_access_key = {one.secret_access_key}\n"
        f"region = {REGION}\n\n"
    )


class _Server(NamedTuple):
    """A running one. `child`: where this process has started it."""

    pid: int
    port: int
    child: "process.Child | None"

    def end(self) -> None:
        """Let it keep what it has, and be gone."""
        if self.child is not None and not process.has_ended(self.child, 0):
            self.child.terminate()
            process.has_ended(self.child, _ENDING_S)
        if self.child is not None:
            process.kill(self.child)
            return
        if not _answers(self.port):  # whoever has its number now is another
            return
        end = time.monotonic() + _ENDING_S
        number = signal.SIGTERM
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)
            while time.monotonic() < end:
                os.kill(self.pid, 0)
                time.sleep(0.05)
            os.kill(self.pid, signal.SIGKILL)


def _found(folder: str) -> _Server | None:
    """One that an earlier sandbox left behind, if it still answers."""
    try:
        port, pid = map(int, files.fetch(os.path.join(folder, _PORT)).split())
    except (OSError, ValueError):
        return None
    return _Server(pid, port, None) if _answers(port) else None


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/moto-api/")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _started(folder: str) -> _Server:
    """A new one, with what an earlier one has kept.

    Raises:
        EngineError: ENG441.
    """
    place = os.path.join(folder, _PORT)
    files.remove(place)  # one that nobody can talk to any more ends by itself
    program = os.path.join(os.path.dirname(__file__), "emulator_server.py")
    environment = {"HOME": folder, "AWS_DEFAULT_REGION": REGION, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    argv = [sys.executable, "-I", program, place, os.path.join(folder, _ACCOUNTS)]
    child = process.start(argv, folder, environment, False, "install Python")
    end = time.monotonic() + _START_S
    while time.monotonic() < end and not process.has_ended(child, 0.05):
        with contextlib.suppress(OSError, ValueError):
            port, pid = map(int, files.fetch(place).split())
            return _Server(pid, port, child)
    said = child.stderr.read(process.SHOWN) if child.stderr and process.has_ended(child, 0) else b""
    process.kill(child)
    reason = said.decode(errors="replace").strip() or f"it did not listen within {_START_S:g} s"
    raise failure("ENG441", reason=reason)
