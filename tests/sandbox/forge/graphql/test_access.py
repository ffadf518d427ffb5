"""Who is told what: people by their permission, an App by what it is installed on and was granted."""

import json

import pytest

from engine.sandbox.forge.graphql.lookup import _NODES
from engine.sandbox.forge.graphql.schema import schema
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.tracker import timeline
from tests.sandbox.forge.conftest import Client

ALL = {"contents": "read", "pull_requests": "read", "issues": "read", "checks": "read", "statuses": "read"}


@pytest.fixture
def as_app(forge):
    """`as_app(grants, repositories)`: asks with an installation token of that kind."""

    def asking(grants, repositories=None):
        token = f"ghs_{abs(hash((json.dumps(grants), repositories)))}"
        bot, installation = (forge.kept.value(f"SELECT {what}") for what in ("bot FROM apps", "id FROM installations"))
        forge.kept.run(
            "INSERT OR REPLACE INTO tokens (token, account, kind, installation, permissions_json, repositories_json)"
            " VALUES (?, ?, 'installation', ?, ?, ?)",
            token,
            bot,
            installation,
            json.dumps(grants),
            None if repositories is None else json.dumps(repositories),
        )
        return lambda query, **variables: Client(forge, token)(
            "POST", forge.urls.graphql, {"query": query, "variables": variables}
        )

    return asking


PULL = 'repository(owner: "acme", name: "life") { pullRequest(number: 1) { %s } }'


def test_an_installation_sees_its_repositories_only(life, as_app):
    other = as_app(ALL, (1,))(f"{{ {PULL % 'title'} }}")
    assert (other.body["data"], other.body["errors"][0]["type"]) == ({"repository": None}, "NOT_FOUND")
    own = as_app(ALL, (life.repository["id"],))(f"{{ {PULL % 'title'} }}")
    assert own.body["data"]["repository"]["pullRequest"]["title"] == "Second title"


# why, what is asked, the grant that is missing
GRANTS = [
    ("a pull request", PULL % "title", "pull_requests"),
    ("issues", 'repository(owner: "acme", name: "life") { issues(first: 1) { totalCount } }', "issues"),
    ("a branch", 'repository(owner: "acme", name: "life") { ref(qualifiedName: "dev") { name } }', "contents"),
    ("a file", 'repository(owner: "acme", name: "life") { object(expression: "dev:a.txt") { id } }', "contents"),
    ("its files", PULL % "files(first: 1) { nodes { path } }", "contents"),
    ("its checks", PULL % "statusCheckRollup { state }", "checks"),
    ("its statuses", PULL % "commits(last: 1) { nodes { commit { status { state } } } }", "statuses"),
    ("teams", 'organization(login: "acme") { team(slug: "security") { id } }', "members"),
]


@pytest.mark.parametrize(("why", "query", "grant"), GRANTS, ids=[row[0] for row in GRANTS])
def test_an_app_is_told_what_it_was_granted(life, as_app, why, query, grant):
    everything = {**ALL, "members": "read"}
    assert "errors" not in as_app(everything)(f"{{ {query} }}").body
    answer = as_app({name: level for name, level in everything.items() if name != grant})(f"{{ {query} }}")
    error = answer.body["errors"][0]
    assert (error["type"], error["message"]) == ("FORBIDDEN", "Resource not accessible by integration"), why


def test_no_id_leads_around_a_grant(life, as_app):
    granted = {"members": "read"}
    free = {"Repository", "Label"}  # metadata, which every App may read
    for kind, text in ids_of(life).items():
        answer = as_app(granted)(f'{{ node(id: "{text}") {{ __typename }} }}')
        found = (
            answer.body["errors"][0]["type"] if "errors" in answer.body else answer.body["data"]["node"]["__typename"]
        )
        assert found == (kind if kind in free else "FORBIDDEN"), kind


def test_an_app_s_bot_is_the_viewer(life, as_app):
    found = as_app(ALL)("{ viewer { __typename login } }").body["data"]["viewer"]
    assert found == {"__typename": "User", "login": "interlock[bot]"}


