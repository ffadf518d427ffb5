import re

import pytest

from engine.core.report import markdown as md
from tests.support.reports import hostile, page

INVISIBLE = "\u200b"


def visible(text: str) -> str:
    """What a person reads: without what is invisible, white space folded."""
    return " ".join(text.replace(INVISIBLE, "").split())


@pytest.mark.parametrize("piece", [md.text, md.code, md.prose])
@pytest.mark.parametrize(("why", "value"), hostile(), ids=[why for why, _ in hostile()])
def test_hostile_text_is_text(why: str, value: str, piece: object) -> None:
    assert callable(piece)
    shown = page(md.table(("a", "b"), [md.row(piece(value), "last"), md.row("x", "y")]))
    assert set(shown.elements) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}, why
    assert [len(cells) for cells in shown.cells] == [2, 2, 2], why
    assert shown.cells[1][1] == "last", why
    expected, told = visible(md.line(value)), visible(shown.cells[1][0])
    if piece is md.prose:  # quotes became code
        expected, told = visible(expected.replace("`", "")), told.replace("`", "")
    assert told == expected, why
    assert not shown.unclosed


@pytest.mark.parametrize(
    ("why", "value"),
    [
        ("calls a team", "@acme/security please"),
        ("calls a person", "cc @root"),
        ("refers to an issue", "fixes #12"),
        ("refers to an issue elsewhere", "acme/dev#12"),
        ("refers to an issue, the old way", "GH-12"),
        ("leads away without saying https", "see www.evil.com"),
    ],
)
def test_nobody_is_called(why: str, value: str) -> None:
    text = page(md.text(value)).text
    assert not re.search(r"@\w|#\w|GH-[0-9]|www\.", text), why
    assert visible(text) == value


@pytest.mark.parametrize("value", ["$x$", "$$x$$", "${{ secrets.KEY }}", "$`x`$"])
def test_no_formula_and_no_template(value: str) -> None:
    for piece in (md.text(value), md.code(value)):
        assert "$" not in piece
        assert "${{" not in piece
        assert page(piece).text.strip() == value


@pytest.mark.parametrize(
    ("why", "value"),
    [
        ("plain", "+ a = 1\n- b = 2"),
        ("a fence inside", "```\nx\n```"),
        ("a longer fence inside", "a\n`````\nb"),
        ("a fence of waves", "~~~\nx\n~~~"),
        ("the end of the details", "</details>\n\n# passed"),
        ("empty", ""),
        ("old line ends", "a\r\nb\rc"),
    ],
)
def test_fence_holds(why: str, value: str) -> None:
    shown = page(md.details("plan", md.fence(value, "diff")))
    assert shown.elements == ["details", "summary", "pre", "code"], why
    assert not shown.unclosed
    expected = value.replace("\r\n", "\n").replace("\r", "\\r")
    assert shown.text.replace("plan", "", 1).strip("\n") == expected, why


def test_quoted_words_are_code() -> None:
    shown = page(md.prose("set `kms_key_id` of `a|b`, not ``"))
    assert shown.elements == ["p", "code", "code"]
    assert shown.text.strip() == "set kms_key_id of a|b, not ``"


@pytest.mark.parametrize(
    ("why", "said", "shown"),
    [
        ("words", "`a` and `b`", "`a` and `b`"),
        (
            "an expression with its literals",
            "`length(x) == `0`` does not hold",
            "<code>length(x) == &#96;0&#96;</code> does not hold",
        ),
        ("nothing in them", "a ` ` b", "a &#96; &#96; b"),
        ("never closed", "a `b", "a &#96;b"),
    ],
)
def test_what_is_quoted_becomes_code(why: str, said: str, shown: str) -> None:
    assert md.prose(said) == shown, why
