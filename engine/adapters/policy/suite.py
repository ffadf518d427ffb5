"""Tests of policies: the `test_…` rules of `*_test.rego` files, with the lines of the policies that they reach."""

from collections.abc import Mapping
from typing import NamedTuple

from engine.adapters.policy.bundle import PolicySet
from engine.adapters.policy.conventions import Rule
from engine.adapters.policy.port import Terms
from engine.adapters.policy.rego import ask, problem_of
from engine.errors import Problem, failure


class TestResult(NamedTuple):
    """One `test_…` rule: passed only when it is exactly `true`."""

    rule: Rule
    seconds: float
    said: str  # what it was instead of true: `undefined`, `false`; empty when it passed or broke
    problem: Problem | None  # it could not be evaluated
    prints: tuple[str, ...]

    @property
    def name(self) -> str:
        """`terraform.tags_test.test_missing_tag`."""
        return f"{self.rule.package}.{self.rule.name}"

    @property
    def passed(self) -> bool:
        """Neither false, nor undefined, nor broken."""
        return not self.said and self.problem is None


class Coverage(NamedTuple):
    """Lines of one policy file that hold expressions."""

    covered: tuple[int, ...]
    missed: tuple[int, ...]

    @property
    def percent(self) -> float:
        """0 to 100; a file without expressions has nothing to reach."""
        total = len(self.covered) + len(self.missed)
        return 100.0 * len(self.covered) / total if total else 100.0


class Report(NamedTuple):
    """What `engine policy test` shows."""

    results: tuple[TestResult, ...]
    coverage: Mapping[str, Coverage]

    @property
    def percent(self) -> float:
        """Covered lines of all policies, 0 to 100; test files do not count."""
        covered = sum(len(file.covered) for file in self.coverage.values())
        total = covered + sum(len(file.missed) for file in self.coverage.values())
        return 100.0 * covered / total if total else 0.0

    @property
    def untested(self) -> tuple[str, ...]:
        """Policies of which no test reaches anything."""
        return tuple(sorted(path for path, file in self.coverage.items() if file.missed and not file.covered))

    def good(self, least: float) -> bool:
        """All tests pass; they reach `least` % of the lines, and something of every policy. Of 0 % nothing is asked."""
        reached = not least or (self.percent >= least and not self.untested)
        return reached and all(result.passed for result in self.results)


def test(policies: PolicySet, terms: Terms) -> Report:
    """Run all tests of a policy set with the embedded engine.

    Raises:
        EngineError: no policies, no tests, or policies that do not load.
    """
    if not policies.modules:
        raise failure("ENG500", where=policies.origin)
    if not policies.tests:
        ask(policies, terms)  # what does not load is the nearer mistake
        raise failure("ENG530", where=policies.origin)
    answer = ask(policies, terms, tests=policies.tests)
    results = tuple(
        TestResult(Rule(*rule), seconds, said, problem_of(broke) if broke else None, tuple(prints))
        for rule, seconds, said, broke, prints in answer["tests"]
    )
    if not results:
        raise failure("ENG530", where=policies.origin)
    rows = {path: Coverage(tuple(hit), tuple(missed)) for path, (hit, missed) in answer["coverage"].items()}
    return Report(results, rows)
