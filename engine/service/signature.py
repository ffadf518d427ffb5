"""Is a body signed by one of our secrets? HMAC-SHA256 over its raw bytes, as they came (X-Hub-Signature-256)."""

import hmac
from collections.abc import Sequence

_BEGIN = b"sha256="
_HEX = frozenset(b"0123456789abcdef")
_LENGTH = len(_BEGIN) + 64


def is_signature(header: bytes) -> bool:
    """Has it the form of one? Told before the body is read. Bytes: a header need not be ASCII."""
    return len(header) == _LENGTH and header.startswith(_BEGIN) and _HEX.issuperset(header[len(_BEGIN) :])


class Signing:
    """The signatures of a body under each secret, while it comes in."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        """`secrets`: at least one; two while they are exchanged."""
        self._macs = [hmac.new(secret, digestmod="sha256") for secret in secrets]

    def update(self, piece: bytes) -> None:
        """The next bytes of the body."""
        for mac in self._macs:
            mac.update(piece)

    def fits(self, header: bytes) -> bool:
        """Is it the signature by one of them? Takes as long whichever it is, and however much of it is right."""
        found = [hmac.compare_digest(_BEGIN + mac.hexdigest().encode(), header) for mac in self._macs]
        return any(found)
