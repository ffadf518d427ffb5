"""The only place that reads what is secret of an environment, and key files: where it is used, and nowhere kept."""

import os
from collections.abc import Mapping, Sequence

from engine.errors import failure

_SECRET_MINIMUM = 32

# What a signature is for → the setting of its key.
SIGNING: Mapping[str, str] = {"verdict": "ENGINE_SIGNING_KEY", "merge": "ENGINE_MERGE_KEY", "audit": "ENGINE_AUDIT_KEY"}


def signing_key(environ: Mapping[str, str], purpose: str = "verdict") -> bytes | None:
    """The private key's bytes, from the variable or from the file; None when neither is set.

    Raises:
        EngineError: the file cannot be read, or others can read it.
    """
    return _secret(SIGNING[purpose], environ)


def digest_key(environ: Mapping[str, str]) -> bytes | None:
    """The key of plan digests; None when it is not set.

    Raises:
        EngineError: the file cannot be read, others can read it, or the key is too short to be one.
    """
    return _long("ENGINE_DIGEST_KEY", environ)


def digest_keys(environ: Mapping[str, str]) -> tuple[bytes | None, Sequence[bytes]]:
    """(The key of plan digests, the ones of before); None when it is not set.

    Raises:
        EngineError: as `digest_key`.
    """
    name = "ENGINE_DIGEST_OLD_KEYS"
    old = (_secret(name, environ) or b"").split()
    return digest_key(environ), [_long_enough(name, key) for key in old]


def handover_key(environ: Mapping[str, str]) -> bytes | None:
    """The key of what one job hands to the next; None when it is not set.

    Raises:
        EngineError: as `digest_key`.
    """
    return _long("ENGINE_HANDOVER_KEY", environ)


def backup_keys(environ: Mapping[str, str]) -> tuple[bytes | None, Sequence[bytes]]:
    """(The key that seals backups, the ones of before), as they are written; None when it is not set.

    Raises:
        EngineError: as `signing_key`.
    """
    return _secret("ENGINE_BACKUP_KEY", environ), (_secret("ENGINE_BACKUP_OLD_KEYS", environ) or b"").split()


def app_key(environ: Mapping[str, str]) -> bytes | None:
    """The private key of the GitHub App; None when it is not set.

    Raises:
        EngineError: as `signing_key`.
    """
    return _secret("ENGINE_GITHUB_APP_KEY", environ)


def reader(environ: Mapping[str, str]) -> tuple[str, bytes] | None:
    """Id and private key of the App that only reads; None where there is none.

    Raises:
        EngineError: as `signing_key`; ENG004, only one of the two is set; ENG951, so is the other App's key.
    """
    name, key = environ.get("ENGINE_GITHUB_READER_ID") or None, _secret("ENGINE_GITHUB_READER_KEY", environ)
    if not (name or key):
        return None
    if not (name and key):
        raise failure(
            "ENG004", name="ENGINE_GITHUB_READER_ID", reason="it and ENGINE_GITHUB_READER_KEY need each other"
        )
    if app_key(environ):
        raise failure("ENG951", name="ENGINE_GITHUB_READER_KEY")
    return name, key


def webhook_secrets(environ: Mapping[str, str]) -> tuple[bytes, ...]:
    """The secrets that webhooks may be signed with, the newer one first; none where none is set.

    Raises:
        EngineError: as `digest_key`.
    """
    names = ("ENGINE_WEBHOOK_SECRET", "ENGINE_WEBHOOK_OLD_SECRET")
    return tuple(found for name in names if (found := _long(name, environ)))


def github_token(environ: Mapping[str, str]) -> str | None:
    """GITHUB_TOKEN; None when it is not set."""
    return environ.get("GITHUB_TOKEN", "").strip() or None


def _long(name: str, environ: Mapping[str, str]) -> bytes | None:
    key = _secret(name, environ)
    return None if key is None else _long_enough(name, key)


def _long_enough(name: str, key: bytes) -> bytes:
    if len(key) < _SECRET_MINIMUM:
        raise failure("ENG004", name=name, reason=f"{len(key)} characters, at least {_SECRET_MINIMUM} needed")
    return key


def _secret(name: str, environ: Mapping[str, str]) -> bytes | None:
    if environ.get(name):
        return environ[name].encode(errors="surrogateescape").strip()  # as bytes, whatever they are
    file = environ.get(name + "_FILE")
    return read_private(file).strip() if file else None


def read_private(file: str) -> bytes:
    """Bytes of a file that only its owner may read.

    Raises:
        EngineError: ENG001 unreadable, ENG006 readable by others, ENG009 of others.
    """
    from engine.adapters.files import failing
    from engine.adapters.ownership import ours

    with failing("ENG001", file), open(file, "rb") as handle:
        found = os.fstat(handle.fileno())
        if found.st_mode & 0o077:
            raise failure("ENG006", file=file, mode=f"{found.st_mode & 0o777:04o}")
        if found.st_uid not in ours():
            raise failure("ENG009", file=file)
        return handle.read()
