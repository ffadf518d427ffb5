"""An App's installation and its tokens: never more than the installation has, never longer than an hour."""

import pytest

from engine.sandbox.forge.people import organizations
from tests.sandbox.forge.conftest import Client

TOKENS = "/app/installations/1/access_tokens"
OTHERS = "/repos/acme/dev-deployment/collaborators/ann/permission"


@pytest.fixture(scope="module", autouse=True)
def elsewhere(forge):
    from engine.sandbox.forge.git.repositories import create_repository

    umbrella = organizations.by_login(forge, "umbrella") or {}
    create_repository(forge, umbrella["id"], "secret")
    create_repository(forge, umbrella["id"], "open", private=False)


def test_where_an_app_is_installed(as_app, forge):
    told = as_app("GET", "/app").body
    assert (told["installations_count"], told["permissions"]["contents"]) == (1, "write")
    (installation,) = as_app("GET", "/app/installations").body
    assert (installation["account"]["login"], installation["app_slug"]) == ("acme", "interlock")
    for path in ("/app/installations/1", "/repos/acme/controller/installation", "/orgs/acme/installation"):
        assert as_app("GET", path).body == installation
    assert as_app("GET", "/users/acme/installation").body == installation
    for path in (
        "/app/installations/2",
        "/app/installations/x",
        "/orgs/umbrella/installation",
        "/users/ann/installation",
        "/repos/umbrella/secret/installation",
        "/repos/umbrella/open/installation",
        "/repos/acme/none/installation",
    ):
        assert as_app("GET", path).status == 404, path


def test_another_app_s_installation_is_not_there(forge, as_app):
    other = forge.kept.insert("installations", app=77, account=2, created_at=forge.now())
    assert as_app("GET", f"/app/installations/{other}").status == 404
    assert as_app("POST", f"/app/installations/{other}/access_tokens").status == 404


def test_a_token_lasts_an_hour(forge, as_app):
    made = as_app("POST", TOKENS).body
    client = Client(forge, made["token"])
    assert made["token"].startswith("ghs_")
    assert (made["repository_selection"], made["permissions"]["metadata"]) == ("all", "read")
    ahead = forge.clock.ahead_s
    try:
        forge.clock.ahead_s = ahead + 3590
        assert client("GET", "/installation/repositories").status == 200
        forge.clock.ahead_s = ahead + 3601
        assert client("GET", "/installation/repositories").status == 401
    finally:
        forge.clock.ahead_s = ahead


def test_a_token_can_be_revoked_by_itself(as_installation, as_):
    one, other = as_installation(), as_installation()
    assert one("DELETE", "/installation/token").status == 204
    assert one("GET", "/installation/repositories").status == 401
    assert other("GET", "/installation/repositories").status == 200
    assert as_("ann")("DELETE", "/installation/token").status == 403


MORE = [
    ("a repository of another account", {"repositories": ["secret"]}),
    ("with a full name", {"repositories": ["umbrella/secret"]}),
    ("one that is there and one that is not", {"repositories": ["controller", "none"]}),
    ("no repository", {"repositories": []}),
    ("no number", {"repository_ids": []}),
    ("a number of another account", {"repository_ids": ["{secret}"]}),
    ("a number that is true", {"repository_ids": [True]}),
    ("names that are none", {"repositories": [1]}),
    ("names in a text", {"repositories": "controller"}),
    ("a permission that it has not", {"permissions": {"administration": "write"}}),
    ("more of one that it has", {"permissions": {"members": "write"}}),
    ("one of GitHub's that nobody knows", {"permissions": {"everything": "read"}}),
    ("a level that is none", {"permissions": {"contents": "admin"}}),
    ("a level that is no text", {"permissions": {"contents": {"x": 1}}}),
    ("none as a level", {"permissions": {"contents": "none"}}),
    ("permissions in a list", {"permissions": ["contents"]}),
]


@pytest.mark.parametrize(("why", "body"), MORE, ids=[row[0] for row in MORE])
def test_more_than_the_installation_has(forge, as_app, why, body):
    before = forge.kept.value("SELECT count(*) FROM tokens")
    if isinstance(body, dict) and body.get("repository_ids") == ["{secret}"]:
        body = {"repository_ids": [forge.repository("umbrella", "secret")["id"]]}
    assert as_app("POST", TOKENS, body).status == 422, why
    assert forge.kept.value("SELECT count(*) FROM tokens") == before


