"""How far the resources of a run are, read from what its steps have left."""

import pytest

from engine.core.report.progress import Step
from engine.service import steps

NOW = "2026-11-27T12:01:00Z"
A, B = "S3/a", "SNS/b"


def kept(tmp_path, *rows):
    file = tmp_path / "steps"
    file.write_text("".join(f"2026-11-27T12:00:{at:02}Z {step}\n" for at, step in rows))
    return str(file)


@pytest.mark.parametrize(
    ("why", "rows", "now", "shown"),
    [
        ("nothing was begun", [], NOW, []),
        ("what is at work is so since then", [(0, Step(A, "plan", "begun"))], NOW, [(A, "plans", 60, "", "busy")]),
        (
            "the newest step of each counts",
            [(0, Step(A, "plan", "planned", 2.0)), (1, Step(B, "plan", "begun")), (2, Step(A, "apply", "begun"))],
            NOW,
            [(A, "applies", 58, "", "busy"), (B, "plans", 59, "", "busy")],
        ),
        (
            "who waits says for whom",
            [(9, Step(A, "apply", "failed", 3.0, "ENG417")), (9, Step(B, "apply", "skipped", why=A))],
            NOW,
            [(A, "failed", 3, "ENG417", "bad"), (B, "skipped", 0, "after S3/a", "quiet")],
        ),
        (
            "of a run that has ended nothing goes on",
            [(0, Step(A, "plan", "begun")), (7, Step(B, "plan", "begun"))],
            None,
            [(A, "plans", 7, "", "busy"), (B, "plans", 0, "", "busy")],
        ),
    ],
)
def test_what_is_shown(tmp_path, why, rows, now, shown):
    file = kept(tmp_path, *((at, steps.said(step)) for at, step in rows))
    assert steps.shown(file, now, 9) == (tuple(map(tuple, shown)), 0), why


@pytest.mark.parametrize("line", ["", "{", "[]", "null", "7", '{"path": "S3/a"}'])
def test_half_a_line_hides_no_other(tmp_path, line):
    file = kept(tmp_path, (0, line), (1, steps.said(Step(A, "plan", "planned", 2.0))))
    assert [row.path for row in steps.shown(file, NOW, 9)[0]] == [A]


def test_no_more_are_shown_than_asked_for(tmp_path):
    file = kept(tmp_path, *((0, steps.said(Step(f"S3/{n}", "plan", "planned", 1.0))) for n in range(7)))
    rows, more = steps.shown(file, NOW, 3)
    assert (len(rows), more) == (3, 4)


def test_a_run_of_before_has_none(tmp_path):
    assert steps.shown(str(tmp_path / "steps"), NOW, 9) == ((), 0)
