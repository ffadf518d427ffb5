"""PyGithub's GraphQL: queries, nodes, and what it changes by mutations."""

import pytest
from github import Auth, Github, UnknownObjectException

from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.tracker import comments
from tests.sandbox.forge.graphql.conftest import begin


@pytest.fixture
def client(life, as_):
    auth = Auth.Token(as_("alice").token)
    with Github(base_url=life.forge.urls.api, auth=auth, seconds_between_requests=0, seconds_between_writes=0) as found:
        yield found


def test_a_query_with_variables(life, client):
    query = "query ($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { databaseId } }"
    _, data = client.requester.graphql_query(query, life.place)
    assert data["data"]["repository"]["databaseId"] == life.repository["id"]


def test_what_is_not_there(life, client):
    with pytest.raises(UnknownObjectException):
        client.requester.graphql_query('{ repository(owner: "acme", name: "nope") { id } }', {})


def test_a_node_by_its_id(life, client):
    _, data = client.requester.graphql_node(node_id("PullRequest", life.ids["pull"]), "title", "PullRequest")
    assert data["data"]["node"]["title"] == "Second title"


def test_a_comment_is_minimized_and_opened(life, client):
    issue = client.get_repo("acme/life").get_issue(life.ids["number"])
    comment = issue.create_comment("to be folded")
    assert comment.minimize("OUTDATED")
    row = comments.comment_of(life.forge, life.repository["id"], comment.id)
    assert row["minimized"] == "OUTDATED"
    assert comment.unminimize()
    assert comments.comment_of(life.forge, life.repository["id"], comment.id)["minimized"] is None


def test_a_draft_and_ready_again(life, client):
    other = begin(life.forge, "drafted")
    other.push("topic", other.commit(other.ids["first"], {"x": b"x"}, "x"))
    pull = client.get_repo("acme/drafted").get_pull(other.open("topic")["number"])
    pull.convert_to_draft()
    pull.update()
    assert pull.draft
    pull.mark_ready_for_review()
    pull.update()
    assert not pull.draft
