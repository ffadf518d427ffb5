import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from engine.core.canonical import canonical
from engine.core.signature import LARGEST, STATEMENT, key_id, pae, sign, verify
from engine.errors import EngineError, ExitCode
from tests.support.signing import LATER, NOW, signer, trusted

PAYLOAD = b'{"hello":"world"}'
ENVELOPE = sign(PAYLOAD, signer())


def test_round_trip() -> None:
    assert verify(ENVELOPE, trusted(), now=NOW, purpose="verdict") == (PAYLOAD, signer().id)


def test_a_line_end_after_the_envelope_is_no_change() -> None:
    assert verify(ENVELOPE + b"\n", trusted(), now=NOW, purpose="verdict").payload == PAYLOAD


def test_encoding_is_that_of_dsse() -> None:
    # The example of https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("é", b"") == "DSSEv1 2 é 0 ".encode(), "lengths are counted in bytes"


def test_signature_is_over_the_encoding() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    signature = base64.b64decode(json.loads(ENVELOPE)["signatures"][0]["sig"])
    Ed25519PublicKey.from_public_bytes(signer().public).verify(signature, pae(STATEMENT, PAYLOAD))


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    value = json.loads(ENVELOPE)
    change(value)
    return canonical(value)


def signature_of(value: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = value["signatures"][0]
    return first


def resigned(**fields: str) -> bytes:
    return changed(lambda e: signature_of(e).update(fields))


THEIRS = signer(2)
THEIR_SIGNATURE = json.loads(sign(PAYLOAD, THEIRS))["signatures"][0]
AS_TEXT = json.loads(sign(PAYLOAD, signer(), "text/plain"))["signatures"][0]
OTHER = base64.b64encode(b'{"hello":"mars"}').decode()


@pytest.mark.parametrize(
    ("why", "envelope", "keys", "code"),
    [
        ("another key signed it", sign(PAYLOAD, THEIRS), trusted(), "ENG271"),
        (
            "another key signed it and says it was ours",
            resigned(sig=THEIR_SIGNATURE["sig"]),
            trusted(),
            "ENG275",
        ),
        ("nobody is trusted", ENVELOPE, {}, "ENG271"),
        ("the key was revoked after it signed", ENVELOPE, trusted(revoked=NOW), "ENG272"),
        ("the key is revoked from tomorrow on: no date is believed", ENVELOPE, trusted(revoked=LATER), "ENG272"),
        ("the key expires at this very second", ENVELOPE, trusted(expires=NOW), "ENG273"),
        ("the key is for audits", ENVELOPE, trusted(purposes=("merge", "audit")), "ENG274"),
        ("the payload was altered", changed(lambda e: e.update(payload=OTHER)), trusted(), "ENG275"),
        ("the type was altered", changed(lambda e: e.update(payloadType="text/plain")), trusted(), "ENG270"),
        (
            "signed as another type, claimed as ours",
            resigned(sig=AS_TEXT["sig"]),
            trusted(),
            "ENG275",
        ),
        ("the signature was cut", resigned(sig="AAAA"), trusted(), "ENG275"),
        ("no signature", changed(lambda e: e.update(signatures=[])), trusted(), "ENG270"),
        ("the same signature twice", changed(lambda e: e["signatures"].append(signature_of(e))), trusted(), "ENG270"),
        (
            "a second signature, of another",
            changed(lambda e: e["signatures"].append(THEIR_SIGNATURE)),
            trusted(),
            "ENG270",
        ),
        ("a key that the form does not have", changed(lambda e: e.update(note="x")), trusted(), "ENG270"),
        ("another one, beside the signature", resigned(cert="x"), trusted(), "ENG270"),
        ("the payload is a number", changed(lambda e: e.update(payload=1)), trusted(), "ENG270"),
        ("base64 with a line end", changed(lambda e: e.update(payload=e["payload"] + "\n")), trusted(), "ENG270"),
        (
            "base64 of the other alphabet",
            resigned(sig="-_" * 43 + "=="),
            trusted(),
            "ENG270",
        ),
        ("a key twice in the envelope", ENVELOPE[:-1] + b',"payload":"AAAA"}', trusted(), "ENG270"),
        ("white space inside", json.dumps(json.loads(ENVELOPE), indent=1).encode(), trusted(), "ENG270"),
        ("empty", b"", trusted(), "ENG270"),
        ("not JSON", b"\xff", trusted(), "ENG270"),
        ("not an object", b"[]", trusted(), "ENG270"),
        ("deep", b"[" * 100_000, trusted(), "ENG270"),
        ("huge", b" " * (LARGEST + 1), trusted(), "ENG270"),
        ("an unsigned statement", PAYLOAD, trusted(), "ENG270"),
    ],
)
def test_forgeries(why: str, envelope: bytes, keys: Any, code: str) -> None:
    with pytest.raises(EngineError) as caught:
        verify(envelope, keys, now=NOW, purpose="verdict")
    (problem,) = caught.value.problems
    assert problem.code == code, f"{why}: {problem.message}"
    assert caught.value.exit_code == ExitCode.NEGATIVE, why


_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def test_unused_bits_of_base64_are_no_second_spelling() -> None:
    value = json.loads(ENVELOPE)
    text = signature_of(value)["sig"]
    assert text.endswith("==")
    signature_of(value)["sig"] = text[:-3] + _DIGITS[_DIGITS.index(text[-3]) ^ 1] + "=="
    assert base64.b64decode(signature_of(value)["sig"]) == base64.b64decode(text)
    with pytest.raises(EngineError) as caught:
        verify(canonical(value), trusted(), now=NOW, purpose="verdict")
    assert caught.value.problems[0].code == "ENG270"


def test_an_id_belongs_to_one_key() -> None:
    assert key_id(signer(1).public) != key_id(signer(2).public)
    assert signer(1).id == key_id(signer(1).public)
