"""What is later is what the library of clocks says, which takes 2 ms to load."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.core.moment import later

FAR_S = 400 * 366 * 86_400  # whatever leap years do, they do it again after that


@given(st.datetimes(), st.integers(-FAR_S, FAR_S))
def test_later_is_what_the_library_says(moment: datetime, seconds: int) -> None:
    moment = moment.replace(microsecond=0)
    try:
        expected = (moment + timedelta(seconds=seconds)).isoformat() + "Z"
    except OverflowError:
        expected = ""
    try:
        assert later(moment.isoformat() + "Z", seconds) == expected
    except ValueError:
        assert not expected


@given(st.integers(0, 9999), st.integers(1, 12), st.integers(1, 31))
def test_the_same_days_exist(year: int, month: int, day: int) -> None:
    text = f"{year:04}-{month:02}-{day:02}T00:00:00Z"
    try:
        datetime.fromisoformat(text)
    except ValueError:
        expected = ""
    else:
        expected = text
    try:
        found = later(text, 0)
    except ValueError:
        found = ""
    assert found == expected
