"""One canonical form for facts, rules, verdicts and plans: what is signed or digested is these bytes."""

import json
import sys
from importlib import import_module
from typing import Any

_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_SMALL = 65_536  # bytes
# `hashlib` loads OpenSSL (3 ms), which pays for what is large: as in the standard library's own `random`.
try:
    _quick: Any = import_module("_sha2" if sys.version_info >= (3, 12) else "_sha256").sha256
except ImportError:  # no part of the language
    _quick = None


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
    return "sha256:" + _sha256(data)


def _sha256(data: bytes) -> str:
    if _quick is not None and len(data) <= _SMALL:
        return str(_quick(data).hexdigest())
    from hashlib import sha256

    return sha256(data).hexdigest()
