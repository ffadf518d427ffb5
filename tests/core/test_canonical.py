"""A digest is SHA-256 of the canonical bytes, whichever implementation is quicker to have."""

import hashlib

import pytest

from engine.core import canonical


@pytest.mark.parametrize("size", [0, 1, canonical._SMALL, canonical._SMALL + 1])
@pytest.mark.parametrize("quick", [True, False])
def test_both_implementations_say_the_same(monkeypatch, size, quick):
    assert canonical._quick is not None, "this Python has its own, or a start pays for OpenSSL"
    if not quick:
        monkeypatch.setattr(canonical, "_quick", None)
    data = b"\x00\xff" * size
    assert canonical.digest_bytes(data) == f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_the_canonical_form_is_what_is_digested():
    value = {"b": [1, "é", None], "a": {}}
    assert canonical.canonical(value) == '{"a":{},"b":[1,"é",null]}'.encode()
    assert canonical.digest(value) == canonical.digest_bytes(canonical.canonical(value))
