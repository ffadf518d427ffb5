"""`engine app`: an App with the rights of the rules, made by a browser at a forge; and what others send instead."""

import contextlib
import html
import http.client
import io
import json
import os
import re
import stat
import threading
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.adapters.github.auth import App, needed
from engine.adapters.github.client import Client
from engine.cli.main import main
from engine.run.rights import rights
from engine.sandbox.forge.serve import running
from tests.support.browser import chromium
from tests.support.visitor import Form, Seen, Visitor


@pytest.fixture(scope="module")
def forge(tmp_path_factory):
    with running(str(tmp_path_factory.mktemp("forge"))) as forge:
        yield forge


class Registering:
    """`engine app register` in a thread, and what it has printed."""

    def __init__(self, forge, out, monkeypatch, *words):
        monkeypatch.setenv("GITHUB_API_URL", forge.urls.base + "/api/v3")
        self.forge, self.code, self.out, self.err = forge, None, io.StringIO(), io.StringIO()
        words = ("app", "register", "--owner", "acme", "--out", str(out), "--json", *words)
        words += ("--wait", "60")

        def run():
            with contextlib.redirect_stdout(self.out), contextlib.redirect_stderr(self.err):
                self.code = main(words)

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        until = time.monotonic() + 60
        while not (found := re.search(r"http://127\S+", self.err.getvalue())):
            assert time.monotonic() < until, self.err.getvalue()
            assert self.thread.is_alive(), self.err.getvalue()
            time.sleep(0.01)
        self.url = found[0]

    def ended(self):
        self.thread.join(60)
        assert not self.thread.is_alive()
        return self.code

    def asked(self, path, host=None):
        where = urlsplit(self.url)
        connection = http.client.HTTPConnection(where.netloc, timeout=30)
        connection.request("GET", path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return Seen(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode(), {}, [])

    def landed(self, login="olga"):
        """At GitHub, as the button leads there: (who, page)."""
        page = self.asked(urlsplit(self.url).path)
        [action] = map(html.unescape, re.findall(r'action="([^"]*)"', page.text))
        [manifest] = map(html.unescape, re.findall(r'name="manifest" value="([^"]*)"', page.text))
        visitor = Visitor(self.forge, login)
        to = action.removeprefix(self.forge.urls.base)
        return (
            visitor,
            to,
            visitor.post(to, {"manifest": manifest}, Origin=urlsplit(self.url)._replace(path="").geturl()),
        )

    def back(self):
        """Where GitHub leads after its button was pressed."""
        visitor, _, shown = self.landed()
        form: Form = shown.forms["register"]
        pressed = visitor.post(form.action, form.fields)
        assert pressed.status == 303, pressed.text
        return pressed.headers["location"]


def test_an_app_is_made_and_its_key_lies_in_a_file(forge, tmp_path, monkeypatch):
    out = tmp_path / "keys"
    one = Registering(
        forge, out, monkeypatch, "--name", "Interlock Acme", "--webhook", "https://engine.example.org/webhooks"
    )
    back = urlsplit(one.back())
    assert one.asked(f"{back.path}?{back.query}").status == 200
    assert one.ended() == 0, one.err.getvalue()
    said = json.loads(one.out.getvalue())
    assert (said["slug"], said["owner"]) == ("interlock-acme", "acme")
    settings = said["settings"]
    key = settings["ENGINE_GITHUB_APP_KEY_FILE"]
    for file in (key, settings["ENGINE_WEBHOOK_SECRET_FILE"]):
        assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    with open(key, "rb") as file:
        private = file.read()
    found = Client(forge.urls.base + "/api/v3", App(settings["ENGINE_GITHUB_APP_ID"], private)).get("/app")
    wanted = needed(rights(".").permissions)
    assert found["permissions"] == {**wanted, "metadata": "read"}, "no right more, and none less"
    assert set(found["events"]) < rights(".").events | {"push"}
    bot = forge.kept.value("SELECT id FROM accounts WHERE login = 'interlock-acme[bot]'")
    assert settings["ENGINE_GITHUB_BOT_ID"] == str(bot)
    shown = one.out.getvalue() + one.err.getvalue()
    code = parse_qs(back.query)["code"][0]
    assert code not in shown
    assert private.decode()[40:80] not in shown
    again = Visitor(forge).post(f"/api/v3/app-manifests/{code}/conversions", {}, Origin="")
    assert again.status == 404, "a code is good once"


@pytest.mark.parametrize(
    ("why", "query", "status"),
    [
        ("a state of somebody else's", "code=abcdefghijklmnop&state=forged", 403),
        ("no state", "code=abcdefghijklmnop", 403),
        ("a state twice", "code=abcdefghijklmnop&state=a&state=b", 403),
        ("a state that is no ASCII", "code=abcdefghijklmnop&state=%C3%A9%00", 403),
    ],
)
def test_what_others_send_ends_it_and_leaves_nothing(forge, tmp_path, monkeypatch, why, query, status):
    one = Registering(forge, tmp_path, monkeypatch)
    assert one.asked(f"/callback?{query}").status == status
    assert one.ended() == 1
    assert "ENG973" in one.out.getvalue() + one.err.getvalue()
    assert list(tmp_path.iterdir()) == []


def test_names_that_lead_here_and_paths_that_are_guessed_are_answered_nothing(forge, tmp_path, monkeypatch):
    one = Registering(forge, tmp_path, monkeypatch, "--name", "Guessed")
    page = urlsplit(one.url)
    assert one.asked(page.path, host=f"evil.example:{page.port}").status == 421
    assert one.asked(page.path, host=f"localhost:{page.port}").status == 421
    assert one.asked("/").status == 404
    shown = one.asked(page.path)
    assert shown.status == 200
    policy = shown.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert f"form-action {forge.urls.base};" in policy
    assert "<script" not in shown.text
    back = urlsplit(one.back())  # the right answer, with a code that is none
    state = parse_qs(back.query)["state"][0]
    assert one.asked(f"/callback?code=..%2F..%2Fuser&state={state}").status == 200
    assert one.ended() == 1
    assert "ENG971" in one.out.getvalue() + one.err.getvalue()
    assert list(tmp_path.iterdir()) == []


def test_only_an_owner_makes_one_for_the_organisation_and_only_by_the_button(forge, tmp_path, monkeypatch):
    one = Registering(forge, tmp_path, monkeypatch, "--name", "Another")
    before = forge.kept.value("SELECT count(*) FROM apps")
    assert one.landed("ann")[2].status == 404
    visitor, to, shown = one.landed()
    assert shown.status == 200
    form = shown.forms["register"]
    elsewhere = visitor.post(form.action, form.fields, Origin="http://127.0.0.1:1")
    assert elsewhere.status in (403, 421)
    assert visitor.post(form.action, {**form.fields, "token": "x"}).status == 403
    odd = json.dumps({**json.loads(form.fields["manifest"]), "redirect_url": "http://evil.example/callback"})
    assert visitor.post(to, {"manifest": odd}).status == 422
    assert forge.kept.value("SELECT count(*) FROM apps") == before
    one.asked("/callback?state=no")
    assert one.ended() == 1


@pytest.mark.parametrize(
    ("why", "words", "code"),
    [
        ("a name with markup", ["--name", "<b>"], "ENG970"),
        ("a name of 40 letters", ["--name", "a" * 40], "ENG970"),
        ("a webhook in the clear", ["--webhook", "http://engine.example.org/webhooks"], "ENG970"),
        ("an organisation with a slash", ["--owner", "acme/../x"], "ENG970"),
        ("a folder in a repository", ["--out", "."], "ENG974"),
    ],
)
def test_what_cannot_be(capsys, why, words, code):
    assert main(["app", "register", "--wait", "0", *words]) == 2
    assert code in capsys.readouterr().err


def test_a_key_that_is_there_is_not_written_over(tmp_path, capsys):
    (tmp_path / "app-key.pem").write_text("of another App")
    assert main(["app", "register", "--wait", "0", "--out", str(tmp_path)]) == 2
    assert "ENG284" in capsys.readouterr().err
    assert (tmp_path / "app-key.pem").read_text() == "of another App"


def test_nobody_comes(tmp_path, capsys):
    assert main(["app", "register", "--wait", "0", "--out", str(tmp_path)]) == 1
    assert "ENG973" in capsys.readouterr().err


def test_the_reader_may_only_look(capsys):
    assert main(["app", "manifest", "--reader", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said["default_permissions"].values()) == {"read"}
    assert said["public"] is False
    assert said["default_events"] == []
    assert said["hook_attributes"]["active"] is False


@pytest.mark.slow
@pytest.mark.browser
def test_in_a_browser_it_is_three_clicks(forge, tmp_path, monkeypatch):
    """Whose policies of forms, on two addresses, nothing but a browser keeps."""
    one = Registering(forge, tmp_path, monkeypatch, "--name", "By Hand")
    with chromium() as browser:
        page = browser.new_page()
        page.goto(forge.urls.base + "/login")
        page.get_by_role("button", name="olga").click()
        page.goto(one.url)
        page.get_by_role("button", name="Go to GitHub").click()
        page.get_by_role("button", name="Create GitHub App for acme").click()
        page.get_by_text("Done: the terminal says how to go on").wait_for()
        page.close()
    assert one.ended() == 0, one.err.getvalue()