def test_a_bot_s_login_is_without_its_brackets(life, told):
    life.forge.kept.insert(
        "comments",
        issue=life.ids["pull"],
        author=life.account("interlock[bot]"),
        app=1,
        body="b",
        created_at=life.forge.now(),
        updated_at=life.forge.now(),
    )
    found = told(
        "ann", f"{{ {PULL % 'comments(last: 1) { nodes { author { __typename login ... on Bot { databaseId } } } }'} }}"
    )
    (node,) = found["repository"]["pullRequest"]["comments"]["nodes"]
    assert node["author"] == {"__typename": "Bot", "login": "interlock", "databaseId": life.account("interlock[bot]")}


def test_who_is_gone_is_nobody(life, told):
    kept = life.forge.kept
    gone = kept.insert("accounts", login="gone", kind="User", deleted=1, created_at=life.forge.now())
    issue = kept.insert(
        "issues", repository=life.repository["id"], number=900, author=gone, title="t", created_at="x", updated_at="x"
    )
    found = told(
        "ann",
        "query ($id: ID!) { node(id: $id) { ... on Issue { title author { login } } } }",
        id=node_id("Issue", issue),
    )
    assert found["node"] == {"title": "t", "author": None}


def ids_of(life):
    """An id of each kind of thing that belongs to the repository."""
    repository, pull, sha = life.repository["id"], life.ids["pull"], life.ids["two"]
    kept = life.forge.kept
    key = {
        "Repository": repository,
        "PullRequest": pull,
        "IssueComment": life.ids["said"],
        "PullRequestReview": life.ids["approved"],
        "CheckSuite": life.ids["suite"],
        "Label": kept.value("SELECT id FROM labels WHERE repository = ?", repository),
        "CheckRun": kept.value("SELECT id FROM check_runs WHERE repository = ?", repository),
        "StatusContext": kept.value("SELECT id FROM statuses WHERE repository = ?", repository),
        "Ref": f"{repository}:refs/heads/topic",
        "Commit": f"{repository}:{sha}",
        "Tree": f"{repository}:{life.store.commit(sha).tree}",
        "Blob": f"{repository}:{life.store.entries(sha, recursive=True)[-1].sha}",
        "Comparison": f"{repository}:{life.ids['first']}...{sha}",
        "PullRequestCommit": f"{pull}:{sha}",
        "Status": f"{repository}:{sha}",
        "StatusCheckRollup": f"{repository}:{sha}",
        "ReviewRequest": kept.value("SELECT rowid FROM review_requests WHERE pull = ?", pull),
        "UserContentEdit": kept.value(
            "SELECT id FROM edits WHERE kind = 'IssueComment' AND subject = ?", life.ids["said"]
        ),
        "TimelineEvent": next(row["id"] for row in timeline.of(life.forge, pull) if row["event"] == "labeled"),
    }
    return {kind: node_id(kind, each) for kind, each in key.items()}


def test_everything_can_be_asked_for_by_its_id(life, told):
    for kind, text in ids_of(life).items():
        found = told("ann", "query ($id: ID!) { node(id: $id) { __typename id } }", id=text)["node"]
        assert found == {"__typename": "LabeledEvent" if kind == "TimelineEvent" else kind, "id": text}


def test_nothing_of_a_repository_is_told_to_who_may_not_see_it(life, say):
    life.forge.kept.insert("accounts", login="mallory", kind="User", created_at=life.forge.now())
    life.forge.kept.insert("tokens", token="ghp_mallory", account=life.account("mallory"), kind="personal")
    for kind, text in ids_of(life).items():
        answer = Client(life.forge, "ghp_mallory")(
            "POST", life.forge.urls.graphql, {"query": f'{{ node(id: "{text}") {{ id }} }}'}
        )
        assert answer.body["data"] == {"node": None}, kind
        assert answer.body["errors"][0]["type"] == "NOT_FOUND", kind


