"""How often a query reads: as often for a hundred as for one. (Counts, never times.)"""

import itertools

import pytest

from engine.sandbox.forge.git import command
from engine.sandbox.forge.tracker import comments, labels, reviews, rows
from tests.sandbox.forge.graphql.conftest import begin

_COUNT = itertools.count()


@pytest.fixture
def counted(forge, told, monkeypatch):
    """`counted(query, …)`: (SQL statements, gits) that answering takes; the data is thrown away."""

    def asked(query, **variables):
        told("ann", "{ viewer { login } }")  # the schema is there
        seen: list[str] = []
        gits: list[str] = []
        run = command.git

        def counting(*args, **more):
            gits.append(args[1])
            return run(*args, **more)

        monkeypatch.setattr(command, "git", counting)
        forge.kept._db.set_trace_callback(seen.append)
        try:
            told("ann", query, **variables)
        finally:
            forge.kept._db.set_trace_callback(None)
            monkeypatch.undo()
        return len(seen), len(gits)

    return asked


ONE = """query ($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { pullRequest(number: 1) {
  id title headRefOid author { login } labels(first: 100) { nodes { name } }
  comments(first: 100) { nodes { body author { login } editor { login } lastEditedAt
    userContentEdits(first: 9) { nodes { editedAt editor { login } } } } }
  reviews(first: 100) { nodes { state author { login } commit { oid } lastEditedAt } }
  commits(first: 100) { nodes { commit { oid message authors(first: 5) { nodes { user { login } } }
    parents(first: 2) { nodes { oid } } signature { isValid } statusCheckRollup { state } } } } } } }"""
LIST = """query ($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {
  pullRequests(first: 100, states: OPEN, orderBy: {field: UPDATED_AT, direction: DESC}) { totalCount nodes {
    number title headRefOid author { login } labels(first: 20) { nodes { name } } headRef { target { oid } }
    reviews(first: 100) { nodes { state } } reviewRequests(first: 9) { totalCount }
    commits(last: 1) { nodes { commit { oid committedDate statusCheckRollup { state } } } } } } } }"""


def populated(forge, commits, pulls):
    life = begin(forge, f"batch-{next(_COUNT)}")
    tip = life.ids["first"]
    for at in range(commits):
        tip = life.commit(tip, {"x.txt": str(at).encode()}, f"Commit {at}\n\nCo-authored-by: Bob <bob@example.com>")
    life.push("topic", tip)
    pull = life.open("topic")
    bob = life.viewer("bob")
    for at in range(commits):
        number = comments.comment(forge, bob, life.repository, pull, f"Comment {at}")
        row = comments.comment_of(forge, life.repository["id"], number)
        comments.edit_comment(forge, life.viewer("carol"), life.repository, row, "changed")
        reviews.submit(forge, bob, life.repository, pull, "APPROVE", "")
    for at in range(pulls):
        life.push(f"t{at}", life.commit(life.ids["first"], {f"{at}.txt": b"x"}, f"Topic {at}"))
        labels.add_labels(forge, bob, life.repository, life.open(f"t{at}"), ["one", f"l{at}"])
    return life


def forgotten(life):
    """As after a restart: git has told nothing yet."""
    life.forge.opened.clear()
    return life.place


def test_many_are_read_as_often_as_few(forge, counted):
    few, many = populated(forge, 2, 2), populated(forge, 12, 12)
    for query, gits in ((ONE, 1), (LIST, 2)):
        reads = [counted(query, **forgotten(life)) for life in (few, many)]
        assert reads[0] == reads[1], "each row is read for itself"
        assert reads[0][0] <= 30, "SQL statements"
        assert reads[0][1] == gits
    assert len(rows.pulls(forge, "i.repository = ?", many.repository["id"])) == 13
