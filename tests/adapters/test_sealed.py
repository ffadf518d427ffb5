"""What is sealed opens with its key as what it was sealed as, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.adapters.sealed import MAGIC, SealingKey, header_of, key_of, new_key, opened, seal
from engine.errors import EngineError

ABOUT = {"account": "111111111111", "state_key": "S3/dev/a/terraform.tfstate", "lineage": "l", "serial": 4}


def made(letter: str) -> SealingKey:
    key = key_of(letter * 64)
    assert key
    return key


KEY, OTHER = made("a"), made("b")
SECRET = b'{"password": "hunter2"}'
SEALED = seal(KEY, ABOUT, SECRET)


def refused(sealed: bytes, *keys: SealingKey) -> str:
    with pytest.raises(EngineError) as why:
        opened(sealed, keys or (KEY,), "b")
    (problem,) = why.value.problems
    assert problem.code == "ENG717"
    return problem.message


def test_it_opens_with_its_key() -> None:
    assert opened(SEALED, [OTHER, KEY], "b") == (ABOUT, SECRET, KEY.id)
    assert header_of(SEALED, "b")[:2] == (ABOUT, KEY.id)
    assert opened(seal(KEY, {}, b""), [KEY], "b").data == b""


def test_nobody_reads_it_and_no_two_are_the_same() -> None:
    assert b"hunter2" not in SEALED
    assert seal(KEY, ABOUT, SECRET) != SEALED
    assert KEY.secret not in SEALED
    assert KEY.secret.hex() not in repr(KEY) + str(KEY)


@pytest.mark.parametrize(
    ("why", "sealed", "said"),
    [
        ("nothing", b"", "not sealed"),
        ("only the header", SEALED[: SEALED.index(b"\n", len(MAGIC)) + 1], "not sealed"),
        ("no line end", MAGIC + b"x" * 100_000, "not sealed"),
        ("cut off", SEALED[:-1], "altered"),
        ("something behind", SEALED + b"x", "altered"),
        ("another account", SEALED.replace(b"111111111111", b"222222222222"), "altered"),
        ("another resource", SEALED.replace(b"dev/a/", b"dev/b/"), "altered"),
        ("another lineage", SEALED.replace(b'"lineage":"l"', b'"lineage":"m"'), "altered"),
        ("another serial", SEALED.replace(b'"serial":4', b'"serial":5'), "altered"),
        ("of a newer form", SEALED.replace(b"sealed 1", b"sealed 2"), "not sealed"),
        ("no JSON", MAGIC + b"{\n" + b"x" * 30, "canonical"),
        ("a header that says more", SEALED.replace(b'"key":', b'"kay":"","key":'), "canonical"),
        ("a header with white space", SEALED.replace(b'"key":', b'"key": '), "canonical"),
        ("a header that is deep", MAGIC + b"[" * 60_000 + b"\n" + b"x" * 30, "canonical"),
    ],
)
def test_it_does_not_open(why: str, sealed: bytes, said: str) -> None:
    assert said in refused(sealed), why


def test_another_key_is_named_and_does_not_open_it() -> None:
    assert KEY.id in refused(SEALED, OTHER)
    assert KEY.id in refused(SEALED, OTHER, OTHER)
    assert "altered" in refused(SEALED.replace(KEY.id.encode(), OTHER.id.encode()), OTHER)


@pytest.mark.parametrize("text", ["", "a" * 63, "a" * 65, "A" * 64, "g" * 64, "a" * 63 + "\n", "é" * 64])
def test_what_is_no_key(text: str) -> None:
    assert key_of(text) is None


def test_keys_are_new_each_time() -> None:
    one, two = key_of(new_key()), key_of(new_key())
    assert one
    assert two
    assert one.id != two.id


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_no_byte_can_be_exchanged(at: int, by: int) -> None:
    refused(SEALED[:at] + bytes([SEALED[at] ^ by]) + SEALED[at + 1 :])
