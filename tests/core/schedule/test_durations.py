"""How long a resource takes, as far as earlier runs tell."""

import pytest

from engine.core.schedule.durations import Durations, Took, read

KEY = "S3/dev/{}/terraform.tfstate"
KNOWN = Durations().with_([
    Took("apply", KEY.format("a"), 2.0), Took("apply", KEY.format("b"), 4.0),
    Took("apply", "KMS/dev/k/terraform.tfstate", 30.0), Took("plan", KEY.format("a"), 1.0),
])  # fmt: skip


@pytest.mark.parametrize(
    ("why", "phase", "key", "seconds"),
    [
        ("it is known", "apply", KEY.format("b"), 4.0),
        ("its neighbours are known", "apply", KEY.format("new"), 3.0),
        ("others are known", "apply", "IAM/dev/x/terraform.tfstate", 12.0),
        ("in the other phase", "plan", KEY.format("new"), 1.0),
        ("a key that has no folder", "plan", "x", 1.0),
    ],
)
def test_a_guess(why, phase, key, seconds):
    assert KNOWN.guess(phase, key) == seconds, why


def test_where_nothing_is_known_all_are_the_same():
    assert Durations().guess("apply", "x") == 1.0


def test_what_is_newer_counts_more():
    assert KNOWN.with_([Took("apply", KEY.format("a"), 8.0)]).guess("apply", KEY.format("a")) == 5.0


def test_only_so_many_are_remembered_those_that_ran_last():
    many = Durations().with_(Took("plan", str(number), 1.0) for number in range(3000))
    assert len(many.ms["plan"]) == 2000
    again = many.with_([Took("plan", "1000", 1.0), Took("plan", "new", 1.0)])
    assert {"1000", "new"} <= again.ms["plan"].keys()
    assert "1001" not in again.ms["plan"]


@pytest.mark.parametrize("ms", [0, -1, True, "1", 1.5, 10**12, None, [], {}, float("nan")])
def test_what_is_no_duration_counts_for_nothing(ms):
    assert read({"plan": {"a": ms, "b": 7}, "apply": [1], "x": 3}).ms == {"plan": {"b": 7}}


def test_no_time_at_all_is_none():
    assert Durations().with_([Took("plan", "a", 0.0), Took("plan", "b", float(10**9))]).ms.get("plan", {}) == {}
