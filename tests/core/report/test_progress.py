"""How far each resource is: as a line of a log, of JSON, and on a board that moves."""

import pytest

from engine.core.report.progress import Board, Line, Step


@pytest.mark.parametrize(
    ("why", "step", "line"),
    [
        ("what only begins is no line", Step("S3/a", "plan", "begun"), ""),
        ("planned", Step("S3/a", "plan", "planned", 2.345, "", 1, 8), "  planned   S3/a  2.3 s  (1 of 8)"),
        ("it went wrong", Step("S3/a", "plan", "failed", 1, "ENG410"), "  failed    S3/a  1.0 s  ENG410"),
        ("it was not begun", Step("S3/a", "apply", "skipped", 0, "KMS/k"), "  skipped   S3/a  after KMS/k"),
        ("it waits", Step("S3/a", "apply", "waits (locked)", 0), "  waits (locked)  S3/a"),
    ],
)
def test_as_a_line(why, step, line):
    assert step.line() == line, why


def test_as_json():
    assert Step("S3/a", "apply", "applied", 1.23456, done=2, of=3).to_json() == {
        "type": "resource", "path": "S3/a", "phase": "apply", "state": "applied", "seconds": 1.235, "why": None,
        "done": 2, "of": 3,
    }  # fmt: skip


def board(*steps):
    found = Board()
    for at, step in enumerate(steps):
        found.hear(step, float(at))
    return found


def test_the_newest_of_each_and_how_long_it_is_at_work():
    lines, more = board(
        Step("a", "plan", "begun"), Step("b", "plan", "begun"), Step("a", "plan", "planned", 1.0),
        Step("a", "apply", "begun"), Step("c", "apply", "skipped", why="b"),
    ).lines(10.0, 9)  # fmt: skip
    assert lines == [
        Line("a", "applies", 7.0, "", "busy"),
        Line("b", "plans", 9.0, "", "busy"),
        Line("c", "skipped", 0.0, "after b", "quiet"),
    ]
    assert more == 0


def test_where_there_is_no_room_what_is_at_work_and_what_went_wrong_stays():
    steps = [Step(str(n), "plan", "planned") for n in range(5)]
    lines, more = board(*steps, Step("7", "plan", "failed", why="ENG410"), Step("8", "plan", "begun")).lines(9.0, 3)
    assert [line.path for line in lines] == ["0", "7", "8"]
    assert more == 4
