"""What `engine serve` shows and does is for who has the right, by their own hand, and by no page but its own."""

import re
import socket

import pytest

from engine.service.deeds import DEEDS
from engine.service.pages import PAGES
from engine.service.settings import LOOPBACK
from tests.support.serving import HERE, PORT, listening, scene

NAME = "engine.example.org"
PUBLIC = {"host": "0.0.0.0", "host_names": LOOPBACK | {NAME}, "proxies": frozenset({"10.0.0.0/8"})}
PLACES = {"owner": "acme", "name": "infra", "repo": "infra", "number": "5", "run": "gh-r", "delivery": "d-1"}
FREEZE = {"state": "on", "reason": "mine"}


@pytest.fixture
def made(tmp_path):
    with scene(tmp_path) as one:
        one.pull(5)
        one.delivered("d-1", "failed")
        one.ran("r", "failed")
        yield one


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    with scene(tmp_path_factory.mktemp("public"), **PUBLIC) as one:
        one.pull(5)
        one.delivered("d-1")
        one.ran("r", "done")
        yield one


def _untouched(made) -> bool:
    run, delivery = made.runs.get("gh-r"), made.inbox.get("d-1")
    assert run is not None and delivery is not None  # noqa: PT018 - they are there
    return (run.state, run.asked, delivery.state, made.said()) == ("failed", "", "failed", [])


FORGED = [
    ("no token", {"token": ""}, []),
    ("a token that was made up", {"token": "0" * 64}, []),
    ("a token that is no ASCII", {"token": "\u00e9"}, []),
    ("a form of another port", {}, [("Origin", "http://127.0.0.1:1")]),
    ("a form of the same host by another name", {}, [("Origin", f"http://localhost:{PORT}")]),
    ("a form of another scheme", {}, [("Origin", f"https://{HERE}")]),
    ("a form of nowhere", {}, [("Origin", "null")]),
    ("a form of an address that begins like ours", {}, [("Origin", f"http://{HERE}.evil.example")]),
    ("a form of another site, as the browser says", {}, [("Origin", ""), ("Sec-Fetch-Site", "cross-site")]),
    ("a form of the same site, as the browser says", {}, [("Origin", ""), ("Sec-Fetch-Site", "same-site")]),
    ("a form that is said to be JSON", {"token": ""}, [("Content-Type", "application/json")]),
    ("a form that is plain text", {"token": ""}, [("Content-Type", "text/plain")]),
]


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
@pytest.mark.parametrize("below", ["", "/api/v1"], ids=["page", "api"])
def test_a_form_of_another_page_does_nothing(made, deed, below):
    """The browser of somebody who is signed in sends it, with their cookie."""
    ann = made.browser()
    ann.sign_in("ann")
    path = below + deed.path.format(**PLACES)
    for why, fields, headers in FORGED:
        answer = ann.post(path, {"token": ann.token(), **FREEZE, **fields}, *headers)
        assert answer.status in (403, 421), why
    assert _untouched(made)


def test_the_token_of_another_session_is_none(made):
    ann, eve = made.browser(), made.browser()
    ann.sign_in("ann")
    eve.sign_in("eve")
    assert ann.post("/freeze", {"token": eve.token(), **FREEZE}).status == 403
    again = made.browser()
    again.sign_in("ann")
    assert ann.post("/freeze", {"token": again.token(), **FREEZE}).status == 403, "her own other one"
    assert _untouched(made)


def test_the_form_of_an_earlier_start_is_none(made, tmp_path_factory):
    ann = made.browser()
    ann.sign_in("ann")
    token = ann.token()
    with scene(tmp_path_factory.mktemp("later")) as later:
        later.tokens = made.tokens
        ann.scene = later
        assert ann.post("/freeze", {"token": token, **FREEZE}).status == 403
        assert later.said() == []


