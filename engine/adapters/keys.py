"""Keys. One that signs is an Ed25519 key in PEM, as `openssl genpkey -algorithm ed25519` writes it too.

`settings` reads a key from the environment or a private file and hands over the bytes; a KMS would be another signer
of the same port, `engine.core.signature.Signer`.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.adapters import files, key_files
from engine.adapters.ownership import ours, weak_spot
from engine.core.signature import key_id
from engine.errors import failure

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from engine.adapters.sealed import SealingKey

# Of `key_set`, 64 hexadecimal digits each: file → the setting that names it.
SECRETS = {
    "digest.key": "ENGINE_DIGEST_KEY_FILE",
    "handover.key": "ENGINE_HANDOVER_KEY_FILE",
    "backup.key": "ENGINE_BACKUP_KEY_FILE",
}


class FileSigner:
    """Signs with a key in memory. Shows nothing of it."""

    __slots__ = ("_key", "id", "public")

    def __init__(self, key: "Ed25519PrivateKey") -> None:
        self._key = key
        self.public: bytes = key.public_key().public_bytes_raw()
        self.id: str = key_id(self.public)

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"FileSigner({self.id})"


class Keyring:
    """The keys that an environment names: read when asked for, never kept, and no business of any command's but run."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def signer(self, purpose: str) -> FileSigner:
        """Signs statements of that purpose.

        Raises:
            EngineError: ENG550 there is no key, or it cannot be used.
        """
        pem = key_files.signing_key(self._environ, purpose)
        if pem is None:
            raise failure("ENG550", purpose=purpose, setting=f"{key_files.SIGNING[purpose]}_FILE")
        return load_signer(pem)

    def digest_keys(self) -> tuple[bytes, ...]:
        """The first one keys the digests of plans; those of before come after it, for what was digested with them.

        Raises:
            EngineError: ENG551 there is none, or one cannot be used.
        """
        present, old = key_files.digest_keys(self._environ)
        if present is None:
            raise failure("ENG551")
        return present, *old

    def handover_key(self) -> bytes:
        """Keys what one job hands to the next.

        Raises:
            EngineError: ENG570 there is none, or it cannot be used.
        """
        key = key_files.handover_key(self._environ)
        if key is None:
            raise failure("ENG570")
        return key

    def backup_keys(self) -> "tuple[SealingKey, ...]":
        """The first one seals backups of states, each opens what it has sealed: those of before come after it.

        Raises:
            EngineError: ENG719 there is none, or one cannot be used.
        """
        from engine.adapters.sealed import key_of

        present, old = key_files.backup_keys(self._environ)
        if present is None:
            raise failure("ENG719", reason="there is no key (ENGINE_BACKUP_KEY_FILE)")
        keys = [key_of(text.decode("ascii", "replace")) for text in (present, *old)]
        if None in keys:
            where = "ENGINE_BACKUP_OLD_KEYS" if keys[0] else "ENGINE_BACKUP_KEY"
            raise failure("ENG719", reason=f"a key in {where} is not written as 64 hexadecimal digits")
        return tuple(key for key in keys if key)


def load_signer(pem: bytes) -> FileSigner:
    """The signer whose private key is `pem`.

    Raises:
        EngineError: ENG283, it is not an unencrypted Ed25519 key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    # CI systems without multi-line secrets hold the line ends as two characters.
    text = pem if b"\n" in pem else pem.replace(b"\\n", b"\n")
    try:
        key = load_pem_private_key(text, password=None)
    except TypeError:
        raise failure("ENG283", reason="it is encrypted, and nobody is there to type the password") from None
    except (ValueError, UnsupportedAlgorithm):  # what they say may quote the key
        raise failure("ENG283", reason="it is not a private key in PEM form") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise failure("ENG283", reason="it is not an Ed25519 key")
    return FileSigner(key)


def new_key(file: str) -> FileSigner:
    """A new key, written to `file` with mode 0600; never over something that is there.

    Raises:
        EngineError: as `put_new`.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    put_new(file, pem)
    return FileSigner(key)


def new_sealing_key(file: str) -> "SealingKey":
    """A new key for backups, written to `file` as `openssl rand -hex 32` writes one; never over something.

    Raises:
        EngineError: as `put_new`.
    """
    from engine.adapters import sealed

    text = sealed.new_key()
    key = sealed.key_of(text)
    assert key is not None
    put_new(file, text.encode() + b"\n")
    return key


def key_set(folder: str, before: bytes | None, expires: str) -> bytes:
    """All keys of one engine in `folder`, each made where there is none: one that signs for each purpose, secrets.

    The result is the file of trusted keys: `before`, and the keys that it lacks, each believed for its purpose.

    Raises:
        EngineError: as `put_new`; ENG283, what is there is no key.
    """
    import secrets

    from engine.core.signature import TrustedKey
    from engine.core.verdict.trust import entry

    known = before.decode() if before else ""
    head, rows = known.rstrip("\n"), list[str]()
    for purpose in key_files.SIGNING:
        place = os.path.join(folder, signs(purpose))
        signer = load_signer(files.read(place)) if os.path.lexists(place) else new_key(place)
        if signer.id not in known:
            name = "" if f"name: {purpose}\n" in known else purpose  # a name stands for one key
            key = TrustedKey(signer.id, signer.public, (purpose,), expires, None, name)
            top, _, row = entry(key).partition("keys:\n")
            head, rows = head or f"{top}keys:", [*rows, row]
    for name in SECRETS:
        if not os.path.lexists(os.path.join(folder, name)):
            put_new(os.path.join(folder, name), secrets.token_hex(32).encode())
    return "\n".join([head, *rows, ""]).encode()


def signs(purpose: str) -> str:
    """The file of the key that signs for this."""
    return f"{purpose}-key.pem"


def put_new(file: str, key: bytes, exists: str = "ENG284") -> None:
    """A key, or another secret, written to `file` with mode 0600; never over something that is there.

    Raises:
        EngineError: ENG284, or that one: it exists; ENG002 it cannot be written, ENG008 others could exchange it.
    """
    folder = os.path.dirname(file) or os.curdir
    try:
        if reason := weak_spot(folder, ours(), shared=True):
            raise failure("ENG008", directory=folder, reason=reason)
        files.put(file, key, new=True, sync=True)
    except FileExistsError:
        raise failure(exists, file=file) from None
    except (OSError, ValueError) as error:
        raise files.failed("ENG002", file, error) from error
