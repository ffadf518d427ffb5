"""The emulator's child process: moto's server on a free port, with the repairs of SQS that the AWS provider needs.

    python -I emulator_server.py PORT_FILE [ACCOUNTS_FILE]

moto 5.2: any SetQueueAttributes without `Policy` erases the queue's policy, RedrivePolicy comes back with blanks that
the request did not have, and RedriveAllowPolicy not at all. Terraform then waits for an equal answer until its time is
up, or reports drift for ever.

Without ACCOUNTS_FILE it is the one account that MOTO_ACCOUNT_ID names, and ends with whoever started it. With it, each
access key in it belongs to an account of its own: moto looks a key up in all accounts' IAM, so the keys are put there.
Where ACCOUNTS_FILE names a file to keep everything in, it does that on SIGTERM, and it outlives its starter: it ends
when PORT_FILE is gone or another's.
"""

import copy
import json
import os
import pickle  # of a file that is ours alone
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any
from weakref import WeakValueDictionary

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.iam.models import AccessKey, iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from moto.s3.utils import _VersionedKeyStore
from moto.sqs.models import Queue
from werkzeug.serving import make_server

_KEPT = ("iam", "s3", "kms", "sqs", "sns", "lambda", "logs", "sts")  # the services that the module has
_stock_attributes = Queue.attributes.fget
_stock_set_attributes = Queue._set_attributes


def _attributes(queue: Any) -> dict[str, Any]:
    result: dict[str, Any] = _stock_attributes(queue)
    if queue.redrive_policy:
        result["RedrivePolicy"] = json.dumps(queue.redrive_policy, separators=(",", ":"))
    if getattr(queue, "redrive_allow_policy", None):
        result["RedriveAllowPolicy"] = queue.redrive_allow_policy
    return result


def _set_attributes(queue: Any, attributes: dict[str, Any], now: float | None = None) -> None:
    policy = getattr(queue, "policy", None)
    _stock_set_attributes(queue, attributes, now)
    if "Policy" not in attributes:
        queue.policy = policy
    if "RedriveAllowPolicy" in attributes:
        queue.redrive_allow_policy = attributes["RedriveAllowPolicy"]


def _watch(is_wanted: Callable[[], bool]) -> None:
    """Who started us may be killed, and cannot stop us then."""

    def work() -> None:
        while is_wanted():
            time.sleep(1)
        os._exit(0)

    threading.Thread(target=work, daemon=True).start()


def _reads(file: str, said: str) -> bool:
    try:
        with open(file, encoding="ascii") as handle:
            return handle.read() == said
    except OSError:
        return False


def _restore(file: str) -> None:
    """What another one has kept, before anybody asks."""
    try:
        with open(file, "rb") as handle:
            kept = pickle.load(handle)  # noqa: S301 - in a directory of mode 0700, written by `_keep`
    except FileNotFoundError:
        return
    for service, accounts in kept["services"].items():
        backend = get_backend(service)
        for account, regions in accounts.items():
            dict.update(backend[account], regions)
    s3_backends.bucket_accounts.update(kept["buckets"])


class _Pickler(pickle.Pickler):
    """Writes what the library's own does not: locks, keys, references that are weak, values that come by default."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, _LOCK):
            return threading.RLock, ()
        if isinstance(value, WeakValueDictionary):
            return WeakValueDictionary, (dict(value),)
        if isinstance(value, _VersionedKeyStore):  # as any dictionary it would keep the last version alone
            return _versions, ({key: value.getlist(key) for key in value},)
        if isinstance(value, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
            plain = serialization.NoEncryption()
            return _key, (value.private_bytes(_DER, serialization.PrivateFormat.PKCS8, plain),)
        if isinstance(value, FunctionType) and "<lambda>" in value.__qualname__:  # a factory of LambdaStorage
            return _factory, (value(),)
        return NotImplemented


_LOCK = type(threading.RLock())


def _versions(kept: Mapping[str, list[Any]]) -> _VersionedKeyStore:
    made = _VersionedKeyStore()
    for key, versions in kept.items():
        made.setlist(key, versions)
    return made


def _factory(value: Any) -> Callable[[], Any]:
    return lambda: copy.deepcopy(value)


def _keep(file: str) -> None:
    """Everything, whole or not at all."""
    services = {service: _regions(get_backend(service)) for service in _KEPT}
    with open(os.open(file + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
        _Pickler(handle).dump({"services": services, "buckets": dict(s3_backends.bucket_accounts)})
    os.rename(file + ".new", file)


_DER = serialization.Encoding.DER


def _key(data: bytes) -> Any:
    return serialization.load_der_private_key(data, None)


def _regions(backend: BackendDict[Any]) -> dict[str, dict[str, Any]]:
    return {account: dict(regions) for account, regions in backend.items()}


def _give_keys(accounts: Mapping[str, Mapping[str, str]]) -> None:
    for account, key in accounts.items():
        known = AccessKey("sandbox", "AKIA", account)
        known.access_key_id, known.secret_access_key = key["access_key_id"], key["secret_access_key"]
        iam_backends[account]["aws"].access_keys[known.access_key_id] = known


def main(port_file: str, accounts_file: str | None = None) -> None:
    """Serve until interrupted; `port_file` appears when the server listens."""
    Queue.attributes = property(_attributes)
    Queue._set_attributes = _set_attributes
    server = make_server(
        "127.0.0.1",
        0,
        DomainDispatcherApplication(create_backend_app),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
    said = str(server.server_port)
    kept = ""
    if accounts_file is None:
        parent = os.getppid()
        _watch(lambda: os.getppid() == parent)
    else:
        with open(accounts_file, encoding="ascii") as file:
            known = json.load(file)
        kept = known["kept"]
        _restore(kept)
        _give_keys(known["accounts"])
        said = f"{said} {os.getpid()}"
    with open(port_file + ".new", "w", encoding="ascii") as file:
        file.write(said)
    os.rename(port_file + ".new", port_file)  # the reader sees all of it or nothing
    if accounts_file is not None:
        parent = os.getppid()
        _watch(lambda: _reads(port_file, said) and (bool(kept) or os.getppid() == parent))
        _say_nothing()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server.serve_forever()  # until interrupted
    if kept:
        _keep(kept)


def _say_nothing() -> None:
    """Whoever listened may be gone, and a broken pipe is no end."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)


if __name__ == "__main__":
    main(*sys.argv[1:])
