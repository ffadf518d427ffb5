"""The tests of the shipped policies notice every change of them: `engine policy test --mutate --shipped`."""

from pathlib import Path

import pytest

from engine.adapters.policy.bundle import policy_set, read_directory
from engine.adapters.policy.mutation.run import Outcome, mutate
from engine.adapters.policy.port import Terms

SHIPPED = policy_set(read_directory(str(Path(__file__).parents[2] / "policies")))


@pytest.mark.slow
def test_the_shipped_tests_notice_every_change():
    survived = [one.mutant for one in mutate(SHIPPED, Terms()) if one.outcome is Outcome.SURVIVED]
    told = "\n".join(f"{mutant.file}:{mutant.lines[0]}: {mutant.name}" for mutant in survived)
    assert survived == [], told
