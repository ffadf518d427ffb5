"""Two organisations, their members and owners, teams and teams within teams: who sees them, who changes them."""

import pytest

from engine.sandbox.forge.people import organizations
from tests.sandbox.forge.people.conftest import id_of

TEAM = "/orgs/acme/teams/platform"


@pytest.fixture(scope="module", autouse=True)
def below(forge):
    """`platform` has a team `linux` below it, and that one `kernel`; umbrella has a team and a secret one."""
    acme, umbrella = id_of(forge, "acme"), id_of(forge, "umbrella")
    platform = forge.kept.value("SELECT id FROM teams WHERE slug = 'platform'")
    linux = organizations.create_team(forge, acme, "Linux", parent=platform)
    kernel = organizations.create_team(forge, acme, "Kernel", parent=linux)
    for login, team in (("carol", linux), ("ann", linux), ("dave", kernel)):
        forge.kept.insert("team_members", team=team, account=id_of(forge, login))
    organizations.create_team(forge, umbrella, "Rain")
    secret = organizations.create_team(forge, acme, "Secret", privacy="secret")
    forge.kept.insert("team_members", team=secret, account=id_of(forge, "erin"))


def members(answer):
    return {row["login"]: (row["role"], row["inherited"]) for row in answer.body}


def test_members_of_a_team_are_those_of_teams_below_it_too(as_):
    found = members(as_("alice")("GET", f"{TEAM}/members"))
    assert found == {
        "ann": ("member", False),  # in both: she is a member herself
        "bob": ("member", False),
        "carol": ("member", True),
        "dave": ("member", True),  # two levels below
    }
    assert members(as_("alice")("GET", "/orgs/acme/teams/kernel/members")) == {"dave": ("member", False)}


def test_one_membership(as_):
    ask = as_("alice")
    assert ask("GET", f"{TEAM}/memberships/bob").body["state"] == "active"
    assert ask("GET", f"{TEAM}/memberships/dave").status == 200, "through a team below"
    assert ask("GET", f"{TEAM}/memberships/erin").status == 404
    assert ask("GET", f"{TEAM}/memberships/nobody").status == 404


def test_a_team_by_number_is_the_same_team(as_):
    team = as_("alice")("GET", TEAM).body
    assert team["url"].endswith(f"/teams/{team['id']}")
    assert as_("alice")("GET", team["url"]).body == team
    assert as_("alice")("GET", f"{team['url']}/members").status == 200
    assert as_("alice")("GET", f"{team['url']}/memberships/bob").body["url"].endswith("/memberships/bob")
    assert as_("alice")("GET", f"{team['url']}/members/dave").status == 204
    assert (team["members_count"], team["parent"]) == (4, None)
    assert as_("alice")("GET", f"{TEAM}/teams").body[0]["parent"]["slug"] == "platform"


SEES = [
    ("a member", "alice", "/orgs/acme/teams", 200),
    ("nobody", None, "/orgs/acme/teams", 401),
    ("an outsider", "oscar", "/orgs/acme/teams", 403),
    ("an outsider sees no team", "oscar", TEAM, 404),
    ("nor its members", "oscar", f"{TEAM}/members", 404),
    ("a member of one organisation in another", "ann", "/orgs/umbrella/teams/rain", 404),
    ("its owner", "olga", "/orgs/umbrella/teams/rain", 200),
    ("no such team", "alice", "/orgs/acme/teams/none", 404),
    ("a team of another organisation", "olga", "/orgs/acme/teams/rain", 404),
    ("a secret team for others", "ann", "/orgs/acme/teams/secret", 404),
    ("a secret team for its member", "erin", "/orgs/acme/teams/secret", 200),
    ("a secret team for an owner", "olga", "/orgs/acme/teams/secret", 200),
    ("membership for an outsider", "oscar", "/orgs/acme/memberships/ann", 403),
    ("membership of an outsider", "alice", "/orgs/acme/memberships/oscar", 404),
    ("a member is one", "alice", "/orgs/acme/members/ann", 204),
    ("an outsider is none", "alice", "/orgs/acme/members/oscar", 404),
]


@pytest.mark.parametrize(("why", "who", "path", "status"), SEES, ids=[row[0] for row in SEES])
def test_who_sees_what(as_, why, who, path, status):
    assert as_(who)("GET", path).status == status, why


