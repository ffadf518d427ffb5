"""The chain: batches of lines, each ended by a head; every line names the digest of the one before it.

A head says how many records there are, which batch it ends, which pull requests that batch speaks of, and the digest
of the head before it; a process that has the `audit` key signs it. So heads are a chain of their own: a part of the
trail can be shown without the rest, and it can be seen that nothing about a pull request was left out of it.

Whoever knows the last head knows everything before it. Whoever does not cannot tell a tail that was cut off from what
was never said: heads are carried by the check runs of pull requests for that.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from engine.core.audit import record
from engine.core.audit.record import Said, encoded
from engine.core.signature import Signer, TrustedKey, TrustedKeys, pae

KIND = "application/vnd.interlock.audit-head+json"  # what is signed begins with it: it can pass for nothing else
MOST = 200  # records of a batch
_BEHIND = 76  # where a line goes on behind the digest of the line before it


class Tip(NamedTuple):
    """Where the chain ends: number of the last batch, of the last record, digest of the last line."""

    number: int
    records: int
    digest: str  # 64 hexadecimal digits


START = Tip(0, 0, "0" * 64)


class Head(NamedTuple):
    """The line that ends a batch."""

    after: str  # digest of the last record
    before: str  # digest of the head before it
    number: int
    records: int  # up to here
    subjects: tuple[str, ...]  # pull requests of the batch, `owner/name#7`
    by: str  # process that wrote it
    time: str
    key: str | None  # None: it is not signed
    signature: str | None
    line: bytes

    @property
    def tip(self) -> Tip:
        """Where the chain ends with it."""
        return Tip(self.number, self.records, digest(self.line))

    @property
    def signed(self) -> bytes:
        """What a signature of it is about."""
        return _unsigned(json.loads(self.line))


def begins(after: str) -> bytes:
    """What the number of a record stands behind."""
    return b'{"after":"%s","at":' % after.encode("ascii")


def digest(line: bytes) -> str:
    """What the next line names, in hexadecimal digits."""
    return sha256(line).hexdigest()


def batch(
    tip: Tip, said: Sequence[Said], hide: Callable[[str], str], *, run: str, time: str, by: str, signer: Signer | None
) -> tuple[bytes, Head]:
    """The lines of a batch that follows on `tip`, and its head, which is the last of them."""
    assert 0 < len(said) <= MOST
    lines, after = [], tip.digest
    for seq, one in enumerate(said, tip.records + 1):
        lines.append(record.line(after, seq, record.bounded(one, hide), run, time))
        after = digest(lines[-1])
    value: dict[str, Any] = {
        "after": after,
        "head": {
            "before": tip.digest,
            "by": by,
            "count": tip.records + len(said),
            "number": tip.number + 1,
            "subjects": sorted({one.subject for one in said if one.subject}),
            "time": time,
            "v": record.VERSION,
        },
    }
    signature = b64encode(signer.sign(pae(KIND, _unsigned(value)))).decode("ascii") if signer else None
    lines.append(encoded({**value, "keyid": signer.id if signer else None, "sig": signature}))
    return b"\n".join((*lines, b"")), head(lines[-1])


def is_head(line: bytes) -> bool:
    """Does a line end a batch?"""
    return line.startswith(b'"head":', _BEHIND)


def head(line: bytes) -> Head:
    """The head that a line is.

    Raises:
        ValueError: it is none that this release writes, or is spelt otherwise; the reason.
    """
    value = json.loads(line)
    match value:
        case {
            "after": str(after),
            "head": {
                "before": str(before),
                "by": str(by),
                "count": int(count),
                "number": int(number),
                "subjects": list(subjects),
                "time": str(time),
                "v": int(version),
                **odd,
            },
            "keyid": str() | None as key,
            "sig": str() | None as signature,
            **more,
        } if not odd and not more and all(isinstance(one, str) for one in subjects):
            if version != record.VERSION:
                raise ValueError(f"it is of version {version}, and this release knows {record.VERSION}")
            if encoded(value) != line or (key is None) != (signature is None):
                raise ValueError("it is not written as this release writes it")
            return Head(after, before, number, count, tuple(subjects), by, time, key, signature, line)
    raise ValueError("it does not have the form of a head")


def doubt(found: Head, trusted: TrustedKeys) -> str | None:
    """Why what a signed head says is not believed; None: it is."""
    assert found.key is not None
    assert found.signature is not None
    key = trusted.get(found.key)
    if key is None:
        return f"the key {found.key} is not trusted"
    if "audit" not in key.purposes:
        return f"the key {key.id} is trusted for {', '.join(key.purposes)} and not for audit"
    if key.revoked:
        return f"the key {key.id} was revoked at {key.revoked}"
    return None if _holds(found, key) else f"its signature is not one of the key {key.id}"


def is_of(found: Head, public: bytes) -> bool:
    """Is the head's signature one of that public key?"""
    return _holds(found, TrustedKey("", public, (), "", None))


def _holds(found: Head, key: TrustedKey) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    assert found.signature is not None
    try:
        signature = b64decode(found.signature, validate=True)
        if b64encode(signature).decode("ascii") != found.signature:
            return False
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, pae(KIND, found.signed))
    except (InvalidSignature, ValueError):
        return False
    return True


def _unsigned(value: Mapping[str, Any]) -> bytes:
    return encoded({"after": value["after"], "head": value["head"]})


def opened(data: bytes, tip: Tip) -> tuple[list[bytes], Head]:
    """The records of a batch that follows on `tip`, as lines, and its head.

    Raises:
        ValueError: it is no such batch; the reason.
    """
    *lines, rest = data.split(b"\n")
    if rest or len(lines) < 2:
        raise ValueError("it is not whole")
    after = tip.digest
    for seq, line in enumerate(lines[:-1], tip.records + 1):
        if not line.startswith(record.begins(after, seq)):
            raise ValueError(f"record {seq} does not follow on the line before it")
        after = digest(line)
    found = head(lines[-1])
    if (found.after, found.before, found.number, found.records) != (
        after,
        tip.digest,
        tip.number + 1,
        tip.records + len(lines) - 1,
    ):
        raise ValueError("its head speaks of other records")
    return lines[:-1], found


def last(data: bytes) -> Head:
    """The head of a batch, wherever that follows on, if the batch is right in itself.

    Raises:
        ValueError: it is none; the reason.
    """
    found = head(data[data.rfind(b"\n", 0, len(data) - 1) + 1 : -1])
    size = data.count(b"\n") - 1
    opened(data, Tip(found.number - 1, found.records - size, found.before))
    return found
