"""A job's own identity, exchanged for keys: what is asked of whom, and what each refusal comes to."""

import json
import os
from threading import Thread
from urllib.parse import parse_qs

import pytest

from engine.adapters import secrets_given, settings
from engine.adapters.job_identity import Exchange
from engine.adapters.places import BucketPlace, Identity
from engine.adapters.terraform import environment
from engine.errors import EngineError, ExitCode
from tests.support.http import GONE, Answer
from tests.support.identity import BEARER, SUBJECT, error, far, token

ROLE = "arn:aws:iam::333333333333:role/interlock-apply-production"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("AWS_", "ACTIONS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def exchange(monkeypatch, server, identity, clock=lambda: 0.0):
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    return Exchange(identity, clock)


def test_the_token_is_for_aws_alone_and_buys_one_role(monkeypatch):
    with far() as (server, identity):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFTHEMACHINE0000")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-machine")
        found = exchange(monkeypatch, server, identity).keys(ROLE, "eu-central-1", 7200)
    asked, bought = server.asked
    assert (asked.method, asked.path) == ("GET", "/token?api-version=2&audience=sts.amazonaws.com")
    assert asked.headers["authorization"] == f"Bearer {BEARER}"
    assert {key: value for key, [value] in parse_qs(bought.body.decode()).items()} == {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": ROLE,
        "RoleSessionName": "interlock-7",
        "WebIdentityToken": token(),
        "DurationSeconds": "7200",
    }
    assert "authorization" not in bought.headers, "no key of the machine's signs it"
    assert (found.secret, found.token) == ("secret-of-session-1", "token-of-session-1")
    assert "secret" not in repr(found)
    assert "token-of" not in repr(found)


def test_keys_are_handed_out_for_five_minutes(monkeypatch):
    now = 0.0
    with far() as (server, identity):
        made = exchange(monkeypatch, server, identity, lambda: now)
        keys = [made.keys(ROLE, None, 3600)]
        now = 299.0
        keys.append(made.keys(ROLE, None, 3600))
        now = 300.0
        keys.append(made.keys(ROLE, None, 3600))
        keys.append(made.keys(f"{ROLE}-of-another", None, 3600))
    assert [one.secret[-1] for one in keys] == ["1", "1", "2", "3"]
    assert sum(one.method == "GET" for one in server.asked) == 3, "each by a token of its own"


