"""The sandbox listens on loopback, which any page in any browser can reach, and is told which directory to empty."""

import http.client

import pytest

from engine.sandbox.forge import control
from engine.sandbox.forge.serve import running


@pytest.fixture(scope="module")
def forge(tmp_path_factory):
    with running(str(tmp_path_factory.mktemp("forge"))) as started:
        yield started


def ask(forge, verb, path, headers, data=b"{}"):
    connection = http.client.HTTPConnection(forge.urls.base.partition("//")[2], timeout=60)
    try:
        connection.request(verb, path, data, headers)
        return connection.getresponse().status
    finally:
        connection.close()


BY_TOKEN = [
    ("no token", {}),
    ("an empty one", {"Authorization": "Bearer "}),
    ("another scheme", {"Authorization": "Basic {token}"}),
    ("the beginning of it", {"Authorization": "Bearer {token:.20}"}),
    ("more than it", {"Authorization": "Bearer {token}0"}),
    ("a person's token, the owner's even", {"Authorization": "Bearer {olga}"}),
    ("characters that are no ASCII", {"Authorization": "Bearer \xe9"}),
    ("it stands in the address", {"X-Token": "{token}"}),
]


@pytest.mark.parametrize(("why", "headers"), BY_TOKEN, ids=[row[0] for row in BY_TOKEN])
def test_the_control_door_wants_its_token(forge, why, headers):
    olga = forge.kept.value("SELECT token FROM tokens t JOIN accounts a ON a.id = t.account WHERE a.login = 'olga'")
    token = control.token(forge)
    sent = {name: value.format(token=token, olga=olga) for name, value in headers.items()}
    before = forge.clock.ahead_s
    for path in ("/control/clock", "/control/runs", f"/control/tick?token={token}", "/control/users/bob"):
        verb = "GET" if path.endswith("runs") else "POST"
        assert ask(forge, verb, path, sent, b'{"advance_s": 5}' if "clock" in path else b"{}") == 401, why
    assert forge.clock.ahead_s == before


BY_PAGE = [
    ("another site", {"Origin": "https://evil.example"}, 421),
    ("a page of no origin", {"Origin": "null"}, 421),
    ("a page of the sandbox's own, in which somebody put a script", {"Origin": "{base}"}, 403),
    ("a browser that says no origin, from the same site", {"Sec-Fetch-Site": "same-origin"}, 403),
    ("a form", {"Sec-Fetch-Mode": "navigate"}, 403),
    ("a name that was bound to loopback", {"Host": "evil.example"}, 421),
]


@pytest.mark.parametrize(("why", "headers", "status"), BY_PAGE, ids=[row[0] for row in BY_PAGE])
def test_no_page_gets_to_the_control_door_even_with_the_token(forge, why, headers, status):
    sent = {name: value.format(base=forge.urls.base) for name, value in headers.items()}
    sent["Authorization"] = f"Bearer {control.token(forge)}"
    assert ask(forge, "POST", "/control/tick", sent) == status, why
    assert ask(forge, "OPTIONS", "/control/tick", sent) in (403, 405, 421), "nor may it ask whether it might"


def test_a_large_request_to_the_control_door_is_not_read(forge):
    headers = {"Authorization": f"Bearer {control.token(forge)}"}
    assert ask(forge, "POST", "/control/tick", headers, b'{"x": "' + b"y" * 100_000 + b'"}') == 413
