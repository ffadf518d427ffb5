"""One canonical form for facts, rules, verdicts and plans: what is signed or digested is these bytes."""

import hashlib
import json

_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: object) -> bytes:
    """UTF-8 JSON with sorted keys and no white space.

    Raises:
        ValueError: NaN or infinity, which JSON does not have.
        TypeError: something JSON does not have, or an object whose keys are not all strings.
    """
    return _JSON.encode(value).encode()


def digest(value: object) -> str:
    """`sha256:<hex>` of the canonical form."""
    return digest_bytes(canonical(value))


def digest_bytes(data: bytes) -> str:
    """`sha256:<hex>` of `data`."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
