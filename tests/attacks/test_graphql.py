"""Queries that are made to stop the sandbox's forge, or to make it tell or do what it should not."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import graphql
import pytest

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.serve import running

PLACE = 'repository(owner: "acme", name: "dev-deployment")'


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    with running(str(tmp_path_factory.mktemp("forge"))) as started:
        yield started


@pytest.fixture
def post(forge: Forge) -> Any:
    """(status, body) of bytes, or of a query with variables."""
    sql = "SELECT token FROM tokens t JOIN accounts a ON a.id = t.account WHERE a.login = 'ann'"
    headers = {"Authorization": f"bearer {forge.kept.value(sql)}"}

    def sent(query: str | bytes, **variables: Any) -> tuple[int, Any]:
        data = query if isinstance(query, bytes) else json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(forge.urls.graphql, data, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    return sent


def doubling(depth: int) -> str:
    """Fragments of which each asks twice for the next one: two to the power of `depth` fields."""
    half = 'repository(name: "x") {{ ...F{0} }}'
    twice = f"owner {{{{ ... on Organization {{{{ a: {half} b: {half} }}}} }}}}"
    links = [f"fragment F{at} on Repository {{ {twice.format(at + 1)} }}" for at in range(depth)]
    return f"{{ {PLACE} {{ ...F0 }} }} {' '.join(links)} fragment F{depth} on Repository {{ id }}"


def circle(length: int) -> str:
    links = [f"fragment F{at} on User {{ login ...F{(at + 1) % length} }}" for at in range(length)]
    return f"{{ viewer {{ ...F0 }} }} {' '.join(links)}"


# why, the query, a word of the refusal
BOMBS = [
    (
        "ten thousand names for one field",
        "{" + " ".join(f"a{at}: viewer {{ id }}" for at in range(10_000)) + "}",
        "tokens",
    ),
    ("four thousand names for one field", "{" + " ".join(f"a{at}:__typename" for at in range(5_001)) + "}", "limits"),
    ("one field a thousand times", "{ viewer { " + "id " * 1_000 + "} }", "limits"),
    (
        "the same in fragments",
        "{ viewer { "
        + " ".join(f"...F{at}" for at in range(60))
        + " } } "
        + " ".join(f"fragment F{at} on User {{ id }}" for at in range(60)),
        "limits",
    ),
    ("fragments that double", doubling(30), "limits"),
    (
        "nodes below nodes",
        f"{{ {PLACE} {{ pullRequests(first: 100) {{ nodes {{ commits(first: 100) {{ nodes {{ commit {{"
        " history(first: 100) { nodes { oid } } } } } } } } }",
        "exceeds the maximum limit",
    ),
    ("a fragment within itself", circle(1), "infinite loop"),
    ("fragments in a circle", circle(3), "infinite loop"),
    ("a long circle", circle(400), "aborted"),
    ("fields below fields, deeper than anything", "{ viewer " * 9_000, "too deeply"),
    ("lists in lists", f"{{ node(id: {'[' * 9_000}", "too deeply"),
    ("fragments below fragments", f"{{ viewer {'{ ... ' * 9_000}", "too deeply"),
    (
        "types of types of types",
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "introspection depth",
    ),
    ("a number of ten thousand digits", f"{{ {PLACE} {{ pullRequest(number: {'9' * 10_000}) {{ id }} }} }}", "Int"),
    ("a page of such a size", f"{{ {PLACE} {{ labels(first: {'9' * 10_000}) {{ nodes {{ id }} }} }} }}", "Int"),
    ("a megabyte of nothing", "{ viewer { login } }" + "," * 2**20, None),
    ("a megabyte of remarks", "#" * 2**20 + "\n{ viewer { login } }", None),
    ("a name of a megabyte", f'{{ {PLACE} {{ object(expression: "{"x" * 2**20}") {{ id }} }} }}', None),
]


@pytest.mark.parametrize(("why", "query", "word"), BOMBS, ids=[row[0] for row in BOMBS])
def test_bombs(post: Any, why: str, query: str, word: str | None) -> None:
    status, body = post(query)
    assert status == 200, why
    assert "errors" not in body if word is None else word in body["errors"][0]["message"]


# why, bytes of a body
NONSENSE = [
    ("lists in lists", b'{"query": "{viewer{id}}", "variables": ' + b'{"a":' * 100_000),
    ("a number without end", b'{"query": "{viewer{id}}", "variables": {"x": ' + b"9" * 10_000 + b"}}"),
    ("other letters", b'{"query": "\xff"}'),
    ("a null byte", b'{"query": "{viewer{id}}"}\0'),
]


@pytest.mark.parametrize(("why", "body"), NONSENSE, ids=[row[0] for row in NONSENSE])
def test_bodies_that_no_parser_likes(post: Any, why: str, body: bytes) -> None:
    assert post(body)[0] == 400, why


def test_a_query_that_is_too_long_is_not_read(post: Any) -> None:
    assert post(b" " * (25 * 1024 * 1024 + 1))[0] == 413


STRINGS = [
    "' OR 1=1 --", "%", "_", "--output=/tmp/x", "-h", "HEAD\n--all", "\0", "../../etc/passwd", "@{-1}",
    "refs/heads/../x", "{viewer}", "dev:a\nb", "\u202e", "${{ x }}", "dev:../x", "dev:/etc", "x" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("text", STRINGS, ids=repr)
def test_texts_that_mean_something_elsewhere_mean_nothing(post: Any, text: str) -> None:
    query = f"""query ($t: String!) {{ owner: repository(owner: $t, name: $t) {{ id }} user(login: $t) {{ id }}
      {PLACE} {{ object(expression: $t) {{ oid }} ref(qualifiedName: $t) {{ id }} label(name: $t) {{ id }}
        refs(first: 9, refPrefix: $t) {{ nodes {{ name }} }} pullRequests(first: 9, headRefName: $t) {{ totalCount }}
        defaultBranchRef {{ target {{ ... on Commit {{ history(first: 9, path: $t) {{ totalCount }}
          file(path: $t) {{ oid }} }} }} compare(headRef: $t) {{ status }} }} }} }}"""
    status, body = post(query, t=text)
    assert status == 200
    assert {error["type"] for error in body["errors"]} == {"NOT_FOUND"}
    found = body["data"]["repository"]
    branch = found.pop("defaultBranchRef")
    assert found == {
        "object": None, "ref": None, "label": None, "refs": {"nodes": []}, "pullRequests": {"totalCount": 0}
    }  # fmt: skip
    assert branch == {"target": {"history": {"totalCount": 0}, "file": None}, "compare": None}


IDS = [
    "", "R_", "_", "R_MQ==", "r_MQ", "X_MQ", "R_LTE", "R_MQ\n", "\0", "R_" + "A" * 100_000, "PR_999",
    node_id("Repository", -1), node_id("Repository", 10**17), node_id("Repository", "1 OR 1"), node_id("Ref", "1:../x"),
    node_id("Ref", "1"), node_id("Commit", "1:HEAD"), node_id("Commit", f"1:{'0' * 40}"), node_id("Commit", "x:y"),
    node_id("Comparison", "1:a...b"), node_id("PullRequestCommit", "1:--all"), node_id("Team", "999"),
    node_id("Blob", f"2:{'a' * 40}"),
]  # fmt: skip


@pytest.mark.parametrize("text", IDS, ids=lambda text: repr(text[:40]))
def test_ids_that_nobody_gave_out(post: Any, text: str) -> None:
    status, body = post("query ($id: ID!) { node(id: $id) { id } }", id=text)
    assert (status, body["data"]) == (200, {"node": None})
    assert body["errors"][0]["type"] == "NOT_FOUND"


# why, the query
ODD = [
    ("a subscription", "subscription { viewer { login } }"),
    ("half an answer later", "{ ... @defer { viewer { login } } }"),
    ("a directive of one's own", "{ viewer @drop { login } }"),
    ("a type definition", "type Query { x: Int }"),
    ("nothing but a fragment", "fragment F on User { id }"),
    ("nothing", ""),
    ("no fields", "{ }"),
    ("a field of the implementation", "{ __class__ }"),
    ("another", "{ viewer { row { id } } }"),
    ("a variable within a default", "query ($a: Int = 1, $b: Int = $a) { viewer { login } }"),
    ("an alias over another field", "{ viewer { login: id login } }"),
    ("one operation twice", "query A { viewer { id } } query A { viewer { id } }"),
    ("one variable twice", "query ($a: Int, $a: Int) { viewer { id } }"),
    ("one argument twice", '{ user(login: "ann", login: "bob") { id } }'),
    ("a fragment where it cannot be", "{ viewer { ... on Team { slug } } }"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "query"), ODD, ids=[row[0] for row in ODD])
def test_what_is_no_query_is_not_carried_out(post: Any, why: str, query: str) -> None:
    status, body = post(query)
    assert (status, "data" in body, bool(body["errors"][0]["message"])) == (200, False, True), why


def test_what_the_schema_says_of_itself_is_a_schema(post: Any) -> None:
    status, body = post(graphql.get_introspection_query())
    assert status == 200
    built = graphql.build_client_schema(body["data"])
    assert {"Repository", "PullRequest", "Mutation"} <= built.type_map.keys()


def test_the_key_of_an_app_is_no_token_for_queries(forge: Forge) -> None:
    import jwt

    now = int(forge.clock.seconds())
    with open(f"{forge.folder}/app-key.pem", encoding="utf-8") as file:
        signed = jwt.encode({"iat": now, "exp": now + 300, "iss": "1"}, file.read(), algorithm="RS256")
    headers = {"Authorization": f"Bearer {signed}"}
    request = urllib.request.Request(forge.urls.graphql, b'{"query": "{viewer{login}}"}', headers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    assert refused.value.code == 403


def test_what_an_hour_allows_is_not_exceeded(forge: Forge, post: Any) -> None:
    query = f"{{ {PLACE} {{ pullRequests(first: 100) {{ nodes {{ comments(first: 100) {{ nodes {{ id }} }} }} }} }} }}"
    before, told = forge.limits.an_hour["user"], post("{ rateLimit { used } }")[1]["data"]["rateLimit"]["used"]
    forge.limits.an_hour["user"] = told + 2
    try:
        kinds = [post(query)[1].get("errors", [{}])[0].get("type") for _ in range(3)]
    finally:
        forge.limits.an_hour["user"] = before
    assert kinds == [None, None, "RATE_LIMITED"]