def test_whoever_asks_meanwhile_gets_the_same(monkeypatch):
    with far() as (server, identity):
        made, found = exchange(monkeypatch, server, identity), []
        threads = [Thread(target=lambda: found.append(made.keys(ROLE, None, 900))) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert (len(found), len(set(found)), len(server.asked)) == (4, 1, 2)


def says(path, answer):
    return lambda asked: answer if asked.path.partition("?")[0] == path else None


LONG = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
REFUSALS = [
    ("the job has no such permission", "/token", Answer(403), {}, "ENG945", "403"),
    ("no token", "/token", Answer(body=b'{"value": "abc"}'), {}, "ENG945", "no token"),
    ("a page of a proxy's", "/token", Answer(body=b"<html>"), {}, "ENG945", "no token"),
    ("something without an end", "/token", Answer(body=b'{"value": "' + b"a" * 200_000), {}, "ENG945", "no token"),
    ("nobody", "/token", GONE, {}, "ENG945", "RemoteDisconnected"),
    ("somebody else is to be asked", "/token", Answer(302, b"", {"Location": "/elsewhere"}), {}, "ENG945", "302"),
    ("a token for somebody else", "", None, {"aud": "api://other"}, "ENG945", "api://other"),
    ("the role trusts another", "/", error("AccessDenied", status=403), {}, "ENG947", SUBJECT),
    ("another audience is let in", "/", error("InvalidIdentityToken"), {}, "ENG947", "sts.amazonaws.com"),
    ("it was too late", "/", error("ExpiredTokenException"), {}, "ENG948", ROLE),
    ("the role gives no such session", "/", error("ValidationError", LONG), {}, "ENG949", "3600 s"),
    ("another mistake in it", "/", error("ValidationError", "a secret"), {}, "ENG946", "ValidationError"),
    ("the region is off", "/", error("RegionDisabledException", status=403), {}, "ENG946", "RegionDisabled"),
    ("not AWS", "/", Answer(body=b"<html>"), {}, "ENG946", "Error"),
]


@pytest.mark.parametrize(("why", "path", "answer", "claims", "code", "told"), REFUSALS, ids=[r[0] for r in REFUSALS])
def test_each_refusal_says_what_to_do(monkeypatch, why, path, answer, claims, code, told):
    told_by = says(path, answer) if path else lambda _: None
    with far(told_by, **claims) as (server, identity), pytest.raises(EngineError) as caught:
        exchange(monkeypatch, server, identity).keys(ROLE, None, 3600)
    [problem] = caught.value.problems
    assert (problem.code, told in problem.message) == (code, True), problem.message
    text = f"{problem.message} {problem.hint}"
    assert not [secret for secret in (BEARER, token(**claims), "a secret", "</") if secret in text]
    assert len([one for one in server.asked if one.path != "/"]) == 1, "nobody else is asked"
    assert ("aud" in claims or path == "/token") == (not [one for one in server.asked if one.path == "/"])


@pytest.mark.parametrize(
    ("why", "identity", "code"),
    [
        ("no job, or one without the permission", None, "ENG944"),
        ("what everybody on the way could read", Identity("http://169.254.1.1/token", BEARER), "ENG945"),
        ("a file", Identity("file:///etc/passwd", BEARER), "ENG945"),
        ("no address", Identity("http://[", BEARER), "ENG945"),
    ],
)
def test_nobody_is_asked(why, identity, code):
    with pytest.raises(EngineError, match=code) as caught:
        Exchange(identity).keys(ROLE, None, 3600)
    assert caught.value.exit_code == ExitCode.AUTH, why


def test_what_was_given_is_hidden_from_then_on(monkeypatch):
    before = environment.redactor({})
    with far() as (server, identity):
        keys = exchange(monkeypatch, server, identity).keys(ROLE, None, 3600)
    hide = environment.redactor({})
    for secret in (keys.secret, keys.token, token()):
        assert secret in secrets_given.all_of_them()
        assert secret not in hide.text(f"it says {json.dumps({'a': secret})}")
    assert before.text("plain") == "plain"


def test_settings_show_nothing_of_it():
    url = "https://token.example/"
    values = settings.read(
        {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BEARER, "HOME": "/h"}
    )
    assert values.identity == (url, BEARER)
    assert BEARER not in f"{values!r}{values.identity!r}{values.credentials!r}"


STORE_ROLE = "arn:aws:iam::999999999999:role/interlock-store-plan"


@pytest.mark.parametrize(
    ("why", "environ", "refused"),
    [
        ("a role", {"ENGINE_STORE_ROLE": STORE_ROLE}, False),
        ("no ARN", {"ENGINE_STORE_ROLE": "interlock-store"}, True),
        ("a user", {"ENGINE_STORE_ROLE": "arn:aws:iam::999999999999:user/a"}, True),
        ("two ways in", {"ENGINE_STORE_ROLE": STORE_ROLE, "ENGINE_STORE_PROFILE": "store"}, True),
    ],
)
def test_who_the_store_is_used_as(why, environ, refused):
    given = {"HOME": "/h", "ENGINE_STORE": "s3:acme-store", **environ}
    if refused:
        with pytest.raises(EngineError, match="ENGINE_STORE_ROLE"):
            settings.read(given)
    else:
        place = settings.read(given).store
        assert isinstance(place, BucketPlace), why
        assert (place.role, place.profile) == (STORE_ROLE, None)
