"""Who may look and who may do something: addresses, tokens, sessions, forms."""

import os

import pytest

from engine.errors import EngineError
from engine.service.address import place
from engine.service.settings import LOOPBACK, Serving
from tests.support.serving import HERE, scene

PUBLIC = {"host": "0.0.0.0", "host_names": LOOPBACK | {"engine.example.org"}, "proxies": frozenset({"10.0.0.0/8"})}
NAME = "engine.example.org"


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    with scene(tmp_path_factory.mktemp("local")) as made:
        yield made


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    with scene(tmp_path_factory.mktemp("public"), **PUBLIC) as made:
        yield made


READING = [
    ("from this machine, on loopback", {}, 200),
    ("by localhost", {"host": "localhost:8080"}, 200),
    ("by IPv6's loopback", {"host": "[::1]:8080", "client": "::1"}, 200),
    ("by the name in capitals", {"host": "LocalHost:8080"}, 200),
    ("by another name, as a page that has rebound its own would", {"host": "evil.example:8080"}, 421),
    ("by another port", {"host": "127.0.0.1:8081"}, 421),
    ("without a port", {"host": "127.0.0.1"}, 421),
    ("by a name that only begins like ours", {"host": "127.0.0.1:8080.evil.example"}, 421),
    ("with an account in the name", {"host": "x@127.0.0.1:8080"}, 421),
    ("without a name", {"host": None}, 421),
    ("by an empty name", {"host": ""}, 421),
    ("from another machine, though we listen on loopback", {"client": "192.0.2.1"}, 401),
    ("from nobody knows where", {"client": ""}, 401),
]


@pytest.mark.parametrize(("why", "asked", "status"), READING, ids=[row[0] for row in READING])
def test_reading_on_loopback(local, why, asked, status):
    assert local.ask("GET", "/api/v1/pulls", **asked).status == status, why


HOPS = [
    ("X-Forwarded-For", "192.0.2.1"),
    ("X-Forwarded-Host", "x"),
    ("X-Forwarded-Proto", "https"),
    ("Forwarded", "for=192.0.2.1"),
    ("Via", "1.1 proxy"),
    ("X-Real-IP", "192.0.2.1"),
    ("CF-Connecting-IP", "192.0.2.1"),
]


@pytest.mark.parametrize("header", HOPS, ids=[row[0] for row in HOPS])
def test_who_comes_through_a_proxy_that_nobody_has_told_of_needs_a_token(local, header):
    assert local.ask("GET", "/api/v1/pulls", header).status == 401
    assert local.ask("GET", "/api/v1/pulls", header, who="eve").status == 200


@pytest.mark.parametrize(
    "told",
    [{"proxies": frozenset({"127.0.0.1"})}, {"host_names": LOOPBACK | {NAME}}, {"root_path": "/interlock"}],
    ids=["a proxy", "a name", "a path"],
)
def test_who_is_told_of_the_world_asks_everybody_for_a_token(tmp_path, told):
    """A proxy on this machine makes all the world loopback."""
    with scene(tmp_path, **told) as made:
        assert made.ask("GET", "/api/v1/pulls").status == 401
        assert made.ask("GET", "/metrics").status == 401
        assert made.ask("GET", "/live").status == 401
        assert made.ask("GET", "/api/v1/pulls", who="eve").status == 200


TOKENS = [
    ("none", [], 401),
    ("a good one", [("Authorization", "Bearer {eve}")], 200),
    ("the scheme in small letters", [("Authorization", "bearer {eve}")], 200),
    ("another scheme", [("Authorization", "Basic {eve}")], 401),
    ("no scheme", [("Authorization", "{eve}")], 401),
    ("a part of it", [("Authorization", "Bearer {eve[0]}")], 401),
    ("its digest", [("Authorization", "Bearer " + "0" * 64)], 401),
    ("nothing", [("Authorization", "Bearer ")], 401),
    ("empty", [("Authorization", "")], 401),
    ("no ASCII", [("Authorization", "Bearer \xe9\xff")], 401),
    ("two, of which one is good", [("Authorization", "Bearer x"), ("Authorization", "Bearer {eve}")], 400),
    ("as a cookie", [("Cookie", "interlock-8080={eve}")], 401),
    ("in the address", [], 401),
]


@pytest.mark.parametrize(("why", "headers", "status"), TOKENS, ids=[row[0] for row in TOKENS])
def test_a_token_and_what_is_none(public, why, headers, status):
    sent = [(name, value.format(eve=public.tokens["eve"])) for name, value in headers]
    target = "/api/v1/pulls" + (f"?token={public.tokens['eve']}" if why == "in the address" else "")
    answer = public.ask("GET", target, *sent, host=NAME, client="192.0.2.1")
    assert answer.status == status, why
    assert status != 401 or answer.headers["www-authenticate"] == "Bearer"


