"""Whose form it is: the cookie, the token in it, and the page that it came from."""

import pytest

from engine.sandbox.forge.pages import session
from engine.sandbox.forge.pages.people import own_path


def _token(visitor) -> str:
    return str(visitor.get("/").forms["sign-out"].fields["token"])


def _comments(scene) -> int:
    return int(scene.forge.kept.value("SELECT count(*) FROM comments"))


def test_the_cookie_is_read_by_no_script_and_sent_by_no_other_site(scene, visit):
    nobody = visit(None)
    nobody.get("/login")
    port = scene.forge.urls.base.rpartition(":")[2]
    for cookie in [*nobody.set_cookies, *visit("ann").set_cookies]:
        name, *attributes = [part.strip() for part in cookie.split(";")]
        assert name.startswith(f"interlock-sandbox-{port}="), "two sandboxes keep their sessions apart"
        assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(attributes)


REFUSED = [
    ("no token", {"token": ""}, {}),
    ("a token that was made up", {"token": "0" * 64}, {}),
    ("a token that is no ASCII", {"token": "é"}, {}),
    ("a form of the same host under another name", {}, {"Origin": "http://localhost:{port}"}),
    ("a form of another port", {}, {"Origin": "http://127.0.0.1:1"}),
    ("a form of nowhere", {}, {"Origin": "null"}),
    ("a form of the same site, as the browser says", {}, {"Origin": "", "Sec-Fetch-Site": "same-site"}),
    ("a form of another site, as the browser says", {}, {"Origin": "", "Sec-Fetch-Site": "cross-site"}),
]


@pytest.mark.parametrize(("why", "fields", "headers"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_form_that_is_not_this_page_s_own_does_nothing(scene, visit, why, fields, headers):
    ann, before = visit("ann"), _comments(scene)
    port = scene.forge.urls.base.rpartition(":")[2]
    sent = {name: value.replace("{port}", port) for name, value in headers.items()}
    answer = ann.post(f"{scene.pull}/comments", {"token": _token(ann), "body": "Not mine", **fields}, **sent)
    assert answer.status in (403, 421), why
    assert _comments(scene) == before


def test_what_was_typed_into_a_form_that_is_too_old_is_not_lost(scene, visit):
    answer = visit("ann").post(f"{scene.pull}/comments", {"token": "", "body": "An hour of <b>words</b>"})
    assert answer.status == 403
    assert "An hour of &lt;b&gt;words&lt;/b&gt;" in answer.text


def test_the_token_of_another_session_is_none(scene, visit):
    ann, bob = visit("ann"), visit("bob")
    assert ann.post(f"{scene.pull}/comments", {"token": _token(bob), "body": "x"}).status == 403
    assert ann.post(f"{scene.pull}/comments", {"token": _token(visit("ann")), "body": "x"}).status == 403, (
        "her own other"
    )


def test_a_token_holds_for_one_start_only(scene, visit, monkeypatch):
    ann = visit("ann")
    token = _token(ann)
    monkeypatch.setattr(session, "_SECRET", b"of the next start")
    assert ann.post(f"{scene.pull}/comments", {"token": token, "body": "x"}).status == 403
    assert ann.press(scene.pull, "answer", body="Opened again").status == 303, "the session itself goes on"


def test_without_a_session_nobody_does_anything(scene, visit):
    nobody, before = visit(None), _comments(scene)
    token = nobody.get("/login").forms["sign-in"].fields["token"]
    for deed in ("comments", "merge", "close", "title"):
        assert nobody.post(f"{scene.pull}/{deed}", {"token": token, "body": "x", "title": "x"}).status == 401
    assert _comments(scene) == before


def test_signing_in_takes_a_form_of_this_browser(scene, visit):
    number = str(scene.forge.kept.value("SELECT id FROM accounts WHERE login = 'olga'"))
    other = visit(None).get("/login").forms["sign-in"].fields
    victim = visit(None)
    victim.get("/login")
    assert victim.post("/login", {**other, "account": number}).status == 403, "a token of the attacker's own visit"
    assert victim.get("/").texts("h1") == ["Sign in"]


@pytest.mark.parametrize(
    "cookie", ["", "none", "visitor-", "visitor-" + "é" * 32, "x" * 9000, '"', "visitor-" + "a" * 32]
)
def test_an_odd_cookie_is_nobody_s(scene, visit, cookie):
    nobody = visit(None)
    port = scene.forge.urls.base.rpartition(":")[2]
    answer = nobody.get("/", Cookie=f"interlock-sandbox-{port}={cookie}".encode().decode("latin-1"))
    assert (answer.status, answer.texts("h1")) == (200, ["Sign in"])


def test_a_deleted_account_is_signed_out(scene, visit):
    number = scene.forge.kept.insert("accounts", login="leaving", kind="User", created_at=scene.forge.now())
    leaving = visit("leaving")
    assert leaving.get("/").texts("h1") == ["Hello, leaving"]
    scene.forge.kept.run("UPDATE accounts SET deleted = 1 WHERE id = ?", number)
    assert leaving.get("/").texts("h1") == ["Sign in"]


def test_looking_changes_nothing(scene, visit):
    """No address that a picture or a link could open does anything: what acts takes a form."""
    olga = visit("olga")
    tables = ("comments", "reviews", "timeline", "issues", "deliveries", "sessions", "labels")

    def counted():
        return [scene.forge.kept.value(f"SELECT count(*) FROM {table}") for table in tables]

    before = counted()
    for path in (
        "/logout",
        "/login",
        f"{scene.pull}/merge",
        f"{scene.pull}/close",
        f"{scene.pull}/comments",
        f"{scene.pull}/draft",
    ):
        assert olga.get(path).status in (200, 404, 405), path
    assert counted() == before
    assert olga.get("/").texts("h1") == ["Hello, olga"]


WHERE = [
    ("/acme/x/pull/1?a=b", "/acme/x/pull/1?a=b"),
    ("//evil.example/", "/"),
    ("https://evil.example/", "/"),
    ("/\\evil.example", "/"),
    ("/\t/evil.example", "/"),
    ("javascript:alert(1)", "/"),
    ("/login", "/"),
    ("", "/"),
    ("/a\r\nSet-Cookie: x=y", "/"),
]


@pytest.mark.parametrize(("asked", "led"), WHERE)
def test_signing_in_leads_nowhere_else(asked, led):
    assert own_path(asked) == led


def test_a_form_without_end_is_refused(scene, visit):
    ann = visit("ann")
    assert ann.post(f"{scene.pull}/comments", {"token": _token(ann), "body": "x" * 1_100_000}).status == 413
    assert ann.post(f"{scene.pull}/comments", {str(number): "" for number in range(300)}).status == 403


def test_a_login_leads_to_no_address_outside(scene, visit):
    answer = visit(None).get("/login?to=//evil.example/%0d%0aX-Bad:1")
    assert answer.forms["sign-in"].fields["to"] == "/"
