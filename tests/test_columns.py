"""Text in columns: nothing is lost, and nothing is wider than it may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.columns import excerpt, fitted, wide, wrapped
from engine.names import choice, closest, either, plural
from engine.printable import COLOURS, PLAIN

WORDS = st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=0x9FFF), min_size=1, max_size=9), max_size=30)


@given(WORDS, st.integers(20, 90))
def test_words_stay_whole_and_in_order(words, width):
    lines = wrapped(" ".join(words), width, "- ", "  ")
    assert " ".join(line[2:] for line in lines).split(" ") == " ".join(words).split(" ")
    assert all(wide(line) <= width for line in lines)


@given(st.text(max_size=80), st.integers(1, 80), st.integers(1, 20), st.integers(20, 60))
def test_an_excerpt_has_its_mark_inside(line, at, length, width):
    found = excerpt(line, min(at, len(line)), length, width)
    assert wide(found.text) <= width
    assert found.start >= 0
    assert found.start + found.length <= max(width, 1) + 1


@pytest.mark.parametrize(
    ("why", "text", "columns"),
    [
        ("letters", "abc", 3),
        ("wide ones", "名前", 4),
        ("an accent by itself", "e\u0301", 1),
        ("our colours", f"{COLOURS['red']}abc{PLAIN}", 3),
    ],
)
def test_columns(why, text, columns):
    assert wide(text) == columns, why


def test_lines_go_on_below_a_little_deeper():
    assert fitted("  one two three\nx", 9) == "  one two\n    three\nx"
    assert fitted("  one two three", 0) == "  one two three", "nobody's terminal"


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ["problem"], "0 problems"),
        (1, ["problem"], "1 problem"),
        (2, ["problem"], "2 problems"),
        (1000, ["entry", "entries"], "1,000 entries"),
    ],
)
def test_numbers_of_things(number, words, said):
    assert plural(number, *words) == said


def test_alternatives_have_an_or():
    assert (either(["b", "a", "c"]), either(["a"]), either([])) == ("a, b or c", "a", "none")
    assert either(map(str, range(100))).endswith(" and 50 more")
    assert choice(["x", "a"]) == "x or a"
    assert closest("ab", ["abc", "abd", "zzzz"]) == "did you mean `abc` or `abd`?"
