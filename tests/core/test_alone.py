"""The boundary around one thing: what it lets through, and what it makes of the rest."""

import pytest

from engine.core.alone import alone
from engine.core.source import load_json
from engine.errors import EngineError, ExitCode, Place, failure


def deep(depth):
    return deep(depth + 1)


def refuse(text):
    raise AssertionError(text)


@pytest.mark.parametrize(
    ("why", "broken"),
    [
        ("deeper than the stack", lambda: deep(0)),
        ("larger than memory", lambda: bytearray(1 << 62)),
        ("a text that is none", "\ud800".encode),
        ("a number of too many digits", lambda: int("9" * 5000)),
        ("a key that is not there", lambda: dict[str, str]()["hunter2"]),
        ("an end that nobody waits for", lambda: next(iter(()))),
        ("a claim that does not hold", lambda: refuse("hunter2")),
    ],
)
def test_any_exception_is_an_error_like_others(why, broken):
    with pytest.raises(EngineError) as caught, alone("S3/lake", Place("S3/lake.tfvars")):
        broken()
    [problem] = caught.value.problems
    assert (problem.code, problem.place, caught.value.exit_code) == (
        "ENG563",
        Place("S3/lake.tfvars"),
        ExitCode.EXECUTOR,
    )
    assert problem.message.startswith("S3/lake cannot be told: "), why
    assert "hunter2" not in problem.text(), "nobody knows what its text quotes"


def test_it_tells_which_of_our_lines_it_was():
    with pytest.raises(EngineError, match=r"TypeError at engine\.core\.source\.\w+:\d+"), alone("it"):
        load_json(None, "x")  # type: ignore[arg-type]


def test_what_was_too_large_is_let_go():
    with pytest.raises(EngineError) as caught, alone("it"):
        deep(0)
    cause = caught.value.__cause__
    assert (type(cause), cause and cause.__traceback__) == (RecursionError, None)


def test_an_error_stays_what_it_is():
    with pytest.raises(EngineError) as caught, alone("it"):
        raise failure("ENG022")
    assert caught.value.problems[0].code == "ENG022"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_who_stops_us_stops_us(stop):
    with pytest.raises(stop), alone("it"):
        raise stop
