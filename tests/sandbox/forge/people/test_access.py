"""Who may do what in a repository: the most that anything gives; and `repository_dispatch`, which needs to write."""

import pytest

from engine.sandbox.forge.people import accounts, organizations
from tests.sandbox.forge.people.conftest import id_of


@pytest.fixture(scope="module", autouse=True)
def vault(forge):
    """acme/vault (private) and acme/shop (public): grants by every way there is, some more than once."""
    from engine.sandbox.forge.git.repositories import create_repository

    acme = id_of(forge, "acme")
    found = {
        "vault": create_repository(forge, acme, "vault"),
        "shop": create_repository(forge, acme, "shop", private=False),
    }
    top = organizations.create_team(forge, acme, "Top")
    low = organizations.create_team(forge, acme, "Low", parent=top)
    other = organizations.create_team(forge, acme, "Other")
    people = {}
    for login in ("tom", "lee", "two", "tri", "mia", "own"):
        people[login] = accounts.create(forge, login)
        accounts.personal_token(forge, people[login])
    insert = forge.kept.insert
    for team, login in ((top, "tom"), (low, "lee"), (low, "two"), (other, "two")):
        insert("team_members", team=team, account=people[login])
    insert("team_repositories", team=top, repository=found["vault"], permission="write")
    insert("team_repositories", team=low, repository=found["vault"], permission="read")
    insert("team_repositories", team=other, repository=found["vault"], permission="maintain")
    insert("collaborators", repository=found["vault"], account=people["tri"], permission="triage")
    insert("collaborators", repository=found["vault"], account=people["two"], permission="read")
    insert("members", organization=acme, account=people["mia"], role="member")
    insert("members", organization=acme, account=people["own"], role="admin")
    return found


LEVELS = [
    ("a team", "tom", "write", "write"),
    ("a team below the one that has it: the most of both", "lee", "write", "write"),
    ("two teams and herself: the most of all", "two", "maintain", "write"),
    ("a collaborator", "tri", "triage", "read"),
    ("a member of the organisation", "mia", "none", "none"),
    ("an owner of the organisation", "own", "admin", "admin"),
    ("an outsider", "oscar", "none", "none"),
    ("the bot, who is asked by its grants instead", "interlock%5Bbot%5D", "none", "none"),
]


@pytest.mark.parametrize(("why", "login", "role", "folded"), LEVELS, ids=[row[0] for row in LEVELS])
def test_what_gives_how_much(as_, why, login, role, folded):
    told = as_("own")("GET", f"/repos/acme/vault/collaborators/{login}/permission").body
    assert (told["role_name"], told["permission"]) == (role, folded), why
    assert told["user"]["permissions"]["push"] == (folded in ("write", "admin"))
    status = as_("own")("GET", f"/repos/acme/vault/collaborators/{login}").status
    assert status == (404 if role == "none" else 204)


ASKS = [
    ("who may write", "tom", "vault", 200),
    ("who may only read does not know who else may", "tri", "vault", 403),
    ("who may not see it", "oscar", "vault", 404),
    ("nobody", None, "vault", 404),
    ("who may only read a public one", "oscar", "shop", 403),
    ("nobody, of a public one", None, "shop", 403),
]


@pytest.mark.parametrize(("why", "who", "repository", "status"), ASKS, ids=[row[0] for row in ASKS])
def test_who_may_ask(as_, why, who, repository, status):
    for path in ("", "/tom/permission"):
        assert as_(who)("GET", f"/repos/acme/{repository}/collaborators{path}").status == status, why


LISTS = [
    ("everybody", "", {"tom", "lee", "two", "tri", "own", "olga"}),
    ("who was added herself", "?affiliation=direct", {"two", "tri"}),
    ("who is in no organisation", "?affiliation=outside", {"two", "tri"}),
    ("who may push", "?permission=push", {"tom", "lee", "two", "own", "olga"}),
    ("who may do all", "?permission=admin", {"own", "olga"}),
]


@pytest.mark.parametrize(("why", "query", "logins"), LISTS, ids=[row[0] for row in LISTS])
def test_lists_of_collaborators(as_, why, query, logins):
    found = as_("own")("GET", f"/repos/acme/vault/collaborators{query}").body
    assert {row["login"] for row in found} == logins, why


def test_a_list_of_nonsense(as_):
    assert as_("own")("GET", "/repos/acme/vault/collaborators?permission=king").status == 422


def test_a_grant_counts_at_once_and_is_taken_at_once(as_):
    own, path = as_("own"), "/repos/acme/vault/collaborators/mia"
    assert as_("tom")("PUT", path, {"permission": "pull"}).status == 403
    assert own("PUT", path, {"permission": "king"}).status == 422
    for word, level in (("pull", "read"), ("push", "write"), ("maintain", "maintain")):
        assert own("PUT", path, {"permission": word}).status == 204
        assert own("GET", f"{path}/permission").body["role_name"] == level
    assert own("DELETE", path).status == 204
    assert own("GET", f"{path}/permission").body["role_name"] == "none"


