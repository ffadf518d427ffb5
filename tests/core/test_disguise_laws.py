"""What is true of looking for secrets, whatever the secrets and the text."""

from hypothesis import given
from hypothesis import strategies as st

from engine.core.disguise import _longest, _Needles


@given(pieces=st.sets(st.text("ab", min_size=2, max_size=64), min_size=1), text=st.text("ab", max_size=80))
def test_the_longest_piece_is_found_as_if_each_was_compared(pieces, text):
    needles = _Needles(2)
    for piece in pieces:
        needles.add(piece, (0, 0))
    for at in range(len(text)):
        expected = max((p for p in pieces if text.startswith(p, at)), key=len, default="")
        assert _longest(text, at, needles._begun, 2, needles._most) == expected
