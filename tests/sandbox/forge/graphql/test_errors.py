"""How GraphQL says no: in GitHub's words, or 501 by name where GitHub would have answered."""

import pytest

REPOSITORY = '{ repository(owner: "acme", name: "life") { %s } }'

# why, the query, the message, its type or code
REFUSED = [
    (
        "a field that GitHub has not",
        REPOSITORY % "foo",
        "Field 'foo' doesn't exist on type 'Repository'",
        "undefinedField",
    ),
    ("a field of nothing", "{ foo }", "Field 'foo' doesn't exist on type 'Query'", "undefinedField"),
    ("such a mutation", "mutation { foo { id } }", "Field 'foo' doesn't exist on type 'Mutation'", "undefinedField"),
    (
        "what another type has",
        REPOSITORY % "owner { databaseId }",
        "Field 'databaseId' doesn't exist on type 'RepositoryOwner'",
        "undefinedField",
    ),
    (
        "an argument that GitHub has not",
        REPOSITORY % "issues(frist: 1) { totalCount }",
        "Field 'issues' doesn't accept argument 'frist'",
        "argumentNotAccepted",
    ),
    (
        "an argument that is missing",
        '{ repository(owner: "acme") { id } }',
        "Field 'repository' is missing required arguments: name",
        "missingRequiredArguments",
    ),
    (
        "an object without fields",
        REPOSITORY % "owner",
        "Field must have selections (field 'owner' returns RepositoryOwner"
        " but has no selections. Did you mean 'owner { ... }'?)",
        "selectionMismatch",
    ),
    (
        "fields of a text",
        REPOSITORY % "name { x }",
        "Selections can't be made on scalars (field 'name' returns String but has selections [\"x\"])",
        "selectionMismatch",
    ),
    (
        "a type that GitHub has not",
        REPOSITORY % "... on Foo { id }",
        "No such type Foo, so it can't be a fragment condition",
        "undefinedType",
    ),
    (
        "a fragment of such a type",
        "{ viewer { ...F } } fragment F on Foo { id }",
        "No such type Foo, so it can't be a fragment condition",
        "undefinedType",
    ),
    (
        "a fragment that is not there",
        REPOSITORY % "...F",
        "Fragment F was used, but not defined",
        "useAndDefineFragment",
    ),
    (
        "a fragment that nobody uses",
        "{ viewer { login } } fragment F on User { id }",
        "Fragment F was defined, but not used",
        "useAndDefineFragment",
    ),
    (
        "a fragment within itself",
        "{ viewer { ...F } } fragment F on User { login ...F }",
        "Fragment F contains an infinite loop",
        "infiniteLoop",
    ),
    (
        "a variable that is not declared",
        '{ repository(owner: $o, name: "life") { id } }',
        "Variable $o is used by anonymous query but not declared",
        "variableNotDefined",
    ),
    (
        "a variable that nobody uses",
        "query Q($o: String) { viewer { login } }",
        "Variable $o is declared by Q but not used",
        "variableNotUsed",
    ),
    (
        "a text for a number",
        REPOSITORY % 'labels(first: "1") { totalCount }',
        "Argument 'first' on Field 'labels' has an invalid value (\"1\"). Expected type 'Int'.",
        "argumentLiteralsIncompatible",
    ),
    (
        "a word that is none of the enum's",
        REPOSITORY % "pullRequests(states: [OPEN, FOO]) { totalCount }",
        "Argument 'states' on Field 'pullRequests' has an invalid value ([OPEN, FOO])."
        " Expected type '[PullRequestState!]'.",
        "argumentLiteralsIncompatible",
    ),
    (
        "nothing for what must be something",
        "{ node(id: null) { id } }",
        "Argument 'id' on Field 'node' has an invalid value (null). Expected type 'ID!'.",
        "argumentLiteralsIncompatible",
    ),
    (
        "a field of an input that GitHub has not",
        'mutation { addComment(input: {subject: "x"}) { clientMutationId } }',
        "InputObject 'AddCommentInput' doesn't accept argument 'subject'",
        "argumentNotAccepted",
    ),
    (
        "a list without a page",
        REPOSITORY % "labels { nodes { name } }",
        "You must provide a `first` or `last` value to properly paginate the `labels` connection.",
        "MISSING_PAGINATION_BOUNDARIES",
    ),
    (
        "such a list by its edges in a fragment",
        '{ repository(owner: "acme", name: "life") { labels { ...L } } }'
        " fragment L on LabelConnection { edges { cursor } }",
        "You must provide a `first` or `last` value to properly paginate the `labels` connection.",
        "MISSING_PAGINATION_BOUNDARIES",
    ),
    (
        "a page too large",
        REPOSITORY % "labels(first: 101) { nodes { name } }",
        "Requesting 101 records on the `labels` connection exceeds the `first` limit of 100 records.",
        "EXCESSIVE_PAGINATION",
    ),
    (
        "from both ends",
        REPOSITORY % "labels(first: 1, last: 1) { nodes { name } }",
        "Passing both `first` and `last` values to paginate the `labels` connection is not supported.",
        "INVALID_PAGINATION_BOUNDARIES",
    ),
    (
        "a page of less than nothing",
        REPOSITORY % "labels(last: -1) { nodes { name } }",
        "`last` on the `labels` connection cannot be less than zero.",
        "INVALID_PAGINATION_BOUNDARIES",
    ),
    (
        "too many nodes at once",
        REPOSITORY % "pullRequests(first: 100) { nodes { comments(first: 100) { nodes {"
        " userContentEdits(first: 100) { nodes { id } } } } } }",
        "This query requests up to 1,010,100 possible nodes which exceeds the maximum limit of 500,000.",
        "MAX_NODE_LIMIT_EXCEEDED",
    ),
    (
        "two queries and no name",
        "query A { viewer { login } } query B { viewer { login } }",
        "An operation name is required",
        None,
    ),
    (
        "a cursor that was never given out",
        REPOSITORY % 'labels(first: 1, after: "eA==") { nodes { name } }',
        "`eA==` does not appear to be a valid cursor.",
        "INVALID_CURSOR_ARGUMENTS",
    ),
    (
        "a repository that is not there",
        '{ repository(owner: "acme", name: "nope") { id } }',
        "Could not resolve to a Repository with the name 'acme/nope'.",
        "NOT_FOUND",
    ),
    (
        "a pull request that is not there",
        REPOSITORY % "pullRequest(number: 4711) { id }",
        "Could not resolve to a PullRequest with the number of 4711.",
        "NOT_FOUND",
    ),
    (
        "an issue that is a pull request",
        REPOSITORY % "issue(number: 1) { id }",
        "Could not resolve to an Issue with the number of 1.",
        "NOT_FOUND",
    ),
    (
        "nobody of this name",
        '{ user(login: "nobody") { id } }',
        "Could not resolve to a User with the login of 'nobody'.",
        "NOT_FOUND",
    ),
    (
        "an organisation that is a person",
        '{ organization(login: "ann") { id } }',
        "Could not resolve to an Organization with the login of 'ann'.",
        "NOT_FOUND",
    ),
    (
        "an id of nothing",
        '{ node(id: "R_x") { id } }',
        "Could not resolve to a node with the global id of 'R_x'.",
        "NOT_FOUND",
    ),
    (
        "who is not a writer asks who is",
        REPOSITORY % "collaborators(first: 1) { nodes { login } }",
        "You do not have permission to view repository collaborators.",
        "FORBIDDEN",
    ),
]


