"""Public keys that are none: everybody could sign with them, or they are no key as any program makes one."""

import os

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from engine.core import curve
from engine.core.curve import _ORDER, _P, _plus, _times, _x, weakness


def spelt(y: int, sign: int = 0) -> bytes:
    return (y | sign << 255).to_bytes(32, "little")


def written(point: curve._Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, -1, _P)
    return spelt(y * inverse % _P, x * inverse % _P & 1)


def some_point() -> curve._Point:
    """Not from the base point, so it has a part of small order as often as not."""
    while True:
        y = int.from_bytes(os.urandom(32), "little") % _P
        if (x := _x(y, 0)) is not None:
            return x, y, 1, x * y % _P


def of_small_order() -> set[bytes]:
    """All eight: multiples of a point that is one of order 8."""
    while True:
        torsion = _times(_ORDER, some_point())
        if len(found := {written(_times(n, torsion)) for n in range(1, 9)}) == 8:
            return found


EIGHT = sorted(of_small_order())


def everybody_signs(public: bytes, message: bytes) -> bool:
    """R is one of the eight, s = 0: no secret is needed."""
    for point in EIGHT:
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(point + bytes(32), message)
            return True
        except InvalidSignature:
            continue
    return False


@pytest.mark.parametrize("public", EIGHT)
def test_everybody_signs_with_a_point_of_small_order(public: bytes) -> None:
    assert any(everybody_signs(public, b"apply %d" % n) for n in range(100)), "OpenSSL believes it"
    assert weakness(public) == "it is a point of small order, with which everybody can sign"


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("y", range(19))
def test_a_second_spelling_is_none(y: int, sign: int) -> None:
    """y + p, of the few points where that has 255 bits; the points of small order 0 and 1 are among them."""
    assert weakness(spelt(y + _P, sign)) == "it is not the one spelling of a point"


@pytest.mark.parametrize(
    ("why", "public", "said"),
    [
        ("the neutral element", spelt(1), "small order"),
        ("its other sign: x is 0, which has none", spelt(1, 1), "not a point"),
        ("of order 2, the other sign", spelt(_P - 1, 1), "not a point"),
        ("no x belongs to it", spelt(2), "not a point"),
        ("all ones", b"\xff" * 32, "one spelling"),
        ("all zeros", bytes(32), "small order"),
    ],
)
def test_no_key(why: str, public: bytes, said: str) -> None:
    assert said in weakness(public), why


def point(public: bytes) -> curve._Point:
    y = int.from_bytes(public, "little") & (2**255 - 1)
    x = _x(y, public[31] >> 7)
    assert x is not None
    return x, y, 1, x * y % _P


@pytest.mark.parametrize("small", [p for p in EIGHT if p != spelt(1)])
def test_a_key_with_a_part_of_small_order(small: bytes) -> None:
    good = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    assert weakness(written(_plus(point(good), point(small)))) == "it is no multiple of the base point"


@given(st.binary(min_size=32, max_size=32))
def test_every_key_that_a_program_makes_is_one(seed: bytes) -> None:
    """Whatever the secret is: ENGINE_SIGNING_KEY has no weak public half."""
    assert weakness(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()) == ""


@given(st.binary(min_size=32, max_size=32))
def test_any_bytes_get_an_answer(public: bytes) -> None:
    assert isinstance(weakness(public), str)
