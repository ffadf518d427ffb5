"""How often GitHub is written to: a second apart on github.com, and what only reads never waits."""

import pytest

from engine.adapters.github import door, queries
from engine.adapters.github.auth import Token
from engine.adapters.github.door import Door, is_write
from tests.support.http import Answer, Far

QUERIES = {
    name: text
    for name in dir(queries)
    if isinstance(text := getattr(queries, name), str) and text.lstrip().startswith(("query", "mutation", "{"))
}


@pytest.mark.parametrize(
    ("why", "verb", "path", "body", "writes"),
    [
        ("a read", "GET", "/repos/a/b", None, False),
        ("a comment", "POST", "/repos/a/b/issues/1/comments", {"body": "query x"}, True),
        ("a merge", "PUT", "/repos/a/b/pulls/1/merge", {}, True),
        ("a label is taken away", "DELETE", "/repos/a/b/issues/1/labels/x", None, True),
        ("a query is a POST that reads", "POST", "graphql", {"query": "query Me { viewer { login } }"}, False),
        ("the short form of one", "POST", "graphql", {"query": "{ viewer { login } }"}, False),
        ("a mutation", "POST", "graphql", {"query": "mutation M { a }"}, True),
        ("in doubt it writes", "POST", "graphql", {"query": "# query \nmutation M { a }"}, True),
    ],
)
def test_what_writes(why, verb, path, body, writes):
    assert is_write(verb, path, body) is writes, why


def test_each_of_our_queries_is_what_it_says():
    assert len(QUERIES) > 4
    for name, text in QUERIES.items():
        assert is_write("POST", "graphql", {"query": text}) is text.startswith("mutation "), name


@pytest.mark.parametrize(
    ("why", "host", "pauses"),
    [
        ("github.com asks for a second between writes", "api.github.com", [0.0, 1.0, 2.0]),
        ("so does GitHub's own for enterprises", "api.acme.ghe.com", [0.0, 1.0, 2.0]),
        ("a server of one's own has its own limits", "github.acme.test", []),
    ],
)
def test_writes_keep_apart_and_reads_wait_for_nobody(monkeypatch, why, host, pauses):
    class Clock:
        slept: list[float] = []  # noqa: RUF012 - one clock

        def monotonic(self):
            return 1000.0

        def sleep(self, seconds):
            self.slept.append(seconds)

    clock = Clock()
    monkeypatch.setattr(door, "time", clock)
    with Far(lambda _: Answer(200, b"{}", {"Content-Type": "application/json"})).serving() as far:
        asking = Door(f"https://{host}", Token("ghs_x"))
        there = Door(f"{far.url}/api/v3", Token("ghs_x"))
        asking._requester = there._requester  # GitHub's rules for who answers here
        for _ in range(3):
            asking.ask("POST", "/repos/a/b/issues/1/comments", {}, {"body": "x"})
            asking.ask("GET", "/repos/a/b", {}, None)
            asking.ask("POST", "graphql", {}, {"query": "query Me { viewer { login } }"})
    assert clock.slept == pauses, why
    assert asking.calls == 9