def test_a_token_for_one_repository(as_installation, as_app, forge):
    number = forge.repository("acme", "controller")["id"]
    for limits in ({"repositories": ["controller"]}, {"repository_ids": [number]}):
        made = as_app("POST", TOKENS, limits).body
        assert [row["name"] for row in made["repositories"]] == ["controller"]
        client = Client(forge, made["token"])
        told = client("GET", "/installation/repositories").body
        assert (told["total_count"], told["repository_selection"]) == (1, "selected")
        assert client("GET", "/repos/acme/controller/collaborators/ann/permission").status == 200
        assert client("GET", OTHERS).status == 404, "it does not exist for this token"


def test_a_token_for_one_permission(as_installation):
    reading = as_installation(permissions={"contents": "read"})
    refused = reading("POST", "/repos/acme/controller/dispatches", {"event_type": "x"})
    assert (refused.status, refused.headers["x-accepted-github-permissions"]) == (403, "contents=write")
    assert reading("GET", "/orgs/acme/members").status == 403, "members:read was not asked for"
    writing = as_installation(permissions={"contents": "write"})
    assert writing("POST", "/repos/acme/controller/dispatches", {"event_type": "x"}).status == 204
    assert as_installation(permissions={})("GET", "/orgs/acme/members").status == 200, "{} is everything, as at GitHub"
    none = as_installation(permissions={"metadata": "read"})
    assert none("POST", "/repos/acme/controller/dispatches", {"event_type": "x"}).status == 403
    assert none("GET", OTHERS).status == 200, "metadata:read is always there"


REACH = [
    ("a private repository of another account", "GET", "/repos/umbrella/secret/collaborators/ann/permission", 404),
    ("a public repository of another account", "GET", "/repos/umbrella/open/collaborators/ann/permission", 200),
    ("a change there", "POST", "/repos/umbrella/open/dispatches", 403),
    ("a change in a private one there", "POST", "/repos/umbrella/secret/dispatches", 404),
    ("members of another organisation", "GET", "/orgs/umbrella/teams", 403),
    ("itself as a person", "GET", "/user", 403),
    ("people's addresses", "GET", "/user/emails", 403),
]


@pytest.mark.parametrize(("why", "verb", "path", "status"), REACH, ids=[row[0] for row in REACH])
def test_an_installation_reaches_its_own_account_only(as_installation, why, verb, path, status):
    body = {"event_type": "x"} if verb == "POST" else None
    assert as_installation()(verb, path, body).status == status, why


def test_a_repository_that_is_taken_from_an_installation_is_gone_for_its_tokens(forge, as_installation, as_app):
    client = as_installation(repositories=["controller"])
    every = as_installation()
    kept, number = forge.kept, forge.repository("acme", "dev-deployment")["id"]
    kept.run("UPDATE installations SET selection = 'selected' WHERE id = 1")
    kept.insert("installation_repositories", installation=1, repository=number)
    try:
        assert client("GET", "/repos/acme/controller/collaborators/ann/permission").status == 404
        assert every("GET", "/repos/acme/controller/collaborators/ann/permission").status == 404
        assert every("GET", OTHERS).status == 200
        assert every("GET", "/installation/repositories").body["total_count"] == 1
        assert as_app("GET", "/repos/acme/controller/installation").status == 404
        assert as_app("POST", TOKENS, {"repositories": ["controller"]}).status == 422
    finally:
        kept.run("UPDATE installations SET selection = 'all' WHERE id = 1")
        kept.run("DELETE FROM installation_repositories")


def test_a_suspended_installation_has_no_tokens(forge, as_installation, as_app):
    client = as_installation()
    forge.kept.run("UPDATE installations SET suspended_at = ? WHERE id = 1", forge.now())
    try:
        assert client("GET", "/installation/repositories").status == 401
        assert as_app("POST", TOKENS).status == 403
    finally:
        forge.kept.run("UPDATE installations SET suspended_at = NULL WHERE id = 1")


def test_the_app_s_page_is_public(as_):
    assert as_("oscar")("GET", "/apps/interlock").body["slug"] == "interlock"
    assert as_("oscar")("GET", "/apps/none").status == 404
    assert as_("ann")("GET", "/installation/repositories").status == 403
