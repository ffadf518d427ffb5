"""Ed25519 signatures around canonical bytes, in the DSSE form (https://github.com/secure-systems-lab/dsse).

What is signed is the payload's type together with its bytes, so a statement of one kind can never pass for another.
Strict: one signature, one spelling of base64, no key that the form does not have.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import NamedTuple, NoReturn, Protocol

from engine.core.canonical import canonical, digest_bytes
from engine.errors import Place, failure

STATEMENT = "application/vnd.in-toto+json"
PURPOSES = ("verdict", "merge", "audit")
LARGEST = 16 * 1024 * 1024  # a verdict of 1,000 resources has 1 MB


class Signer(Protocol):
    """Somebody who can sign: a key in memory today, a KMS later."""

    @property
    def id(self) -> str:
        """Id of the key: `key_id` of its public half."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""


class TrustedKey(NamedTuple):
    """A public key whose signatures count, for what, and until when."""

    id: str
    public: bytes
    purposes: tuple[str, ...]
    expires: str
    revoked: str | None  # since when; nothing it ever signed counts, because a thief can write any date
    name: str = ""  # what people call it; nothing is decided by it


TrustedKeys = Mapping[str, TrustedKey]


class Signed(NamedTuple):
    """Bytes that a trusted key has signed."""

    payload: bytes
    key_id: str


def key_id(public: bytes) -> str:
    """A key's id says which key it is: nobody can give a known id to another key."""
    return "ed25519:" + digest_bytes(public).removeprefix("sha256:")[:32]


def pae(kind: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: the bytes that are really signed."""
    name = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


def sign(payload: bytes, signer: Signer, kind: str = STATEMENT) -> bytes:
    """The signed envelope, in canonical form."""
    signature = {"keyid": signer.id, "sig": _text(signer.sign(pae(kind, payload)))}
    return canonical({"payloadType": kind, "payload": _text(payload), "signatures": [signature]})


def verify(
    envelope: bytes, trusted: TrustedKeys, *, now: str, purpose: str, kind: str = STATEMENT, file: str = "statement"
) -> Signed:
    """What a trusted key signed for `purpose`, if the key is still one.

    Raises:
        EngineError: why it is not believed (ENG270-ENG275).
    """
    signed = authentic(envelope, trusted, purpose=purpose, kind=kind, file=file)
    in_force(trusted[signed.key_id], now, file)
    return signed


def in_force(key: TrustedKey, now: str, file: str = "statement") -> None:
    """Nothing, if what the key signs counts at `now`.

    Raises:
        EngineError: it was revoked, or has expired (ENG272, ENG273).
    """
    if key.revoked:
        raise failure("ENG272", Place(file), key=key.id, revoked=key.revoked)
    if now >= key.expires:
        raise failure("ENG273", Place(file), key=key.id, expires=key.expires)


def authentic(
    envelope: bytes, trusted: TrustedKeys, *, purpose: str, kind: str = STATEMENT, file: str = "statement"
) -> Signed:
    """What a key signed for `purpose` that is trusted, or once was.

    Raises:
        EngineError: why it is not believed (ENG270, ENG271, ENG274, ENG275).
    """
    found, payload, key, signature = _open(envelope, file)
    place = Place(file)
    if found != kind:
        raise failure("ENG270", place, reason=f"its payload is of another type than {kind}")
    known = trusted.get(key)
    if known is None:
        raise failure("ENG271", place, key=key)
    if purpose not in known.purposes:
        raise failure("ENG274", place, key=key, purpose=purpose, purposes=", ".join(known.purposes))

    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(known.public).verify(signature, pae(kind, payload))
    except InvalidSignature:
        raise failure("ENG275", place, key=key) from None
    return Signed(payload, key)


def _open(envelope: bytes, file: str) -> tuple[str, bytes, str, bytes]:
    """(payload type, payload, key id, signature) of an envelope that has exactly DSSE's form."""

    def refuse(reason: str) -> NoReturn:
        raise failure("ENG270", Place(file), reason=reason) from None

    if len(envelope) > LARGEST:
        refuse("it is too large")
    try:
        value = json.loads(envelope)
        again = canonical(value)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, half a surrogate pair, too deep
        refuse("it is not JSON")
    # A key twice, or anything else that another reader may read otherwise: there is one spelling.
    if again != envelope.strip():
        refuse("it is not written in the canonical form")
    match value:
        case {
            "payloadType": str(kind),
            "payload": str(payload),
            "signatures": [{"keyid": str(key), "sig": str(signature), **odd}],
            **more,
        } if not odd and not more:
            return kind, _bytes(payload, refuse), key, _bytes(signature, refuse)
    refuse("it does not have the form of a DSSE envelope with one signature")


class _Refuse(Protocol):
    def __call__(self, reason: str) -> NoReturn: ...


def _bytes(text: str, refuse: _Refuse) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        refuse("it holds something that is not base64")
    if _text(data) != text:  # unused bits in the last character: another spelling of the same bytes
        refuse("it holds base64 that is not in its one spelling")
    return data


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")