@pytest.mark.parametrize(("why", "query", "message", "kind"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refusals(life, say, why, query, message, kind):
    answer = say("oscar", query)
    error = answer.body["errors"][0]
    assert (answer.status, error["message"]) == (200, message), why
    assert kind in (error.get("type"), error.get("extensions", {}).get("code"))


# why, the query, what is named
BEYOND = [
    ("a field", REPOSITORY % "stargazerCount", "Repository.stargazerCount"),
    ("the first of two", REPOSITORY % "name forks(first: 1) { totalCount } stargazerCount", "Repository.forks"),
    ("a field of a fragment", "{ ...F } fragment F on Query { meta { gitHubServicesSha } }", "Query.meta"),
    ("the second of its name", REPOSITORY % "owner { ... on User { login bio } }", "User.bio"),
    ("a search", '{ search(first: 1, query: "x", type: ISSUE) { issueCount } }', "Query.search"),
    ("a mutation", 'mutation { addStar(input: {starrableId: "x"}) { clientMutationId } }', "Mutation.addStar"),
    (
        "an argument",
        REPOSITORY % 'issues(first: 1, filterBy: {assignee: "ann"}) { totalCount }',
        "Repository.issues(filterBy)",
    ),
    ("a type", REPOSITORY % "owner { ... on Enterprise { id } }", "Enterprise"),
]


@pytest.mark.parametrize(("why", "query", "name"), BEYOND, ids=[row[0] for row in BEYOND])
def test_what_github_has_and_the_sandbox_has_not(life, say, why, query, name):
    answer = say("ann", query)
    assert (answer.status, answer.body["errors"][0]["type"]) == (501, "NOT_IMPLEMENTED"), why
    assert answer.body["errors"][0]["message"] == f"The sandbox does not resolve {name}."


MERGE = "mutation %s { mergePullRequest(input: %s) { clientMutationId } }"
IGNORED = [
    ("in the query", MERGE % ("", '{pullRequestId: "x", authorEmail: "a@b.c"}'), None),
    ("in a variable", MERGE % ("($i: MergePullRequestInput!)", "$i"), {"authorEmail": "a@b.c"}),
]


@pytest.mark.parametrize(("why", "query", "value"), IGNORED, ids=[row[0] for row in IGNORED])
def test_an_input_s_field_that_is_not_honoured_is_named(life, say, why, query, value):
    answer = say("ann", query, **({} if value is None else {"i": value}))
    assert (answer.status, answer.body["errors"][0]["message"]) == (
        501,
        "The sandbox does not resolve MergePullRequestInput.authorEmail.",
    )


def test_an_error_of_github_s_comes_before_one_of_ours(life, say):
    answer = say("ann", REPOSITORY % "stargazerCount foo")
    assert (answer.status, [e["message"] for e in answer.body["errors"]]) == (
        200,
        ["Field 'foo' doesn't exist on type 'Repository'"],
    )


def test_what_is_not_there_is_null_and_the_rest_is_told(life, say):
    answer = say("ann", '{ a: repository(owner: "acme", name: "nope") { id } viewer { login } }')
    assert answer.body["data"] == {"a": None, "viewer": {"login": "ann"}}
    (error,) = answer.body["errors"]
    assert (error["path"], error["locations"]) == (["a"], [{"line": 1, "column": 3}])


def test_a_path_leads_to_the_field(life, say):
    query = "query Q { viewer { ... on User { x: foo } } }"
    assert say("ann", query).body["errors"][0]["path"] == ["query Q", "viewer", "... on User", "x"]


def test_a_list_that_only_counts_needs_no_page(life, told):
    assert told("ann", REPOSITORY % "labels { totalCount }")["repository"]["labels"]["totalCount"] == 2


# why, the body, status, message
BODIES = [
    ("no JSON", b"{", 400, "Problems parsing JSON"),
    ("half a character", b'{"query": "\\ud800"}', 400, "Problems parsing JSON"),
    ("no object", b"[]", 400, "A query attribute must be specified and must be a string."),
    ("no query", b"{}", 400, "A query attribute must be specified and must be a string."),
    ("a query that is no text", b'{"query": 1}', 400, "A query attribute must be specified and must be a string."),
    (
        "variables that are none",
        b'{"query": "{viewer{login}}", "variables": [1]}',
        400,
        "Variables must be an object, and operationName must be a string.",
    ),
    (
        "a name that is no text",
        b'{"query": "{viewer{login}}", "operationName": {}}',
        400,
        "Variables must be an object, and operationName must be a string.",
    ),
]


@pytest.mark.parametrize(("why", "body", "status", "message"), BODIES, ids=[row[0] for row in BODIES])
def test_bodies_that_are_none(forge, post, why, body, status, message):
    answer = post("ann", body)
    assert (answer[0], answer[1]["message"]) == (status, message), why


@pytest.mark.parametrize("name", ["Nope", "viewer", "A B", "\u0000"])
def test_an_operation_that_is_not_there(life, post, name):
    import json

    _, body = post("ann", json.dumps({"query": "query A { viewer { login } }", "operationName": name}).encode())
    assert body == {"errors": [{"message": f'No operation named "{name}"'}]}


def test_a_named_operation_is_carried_out(life, post):
    status, body = post("ann", b'{"query": "query A{viewer{login}} query B{viewer{id}}", "operationName": "A"}')
    assert (status, body) == (200, {"data": {"viewer": {"login": "ann"}}})


def test_who_has_no_token_is_told_nothing(say):
    answer = say(None, "{ __typename }")
    assert (answer.status, answer.body["message"]) == (401, "This endpoint requires you to be authenticated.")


# why, what $x is declared as and used for, its value
VARIABLES = [
    ("a word for a number", "Int!", "pullRequest(number: $x)", "a"),
    ("a number that GraphQL has not", "Int!", "pullRequest(number: $x)", 2**31),
    ("a very large one", "Int!", "pullRequest(number: $x)", 10**400),
    ("a fraction", "Int!", "pullRequest(number: $x)", 1.5),
    ("a flag for a number", "Int!", "pullRequest(number: $x)", True),
    ("nothing", "Int!", "pullRequest(number: $x)", None),
    ("a list for a number", "Int!", "pullRequest(number: $x)", [1]),
    ("a number for a text", "String", "object(expression: $x)", 1),
    ("half an id", "GitObjectID", "object(oid: $x)", "abc"),
    ("an id of 40 other letters", "GitObjectID", "object(oid: $x)", "g" * 40),
]


@pytest.mark.parametrize(("why", "kind", "use", "value"), VARIABLES, ids=[row[0] for row in VARIABLES])
def test_variables_of_another_type(life, say, why, kind, use, value):
    answer = say(
        "ann", f'query ($x: {kind}) {{ repository(owner: "acme", name: "life") {{ {use} {{ id }} }} }}', x=value
    )
    (error,) = answer.body["errors"]
    assert error["message"] == f"Variable $x of type {kind} was provided invalid value", why
    assert "data" not in answer.body