def test_teams_of_a_repository_and_repositories_of_a_team(as_):
    own = as_("own")
    teams = {row["slug"]: row["permission"] for row in own("GET", "/repos/acme/vault/teams").body}
    assert teams == {"top": "push", "low": "pull", "other": "maintain"}
    assert [row["role_name"] for row in own("GET", "/orgs/acme/teams/low/repos").body] == ["write"], "through top"
    assert own("GET", "/orgs/acme/teams/low/repos/acme/vault").status == 204
    assert own("GET", "/orgs/acme/teams/low/repos/acme/shop").status == 404
    path = "/orgs/acme/teams/low/repos/acme/shop"
    assert as_("tom")("PUT", path, {"permission": "admin"}).status == 404, "a team that she may not see"
    assert as_("mia")("PUT", path, {"permission": "admin"}).status == 403
    assert own("PUT", path, {"permission": "admin"}).status == 204
    assert own("GET", "/repos/acme/shop/collaborators/lee/permission").body["role_name"] == "admin"
    assert own("DELETE", path).status == 204
    assert own("GET", "/repos/acme/shop/collaborators/lee/permission").body["role_name"] == "read"


def test_a_deleted_account_may_nothing(as_, forge):
    number = accounts.create(forge, "was")
    accounts.personal_token(forge, number)
    as_("own")("PUT", "/repos/acme/vault/collaborators/was", {"permission": "admin"})
    client = as_("was")
    assert client("GET", "/repos/acme/vault/collaborators").status == 200
    accounts.delete(forge, number)
    assert client("GET", "/repos/acme/vault/collaborators").status == 401
    assert number not in {row["id"] for row in as_("own")("GET", "/repos/acme/vault/collaborators").body}


def test_who_takes_a_free_login_has_nothing_of_its_last_holder(as_, forge):
    number = accounts.create(forge, "star")
    as_("own")("PUT", "/repos/acme/vault/collaborators/star", {"permission": "admin"})
    accounts.rename(forge, number, "starlet")
    accounts.personal_token(forge, accounts.create(forge, "star"))
    assert as_("star")("GET", "/repos/acme/vault/collaborators").status == 404
    assert as_("own")("GET", "/repos/acme/vault/collaborators/starlet/permission").body["role_name"] == "admin"


DISPATCHES = [
    ("plain", {"event_type": "go"}, 204),
    ("with a payload", {"event_type": "go", "client_payload": {"a": {"b": [1]}}}, 204),
    ("a hundred characters", {"event_type": "x" * 100}, 204),
    ("ten properties", {"event_type": "go", "client_payload": {str(i): i for i in range(10)}}, 204),
    ("almost 64 KB", {"event_type": "go", "client_payload": {"a": "x" * 65000}}, 204),
    ("without a type", {}, 422),
    ("an empty type", {"event_type": ""}, 422),
    ("a type that is no text", {"event_type": 1}, 422),
    ("a hundred and one characters", {"event_type": "x" * 101}, 422),
    ("eleven properties", {"event_type": "go", "client_payload": {str(i): i for i in range(11)}}, 422),
    ("64 KB", {"event_type": "go", "client_payload": {"a": "x" * 65536}}, 422),
    ("64 KB in other letters", {"event_type": "go", "client_payload": {"a": "ß" * 33000}}, 422),
    ("no payload, in a word", {"event_type": "go", "client_payload": None}, 422),
    ("a payload that is a list", {"event_type": "go", "client_payload": [1]}, 422),
    ("a payload that is a text", {"event_type": "go", "client_payload": "x"}, 422),
    ("a list", [1], 400),
    ("a number", 7, 400),
]


@pytest.mark.parametrize(("why", "body", "status"), DISPATCHES, ids=[row[0] for row in DISPATCHES])
def test_repository_dispatch(as_, emitted, why, body, status):
    assert as_("tom")("POST", "/repos/acme/vault/dispatches", body).status == status, why
    assert len(emitted) == (status == 204)
    for event, sent in emitted:
        assert (event, sent["action"], sent["branch"]) == ("repository_dispatch", body["event_type"], "main")
        assert sent["client_payload"] == body.get("client_payload", {})


def test_an_archived_repository_is_not_changed(as_, as_installation, forge):
    row = forge.repository("acme", "vault") or {}
    forge.kept.update("repositories", row["id"], archived=1)
    try:
        for client in (as_("own"), as_installation()):
            assert client("POST", "/repos/acme/vault/dispatches", {"event_type": "x"}).status == 403
            assert client("GET", "/repos/acme/vault/collaborators/tom/permission").status == 200
        assert as_installation()("POST", "/repos/acme/vault/check-runs", {"name": "x"}).status == 403
    finally:
        forge.kept.update("repositories", row["id"], archived=0)


WHO_DISPATCHES = [("who may write", "tom", 204), ("who may read", "tri", 403), ("who sees nothing", "oscar", 404)]


@pytest.mark.parametrize(("why", "who", "status"), WHO_DISPATCHES, ids=[row[0] for row in WHO_DISPATCHES])
def test_who_may_dispatch(as_, why, who, status):
    assert as_(who)("POST", "/repos/acme/vault/dispatches", {"event_type": "x"}).status == status, why
