"""The control door: what it does, and what it wants to hear. What it refuses: tests/attacks/test_sandbox.py."""

import http.client

import pytest

from engine.sandbox.forge import control
from engine.sandbox.forge.clock import moment, seconds
from engine.sandbox.forge.serve import running


@pytest.fixture
def door(forge, as_):
    """`door("POST", "idle", timeout_s=1)`; the status and the JSON."""

    def said(verb, word, **body):
        headers = {"Authorization": f"Bearer {control.token(forge)}"}
        answer = as_(None)(verb, f"{forge.urls.base}/control/{word}", body if verb == "POST" else None, **headers)
        return answer.status, answer.body

    return said


WRONG = [
    ("an unknown word", "POST", "nonsense", {}, 404),
    ("another verb", "GET", "idle", {}, 404),
    ("an unknown key", "POST", "tick", {"now": True}, 400),
    ("what is needed is missing", "POST", "clock", {}, 400),
    ("the clock goes back", "POST", "clock", {"advance_s": -1}, 400),
    ("a text for a number", "POST", "clock", {"advance_s": "1"}, 400),
    ("a flag for a number", "POST", "clock", {"advance_s": True}, 400),
    ("a number that is none", "POST", "clock", {"advance_s": float("nan")}, 400),
    ("a clock without an end", "POST", "clock", {"advance_s": float("inf")}, 400),
    ("a way that chaos does not know", "POST", "chaos", {"how": "explode"}, 400),
    ("a count below none", "POST", "chaos", {"how": "lose", "count": -1}, 400),
    ("a fault without a path", "POST", "fault", {"status": 500}, 400),
    ("a path without an end", "POST", "fault", {"path": "/" * 1001, "status": 500}, 400),
    ("a fault that does nothing", "POST", "fault", {"path": "/user"}, 400),
    ("a fault that is no error", "POST", "fault", {"path": "/user", "status": 200}, 400),
    (
        "a header that begins another",
        "POST",
        "fault",
        {"path": "/x", "status": 500, "headers": {"A": "b\r\nC: d"}},
        400,
    ),
    ("a header that is no text", "POST", "fault", {"path": "/x", "status": 500, "headers": {"A": 1}}, 400),
    ("nobody", "POST", "users/nobody", {"delete": True}, 404),
    ("the ghost is nobody either", "POST", "users/interlock%5Bbot%5D", {"delete": True}, 404),
    ("neither", "POST", "users/bob", {}, 400),
    ("both", "POST", "users/bob", {"rename": "bert", "delete": True}, 400),
    ("a login that is taken", "POST", "users/bob", {"rename": "ann"}, 422),
]


@pytest.mark.parametrize(("why", "verb", "word", "body", "status"), WRONG, ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_said(door, why, verb, word, body, status):
    found, told = door(verb, word, **body)
    assert found == status, why
    assert told["message"]


def test_bodies_that_are_no_json_object(forge):
    for data in (b"[]", b"{", b'"x"', b"\xff", b"[" * 50_000):
        connection = http.client.HTTPConnection(forge.urls.base.partition("//")[2], timeout=60)
        connection.request("POST", "/control/tick", data, {"Authorization": f"Bearer {control.token(forge)}"})
        assert connection.getresponse().status == 400, data[:10]
        connection.close()


def test_without_an_engine_there_are_no_runs(door):
    assert door("GET", "runs") == (200, [])
    assert door("POST", "tick") == (200, {"started": 0})


def test_what_is_asked_of_the_runner(tmp_path, as_):
    class Running:
        pages, left, ahead = "", 2, 0

        def going(self):
            return self.left

        def runs(self):
            return [{"delivery": "g-1", "state": "ended"}]

        def advanced(self):
            self.ahead += 1

        def tick(self):
            self.left = 0
            return 3

        def stop(self):
            self.left = -1

    runner = Running()
    with running(str(tmp_path), runner=lambda forge: runner) as forge:
        headers = {"Authorization": f"Bearer {control.token(forge)}"}
        url = f"{forge.urls.base}/control"
        assert as_(None)("GET", f"{url}/runs", **headers).body == [{"delivery": "g-1", "state": "ended"}]
        assert as_(None)("POST", f"{url}/clock", {"advance_s": 60}, **headers).status == 200
        assert runner.ahead == 1
        late = as_(None)("POST", f"{url}/idle", {"timeout_s": 0.1}, **headers)
        assert (late.status, late.body["runs"]) == (408, 2)
        assert as_(None)("POST", f"{url}/tick", {}, **headers).body == {"started": 3}
        assert as_(None)("POST", f"{url}/idle", {"timeout_s": 10}, **headers).status == 200
    assert runner.left == -1, "it is stopped with the forge"


def test_the_clock_goes_on_and_tokens_expire(forge, door, as_):
    bot, later = forge.kept.value("SELECT bot FROM apps"), moment(forge.clock.seconds() + 3600)
    columns = {"kind": "installation", "installation": 1, "permissions_json": "{}", "expires_at": later}
    forge.kept.insert("tokens", token="ghs_soon", account=bot, **columns)
    before = seconds(forge.now())
    assert as_(None)("GET", "/installation/repositories", Authorization="token ghs_soon").status == 200
    status, told = door("POST", "clock", advance_s=3601)
    assert (status, seconds(told["now"]) - before >= 3601) == (200, True)
    assert as_(None)("GET", "/installation/repositories", Authorization="token ghs_soon").status == 401


def test_what_was_advanced_outlives_a_restart(tmp_path):
    with running(str(tmp_path)) as forge:
        control._clock(forge, {"advance_s": 86400})
    with running(str(tmp_path)) as forge:
        assert forge.clock.ahead_s == 86400


def test_people_are_renamed_and_deleted(forge, door, as_):
    number = forge.kept.value("SELECT id FROM accounts WHERE login = 'erin'")
    token = as_("erin").token
    assert door("POST", "users/erin", rename="eryn") == (200, {"id": number, "login": "eryn"})
    assert forge.account(number)["login"] == "eryn"
    assert as_("eryn").token == token
    assert door("POST", "users/eryn", delete=True) == (200, {"id": number, "login": "ghost"})
    assert as_("eryn")("GET", "/user").status == 401
    assert forge.account(number)["deleted"] == 1
