"""However an expression is built, it is answered or refused: no stack overflow, no explosion, no slow match."""

import subprocess
import sys
import time

import pytest

from engine.core.expressions.globs import glob
from engine.core.expressions.tokens import MAX_DEPTH, MAX_LENGTH
from engine.errors import EngineError
from tests.support.expressions import condition, language, value

DEEP = 1000


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("brackets", "(" * DEEP + "pr" + ")" * DEEP),
        ("negations", "!" * DEEP + "pr.draft"),
        ("lists", "[" * DEEP + "pr" + "]" * DEEP),
        ("objects", "{a:" * DEEP + "pr" + "}" * DEEP),
        ("filters", "labels" + "[?@" * DEEP + "]" * DEEP),
        ("calls", "length(" * 500 + "pr" + ")" * 500),
        ("references", "& " * DEEP + "pr"),
        ("projections", "any" + "[*].a" * 500),
        ("a long path", "any" + ".a" * DEEP),
        ("a long path of items", "any" + "[0]" * DEEP),
        ("pipes", "any" + " | a" * 500),
        ("comparisons", "`1`" + " == `1`" * 500),
        ("comparisons of brackets", "(" * 60 + "`1`" + (" == `1`" * 5 + ")") * 60),
        ("values of values", "any" + ".*" * DEEP),
        ("half a tree of each", "!(any[?" * 100 + "a" + "])" * 100),
    ],
)
def test_too_deep(why: str, text: str) -> None:
    with pytest.raises(EngineError) as refused:
        value(text)
    assert refused.value.problems[0].code == "ENG102", why


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("many alternatives are wide, not deep", " || ".join(["pr.draft"] * 300)),
        ("so are many conditions", " && ".join(["pr.draft"] * 300)),
        ("and long lists", f"in(pr.number, [{', '.join(['`1`'] * 500)}])"),
        ("nobody nests deeper than this", "(" * (MAX_DEPTH - 4) + "pr.draft" + ")" * (MAX_DEPTH - 4)),
    ],
)
def test_wide_is_fine(why: str, text: str) -> None:
    assert condition(text).evaluate({"pr": {"draft": False, "number": 7}}) is False, why


def test_too_long() -> None:
    with pytest.raises(EngineError) as refused:
        condition("pr.title == '" + "x" * MAX_LENGTH + "'")
    assert refused.value.problems[0].code == "ENG102"


@pytest.mark.parametrize("depth", [100, 400, 900, 2000])
def test_literals_of_any_depth(depth: int) -> None:
    with pytest.raises(EngineError) as refused:
        value("`" + "[" * depth + "]" * depth + "`")
    assert refused.value.problems[0].message.endswith("nested deeper than 64 levels")


def test_defines_that_double_at_every_level() -> None:
    doubling = {f"d{i}": f"d{i + 1}() && d{i + 1}()" for i in range(30)} | {"d30": "pr.draft"}
    start = time.perf_counter()
    with pytest.raises(EngineError) as refused:
        condition("d0()", language(defines=doubling))
    assert refused.value.problems[0].code == "ENG102"
    assert time.perf_counter() - start < 60


def test_defines_that_nest_too_deeply() -> None:
    nested = {f"d{i}": f"!d{i + 1}()" for i in range(100)} | {"d100": "pr.draft"}
    with pytest.raises(EngineError) as refused:
        condition("d0()", language(defines=nested))
    assert refused.value.problems[0].code == "ENG102"


@pytest.mark.parametrize("step", [".a", "[0]", " | a"])
def test_paths_that_go_on_from_define_to_define(step: str) -> None:
    nested = {f"d{i}": f"d{i + 1}()" + step * 50 for i in range(20)} | {"d20": "any"}
    with pytest.raises(EngineError) as refused:
        value("d0()", language(defines=nested))
    assert refused.value.problems[0].code == "ENG102"
    assert value("d19()", language(defines=nested)).needs == {"any"}


def test_documents_of_any_depth_are_compared() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert condition("any == [any[0]]").evaluate({"any": deep}) is True


def test_documents_of_any_depth_are_no_text() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(EngineError) as failed:
        condition("to_string(any) == 'x'").evaluate({"any": deep})
    assert failed.value.problems[0].code == "ENG133"


@pytest.mark.parametrize(
    "numbers", [[1e308, 1e308], [10**4299 * 9, 10**4299 * 9], [10**400, 0.5]], ids=["inf", "digits", "mixed"]
)
def test_numbers_of_any_size(numbers: list[float]) -> None:
    built = value("to_string([sum(any), avg(any)])")
    with pytest.raises(EngineError) as failed:
        built.evaluate({"any": numbers})
    assert failed.value.problems[0].code == "ENG133"


def test_globs_do_not_backtrack() -> None:
    start = time.perf_counter()
    assert not glob("*a" * 40 + "*b*")("a" * 20_000)
    assert not glob("**/a" * 20 + "/b?")("a/" * 10_000)
    assert time.perf_counter() - start < 60


def test_what_start_up_pays_for() -> None:
    heavy = ("dataclasses", "pathlib", "logging", "subprocess", "datetime", "difflib", "yaml", "jsonschema", "asyncio")
    code = f"import sys, engine.core.expressions.compile; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=False,
                          env={"PYTHONPATH": ":".join(p for p in sys.path if p)})  # fmt: skip
    assert done.stdout.strip() == "[]", done.stderr
