"""Which labels stand: whatever people do with ours, the next run puts it right."""

from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.report.labels import FAILED, OVERRIDE, PASSED, Validation, swap


@pytest.mark.parametrize(
    ("why", "validation", "overridden", "present", "add", "remove"),
    [
        ("passed", "passed", False, [], [PASSED], []),
        ("passed after it failed", "passed", False, [FAILED], [PASSED], [FAILED]),
        ("as it should be", "passed", False, [PASSED], [], []),
        ("somebody has put the other on", "passed", False, [PASSED, FAILED], [], [FAILED]),
        ("failed", "failed", False, [PASSED], [FAILED], [PASSED]),
        ("could not be judged", "error", False, [], [FAILED], []),
        ("refused", "refused", False, [PASSED], [FAILED], [PASSED]),
        ("a new head is validated", "running", False, [PASSED, FAILED], [], [PASSED, FAILED]),
        ("no resource is changed", "nothing", False, [PASSED], [], [PASSED]),
        ("nobody can tell", "unknown", True, [PASSED], [], []),
        ("an override was used", "failed", True, [FAILED], [OVERRIDE], []),
        ("it stays for ever", "running", False, [OVERRIDE, FAILED], [], [FAILED]),
        ("others' labels are theirs", "passed", False, ["bug", PASSED], [], []),
    ],
)
def test_what_changes(
    why: str, validation: Validation, overridden: bool, present: list[str], add: list[str], remove: list[str]
) -> None:
    assert swap(validation, overridden, present) == (tuple(add), tuple(remove)), why


ALL = (PASSED, FAILED, OVERRIDE, "bug")
SETS = [frozenset(some) for some in chain.from_iterable(combinations(ALL, n) for n in range(5))]


@given(
    st.sampled_from(["passed", "failed", "error", "refused", "running", "nothing"]),
    st.booleans(),
    st.sampled_from(SETS),
)
def test_once_is_enough(validation: Validation, overridden: bool, present: frozenset[str]) -> None:
    add, remove = swap(validation, overridden, present)
    after = present - set(remove) | set(add)
    assert swap(validation, overridden, after) == ((), ())
    assert (PASSED in after) == (validation == "passed"), "it stands exactly while the newest validation passed"
    assert OVERRIDE not in remove
    assert not set(add) & {"bug"}