def test_what_a_proxy_asks_of_browsers_for_itself_is_no_token_and_hinders_nobody(public):
    """It hands the header on, to us too; and a page of another site can make a browser send it."""
    basic = ("Authorization", "Basic eDp5")
    asked = {"host": NAME, "client": "10.0.0.1"}
    answer = public.ask("GET", "/pulls", basic, ("Accept", "text/html"), **asked)
    assert answer.status == 401
    assert public.ask("GET", "/sign-in", basic, ("Accept", "text/html"), **asked).status == 200
    assert public.ask("POST", "/freeze", basic, body=b"state=on&reason=x", **asked).status == 401


def test_a_wrong_token_leads_nobody_in_a_circle(public):
    answer = public.ask("GET", "/sign-in", ("Authorization", "Bearer x"), ("Accept", "text/html"), host=NAME)
    assert (answer.status, "location" in answer.headers) == (401, False)


def test_a_bug_is_answered_and_logged_and_says_nothing(tmp_path, monkeypatch, caplog):
    with scene(tmp_path) as made:
        monkeypatch.setattr(made.runs, "find", lambda *_, **__: 1 / 0)
        answer = made.ask("GET", "/api/v1/runs")
        assert (answer.status, answer.json) == (500, {"message": "A bug in the engine; its log says where."})
        assert "frame-ancestors" in answer.headers["content-security-policy"]
    assert "ZeroDivisionError" in caplog.text


def test_a_wrong_token_is_refused_even_where_none_is_needed(local):
    assert local.ask("GET", "/api/v1/pulls", ("Authorization", "Bearer x")).status == 401


def test_writing_takes_a_token_wherever_one_sits(local):
    said = {"state": "on", "reason": "maintenance"}
    assert local.ask("POST", "/api/v1/freeze", body=said).status == 401
    refused = local.ask("POST", "/api/v1/freeze", body=said, who="eve")
    assert (refused.status, refused.json["message"]) == (403, "The token eve may only read.")
    assert local.said() == []


FORWARDED = [
    ("a proxy that is told of says that it is https", "10.1.2.3", [("X-Forwarded-Proto", "https")], "https"),
    ("IPv4 as IPv6 has it", "::ffff:10.1.2.3", [("X-Forwarded-Proto", "https")], "https"),
    ("it says nothing", "10.1.2.3", [], "http"),
    ("who comes by no address says so", "/run/socket", [("X-Forwarded-Proto", "https")], "http"),
    ("somebody else says so", "192.0.2.1", [("X-Forwarded-Proto", "https")], "http"),
    ("this machine, of which nobody has told", "127.0.0.1", [("X-Forwarded-Proto", "https")], "http"),
]


@pytest.mark.parametrize(("why", "client", "headers", "scheme"), FORWARDED, ids=[row[0] for row in FORWARDED])
def test_forwarded_headers_count_from_where_told(public, why, client, headers, scheme):
    answer = public.ask("GET", "/sign-in", *headers, host=NAME, client=client)
    (cookie,) = answer.cookies
    assert ("Secure" in cookie, cookie.startswith("__Host-interlock=")) == ((scheme == "https",) * 2), why


NAMES = [
    ("the proxy hands on our name", "10.1.2.3", NAME, [], 200),
    ("the proxy asks by its own name for us, and says ours", "10.1.2.3", "backend", [("X-Forwarded-Host", NAME)], 200),
    ("the proxy says another", "10.1.2.3", NAME, [("X-Forwarded-Host", "evil.example")], 421),
    ("the proxy says two", "10.1.2.3", NAME, [("X-Forwarded-Host", NAME), ("X-Forwarded-Host", "evil.example")], 400),
    ("the proxy says two in one", "10.1.2.3", NAME, [("X-Forwarded-Host", f"{NAME}, evil.example")], 421),
    ("two schemes", "10.1.2.3", NAME, [("X-Forwarded-Proto", "https"), ("X-Forwarded-Proto", "http")], 400),
    ("a scheme that is none", "10.1.2.3", NAME, [("X-Forwarded-Proto", "javascript")], 421),
    ("somebody else says ours", "192.0.2.1", "evil.example", [("X-Forwarded-Host", NAME)], 421),
    ("two names", "192.0.2.1", NAME, [("Host", "evil.example")], 400),
    ("by the port that we listen at", "192.0.2.1", f"{NAME}:8080", [], 200),
]