def test_every_kind_that_belongs_to_a_repository_is_tried(life):
    elsewhere = {"User", "Bot", "Organization", "Mannequin", "Team", "App"}
    untried = {"Issue", "PullRequestReviewComment", "Deployment", "DeploymentStatus", "Tag"}  # by the same functions
    assert ids_of(life).keys() | elsewhere | untried == _NODES.keys()
    assert {kind for kind in ids_of(life) if kind != "TimelineEvent"} <= schema().type_map.keys()


def test_several_ids_at_once_each_with_its_own_error(life, say):
    ids = [node_id("PullRequest", life.ids["pull"]), "nonsense", node_id("User", life.account("bob"))]
    answer = say("ann", "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }", ids=ids)
    assert answer.body["data"]["nodes"] == [{"__typename": "PullRequest"}, None, {"__typename": "User"}]
    assert [error["path"] for error in answer.body["errors"]] == [["nodes", 1]]
    answer = say("ann", "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }", ids=["x"] * 101)
    assert answer.body["errors"][0]["type"] == "ARGUMENT_LIMIT"


# why, the path of the page, what it is
PAGES = [
    ("a person", "/ann", "User"),
    ("an organisation", "/acme", "Organization"),
    ("a repository", "/acme/life", "Repository"),
    ("a pull request", "/acme/life/pull/1", "PullRequest"),
    ("a place in it", "/acme/life/pull/1#issuecomment-1", "PullRequest"),
    ("a commit", "/acme/life/commit/$two", "Commit"),
    ("nobody", "/nobody", None),
    ("no number", "/acme/life/pull/x", None),
    ("a page of another host", "https://evil.example/acme/life", None),
]


@pytest.mark.parametrize(("why", "path", "kind"), PAGES, ids=[row[0] for row in PAGES])
def test_what_a_page_is_about(life, told, why, path, kind):
    path = path.replace("$two", life.ids["two"])
    url = path if path.startswith("https:") else life.forge.urls.base + path
    found = told("ann", "query ($url: URI!) { resource(url: $url) { __typename } }", url=url)["resource"]
    assert found == (None if kind is None else {"__typename": kind}), why


def test_teams_with_those_of_their_children(forge, told):
    kept = forge.kept
    acme, now = kept.value("SELECT id FROM accounts WHERE login = 'acme'"), forge.now()
    above = kept.insert("teams", organization=acme, slug="above", name="Above", created_at=now)
    below = kept.insert("teams", organization=acme, slug="below", name="Below", parent=above, created_at=now)
    for login, team, role in (
        ("ann", above, "maintainer"),
        ("bob", below, "member"),
        ("carol", above, "member"),
        ("carol", below, "member"),
    ):
        account = kept.value("SELECT id FROM accounts WHERE login = ?", login)
        kept.insert("team_members", team=team, account=account, role=role)
    query = """{ organization(login: "acme") { team(slug: "above") {
      all: members(first: 9, membership: ALL) { edges { role node { login } } }
      own: members(first: 9, membership: IMMEDIATE) { nodes { login } }
      inherited: members(first: 9, membership: CHILD_TEAM) { nodes { login } }
      childTeams(first: 9) { nodes { slug parentTeam { slug } } } parentTeam { slug } } } }"""
    team = told("ann", query)["organization"]["team"]
    assert [(e["node"]["login"], e["role"]) for e in team["all"]["edges"]] == [
        ("ann", "MAINTAINER"),
        ("bob", "MEMBER"),
        ("carol", "MEMBER"),
    ]
    assert [[n["login"] for n in team[key]["nodes"]] for key in ("own", "inherited")] == [["ann", "carol"], ["bob"]]
    assert team["childTeams"]["nodes"] == [{"slug": "below", "parentTeam": {"slug": "above"}}]
    assert team["parentTeam"] is None
    assert told("oscar", query)["organization"]["team"] is None, "who is no member sees no team"
