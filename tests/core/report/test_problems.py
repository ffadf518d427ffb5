"""How a problem is told: what it is, where, the mark in its column, the way out, and each thing once."""

import pytest

from engine.columns import wide
from engine.core.report.problems import failed, render, row, severity
from engine.errors import Place, Problem, problem
from engine.printable import COLOURS, PLAIN


def told(place: Place, message: str = "wrong", hint: str = "mend it") -> Problem:
    return Problem("ENG040", message, hint, place)


LONG = "a" * 300
CASES = [
    ("letters", "key: valeu", 6, 5, "valeu"),
    ("a tab before it", "\tkey:\tvaleu", 7, 5, "valeu"),
    ("a tab in it", "key: va\tleu", 6, 6, "va    leu"),
    ("wide letters before it", "名前: valeu", 5, 5, "valeu"),
    ("it is of wide letters", "key: 名前 x", 6, 2, "名前"),
    ("an accent by itself before it", "cle\u0301: valeu", 7, 5, "valeu"),
    ("what cannot be seen is shown as it is escaped", "a\u202eb: valeu", 6, 5, "valeu"),
    ("at the end of the line, behind it", "key: ", 6, 1, ""),
    ("the beginning of a long line", f"valeu {LONG}", 1, 5, "valeu"),
    ("the end of a long line", f"{LONG} valeu", 302, 5, "valeu"),
    ("the middle of one", f"{LONG} valeu {LONG}", 302, 5, "valeu"),
    ("the middle of one of wide letters", f"{'名' * 200}valeu{'名' * 200}", 201, 5, "valeu"),
    ("longer than there is room", f"key: {LONG}", 6, 300, None),
]


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize(("why", "line", "column", "length", "marked"), CASES, ids=[case[0] for case in CASES])
def test_the_mark_stands_exactly_under_what_it_is_about(why, line, column, length, marked, width):
    _, source, mark, _ = render([told(Place("f.yaml", 7, column, length, line))], width)
    assert source.startswith("   7 | ")
    assert mark.startswith("     | ")
    assert wide(source) <= width
    assert wide(mark) <= width
    first = len(mark) - len(mark.lstrip(" |"))
    under = "".join(character for at, character in _columns(source) if first <= at < len(mark))
    assert under == (marked if marked is not None else under), (why, source, mark)
    assert mark.strip(" |") == "^" * max(1, wide(under)), why


def _columns(text: str) -> list[tuple[int, str]]:
    found, at = [], 0
    for character in text:
        found.append((at, character))
        at += wide(character)
    return found


def test_a_place_that_fills_the_line_stands_alone_in_it():
    lines = render([told(Place("directory/rules-of-ours.yaml", 7), "unknown gate `x`")], 40)
    assert lines[:2] == ["directory/rules-of-ours.yaml:7: error ENG040", "  unknown gate `x`"]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_nothing_is_wider_than_the_terminal(width):
    words = "word " * 60
    lines = render([told(Place("f.yaml", 7, 3, 2, LONG), words, words)], width)
    assert max(map(wide, lines)) <= width
    assert len(render([told(Place("f.yaml", 7), words, words)])) == 2, "without one nothing is wrapped"


def test_each_is_labelled_in_the_order_of_the_file():
    found = [problem("ENG080", Place("f", 1, 1), name="idle"), problem("ENG025", Place("f", 2, 1))]
    lines = render(found, label=severity)
    assert [line for line in lines if line.startswith("f:")] == [
        "f:1:1: warning ENG080 nothing starts pipeline `idle`",
        "f:2:1: error ENG025 a tab where YAML wants spaces",
    ]


@pytest.mark.parametrize(
    ("why", "count", "shown", "elsewhere"),
    [
        ("once", 1, 1, ""),
        ("twice is shown twice", 2, 2, ""),
        ("eight times is said once, with the places", 8, 1, "f:8:1"),
        ("many more are counted", 40, 1, "and 19 more places"),
    ],
)
def test_what_is_said_of_many_places_is_said_once(why, count, shown, elsewhere):
    found = [told(Place("f", line, 1, 1, "x")) for line in range(1, count + 1)]
    lines = render(found)
    assert sum("error ENG040" in line for line in lines) == shown, why
    also = [line for line in lines if "also at" in line]
    assert (len(also), elsewhere in "".join(also)) == (bool(elsewhere), True), also


def test_others_between_them_keep_their_place():
    found = [told(Place("f", 1)), told(Place("f", 2), "other"), told(Place("f", 3))]
    assert [line.split(":")[1] for line in render(found) if line.startswith("f:")] == ["1", "2", "3"]


def test_colours_change_nothing_but_colours():
    found = [told(Place("f.yaml", 7, 6, 5, "key: valeu")), Problem("ENG001", "no place", "")]
    lines = render(found, 60, lambda text, name: f"{COLOURS[name]}{text}{PLAIN}")
    bare = "\n".join(lines)
    for code in (PLAIN, *COLOURS.values()):
        bare = bare.replace(code, "")
    assert bare.split("\n") == render(found, 60)
    assert f"{COLOURS['red']}^^^^^{PLAIN}" in lines[2]


def test_for_machines_it_begins_and_ends_somewhere_and_has_a_page():
    one = row(told(Place("f.yaml", 7, 6, 5, "key: valeu")), "error")
    assert (one["line"], one["column"], one["end_line"], one["end_column"]) == (7, 6, 7, 11)
    assert (one["severity"], one["page"]) == ("error", "docs/reference/errors.md#eng040")
    assert failed([], 130) == {"version": 1, "status": "error", "exit_code": 130, "problems": []}
