"""Which backups may be dropped: old ones, of which there are newer ones enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.core.kept.retention import too_many
from engine.core.moment import later
from engine.core.rules.model import Kept

NOW, DAY = "2026-11-23T22:00:00Z", 86_400


def aged(*days: int) -> list[tuple[int, str]]:
    """Backups by their age in days, the oldest first."""
    return [(number, later(NOW, -age * DAY)) for number, age in enumerate(days, 1)]


@pytest.mark.parametrize(
    ("why", "times", "newest", "days", "needed", "goes"),
    [
        ("there is none", [], 1, 1, (), []),
        ("the newest one stays, however old it is", aged(900), 1, 1, (), []),
        ("as many stay as are kept", aged(900, 800, 700), 3, 1, (), []),
        ("old, and there are enough", aged(900, 800, 700), 1, 1, (), [1, 2]),
        ("young ones stay, however many there are", aged(9, 8, 7), 1, 10, (), []),
        ("to the second", aged(10, 9, 8), 1, 10, (), [1]),
        ("what is needed stays", aged(900, 800, 700), 1, 1, (2,), [1]),
        ("what has no moment stays", [(1, "yesterday"), (2, NOW)], 1, 1, (), []),
    ],
)
def test_what_goes(why, times, newest, days, needed, goes):
    assert too_many(times, Kept(newest, days * DAY), needed, NOW) == goes, why


@given(
    some.lists(some.integers(0, 1000)), some.integers(1, 50), some.integers(1, 1000), some.sets(some.integers(1, 50))
)
def test_the_newest_ones_what_is_young_and_what_is_needed_stay(ages, newest, days, needed):
    times = aged(*sorted(ages, reverse=True))
    goes = set(too_many(times, Kept(newest, days * DAY), needed, NOW))
    assert not goes & needed
    assert not goes & {number for number, _ in times[-newest:]}
    assert all(later(time, days * DAY) <= NOW for number, time in times if number in goes)
    assert all(later(time, days * DAY) > NOW for number, time in times[:-newest] if number not in goes | needed)
