"""A column is that of the character in the file, however YAML has quoted the expression."""

import pytest

from engine.core.expressions.compile import compile_expression, compile_text
from engine.core.expressions.model import Kind
from engine.core.report.problems import render
from engine.errors import EngineError, Place
from tests.support.expressions import language


@pytest.mark.parametrize(
    ("why", "line", "column", "text", "expected"),
    [
        ("plain", "  when: pr.drft", 9, "pr.drft", 12),
        ("double quotes", '  when: "pr.drft"', 9, "pr.drft", 13),
        ("single quotes", "  when: 'pr.drft'", 9, "pr.drft", 13),
        ("quotes doubled by YAML", "  when: 'pr.title == ''x'' && pr.drft'", 9, "pr.title == 'x' && pr.drft", 34),
        ("quotes escaped by YAML", '  when: "pr.title == \\"x\\" && pr.drft"', 9, 'pr.title == "x" && pr.drft', 22),
        (
            "characters escaped by YAML",
            "  when: \"pr.title == '\\u00e9\\t' && pr.drft\"",
            9,
            "pr.title == 'é\t' && pr.drft",
            39,
        ),
        ("the place is already inside the quotes", '  when: "pr.drft"', 10, "pr.drft", 13),
        ("the same text stands there twice", 'pr.drft: {when: "pr.drft"}', 17, "pr.drft", 21),
        ("a block has its text on other lines: the block", "  when: |", 9, "pr.merged ||\npr.drft\n", 9),
        ("a folded line is not that line: its beginning", "  when: pr.merged", 9, "pr.merged || pr.drft", 9),
    ],
)
def test_column(why: str, line: str, column: int, text: str, expected: int) -> None:
    place = Place("rules.yaml", 3, column, 1, line)
    with pytest.raises(EngineError) as refused:
        compile_expression(text, Kind.BOOLEAN, place, language())
    found = refused.value.problems[0].place
    assert found is not None
    assert (found.file, found.line, found.column, found.excerpt) == ("rules.yaml", 3, expected, line), why


def test_without_the_line_columns_are_counted_from_the_start() -> None:
    with pytest.raises(EngineError) as refused:
        compile_expression("pr.drft", Kind.BOOLEAN, Place("rules.yaml", 3, 9), language())
    assert str(refused.value.problems[0].place) == "rules.yaml:3:12"


def test_the_column_inside_a_text() -> None:
    line = '  message: "Not for ${pr.head.sha} of ${pr.head.sah}."'
    with pytest.raises(EngineError) as refused:
        compile_text("Not for ${pr.head.sha} of ${pr.head.sah}.", Place("r.yaml", 1, 12, 1, line), language())
    found = refused.value.problems[0].place
    assert found is not None
    assert line[found.column - 1 :].startswith("sah}")
    assert found.length == 3


def test_all_problems_in_one_go() -> None:
    with pytest.raises(EngineError) as refused:
        compile_expression("pr.drft || nope() || pr.title", Kind.BOOLEAN, Place("r.yaml", 1, 1), language())
    assert [(p.code, p.place and p.place.column) for p in refused.value.problems] == [
        ("ENG109", 4), ("ENG110", 12), ("ENG113", 22),
    ]  # fmt: skip
    with pytest.raises(EngineError) as refused:
        compile_text("${pr.a} ${pr.b} ${pr.}", Place("r.yaml", 1, 1), language())
    assert [p.code for p in refused.value.problems] == ["ENG109", "ENG109", "ENG101"]


def test_the_message_as_a_person_sees_it() -> None:
    line = "  when: \"verdict.result == 'pased'\""
    with pytest.raises(EngineError) as refused:
        compile_expression("verdict.result == 'pased'", Kind.BOOLEAN, Place("r.yaml", 3, 9, 1, line), language())
    assert render(refused.value.problems) == [
        "r.yaml:3:28: error ENG117 `verdict.result` is never `'pased'`",
        "   3 |   when: \"verdict.result == 'pased'\"",
        "     |                            ^^^^^^^",
        "  Fix: did you mean `passed`?",
    ]
