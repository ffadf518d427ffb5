"""Faults over HTTP: what a client hears, and what has happened all the same."""

import http.client
import time

import pytest

from engine.sandbox.forge import control
from engine.sandbox.forge.faults import Fault, Faults

pytestmark = pytest.mark.off_contract
HOOKS = "/repos/acme/dev-deployment/hooks"


@pytest.fixture(autouse=True)
def fresh(forge):
    forge.faults = Faults()


@pytest.fixture
def fault(forge, as_):
    """`fault("/user", status=500)` orders one at the control door."""

    def order(path, **said):
        headers = {"Authorization": f"Bearer {control.token(forge)}"}
        answer = as_(None)("POST", f"{forge.urls.base}/control/fault", {"path": path, **said}, **headers)
        assert answer.status == 200, answer

    return order


def hooks(as_):
    return len(as_("olga")("GET", HOOKS).body)


def make(as_, port):
    return as_("olga")("POST", HOOKS, {"config": {"url": f"http://127.0.0.1:9/{port}"}})


def test_a_fault_is_what_was_ordered(as_, fault):
    fault("/user", status=503, message="Busy", headers={"Retry-After": "7"}, count=2)
    for _ in range(2):
        answer = as_("ann")("GET", "/user")
        assert (answer.status, answer.body["message"], answer.headers["retry-after"]) == (503, "Busy", "7")
    assert as_("ann")("GET", "/user").status == 200


def test_before_the_effect_and_after_it(as_, fault):
    there = hooks(as_)
    fault(HOOKS, method="POST", status=502)
    assert make(as_, 1).status == 502
    assert hooks(as_) == there, "nothing has happened"
    fault(HOOKS, method="POST", status=502, after_effect=True)
    assert make(as_, 2).status == 502
    assert hooks(as_) == there + 1, "it has, and the answer is lost"
    assert make(as_, 2).status == 422, "whoever tries again is told so"


def test_an_order_is_taken_back(as_, fault):
    fault("/user", status=500, count=10)
    fault("/user", count=0)
    assert as_("ann")("GET", "/user").status == 200


def test_an_answer_that_is_cut(forge, as_, fault):
    fault("/user", cut=True)
    with pytest.raises(http.client.IncompleteRead):
        as_("ann")("GET", "/user")
    fault(HOOKS, method="POST", cut=True)
    there = hooks(as_)
    with pytest.raises(http.client.IncompleteRead):
        make(as_, 3)
    assert hooks(as_) == there + 1
    assert as_("ann")("GET", "/user").status == 200, "the next connection is well"


def test_an_answer_that_is_late(as_, fault):
    fault("/user", delay_s=0.3)
    began = time.monotonic()
    assert as_("ann")("GET", "/user").status == 200
    assert time.monotonic() - began >= 0.3


def test_git_s_paths_too(forge, as_, fault):
    fault("/acme/*", status=500)
    assert as_("ann")("GET", f"{forge.urls.base}/acme/dev-deployment.git/info/refs").status == 500


def test_a_long_request_is_read_to_its_end(as_, fault):
    fault("/user", status=500)
    assert as_("ann")("PATCH", "/user", {"x": "y" * 5_000_000}).status == 500


def test_the_control_door_is_never_disturbed(forge, as_, fault):
    fault("*", status=500, count=5)
    fault("*", count=0)
    assert as_("ann")("GET", "/user").status == 200


def test_the_limits_of_rates(forge, as_):
    forge.faults.order_answer("/user", "", Fault(403, "API rate limit exceeded.", limited=True), 1)
    before, answer, after = forge.clock.seconds(), as_("ann")("GET", "/user"), forge.clock.seconds()
    assert (answer.status, answer.headers["x-ratelimit-remaining"]) == (403, "0")
    assert before < int(answer.headers["x-ratelimit-reset"]) <= after + 2


def test_a_token_that_expires_stays_expired(forge, as_):
    bot = forge.kept.value("SELECT bot FROM apps")
    columns = {
        "kind": "installation",
        "installation": 1,
        "permissions_json": "{}",
        "expires_at": "2999-01-01T00:00:00Z",
    }
    forge.kept.insert("tokens", token="ghs_short", account=bot, **columns)
    path, client = "/installation/repositories", as_(None)
    assert client("GET", path, Authorization="Bearer ghs_short").status == 200
    forge.faults.order_answer(path, "", Fault(expired=True), 1)
    assert [client("GET", path, Authorization="Bearer ghs_short").status for _ in range(2)] == [401, 401]
    forge.faults.order_answer("/user", "", Fault(expired=True), 1)
    assert as_("ann")("GET", "/user").status == 200, "people's tokens do not expire"


@pytest.mark.slow
def test_one_seed_is_one_sequence_of_answers(forge, as_):
    def story(seed):
        forge.faults = Faults(seed)
        found = []
        for number in range(80):
            try:
                found.append(as_("ann")("GET", f"/users/{('ann', 'bob')[number % 2]}").status)
            except http.client.IncompleteRead:
                found.append("cut")
        return found

    first = story("a")
    assert first == story("a")
    assert first != story("b")
