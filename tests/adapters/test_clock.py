from engine.adapters.clock import ahead, now
from engine.core.moment import is_moment, later


def test_now_is_a_moment_of_this_century() -> None:
    assert is_moment(now())
    assert "2026" < now() < "2100"
    assert now() < later(now(), 60)


def test_a_clock_that_is_ahead() -> None:
    assert later(now(), 3599) <= ahead(3600)() <= later(now(), 3600)