def test_an_api_takes_no_cookie_for_a_token(made):
    ann = made.browser()
    ann.sign_in("ann")
    cookie = "; ".join(f"{name}={value}" for name, value in ann.cookies.items())
    for content in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        sent = [("Cookie", cookie), ("Content-Type", content)]
        assert made.ask("POST", "/api/v1/freeze", *sent, body=FREEZE).status == 403
    assert _untouched(made)


def test_looking_does_nothing(made):
    """A picture or a link can be anywhere."""
    ann = made.browser()
    ann.sign_in("ann")
    for path in ("/sign-out", *(below + deed.path.format(**PLACES) for deed in DEEDS for below in ("", "/api/v1"))):
        for method in ("GET", "HEAD"):
            answer = made.ask(method, f"{path}?token={ann.token()}&state=on&reason=x", who="ann")
            assert answer.status in (200, 400, 404, 405), path
    assert _untouched(made)
    assert ann.post("/freeze", {"token": ann.token(), **FREEZE}).status == 303, "and the session goes on"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "POST "])
def test_a_verb_of_one_s_own_gets_around_nothing(made, method):
    for path in ("/api/v1/freeze", "/freeze", "/pulls"):
        assert made.ask(method, path).status in (401, 403, 404, 405)
        assert made.ask(method, path, ("X-HTTP-Method-Override", "POST"), who="eve").status in (403, 404, 405)
    assert _untouched(made)


def test_who_plants_a_session_is_not_in_it_afterwards(made):
    """The attacker's browser begins, and has the victim's go on with its cookie."""
    attacker, victim = made.browser(), made.browser()
    attacker.token()
    planted = dict(attacker.cookies)
    victim.cookies = dict(planted)
    assert victim.sign_in("ann").status == 303
    assert victim.cookies != planted
    assert attacker.post("/freeze", {"token": attacker.token(), **FREEZE}).status == 401
    assert _untouched(made)


def test_a_session_of_before_ends_where_somebody_signs_in_anew(made):
    browser = made.browser()
    browser.sign_in("ann")
    old = dict(browser.cookies)
    browser.sign_in("eve")
    browser.cookies = old
    assert browser.post("/freeze", {"token": browser.token(), **FREEZE}).status == 401


def test_nobody_is_signed_in_as_another_by_a_page_elsewhere(made):
    """What the victim then does would be the attacker's to see."""
    attacker, victim = made.browser(), made.browser()
    stolen = attacker.token()
    form = {"token": stolen, "secret": made.tokens["eve"], "to": "/"}
    assert victim.post("/sign-in", form).status == 401, "no visit of its own"
    victim.token()
    assert victim.post("/sign-in", form).status == 403, "the form is of another visit"
    form["token"] = victim.token()
    assert victim.post("/sign-in", form, ("Origin", "https://evil.example")).status == 403


def test_the_cookie_is_read_by_no_script_and_sent_by_no_form_elsewhere(made, public):
    here = made.browser()
    here.token()
    for answer in (made.ask("GET", "/sign-in"), here.sign_in("ann")):
        (cookie,) = answer.cookies
        name, *attributes = [part.strip() for part in cookie.split(";")]
        assert name.startswith(f"interlock-{PORT}="), "other services of this machine have cookies of their own"
        assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(attributes)
        assert "Domain" not in cookie
    there = public.browser(host=NAME, scheme="https", client="10.0.0.1")
    there.token()
    (cookie,) = there.sign_in("ann").cookies
    assert cookie.startswith("__Host-interlock="), "no other name of the domain can set it"
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}


@pytest.mark.parametrize("cookie", ["", "x", "\u00ff", "x" * 9000, '"', "a=b", "; ;"])
def test_a_cookie_that_was_made_up_is_nobody_s(public, cookie):
    sent = ("Cookie", f"interlock-{PORT}={cookie}; __Host-interlock={cookie}")
    assert public.ask("GET", "/api/v1/pulls", sent, host=NAME, client="192.0.2.1").status == 401


