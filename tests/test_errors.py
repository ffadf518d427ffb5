"""What is told about one input is bounded, what was left out is counted, and of several codes the worst is returned."""

import pytest

from engine.cli.main import main
from engine.errors import GONE, MOST_PROBLEMS, TABLE, EngineError, Errors, ExitCode, Place, problem, worst


def test_the_first_problems_are_kept_and_the_rest_is_counted():
    errors = Errors()
    for line in range(MOST_PROBLEMS + 500):
        errors.add("ENG025", Place("f", line + 1))
    with pytest.raises(EngineError) as caught:
        errors.check()
    *kept, last = caught.value.problems
    assert [p.place and p.place.line for p in kept] == list(range(1, MOST_PROBLEMS + 1))
    assert (last.code, last.message, str(last.place)) == ("ENG038", "500 more problems are not shown", "f")
    assert errors.added == MOST_PROBLEMS + 500


def test_what_an_input_inside_left_out_is_counted_too():
    inner, outer = Errors(), Errors()
    for line in range(MOST_PROBLEMS + 5):
        inner.add("ENG025", Place("f", line + 1))
    outer.add("ENG022", Place("g"))
    outer.extend(inner.problems)
    assert outer.problems[-1].message == "6 more problems are not shown"


def test_what_is_said_twice_is_one_problem_and_counts_for_whoever_asks_whether_there_was_another():
    errors = Errors()
    for _ in range(2):
        before = errors.added
        errors.extend([problem("ENG025", Place("f", 1))])
        assert errors.added > before
    assert len(errors.problems) == 1


@pytest.mark.parametrize(
    ("why", "codes", "expected"),
    [
        ("nothing was asked", [], ExitCode.DONE),
        (
            "a denial says more than a wait",
            [ExitCode.WAITING, ExitCode.NEGATIVE],
            ExitCode.NEGATIVE,
        ),
        ("what broke hides no denial, but nobody may take it for one", [1, 3, 0], ExitCode.EXECUTOR),
        ("rules that do not load outweigh a missing key", [ExitCode.AUTH, ExitCode.CONFIG], ExitCode.CONFIG),
        ("a bug outweighs all, though it is the largest number only by chance", [130, 101, 8], ExitCode.BUG),
    ],
)
def test_of_several_exit_codes_the_worst_is_returned(why, codes, expected):
    assert worst(map(ExitCode, codes)) is expected, why


def test_a_number_that_is_gone_is_nobodys():
    assert not GONE & TABLE.keys()
    assert main(["error", min(GONE)]) == ExitCode.DONE


@pytest.mark.parametrize(
    ("why", "code", "fields", "hint"),
    [
        ("some to name", "ENG059", {"name": "x", "known": "a or b"}, "known: a or b"),
        ("none to name", "ENG059", {"name": "x", "known": "none"}, "there is none: add one, or leave this out"),
        ("something else to do", "ENG063", {"name": "x", "own": "y", "known": "none"}, "move it up"),
        ("names are only the end of it", "ENG340", {"known": "none"}, 'add `environment = "…"`'),
        ("the way out names none", "ENG127", {"text": "x", "known": "none"}, "write `&&` for `and`"),
    ],
)
def test_nobody_is_told_to_name_one_of_none(why, code, fields, hint):
    assert problem(code, **fields).hint == hint, why
