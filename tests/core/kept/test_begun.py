"""The record that an apply has begun: believed as we have signed it, and not otherwise."""

import pytest

from engine.core.canonical import canonical
from engine.core.kept.begun import KIND, Begun, read, signed
from engine.core.signature import sign
from engine.errors import EngineError
from tests.support.merges import DIGEST, KEY
from tests.support.signing import SIGNED, signer, trusted

ROW = {"address": "a", "type": "t", "actions": ["create"], "digest": "hmac-sha256:1"}
BEGUN = Begun("id", 1, KEY, None, None, [ROW], {"a": "hmac-sha256:1"}, {}, {"commit": "c" * 40}, SIGNED)
TRUSTED = trusted(purposes=("audit",))


def refused(envelope, known=TRUSTED):
    with pytest.raises(EngineError) as caught:
        read(envelope, known, "applying")
    return caught.value.problems[0].code


def test_it_says_what_was_signed():
    assert read(signed(BEGUN, signer()), TRUSTED, "applying") == BEGUN


@pytest.mark.parametrize(
    ("why", "envelope", "known", "code"),
    [
        ("a key that nobody knows", signed(BEGUN, signer(2)), TRUSTED, "ENG271"),
        ("a key for something else", signed(BEGUN, signer()), trusted(), "ENG274"),
        ("a revoked key", signed(BEGUN, signer()), trusted(purposes=("audit",), revoked=SIGNED), "ENG734"),
        ("what we have signed as something else", sign(canonical(BEGUN._asdict()), signer()), TRUSTED, "ENG270"),
        ("another form", sign(canonical({**BEGUN._asdict(), "more": 1}), signer(), KIND), TRUSTED, "ENG734"),
        ("another type", sign(canonical({**BEGUN._asdict(), "number": "1"}), signer(), KIND), TRUSTED, "ENG734"),
        ("a change that is none", signed(BEGUN._replace(approved=[{"digest": DIGEST}]), signer()), TRUSTED, "ENG734"),
        ("a list", sign(b"[]", signer(), KIND), TRUSTED, "ENG734"),
    ],
)
def test_what_is_not_believed(why, envelope, known, code):
    assert refused(envelope, known) == code, why