WAYS = [
    ("/pulls?who=ann", "/pulls?who=ann"),
    ("//evil.example/", "/"),
    ("///evil.example", "/"),
    ("https://evil.example/", "/"),
    ("/\\evil.example", "/"),
    ("\\\\evil.example", "/"),
    ("/\t/evil.example", "/"),
    ("javascript:alert(1)", "/"),
    ("/sign-in?to=//evil.example", "/"),
    ("/sign-out", "/"),
    ("", "/"),
    ("/a\r\nSet-Cookie: x=y", "/"),
    ("/a\u2028b", "/"),
]


@pytest.mark.parametrize(("asked", "led"), WAYS)
def test_signing_in_leads_nowhere_else(made, asked, led):
    browser = made.browser()
    assert browser.sign_in("ann", asked).headers["location"] == led


@pytest.mark.parametrize(
    "path", ["//evil.example/", "//evil.example/%2e%2e", "/pulls/", "/%5cevil.example", "/\\evil.example", "/.//evil"]
)
def test_no_path_leads_elsewhere(made, path):
    for who in ("", "ann"):
        answer = made.ask("GET", path, ("Accept", "text/html"), who=who)
        assert answer.status in (401, 404), path
        assert "location" not in answer.headers


def test_a_path_that_leads_to_signing_in_comes_back_here(public):
    for path in ("//evil.example/", "/\\evil.example", "/pulls?x=\r\nSet-Cookie:a=b", "/%0d%0aX:1"):
        answer = public.ask("GET", path, ("Accept", "text/html"), host=NAME, client="192.0.2.1")
        assert answer.status == 303
        assert re.fullmatch(r"/sign-in\?to=[A-Za-z0-9%+._-]*", answer.headers["location"]), path
        to = public.ask("GET", answer.headers["location"], host=NAME, client="192.0.2.1")
        assert 'name="to" value="/' in to.text
        assert 'value="//' not in to.text


SECRET = ["/pulls/acme/infra/5", "/runs/gh-r", "/api/v1/pulls/acme/infra/5", "/api/v1/runs/gh-r", "/runs/gh-r/live"]
NOTHING = ["/pulls/acme/infra/6", "/runs/gh-x", "/api/v1/pulls/acme/infra/6", "/api/v1/runs/gh-x", "/runs/gh-x/live"]


@pytest.mark.parametrize(("there", "nowhere"), list(zip(SECRET, NOTHING, strict=True)))
def test_without_a_right_nobody_learns_what_there_is(public, there, nowhere):
    """Every answer is the same, whether it is there or not, and for every verb."""
    for headers in ((), (("Accept", "text/html"),)):
        for method in ("GET", "HEAD", "POST", "DELETE"):
            one, other = (
                public.ask(method, path, *headers, host=NAME, client="192.0.2.1") for path in (there, nowhere)
            )
            assert one.status in (303, 401)
            assert one.body == other.body
            assert {**one.headers, "location": ""} == {**other.headers, "location": ""}


def test_without_a_right_every_page_and_every_answer_is_shut(public):
    paths = [row.path.format(**PLACES) for row in PAGES]
    paths += ["/metrics", "/live", "/api/v1/openapi.json", "/api/v1/overview", "/api/v1/queue", "/api/v1/deliveries"]
    for path in paths:
        assert public.ask("GET", path, host=NAME, client="192.0.2.1").status == 401, path
        assert public.ask("GET", path, host=NAME, client="10.0.0.1").status == 401, "a proxy is nobody"
        assert public.ask("GET", path, host=NAME, client="127.0.0.1").status == 401, "nor is this machine, by that name"
    for deed in DEEDS:
        for below in ("", "/api/v1"):
            path = below + deed.path.format(**PLACES)
            assert public.ask("POST", path, host=NAME, client="127.0.0.1").status == 401
            assert public.ask("POST", path, who="eve", host=NAME, body=FREEZE).status == 403


