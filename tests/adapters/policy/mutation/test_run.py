"""Mutation as a whole: strong tests notice every change, weak ones are told which they missed."""

import pytest

from engine.adapters.policy.mutation.run import Outcome, mutate
from engine.adapters.policy.port import Terms
from engine.errors import EngineError
from tests.support.policy import policies, rego

POLICY = rego("""deny contains "big" if {
  some x in input.variables.xs.value
  x.size > 3
  not x.known
}
""")
STRONG = rego(
    """test_all if {
  "big" in data.main.deny with input as {"variables": {"xs": {"value": [{"size": 4}]}}}
  count(data.main.deny) == 0 with input as {"variables": {"xs": {"value": [{"size": 3}, {"size": 4, "known": true}]}}}
}
""",
    "main_test",
)
WEAK = rego(
    'test_one if "big" in data.main.deny with input as {"variables": {"xs": {"value": [{"size": 9}]}}}', "main_test"
)
WITHOUT_KNOWN = rego(
    """test_one if "big" in data.main.deny with input as {"variables": {"xs": {"value": [{"size": 4}]}}}
test_none if count(data.main.deny) == 0 with input as {"variables": {"xs": {"value": [{"size": 3}]}}}
""",
    "main_test",
)


def outcomes(policy, tests, **files):
    judged = mutate(policies(policy, a_test__rego=tests, **files), Terms(timeout_s=60))
    return {one.mutant.name: one for one in judged}


def test_strong_tests_notice_everything():
    judged = outcomes(POLICY, STRONG)
    assert {one.outcome for one in judged.values()} == {Outcome.KILLED}
    assert {one.why for one in judged.values()} == {"data.main_test.test_all"}
    assert "deny → warn" in judged
    assert "x.size > 3 → x.size >= 3" in judged


def test_what_does_not_compile_is_not_told():
    assert "drop some x in input.variables.xs.value" not in outcomes(POLICY, STRONG)


def test_weak_tests_are_told_what_they_missed():
    lost = {name for name, one in outcomes(POLICY, WEAK).items() if one.outcome is Outcome.SURVIVED}
    assert lost == {
        "drop x.size > 3",
        "x.size > 3 → x.size >= 3",
        "3 → 2",
        "3 → 4",
        "drop not x.known",
    }
    (one,) = [one for name, one in outcomes(POLICY, WITHOUT_KNOWN).items() if one.outcome is Outcome.SURVIVED]
    assert one.mutant.name == "drop not x.known"
    assert set(one.reached) == {"data.main_test.test_one"}  # the other does not come so far


def test_tests_of_what_imports_it_count():
    shared = rego("limit := 3", "shared")
    judged = outcomes(
        shared,
        rego("test_a if not data.main.ok with input as 3\n\ntest_b if data.main.ok with input as 4", "main_test"),
        main__rego=rego("import data.shared\n\nok if input > shared.limit"),
    )
    assert judged["3 → 2"].outcome is Outcome.KILLED
    assert judged["3 → 4"].outcome is Outcome.KILLED


def test_nothing_reaches_it():
    judged = outcomes(POLICY, STRONG, idle__rego=rego("a if input.x", "idle"))
    assert judged["drop input.x"].outcome is Outcome.SURVIVED
    assert judged["drop input.x"].reached == ()


def test_one_policy_only():
    chosen = policies(POLICY, a_test__rego=STRONG, other__rego=rego("a if input.x", "idle"))
    for name in ("m0.rego", "policies/m0.rego"):
        assert {one.mutant.file for one in mutate(chosen, Terms(), name)} == {"policies/m0.rego"}
    with pytest.raises(EngineError, match="ENG001"):
        mutate(chosen, Terms(), "m1.rego")


@pytest.mark.slow
def test_a_change_that_never_ends_is_noticed():
    """Nothing loops in Rego, but much can take for ever: here the product of eight ranges instead of nothing."""
    ranges = "\n".join(f"  some {name} in numbers.range(1, 200)" for name in "abcdefgh")
    policy = rego(f"deny contains 1 if {{\n  input.variables.slow\n{ranges}\n  a + h < 0\n}}\n")
    judged = outcomes(policy, rego("test_quick if count(data.main.deny) == 0 with input as {}", "main_test"))
    assert judged["drop input.variables.slow"].outcome is Outcome.KILLED
    assert judged["drop input.variables.slow"].why == "the deadline, or the engine's own end"


# ---------------------------------------------------------------- excuses


@pytest.mark.parametrize(
    ("why", "before", "after"),
    [
        ("at the end of the line", "  not x.known # mutant: drop not x.known – nobody is known", ""),
        ("above the line", "  # mutant: drop not x.known – nobody is known\n  not x.known", ""),
        (
            "above, with another comment between",
            "  # mutant: drop not x.known -- nobody is known\n  # why\n  not x.known",
            "",
        ),
        ("closely", "  not x.known #mutant:drop not x.known — nobody is known", ""),
    ],
)
def test_an_excuse(why, before, after):
    judged = outcomes(POLICY.replace("  not x.known", before), WITHOUT_KNOWN)
    one = judged["drop not x.known"]
    assert (one.outcome, one.why) == (Outcome.EQUIVALENT, "nobody is known"), why
    assert Outcome.SURVIVED not in {other.outcome for other in judged.values()}, why


@pytest.mark.parametrize(
    ("why", "comment", "code", "said"),
    [
        ("no reason", "# mutant: drop not x.known", "ENG536", "says no change and reason"),
        ("nothing at all", "# mutant:", "ENG536", "says no change and reason"),
        ("no such change", "# mutant: drop x.known – why", "ENG536", "names no change of line 8"),
        ("a change that is noticed", "# mutant: not x.known → x.known – why", "ENG537", "notices it"),
    ],
)
def test_an_excuse_that_does_not_hold(why, comment, code, said):
    with pytest.raises(EngineError) as caught:
        outcomes(POLICY.replace("not x.known", f"not x.known {comment}"), STRONG)
    (problem,) = caught.value.problems
    assert problem.code == code, why
    assert said in problem.message, why
    assert problem.place is not None, why
    assert problem.place[:2] == ("policies/m0.rego", 8), why


def test_an_excuse_on_another_line_counts_for_nothing():
    with pytest.raises(EngineError, match="names no change of line 7"):
        outcomes(POLICY.replace("x.size > 3", "x.size > 3 # mutant: drop not x.known – why"), WITHOUT_KNOWN)


@pytest.mark.parametrize("text", ['"# mutant: x"', "`# mutant: x`", 'null # see "# mutant: x"'])
def test_what_only_looks_like_an_excuse(text):
    judged = outcomes(rego(f"deny contains {text}\n"), rego("test_a if count(data.main.deny) == 1", "main_test"))
    assert {one.outcome for one in judged.values()} == {Outcome.KILLED}
