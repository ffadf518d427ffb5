"""What goes wrong on purpose: which requests an order is for, and that a seed always tells the same story."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sandbox.forge.faults import ANSWERS, DELIVERIES, Fault, Faults, matches

PATHS = [
    ("a path is itself", "/user", "/user", True),
    ("and no other", "/user", "/users", False),
    ("nor the beginning of one", "/user", "/user/repos", False),
    ("a parameter is one part", "/repos/{owner}/{repo}/pulls", "/repos/acme/x/pulls", True),
    ("and not two", "/repos/{owner}/pulls", "/repos/acme/x/pulls", False),
    ("nor none", "/repos/{owner}/x", "/repos//x", False),
    ("a star is any parts", "/repos/*/merge", "/repos/acme/x/pulls/7/merge", True),
    ("and none", "/repos/*/merge", "/repos/merge", True),
    ("but what follows must be there", "/repos/*/merge", "/repos/acme/x/pulls/7/merges", False),
    ("twice", "/*/pulls/*", "/repos/acme/x/pulls/7/merge", True),
    ("a star alone is everything", "*", "/acme/x.git/info/refs", True),
    ("a login with brackets", "/users/interlock[bot]", "/users/interlock[bot]", True),
    ("other characters are themselves", "/a.c", "/abc", False),
    ("stars that could stand for a thousand things", "/*/a" * 400, "/a" * 500 + "/b", False),
]


@pytest.mark.parametrize(("why", "pattern", "path", "fits"), PATHS, ids=[row[0] for row in PATHS])
def test_which_paths_an_order_is_for(why, pattern, path, fits):
    assert matches(pattern, path) is fits, why


FIRST, SECOND = Fault(500), Fault(502)
ORDERS = [
    ("nothing is ordered", [], [("GET", "/api/v3/user", None)]),
    ("once", [("/user", "GET", FIRST, 1)], [("GET", "/api/v3/user", FIRST), ("GET", "/api/v3/user", None)]),
    ("by its whole path", [("/api/graphql", "", FIRST, 1)], [("POST", "/api/graphql", FIRST)]),
    ("any method", [("/user", "", FIRST, 1)], [("PATCH", "/api/v3/user", FIRST)]),
    ("a method in small letters", [("/user", "get", FIRST, 1)], [("GET", "/api/v3/user", FIRST)]),
    ("another method", [("/user", "POST", FIRST, 1)], [("GET", "/api/v3/user", None)]),
    (
        "the first order is used up first",
        [("/user", "", FIRST, 1), ("*", "", SECOND, 1)],
        [("GET", "/api/v3/user", FIRST), ("GET", "/api/v3/user", SECOND), ("GET", "/api/v3/user", None)],
    ),
    (
        "none takes back what was ordered of this path and method",
        [("/user", "", FIRST, 5), ("/user", "GET", SECOND, 1), ("/user", "", FIRST, 0)],
        [("GET", "/api/v3/user", SECOND), ("GET", "/api/v3/user", None)],
    ),
]


@pytest.mark.parametrize(("why", "orders", "asked"), ORDERS, ids=[row[0] for row in ORDERS])
def test_orders(why, orders, asked):
    faults = Faults()
    for path, method, fault, count in orders:
        faults.order_answer(path, method, fault, count)
    assert [faults.answer(method, path) for method, path, _ in asked] == [fault for *_, fault in asked], why


def test_deliveries_by_event_and_action():
    faults = Faults()
    faults.order_delivery("pull_request", "opened", "lose", 1)
    assert [faults.delivery(*what) for what in (("push", None), ("pull_request", "closed"))] == ["", ""]
    assert [faults.delivery("pull_request", "opened") for _ in range(2)] == ["lose", ""]


ASKED = st.lists(
    st.sampled_from([("GET", "/api/v3/user"), ("POST", "/api/v3/repos/a/b/pulls"), ("POST", "/api/graphql")])
)


@given(st.text(), ASKED)
def test_one_seed_tells_one_story(seed, asked):
    one, other = Faults(seed), Faults(seed)
    assert [one.answer(*what) for what in asked] == [other.answer(*what) for what in asked]


@given(st.text(), ASKED)
def test_what_happens_beside_changes_nothing(seed, asked):
    """Requests of other kinds, and deliveries, come in any order: each kind has its own count."""
    together, alone = Faults(seed), {what: Faults(seed) for what in asked}
    for what in asked:
        together.delivery("push", None)
        assert together.answer(*what) == alone[what].answer(*what)


def test_another_seed_tells_another_story():
    assert len({Faults(str(seed)).delivery("push", None) for seed in range(200)}) == len(DELIVERIES) + 1


def test_a_seed_draws_everything_as_often_as_the_table_says():
    faults = Faults("1")
    often = 20_000
    drawn = Counter(repr(faults.answer("GET", "/api/v3/user")) for _ in range(often))
    for probability, fault in ANSWERS:
        assert probability * 0.7 < drawn[repr(fault)] / often < probability * 1.3, fault


def test_a_seed_leaves_git_pages_and_the_control_door_alone():
    faults = Faults("1")
    paths = ("/acme/x.git/info/refs", "/acme/x/pull/1", "/control/idle")
    assert {faults.answer("GET", path) for path in paths for _ in range(1000)} == {None}