TRICKS = [
    "/api/v1/../v1/pulls",
    "/api/v1/%2e%2e/v1/pulls",
    "/api/v1//pulls",
    "//api/v1/pulls",
    "/API/V1/pulls",
    "/api/v1/pulls/",
    "/api/v1/pulls;x",
    "/api/v1/pulls%00",
    "/api%2fv1%2fpulls",
    "/static/../api/v1/pulls",
    "/static/%2e%2e/api/v1/pulls",
    "/sign-in/../api/v1/pulls",
    "/sign-in/..%2fapi/v1/pulls",
    "/healthz/../metrics",
    "/webhooks/../metrics",
    "/webhooks/",
    "/static/..%2f..%2f..%2ftokens",
    "/static/%2e%2e/%2e%2e/guard.py",
    "/static/style.css",
    "/metrics%3f",
    "/\u00e9",
    "*",
    "http://evil.example/metrics",
]


@pytest.mark.parametrize("path", TRICKS)
def test_no_spelling_of_a_path_gets_around_a_right(public, path):
    answer = public.ask("GET", path, host=NAME, client="192.0.2.1")
    assert answer.status in (401, 404), path


@pytest.mark.parametrize(
    "path",
    [
        "/pulls/../../5",
        "/pulls/%2e%2e/%2e%2e/5",
        "/pulls/..%2f..%2f..%2f5/x/5",
        "/pulls/acme/in%00fra/5",
        "/pulls/acme/%e2%80%ae/5",
        "/api/v1/pulls/%2e%2e/%2e%2e/5",
        "/api/v1/pulls/%2e/%2e%2e/5",
        "/api/v1/pulls/acme/..%5c..%5cx/5",
        "/api/v1/runs/%2e%2e",
        "/api/v1/runs/..%2f..%2ftokens",
        "/runs/%2e%2e/live",
        "/api/v1/pulls/" + "a" * 5000 + "/b/5",
        "/api/v1/pulls/acme/infra/5%0a",
    ],
)
def test_a_name_that_leads_out_of_its_place_is_none(made, path):
    for headers in ((), (("Accept", "text/html"),)):
        answer = made.ask("GET", path, *headers)
        assert answer.status == 404, path


def _everything(made):
    paths = [row.path.format(**PLACES) for row in PAGES] + ["/sign-in", "/nothing", "/metrics", "/api/v1/pulls", "/x/y"]
    yield from ((path, made.ask("GET", path, ("Accept", "text/html"))) for path in paths)
    yield "another host", made.ask("GET", "/", host="evil.example")
    yield "a form", made.browser().post("/freeze", {})
    yield "a verb", made.ask("DELETE", "/pulls", who="ann")
    yield "a token", made.ask("GET", "/", ("Authorization", "Bearer x"))
    yield "too much", made.ask("POST", "/freeze", who="ann", body=b"x" * 70000)


def test_every_answer_forbids_what_a_page_does_not_need(made):
    for name, answer in _everything(made):
        rules = dict(rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";"))
        assert rules["default-src"] == "'none'", name
        assert rules["script-src"] == "'self'", "no inline script"
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
        assert rules["form-action"] == "'self'"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers
        assert "server" not in answer.headers


def test_no_token_is_shown_written_or_led_on(made, caplog):
    caplog.set_level("DEBUG")
    ann = made.browser()
    answers = [
        ann.sign_in("ann"),
        ann.get("/"),
        ann.post("/sign-in", {"token": ann.token(), "secret": "interlock_of_somebody", "to": "/"}),
        ann.get(f"/pulls?text={made.tokens['ann']}"),
        made.ask("GET", "/api/v1/overview", who="ann"),
    ]
    texts = [answer.text + str(answer.headers) for answer in answers[:3]] + [answers[4].text]
    assert not any(made.tokens["ann"] in text or "interlock_of_somebody" in text for text in texts)
    assert made.tokens["ann"] not in caplog.text
    with open(made.file, encoding="utf-8") as file:
        assert made.tokens["ann"] not in file.read()


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    with listening(tmp_path_factory.mktemp("there"), host_names=LOOPBACK | {NAME}) as one:
        yield one


