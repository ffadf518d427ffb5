"""Tests of policies: what passes, what does not, and which lines were reached."""

import pytest

from engine.adapters.policy.port import Terms
from engine.adapters.policy.suite import test as run_tests
from engine.errors import EngineError
from tests.support.policy import policies, rego

POLICY = rego('deny contains "a" if {\n  input.errored\n  input.complete\n}\n\nwarn contains "w" if input.applyable')


def outcomes(body):
    report = run_tests(policies(POLICY, a_test__rego=rego(body, "main_test")), Terms(timeout_s=60))
    return {result.rule.name: result for result in report.results}


@pytest.mark.parametrize(
    ("why", "test", "said"),
    [
        ("true passes", 'test_x if "a" in data.main.deny with input as {"errored": 1, "complete": 1}', ""),
        (
            "undefined fails",
            'test_x if "b" in data.main.deny with input as {"errored": 1, "complete": 1}',
            "undefined",
        ),
        ("false fails", "test_x := false", "false"),
        ("anything else fails", 'test_x := "yes"', '"yes"'),
        ("a set fails", 'test_x contains "yes"', '["yes"]'),
    ],
)
def test_only_true_passes(why, test, said):
    result = outcomes(test)["test_x"]
    assert result.said == said, why
    assert result.passed is (said == ""), why
    assert (result.rule.file, result.rule.line) == ("policies/a_test.rego", 5)


def test_a_test_that_breaks_does_not_stop_the_others():
    found = outcomes('test_a if startswith(null, data.x)\ntest_b if startswith(null, "x")\ntest_c if true')
    assert [found[name].passed for name in ("test_b", "test_c")] == [False, True]
    assert found["test_b"].problem is not None
    assert found["test_b"].problem.code == "ENG510"


def test_prints_are_kept_with_their_test():
    found = outcomes('test_a if { print("one"); true }\ntest_b if { print("two"); false }')
    assert "one" in found["test_a"].prints[0]
    assert "two" in found["test_b"].prints[0]


def test_coverage_is_of_policies_and_not_of_tests():
    report = run_tests(
        policies(POLICY, a_test__rego=rego('test_a if count(data.main.deny) == 0 with input as {"errored": 1}', "t")),
        Terms(),
    )
    assert list(report.coverage) == ["policies/m0.rego"]
    file = report.coverage["policies/m0.rego"]
    assert 7 not in file.missed
    assert 10 in file.missed
    assert report.percent == 100 * len(file.covered) / (len(file.covered) + len(file.missed))


@pytest.mark.parametrize(
    ("why", "files", "code"),
    [
        ("no policies", {"a_test__rego": rego("test_a if true", "t")}, "ENG500"),
        ("no test files", {"m0__rego": POLICY}, "ENG530"),
        ("no test files, and a policy that does not parse", {"m0__rego": rego("deny contains x if {")}, "ENG502"),
        ("test files without tests", {"m0__rego": POLICY, "a_test__rego": rego("helper := 1", "t")}, "ENG530"),
        ("a test that does not parse", {"m0__rego": POLICY, "a_test__rego": rego("test_a if", "t")}, "ENG502"),
        (
            "a test that falls into a trap",
            {"m0__rego": POLICY, "a_test__rego": rego("test_a if [_, 1] = walk(input)", "t")},
            "ENG505",
        ),
    ],
)
def test_nothing_to_test_is_no_success(why, files, code):
    with pytest.raises(EngineError) as caught:
        run_tests(policies(**files), Terms(timeout_s=60))
    assert caught.value.problems[0].code == code, why
