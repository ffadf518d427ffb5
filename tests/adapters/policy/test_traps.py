"""The trap table: what the embedded engine and OPA would judge differently is refused, the rest is proven equal."""

from typing import Any

import pytest

from engine.adapters.policy.port import BY_NAME, Programs
from engine.core.findings import Effect, Finding
from engine.errors import EngineError, Problem
from tests.support.cases import cases
from tests.support.opa import executable
from tests.support.policy import judge, policies, rego

CASES: list[dict[str, Any]] = cases("policy-traps")
PLAN = {"variables": {"seven": 7, "text": "some %s", "nothing": None, "deep": {"er": "yes"}, "list": [1, 7]}}


def of(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [pytest.param(c, id=c["why"]) for c in CASES if kind in c])


def found(case: dict[str, Any], engine: str = "rego", programs: Programs = BY_NAME) -> tuple[Finding, ...]:
    chosen = policies(rego(case["rego"]), data=case.get("data", {}), **case.get("files", {}))
    return judge(chosen, PLAN, engine=engine, programs=programs)


def messages(case: dict[str, Any], engine: str = "rego", programs: Programs = BY_NAME) -> list[str]:
    return sorted(finding.message for finding in found(case, engine, programs) if finding.rule != "POL-001")


def refusal(case: dict[str, Any], engine: str = "rego", programs: Programs = BY_NAME) -> tuple[Problem, ...]:
    with pytest.raises(EngineError) as caught:
        found(case, engine, programs)
    return caught.value.problems


@pytest.fixture(scope="module")
def opa(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return Programs(opa=executable(tmp_path_factory.mktemp("opa")))


@of("refused")
def test_refused_with_place_and_way_out(case: dict[str, Any]) -> None:
    problem = refusal(case)[0]
    expected = case["refused"]
    assert problem.code == expected["code"]
    assert problem.place is not None
    assert (problem.place.file, problem.place.line) == (expected.get("file", "policies/m0.rego"), expected["line"])
    assert expected["hint"] in problem.hint


@pytest.mark.slow
@of("opa")
def test_what_opa_says_of_the_refused(case: dict[str, Any], opa: Programs) -> None:
    if case["opa"] == "runs":
        messages(case, "opa", opa)
    elif case["opa"] == "same":
        assert refusal(case, "opa", opa) == refusal(case)
    else:
        assert {problem.code for problem in refusal(case, "opa", opa)} == {case["opa"]}


@of("warns")
@pytest.mark.parametrize("engine", ["rego", "opa"])
def test_warned_of_on_both_engines(case: dict[str, Any], engine: str, opa: Programs) -> None:
    warned = [finding for finding in found(case, engine, opa) if finding.rule == "POL-001"]
    assert any(case["warns"] in finding.message for finding in warned)
    assert {(finding.effect, finding.resource, finding.engine) for finding in warned} == {(Effect.WARN, "S3/x", engine)}


@pytest.mark.slow
def test_nothing_else_warns() -> None:
    warned = [case["why"] for case in CASES if "gives" in case and any(f.rule == "POL-001" for f in found(case))]
    assert warned == [case["why"] for case in CASES if "warns" in case]


@of("broken")
@pytest.mark.parametrize("engine", ["rego", "opa"])
def test_broken_is_an_error_on_both_engines(case: dict[str, Any], engine: str, opa: Programs) -> None:
    (problem,) = refusal(case, engine, opa)
    expected = case["broken"]
    assert problem.code == expected["code"]
    assert problem.place is not None
    assert problem.place.file == "policies/m0.rego"
    if engine == "rego":
        assert problem.place.line == expected["line"]
        assert expected["hint"] in problem.hint


@pytest.mark.slow
@of("gives")
def test_gives_the_same_on_both_engines(case: dict[str, Any], opa: Programs) -> None:
    assert messages(case) == case["gives"]
    assert messages(case, "opa", opa) == case["gives"]
