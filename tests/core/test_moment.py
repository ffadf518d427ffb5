import pytest

from engine.core.moment import is_day, is_moment, later


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("2026-11-23T21:00:00Z", True),
        ("2026-12-31T23:59:59Z", True),
        ("2026-11-23T21:00:00+00:00", False),
        ("2026-11-23T21:00:00.5Z", False),
        ("2026-11-23 21:00:00Z", False),
        ("2026-11-23t21:00:00z", False),
        ("2026-13-01T00:00:00Z", False),
        ("2026-00-01T00:00:00Z", False),
        ("2026-11-32T00:00:00Z", False),
        ("2026-11-23T24:00:00Z", False),
        ("2026-11-23T23:60:00Z", False),
        ("2026-11-23T21:00:00Z\n", False),
        ("٢٠٢٦-11-23T21:00:00Z", False),
        ("2026-11-23", False),
        ("", False),
    ],
)
def test_one_spelling(text: str, good: bool) -> None:
    assert is_moment(text) is good


@pytest.mark.parametrize(
    ("moment", "seconds", "expected"),
    [
        ("2026-11-23T21:00:00Z", 0, "2026-11-23T21:00:00Z"),
        ("2026-11-23T21:00:00Z", 7 * 86_400, "2026-11-30T21:00:00Z"),
        ("2026-12-31T23:59:59Z", 1, "2027-01-01T00:00:00Z"),
        ("2028-02-28T12:00:00Z", 86_400, "2028-02-29T12:00:00Z"),
        ("0999-12-31T23:59:59Z", 1, "1000-01-01T00:00:00Z"),
        ("0999-12-31T23:59:58Z", 1, "0999-12-31T23:59:59Z"),
    ],
)
def test_later(moment: str, seconds: int, expected: str) -> None:
    assert later(moment, seconds) == expected
    assert is_moment(later(moment, seconds))


@pytest.mark.parametrize("moment", ["2026-02-30T00:00:00Z", "9999-12-31T23:59:59Z", "tomorrow"])
def test_no_such_moment(moment: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        later(moment, 1)


@pytest.mark.parametrize(
    ("day", "is_there"),
    [("2024-02-29", True), ("2026-02-28", True), ("2026-02-29", False), ("2100-02-29", False), ("2026-04-31", False)],
)
def test_days_that_a_month_has(day, is_there):
    assert is_day(f"{day}T00:00:00Z") is is_there