@pytest.mark.parametrize(("why", "client", "host", "headers", "status"), NAMES, ids=[row[0] for row in NAMES])
def test_the_name_is_exactly_ours(public, why, client, host, headers, status):
    assert public.ask("GET", "/sign-in", *headers, host=host, client=client).status == status, why


def test_whether_we_live_is_told_to_everybody_and_nothing_else(public):
    answer = public.ask("GET", "/healthz", host="10.244.0.7:8080", client="192.0.2.1")
    assert (answer.status, answer.text) == (200, "ok\n")


def test_a_session_begins_with_a_token_and_ends_with_it(tmp_path):
    with scene(tmp_path) as made:
        browser = made.browser()
        assert browser.sign_in("ann").status == 303
        assert browser.post("/freeze", {"token": browser.token(), "state": "on", "reason": "x"}).status == 303
        made.take("ann")
        refused = browser.post("/freeze", {"token": browser.token(), "state": "off", "reason": "x"})
        assert refused.status == 401
        assert made.said() == [("on", "ann")]


def test_who_signs_out_is_nobody(tmp_path):
    with scene(tmp_path) as made:
        browser = made.browser()
        browser.sign_in("ann")
        before = dict(browser.cookies)
        assert browser.post("/sign-out", {"token": browser.token()}).status == 303
        browser.cookies = before
        assert browser.post("/freeze", {"token": browser.token(), "state": "on", "reason": "x"}).status == 401


@pytest.mark.parametrize("damage", ["", "ann", "ann:xyz", "ann:" + "0" * 64 + ":admin", "\xff\xfe"])
def test_a_file_that_is_damaged_while_we_run_lets_nobody_in(tmp_path, damage):
    with scene(tmp_path) as made:
        with open(made.file, "ab") as file:
            file.write(damage.encode("latin-1") + b"\n")
        status = 401 if damage else 200
        assert made.ask("GET", "/api/v1/pulls", who="eve").status == status
        os.chmod(made.file, 0o644)
        assert made.ask("GET", "/api/v1/pulls", who="eve").status == 401, "others may read it now"


def test_a_name_stands_there_once(tmp_path):
    with scene(tmp_path) as made, open(made.file, encoding="utf-8") as file:
        again = file.read() + "ann:" + "0" * 64 + "\n"
    with open(made.file, "w", encoding="utf-8") as file:
        file.write(again)
    with pytest.raises(EngineError, match="ENG800"):
        scene(tmp_path).__enter__()


def test_a_read_only_session_is_offered_nothing_and_does_nothing(tmp_path):
    with scene(tmp_path) as made:
        browser = made.browser()
        browser.sign_in("eve")
        answer = browser.post("/freeze", {"token": browser.token(), "state": "on", "reason": "x"})
        assert (answer.status, "may only read" in answer.text) == (403, True)


TOLD = [
    ("all the world, by no name", {"host": "0.0.0.0"}, "--host-name"),
    ("a name with its scheme", {"host_names": frozenset({"https://engine.example.org"})}, "--host-name"),
    ("a name that is none", {"host_names": frozenset({"a b"})}, "--host-name"),
    ("a proxy that is no address", {"proxies": frozenset({"proxy.example.org"})}, "--proxy"),
    ("half a network", {"proxies": frozenset({"10.0.0.1/8"})}, "--proxy"),
    ("a path that leads elsewhere", {"root_path": "//evil.example"}, "--root-path"),
    ("a path with markup", {"root_path": '/"><script>'}, "--root-path"),
    ("a path without a slash", {"root_path": "interlock"}, "--root-path"),
]


@pytest.mark.parametrize(("why", "told", "option"), TOLD, ids=[row[0] for row in TOLD])
def test_what_cannot_be_is_said_at_the_start(why, told, option):
    with pytest.raises(EngineError) as refused:
        place(Serving("/s", "/c", (b"x",), **told), 8080)
    assert refused.value.problems[0].code == "ENG802"
    assert option in str(refused.value), why


@pytest.mark.parametrize("stripped", [True, False], ids=["a proxy that takes it off", "one that does not"])
def test_below_a_path(tmp_path, stripped):
    with scene(tmp_path, root_path="/interlock") as made:
        base = "" if stripped else "/interlock"
        answer = made.ask("GET", base + "/pulls?who=ann", ("Accept", "text/html"), host=HERE)
        assert (answer.status, answer.headers["location"]) == (303, "/interlock/sign-in?to=%2Fpulls%3Fwho%3Dann")
        assert 'action="/interlock/sign-in"' in made.ask("GET", base + "/sign-in").text
        assert made.ask("GET", base + "/api/v1/pulls", who="eve").status == 200
        assert made.ask("GET", base + "/healthz").status == 200
