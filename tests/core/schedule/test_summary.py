"""What a run of several resources came to, in words and numbers."""

from typing import Any

import pytest

from engine.core.schedule.graph import Graph
from engine.core.schedule.summary import read, summary


def row(name, outcome, seconds):
    return {"state_key": name.lower(), "path": name, "outcome": outcome, "seconds": seconds}


def graph(names, **after):
    return Graph(tuple(names), {node: frozenset(others) for node, others in after.items()})


@pytest.mark.parametrize(
    ("why", "rows", "of", "seconds", "lines"),
    [
        ("one alone", [row("A", "applied", 2.0)], graph("a"), 2.0,
         ["1 applied: 2.0 s"]),
        ("two that wait for nobody", [row("A", "applied", 4.0), row("B", "applied", 4.0)], graph("ab"), 4.0,
         ["2 applied: 4.0 s, one after another 8.0 s (2.0×)"]),
        ("one fails, and takes one along",
         [row("A", "failed", 1.0), row("B", "skipped", 1.0), row("C", "none", 0.0), row("D", "applied", 3.0)],
         graph("abcd", b="a"), 4.0,
         ["1 applied, 1 failed, 1 skipped, 1 to come: 4.0 s, one after another 5.0 s (1.2×)"]),
        ("a way", [row(name, "applied", 1.0) for name in "ABC"], graph("abc", b="a", c="b"), 3.5,
         ["3 applied: 3.5 s, one after another 3.0 s (0.9×)", "critical path: A → B → C, 3.0 s"]),
        ("a long way", [row(name, "applied", 1.0) for name in "ABCDEFG"],
         graph("abcdefg", b="a", c="b", d="c", e="d", f="e", g="f"), 7.0,
         ["7 applied: 7.0 s, one after another 7.0 s (1.0×)", "critical path: A → B → C → (3 more) → G, 7.0 s"]),
        ("no time at all", [row("A", "none", 0.0)], graph("a"), 0.0,
         ["1 to come: 0.0 s"]),
    ],
)  # fmt: skip
def test_in_words(why, rows, of, seconds, lines):
    assert list(summary(rows, of, seconds).lines()) == lines, why


def test_what_was_planned_before_and_what_was_never_begun_are_on_no_way():
    rows = [row("A", "applied", 9.0), row("B", "failed", 8.0), row("C", "skipped", 7.0)]
    whole = summary(rows, graph("abc", b="a", c="b"), 12.0, {"a": 2.0, "b": 1.0})
    assert whole.lines()[1] == "critical path: A → B, 3.0 s"
    assert whole.way_seconds <= whole.seconds


def test_what_is_written_is_read_again():
    whole = summary([row("A", "applied", 1.0), row("B", "failed", 2.0)], graph("ab", b="a"), 3.0)
    assert read(whole.to_json()) == whole


def test_plans_have_no_outcome():
    rows: list[dict[str, Any]] = [{"state_key": "a", "path": "A", "problem": None, "seconds": 1.0},
            {"state_key": "b", "path": "B", "problem": {"code": "ENG410"}, "seconds": 1.0}]  # fmt: skip
    assert summary(rows, graph("ab"), 1.0).counts == {"planned": 1, "failed": 1}
