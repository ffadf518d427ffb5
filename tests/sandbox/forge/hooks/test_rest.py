"""Hooks and their deliveries by REST: who may, what is refused, what a hook is told."""

import json
import shutil
import time
import urllib.parse

import jwt
import pytest

from engine.sandbox.forge.git.repositories import create_repository
from engine.sandbox.forge.hooks import manage
from engine.sandbox.forge.hooks.sending import waiting
from tests.support import github_webhooks
from tests.support.npm import CI, UNREACHABLE, or_skip
from tests.support.receiver import until


@pytest.fixture(scope="module")
def repository(forge):
    """`acme/hooked`, which ann may write to; its id."""
    owner = forge.kept.value("SELECT id FROM accounts WHERE login = 'acme'")
    number = create_repository(forge, owner, "hooked")
    ann = forge.kept.value("SELECT id FROM accounts WHERE login = 'ann'")
    forge.kept.insert("collaborators", repository=number, account=ann, permission="write")
    return number


@pytest.fixture
def as_app(forge, as_):
    """The App `interlock`, with a word it has signed."""
    with open(f"{forge.folder}/app-key.pem") as file:
        key = file.read()
    now = int(forge.clock.seconds())
    word = jwt.encode({"iat": now - 10, "exp": now + 300, "iss": "1"}, key, "RS256")
    return lambda verb, path, body=None: as_(None)(verb, path, body, Authorization=f"Bearer {word}")


@pytest.fixture
def made(as_, repository, receiver):
    """`made(events=[…])`: a hook of acme/hooked that goes to the receiver."""

    def create(**body):
        config = {"url": f"{receiver.url}/{time.monotonic_ns()}", "content_type": "json", "secret": "s"}
        answer = as_("olga")("POST", "/repos/acme/hooked/hooks", {"config": config, **body})
        assert answer.status == 201, answer
        return answer.body

    return create


def test_a_hook_is_made_pinged_and_told(forge, receiver, made, repository, as_):
    hook = made(events=["create"])
    (ping,) = receiver.wait(1)
    assert ping.headers["x-github-event"] == "ping"
    assert ping.signed_with("s")
    assert (ping.body["hook_id"], ping.body["repository"]["full_name"]) == (hook["id"], "acme/hooked")
    assert "installation" not in ping.body, "it goes to no App"
    assert hook["config"]["secret"] == ping.body["hook"]["config"]["secret"] == "********"
    until(lambda: not waiting(forge))
    shown = as_("olga")("GET", f"/repos/acme/hooked/hooks/{hook['id']}").body
    assert shown["last_response"] == {"code": 202, "status": "active", "message": "OK"}
    assert shown in as_("olga")("GET", "/repos/acme/hooked/hooks").body


WANTED = [
    ("an event that it names", ["create"], True),
    ("everything", ["*"], True),
    ("another event", ["push"], False),
    ("no event", [], False),
]


@pytest.mark.parametrize(("why", "events", "told"), WANTED, ids=[row[0] for row in WANTED])
def test_which_events_a_hook_gets(forge, receiver, made, as_, repository, why, events, told):
    hook = made(events=events)
    forge.emit(*created(repository))
    made(events=[f"last-{hook['id']}"])
    until(lambda: not waiting(forge))
    names = [got.headers["x-github-event"] for got in receiver.got]
    assert names.count("create") == int(told), why
    as_("olga")("DELETE", f"/repos/acme/hooked/hooks/{hook['id']}")


def created(repository):
    body = {"ref": "v1", "ref_type": "tag", "master_branch": "main", "description": None, "pusher_type": "user"}
    return "create", None, repository, None, body


def test_an_inactive_hook_gets_nothing_but_pings(forge, receiver, made, repository):
    made(events=["create"], active=False)
    forge.emit(*created(repository))
    receiver.wait(1)
    until(lambda: not waiting(forge))
    assert [got.headers["x-github-event"] for got in receiver.got] == ["ping"]


def test_one_event_has_one_guid_for_all_hooks(forge, receiver, made, repository):
    made(events=["create"])
    made(events=["create"])
    forge.emit(*created(repository))
    got = [one for one in receiver.wait(4) if one.headers["x-github-event"] == "create"]
    assert len(got) == 2
    assert len({one.guid for one in got}) == 1


def test_a_change_that_is_taken_back_tells_nobody(forge, receiver, made, repository):
    made(events=["create"])
    receiver.wait(1)

    def fails():
        with forge.kept.change():
            forge.emit(*created(repository))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    until(lambda: not waiting(forge))
    assert len(receiver.got) == 1


