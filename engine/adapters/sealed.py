"""Sealed bytes: AES-256-GCM, with a header that everybody can read and nobody can exchange.

    interlock sealed 1 <line end>
    {"about":{…},"key":"…"} <line end>      canonical JSON
    12 bytes of nonce, then what is sealed, then 16 bytes of tag

Magic and header together are the additional data of the cipher: what was sealed about one thing opens as that thing, or
not at all. The nonce is random; a key may seal 2^32 times before two may be expected to meet, far beyond any store.
"""

import os
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from engine.core.canonical import canonical
from engine.core.source import load_json
from engine.errors import EngineError, failure

MAGIC = b"interlock sealed 1\n"
KEY_BYTES = 32
_LONGEST_HEADER = 64 * 1024  # bytes
_NONCE, _TAG = 12, 16  # bytes
_HEX = frozenset("0123456789abcdef")


class SealingKey(NamedTuple):
    """A key, and its id, which stands in the header of what it has sealed."""

    id: str
    secret: bytes

    def __repr__(self) -> str:
        """Nothing of the key."""
        return f"SealingKey({self.id})"


class Opened(NamedTuple):
    """What was sealed, and what about."""

    about: Mapping[str, Any]
    data: bytes
    key_id: str


def key_of(text: str) -> SealingKey | None:
    """The key that is written as 64 hexadecimal digits, as `openssl rand -hex 32` does; None: it is none."""
    if len(text) != 2 * KEY_BYTES or not _HEX.issuperset(text):
        return None
    secret = bytes.fromhex(text)
    return SealingKey("aes256:" + sha256(b"interlock sealing key 1\n" + secret).hexdigest()[:32], secret)


def new_key() -> str:
    """A new key, as it is written."""
    return os.urandom(KEY_BYTES).hex()


def seal(key: SealingKey, about: Mapping[str, Any], data: bytes) -> bytes:
    """`data`, sealed as being about that."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    header = MAGIC + canonical({"about": dict(about), "key": key.id}) + b"\n"
    nonce = os.urandom(_NONCE)
    return header + nonce + AESGCM(key.secret).encrypt(nonce, data, header)


def opened(sealed: bytes, keys: Iterable[SealingKey], file: str) -> Opened:
    """What was sealed with one of the keys.

    Raises:
        EngineError: ENG717, it was not, or was altered since.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    about, key_id, header = header_of(sealed, file)
    key = next((key for key in keys if key.id == key_id), None)
    if key is None:
        raise failure("ENG717", key=file, reason=f"it was sealed with {key_id}, which is none of the keys here")
    nonce, rest = sealed[len(header) :][:_NONCE], sealed[len(header) + _NONCE :]
    try:
        return Opened(about, AESGCM(key.secret).decrypt(nonce, rest, header), key_id)
    except InvalidTag:
        raise failure("ENG717", key=file, reason="it was altered, or cut off, since it was sealed") from None


def header_of(sealed: bytes, file: str) -> tuple[Mapping[str, Any], str, bytes]:
    """(what it says it is about, id of its key, the bytes of the header), not yet to be believed.

    Raises:
        EngineError: ENG717, it is nothing of ours.
    """
    end = sealed.find(b"\n", len(MAGIC), len(MAGIC) + _LONGEST_HEADER) if sealed.startswith(MAGIC) else -1
    if end < 0 or len(sealed) < end + 1 + _NONCE + _TAG:
        raise failure("ENG717", key=file, reason="it is not sealed in the form of version 1")
    text = sealed[len(MAGIC) : end]
    try:
        header = load_json(text, file, limit=_LONGEST_HEADER).data
    except EngineError:
        header = None
    match header:
        case {"about": dict(about), "key": str(key_id)} if len(header) == 2 and canonical(header) == text:
            return about, key_id, sealed[: end + 1]
    raise failure("ENG717", key=file, reason="its header is not written in the canonical form")
