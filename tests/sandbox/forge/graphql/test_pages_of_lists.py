"""Pages: walking through a list meets everything once, whatever is added or taken away meanwhile."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.sandbox.forge.tracker import comments, rows
from tests.sandbox.forge.graphql.conftest import begin

_COUNT = itertools.count()
QUERY = """query ($id: ID!, $first: Int, $last: Int, $after: String, $before: String) { node(id: $id) {
  ... on PullRequest { comments(first: $first, last: $last, after: $after, before: $before) { totalCount
    edges { cursor node { databaseId } } nodes { databaseId }
    pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } } } }"""


@pytest.fixture(scope="module")
def talk(forge):
    """A pull request with seven comments."""
    from engine.sandbox.forge.ids import node_id

    life = begin(forge, f"talk-{next(_COUNT)}")
    life.push("topic", life.commit(life.ids["first"], {"x.txt": b"x"}, "One"))
    pull = life.open("topic")
    said = [comments.comment(forge, life.viewer("bob"), life.repository, pull, str(at)) for at in range(7)]
    life.ids.update(pull=pull, id=node_id("PullRequest", pull["id"]), said=said)
    return life


@pytest.fixture
def page(talk, told):
    def asked(**arguments):
        return told("ann", QUERY, id=talk.ids["id"], **arguments)["node"]["comments"]

    return asked


def numbers(found):
    return [node["databaseId"] for node in found["nodes"]]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(1, 9), backwards=st.booleans())
def test_walking_meets_everything_once_in_order(talk, page, size, backwards):
    size_of, from_, more, cursor = (
        ("last", "before", "hasPreviousPage", "startCursor")
        if backwards
        else ("first", "after", "hasNextPage", "endCursor")
    )
    met: list[int] = []
    at = None
    while True:
        found = page(**{size_of: size, from_: at})
        met = numbers(found) + met if backwards else met + numbers(found)
        if not found["pageInfo"][more]:
            break
        at = found["pageInfo"][cursor]
    assert met == talk.ids["said"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 6), size=st.integers(0, 9), backwards=st.booleans())
def test_a_cursor_is_the_place_of_its_node(talk, page, at, size, backwards):
    edges = page(first=100)["edges"]
    found = page(last=size, before=edges[at]["cursor"]) if backwards else page(first=size, after=edges[at]["cursor"])
    said = talk.ids["said"]
    assert numbers(found) == (said[max(0, at - size) : at] if backwards else said[at + 1 : at + 1 + size])
    assert found["totalCount"] == len(said)
    assert [edge["node"] for edge in found["edges"]] == found["nodes"]


def test_what_is_added_or_taken_away_moves_no_cursor(forge, talk, page):
    pull, bob = talk.ids["pull"], talk.viewer("bob")
    first = page(first=3)
    for number in talk.ids["said"][:3]:  # what was read, and what the cursor names, goes
        row = comments.comment_of(forge, talk.repository["id"], number)
        comments.delete_comment(forge, bob, talk.repository, row)
    new = comments.comment(forge, bob, talk.repository, rows.item(forge, pull["id"]), "new")
    rest = page(first=100, after=first["pageInfo"]["endCursor"])
    assert numbers(rest) == [*talk.ids["said"][3:], new]
    talk.ids["said"][:] = numbers(page(first=100))


def test_nothing_is_on_an_empty_page(talk, page):
    found = page(first=0)
    assert (found["nodes"], found["pageInfo"]["endCursor"], found["pageInfo"]["hasNextPage"]) == ([], None, True)
