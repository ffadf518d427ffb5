from engine.adapters.clock import now
from engine.core.moment import is_moment, later


def test_now_is_a_moment_of_this_century() -> None:
    assert is_moment(now())
    assert "2026" < now() < "2100"
    assert now() < later(now(), 60)
