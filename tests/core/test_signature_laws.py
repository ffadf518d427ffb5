import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.signature import sign, verify
from engine.errors import EngineError
from tests.support.signing import NOW, signer, trusted


@given(st.binary(max_size=300), st.integers(1, 250))
def test_what_was_signed_is_believed(payload: bytes, seed: int) -> None:
    who = signer(seed)
    assert verify(sign(payload, who), trusted(who), now=NOW, purpose="verdict") == (payload, who.id)


ENVELOPE = sign(b'{"result":"failed","head":"0a/b+"}' * 3, signer())


@given(st.integers(0, len(ENVELOPE) - 1), st.integers(1, 255))
def test_any_changed_byte_is_noticed(position: int, flip: int) -> None:
    changed = bytearray(ENVELOPE)
    changed[position] ^= flip
    with pytest.raises(EngineError):
        verify(bytes(changed), trusted(), now=NOW, purpose="verdict")


@given(st.binary(max_size=300))
def test_nothing_else_is_believed(rubbish: bytes) -> None:
    with pytest.raises(EngineError):
        verify(rubbish, trusted(), now=NOW, purpose="verdict")


@given(st.binary(max_size=50), st.binary(max_size=50), st.text(max_size=20))
def test_one_payload_of_another_type_has_another_signature(payload: bytes, other: bytes, kind: str) -> None:
    first, second = sign(payload, signer(), kind), sign(other, signer(), kind + "x")
    assert first.rsplit(b'"sig"')[1] != second.rsplit(b'"sig"')[1]