def test_members_of_an_organisation(as_):
    inside = {row["login"] for row in as_("alice")("GET", "/orgs/acme/members").body}
    assert {"ann", "olga", "alice"} <= inside
    assert not {"oscar", "interlock[bot]"} & inside
    owners = as_("alice")("GET", "/orgs/acme/members?role=admin").body
    assert [row["login"] for row in owners] == ["olga"]
    assert as_("oscar")("GET", "/orgs/acme/members").body == [], "memberships are not public"
    assert {row["login"] for row in as_("olga")("GET", "/user/orgs").body} == {"acme", "umbrella"}
    assert as_("oscar")("GET", "/users/olga/orgs").body == []
    assert [row["login"] for row in as_("ann")("GET", "/users/olga/orgs").body] == ["acme"]


def test_pages_of_members(as_):
    first = as_("alice")("GET", "/orgs/acme/members?per_page=2")
    assert len(first.body) == 2
    assert 'rel="next"' in first.headers["link"]
    second = as_("alice")("GET", first.headers["link"].partition("<")[2].partition(">")[0])
    assert not {row["id"] for row in first.body} & {row["id"] for row in second.body}


CHANGES = [
    ("an outsider", "oscar", 404),
    ("a member", "ann", 403),
    ("an owner", "olga", 200),
]


@pytest.mark.parametrize(("why", "who", "status"), CHANGES, ids=[row[0] for row in CHANGES])
def test_who_puts_people_into_teams(as_, why, who, status):
    assert as_(who)("PUT", f"{TEAM}/memberships/erin", {"role": "member"}).status == status, why
    assert (as_("ann")("GET", f"{TEAM}/memberships/erin").status == 200) == (status == 200)
    if status == 200:
        assert as_(who)("DELETE", f"{TEAM}/memberships/erin").status == 204
        assert as_("ann")("GET", f"{TEAM}/memberships/erin").status == 404


def test_a_maintainer_keeps_her_team(as_):
    assert as_("olga")("PUT", f"{TEAM}/memberships/ann", {"role": "maintainer"}).status == 200
    assert as_("ann")("PUT", f"{TEAM}/memberships/erin").status == 200
    assert as_("ann")("DELETE", f"{TEAM}/memberships/erin").status == 204
    assert as_("ann")("PUT", "/orgs/acme/teams/security/memberships/bob").status == 403, "but no other"
    assert as_("olga")("PUT", f"{TEAM}/memberships/ann").status == 200


def test_a_team_is_made_and_deleted_with_those_below_it(as_):
    olga = as_("olga")
    made = olga("POST", "/orgs/acme/teams", {"name": "Data  Base!", "privacy": "closed"})
    assert (made.status, made.body["slug"]) == (201, "data-base")
    child = olga("POST", "/orgs/acme/teams", {"name": "Rows", "parent_team_id": made.body["id"]})
    assert child.body["parent"]["id"] == made.body["id"]
    assert olga("POST", "/orgs/acme/teams", {"name": "data base"}).status == 422, "the slug is taken"
    assert olga("POST", "/orgs/acme/teams", {"name": "!"}).status == 422
    for parent in (999, True, [1], "1"):
        assert olga("POST", "/orgs/acme/teams", {"name": "Lost", "parent_team_id": parent}).status == 422
    assert as_("ann")("POST", "/orgs/acme/teams", {"name": "Mine"}).status == 403
    assert as_("ann")("DELETE", "/orgs/acme/teams/data-base").status == 403
    assert olga("DELETE", "/orgs/acme/teams/data-base").status == 204
    assert olga("GET", "/orgs/acme/teams/rows").status == 404


def test_leaving_an_organisation_is_leaving_its_teams_and_repositories(as_, forge, person, acme):
    number = person("leaver")
    olga = as_("olga")
    assert olga("PUT", "/orgs/acme/memberships/leaver", {"role": "member"}).body["state"] == "active"
    olga("PUT", f"{TEAM}/memberships/leaver")
    olga("PUT", "/repos/acme/controller/collaborators/leaver", {"permission": "push"})
    assert as_("leaver")("GET", "/repos/acme/controller/collaborators/leaver").status == 204
    assert olga("DELETE", "/orgs/acme/memberships/leaver").status == 204
    assert as_("ann")("GET", f"{TEAM}/memberships/leaver").status == 404
    assert as_("leaver")("GET", "/repos/acme/controller/collaborators/leaver").status == 404
    assert number not in {row["id"] for row in as_("ann")("GET", "/orgs/acme/members").body}


def test_the_last_owner_stays(as_):
    olga = as_("olga")
    assert olga("DELETE", "/orgs/umbrella/memberships/olga").status == 403
    assert olga("PUT", "/orgs/umbrella/memberships/olga", {"role": "member"}).status == 403
    assert olga("PUT", "/orgs/umbrella/memberships/ann", {"role": "king"}).status == 422