WHO = [
    ("the owner", "olga", 200),
    ("a writer may not see them", "ann", 403),
    ("nor who may not even see the repository", "oscar", 404),
    ("nor nobody", None, 404),
]


@pytest.mark.parametrize(("why", "login", "status"), WHO, ids=[row[0] for row in WHO])
def test_who_may(as_, repository, why, login, status):
    assert as_(login)("GET", "/repos/acme/hooked/hooks").status == status, why


REFUSED = [
    ("no address", {"config": {}}),
    ("no configuration", {"events": ["push"]}),
    ("not http", {"config": {"url": "file:///etc/passwd"}}),
    ("not an address", {"config": {"url": "http://"}}),
    ("a port that is none", {"config": {"url": "http://x:99999/"}}),
    ("a line too many", {"config": {"url": "http://x/\r\nX-Evil: 1"}}),
    ("another kind", {"name": "email", "config": {"url": "http://x/"}}),
    ("a content type that GitHub does not have", {"config": {"url": "http://x/", "content_type": "xml"}}),
    ("events that are none", {"config": {"url": "http://x/"}, "events": [1]}),
    ("an address without an end", {"config": {"url": "http://x/" + "y" * 3000}}),
]


@pytest.mark.parametrize(("why", "body"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_no_hook(as_, repository, why, body):
    assert as_("olga")("POST", "/repos/acme/hooked/hooks", body).status == 422, why


def test_a_hook_like_another_is_refused(as_, made):
    hook = made(events=["push", "create"])
    again = {"config": {"url": hook["config"]["url"], "content_type": "json"}, "events": ["push"]}
    assert as_("olga")("POST", "/repos/acme/hooked/hooks", again).status == 422
    assert as_("olga")("POST", "/repos/acme/hooked/hooks", {**again, "events": ["fork"]}).status == 201


def test_there_may_not_be_more_than_twenty_of_one_event(as_, made):
    for _ in range(manage.MOST):
        made(events=["gollum"])
    answer = as_("olga")("POST", "/repos/acme/hooked/hooks", {"config": {"url": "http://x/"}, "events": ["gollum"]})
    assert "cannot have more than 20 hooks" in answer.body["errors"][0]["message"]


def test_a_hook_is_changed(as_, made, receiver):
    olga, hook = as_("olga"), made(events=["push"])
    path = f"/repos/acme/hooked/hooks/{hook['id']}"
    assert olga("PATCH", path, {"add_events": ["fork"], "remove_events": ["push"]}).body["events"] == ["fork"]
    assert olga("PATCH", path, {"active": False}).body["active"] is False
    kept = olga("PATCH", f"{path}/config", {"content_type": "form"}).body
    assert kept == {**hook["config"], "content_type": "form"}, "what is not said stays"
    assert "secret" not in olga("PATCH", path, {"config": {"url": receiver.url}}).body["config"], (
        "all of it is replaced"
    )
    assert olga("GET", f"{path}/config").body == {"url": receiver.url, "content_type": "form", "insecure_ssl": "0"}
    assert olga("DELETE", path).status == 204
    assert olga("GET", path).status == 404


def test_pings_and_tests(forge, as_, made, receiver, repository):
    olga, hook = as_("olga"), made(events=["push"])
    path = f"/repos/acme/hooked/hooks/{hook['id']}"
    assert olga("POST", f"{path}/tests").status == 204, "there was no push yet"
    assert olga("POST", f"{path}/pings").status == 204
    assert [got.headers["x-github-event"] for got in receiver.wait(2)] == ["ping", "ping"]
    until(lambda: not waiting(forge))
    pushed = {"ref": "refs/heads/x", "installation": {"id": 1}}
    forge.kept.insert(
        "deliveries",
        guid="g",
        hook=0,
        repository=repository,
        event="push",
        state="sent",
        due_at="",
        body=json.dumps(pushed).encode(),
    )
    olga("POST", f"{path}/tests")
    assert receiver.wait(3)[2].body == {"ref": "refs/heads/x"}


def test_deliveries_page_by_page(forge, as_, made):
    olga, hook = as_("olga"), made(events=[])
    path = f"/repos/acme/hooked/hooks/{hook['id']}"
    for _ in range(6):
        olga("POST", f"{path}/pings")
    until(lambda: not waiting(forge))
    seen, url = [], f"{path}/deliveries?per_page=3"
    while url:
        answer = olga("GET", url)
        assert len(answer.body) <= 3
        seen += [one["id"] for one in answer.body]
        url = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
        if url:
            assert urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["cursor"] == [f"v1_{seen[-1]}"]
            olga("POST", f"{path}/pings")  # what is new meanwhile moves no page
            until(lambda: not waiting(forge))
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 7
    for wrong in ("x", "v1_", "v1_-1", "v2_3", "v1_99999999999999999999"):
        assert olga("GET", f"{path}/deliveries?cursor={wrong}").status == 422


def test_a_delivery_is_shown_and_sent_again(forge, as_, made, receiver):
    olga, hook = as_("olga"), made(events=[])
    path = f"/repos/acme/hooked/hooks/{hook['id']}/deliveries"
    (first,) = receiver.wait(1)
    until(lambda: not waiting(forge))
    (item,) = olga("GET", path).body
    shown = olga("GET", f"{path}/{item['id']}").body
    assert shown["request"]["payload"] == first.body
    assert shown["request"]["headers"]["X-GitHub-Delivery"] == item["guid"] == first.guid
    assert shown["response"]["payload"] == ""
    assert olga("POST", f"{path}/{item['id']}/attempts").status == 202
    assert receiver.wait(2)[1].guid == first.guid
    until(lambda: not waiting(forge))
    again, _ = olga("GET", path).body
    assert (again["redelivery"], again["guid"]) == (True, first.guid)
    assert len(olga("GET", f"{path}?status=success").body) == 2
    assert olga("GET", f"{path}?status=failure").body == []
    assert olga("GET", f"{path}?status=lost").status == 422
    assert olga("GET", f"{path}/{again['id'] + 100}").status == 404


def test_an_app_s_hook(forge, as_app, as_, receiver, repository):
    assert as_("olga")("GET", "/app/hook/config").status == 401, "not with a person's token"
    secret = manage.of_app(forge, 1)["secret"]
    assert as_app("GET", "/app/hook/config").body["url"] == ""
    assert as_app("PATCH", "/app/hook/config", {"url": receiver.url}).body["url"] == receiver.url
    forge.emit(*created(repository))
    with forge.kept.change():
        forge.kept.run("UPDATE hooks SET events_json = '[\"create\"]' WHERE app = 1")
    forge.emit(*created(repository))
    (got,) = receiver.wait(1)
    assert got.signed_with(secret), "a new address has the old secret"
    installation = forge.kept.value("SELECT id FROM installations")
    assert got.body["installation"]["id"] == installation
    assert (got.body["organization"]["login"], got.body["sender"]["login"]) == ("acme", "ghost")
    until(lambda: not waiting(forge))
    (item,) = as_app("GET", "/app/hook/deliveries").body
    assert (item["installation_id"], item["repository_id"], item["status"]) == (installation, repository, "OK")
    assert as_app("POST", f"/app/hook/deliveries/{item['id']}/attempts").status == 202
    assert receiver.wait(2)[1].guid == got.guid


NOT_INSTALLED = [
    ("suspended", "UPDATE installations SET suspended_at = 'x'", "UPDATE installations SET suspended_at = NULL"),
    (
        "for other repositories",
        "UPDATE installations SET selection = 'selected'",
        "UPDATE installations SET selection = 'all'",
    ),
]


@pytest.mark.parametrize(("why", "sql", "back"), NOT_INSTALLED, ids=[row[0] for row in NOT_INSTALLED])
def test_an_app_is_told_of_what_it_is_installed_for(forge, receiver, repository, why, sql, back):
    until(lambda: not waiting(forge))
    forge.kept.run("UPDATE hooks SET url = ?, events_json = '[\"*\"]' WHERE app = 1", receiver.url)
    forge.kept.run(sql)
    forge.emit(*created(repository))
    forge.kept.run(back)
    until(lambda: not waiting(forge))
    assert receiver.got == [], why
    forge.emit(*created(repository))
    assert len(receiver.wait(1)) == 1


@pytest.mark.npm
@pytest.mark.skipif(not CI and not shutil.which("npm"), reason="npm fetches GitHub's description; install Node.js")
def test_pings_are_as_github_describes_them(forge, receiver, made):
    try:
        github_webhooks.description()
    except UNREACHABLE as error:
        or_skip(github_webhooks.PACKAGE, error)
    made(events=["push"])
    manage.send_app_to(forge, 1, f"{receiver.url}/app")
    pings = [got.body for got in receiver.wait(2)]
    assert [list(github_webhooks.problems("ping", body)) for body in pings] == [[], []]
    assert {body["hook"]["type"] for body in pings} == {"App", "Repository"}