SMUGGLED = [
    ("two lengths", "POST / HTTP/1.1\r\nHost: {h}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", {400}),
    (
        "a length and chunks",
        "POST / HTTP/1.1\r\nHost: {h}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        {400},
    ),
    ("chunks spelt oddly", "POST / HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", {400, 501}),
    ("two hosts", "GET /api/v1/pulls HTTP/1.1\r\nHost: {h}\r\nHost: evil.example\r\n\r\n", {400}),
    ("no host", "GET /api/v1/pulls HTTP/1.1\r\n\r\n", {400}),
    ("no host, as it once was", "GET /api/v1/pulls HTTP/1.0\r\n\r\n", {421}),
    ("a line that goes on", "GET /api/v1/pulls HTTP/1.1\r\nHost: {h}\r\n evil.example\r\n\r\n", {400, 421}),
    ("a blank before the colon", "GET /api/v1/pulls HTTP/1.1\r\nHost : {h}\r\n\r\n", {400}),
    (
        "a target that names another host",
        "GET http://evil.example/api/v1/pulls HTTP/1.1\r\nHost: {h}\r\n\r\n",
        {401, 404},
    ),
    (
        "a token under another spelling",
        "GET /api/v1/pulls HTTP/1.1\r\nHost: {h}\r\nAuthorization_: Bearer {t}\r\nX_Authorization: Bearer {t}\r\n\r\n",
        {401},
    ),
    (
        "two tokens",
        "GET /api/v1/pulls HTTP/1.1\r\nHost: {h}\r\nAuthorization: a\r\nAuthorization: Bearer {t}\r\n\r\n",
        {400},
    ),
    ("a NUL", "GET /api/v1/pulls\x00 HTTP/1.1\r\nHost: {h}\r\n\r\n", {400}),
    (
        "who we are, said by the asker",
        "GET /api/v1/pulls HTTP/1.1\r\nHost: {h}\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n",
        {401},
    ),
    (
        "where we are, said by the asker",
        "GET /api/v1/pulls HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: {h}\r\n\r\n",
        {421},
    ),
    ("a good one", "GET /api/v1/pulls HTTP/1.1\r\nHost: {h}\r\nAuthorization: Bearer {t}\r\n\r\n", {200}),
]


@pytest.mark.parametrize(("why", "sent", "statuses"), SMUGGLED, ids=[row[0] for row in SMUGGLED])
def test_a_request_that_two_would_read_in_two_ways(there, why, sent, statuses):
    said = sent.format(h=NAME, t=there.tokens["eve"]).replace("\r\n", "\r\nConnection: close\r\n", 1).encode()
    # Whatever follows must not be taken for a request of its own where the first one was refused for its length.
    with socket.create_connection(("127.0.0.1", there.port), timeout=60) as connection:
        connection.sendall(said)
        answer = b""
        while data := connection.recv(65536):
            answer += data
    assert int(answer.split(b" ", 2)[1]) in statuses, why
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("path", ["/", "/pulls", "/api/v1/overview", "/metrics", "/live", "/sign-in"])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_page_elsewhere_loads_anything_of_ours_into_itself(made, path, site):
    """A browser at this machine needs no token: any site would have it ask for pages all day."""
    for mode in ("no-cors", "cors"):
        answer = made.ask("GET", path, ("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode))
        assert answer.status == 403, mode
        assert b"acme" not in answer.body
    if path != "/live":
        led = made.ask("GET", path, ("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "navigate"))
        assert led.status == 200, "a link from elsewhere is followed"
