"""The table of tests/cases/expressions.yaml: what expressions mean, and where they are stricter than JMESPath."""

from collections import Counter
from typing import Any

import pytest

from engine.core.expressions.functions import FUNCTIONS
from engine.errors import TABLE, EngineError, Problem
from tests.support.cases import cases
from tests.support.expressions import FACTS, condition, language, text

CASES: list[dict[str, Any]] = cases("expressions")


def _compile(case: dict[str, Any]) -> Any:
    facts = FACTS["properties"]["facts"]["properties"]
    known = language({n: facts.get(n, {}) for n in case["roots"]}) if "roots" in case else language()
    return text(case["expression"], known) if case.get("kind") == "text" else condition(case["expression"], known)


def _judge(problem: Problem, case: dict[str, Any]) -> None:
    error = case["error"]
    assert problem.place is not None
    assert (problem.code, problem.place.column) == (error["code"], error["column"]), problem.text()
    assert error.get("hint", "") in problem.hint, problem.text()
    assert problem.place.excerpt == case["expression"]


@pytest.mark.parametrize("case", CASES, ids=[c["why"] for c in CASES])
def test_case(case: dict[str, Any]) -> None:
    if "error" in case and case["error"].get("at", "load") == "load":
        with pytest.raises(EngineError) as refused:
            _compile(case)
        _judge(refused.value.problems[0], case)
        return
    expression = _compile(case)
    if isinstance(expression, str):
        assert expression == case["result"]
        return
    scope = case.get("scope", {})
    if "error" in case:
        with pytest.raises(EngineError) as failed:
            expression.evaluate(scope)
        _judge(failed.value.problems[0], case)
        assert expression.trace(scope).error == failed.value.problems[0].message
    else:
        result = expression.evaluate(scope)
        assert (result, type(result)) == (case["result"], type(case["result"]))
        assert expression.trace(scope).value == result
        assert set(scope) >= expression.needs, "what it needs is known before anything is fetched"


def test_one_mistake_is_reported_once() -> None:
    for case in CASES:
        if "error" in case and case["error"].get("at", "load") == "load":
            with pytest.raises(EngineError) as refused:
                _compile(case)
            assert len(refused.value.problems) == case["error"].get("problems", 1), str(refused.value)


def test_every_error_and_every_function_of_ours_has_a_case() -> None:
    shown = Counter(c["error"]["code"] for c in CASES if "error" in c)
    codes = {c for c in TABLE if "ENG100" <= c < "ENG150"}
    elsewhere = {
        "ENG102",
        "ENG121",
        "ENG122",
        "ENG129",
        "ENG135",
    }  # test_limits.py, test_defines.py, test_jmespath_library.py, test_query.py
    assert codes - elsewhere == set(shown)
    for function in FUNCTIONS:
        if function.facts or function.name in ("glob", "in", "is_command", "always"):
            assert any(f"{function.name}(" in c["expression"] and "result" in c for c in CASES), function.name
