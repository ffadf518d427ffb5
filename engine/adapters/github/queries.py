"""What is asked of GitHub in GraphQL: one request for a pull request and the first hundred rows of each of its lists.

Ids of comments and reviews are `fullDatabaseId`: the others have outgrown the 32 bits of GraphQL's numbers. What a list
has beyond a hundred rows is asked for by the same query with that list alone.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from engine.adapters.github.door import PAGE

_AUTHORS = 30  # of one commit

_ACTOR = "{ __typename login ... on User { databaseId } ... on Bot { databaseId } ... on Mannequin { databaseId } }"
_HAND = "{ email user { __typename login databaseId } }"


_MEMBERS = "{ totalCount pageInfo { hasNextPage endCursor } nodes { databaseId login } }"


class Listed(NamedTuple):
    """A list of a pull request."""

    field: str  # with its arguments; `{page}` stands for those of paging
    rows: str  # fields of one row
    inside: str = ""  # the field that holds the list, where that is not the pull request
    counted: bool = True  # does GitHub count exactly these rows?


_COMMIT = f"""oid authors(first: {_AUTHORS}) {{ totalCount nodes {_HAND} }} committer {_HAND}
    signature {{ isValid wasSignedByGitHub }}"""

LISTS: Mapping[str, Listed] = {
    "reviews": Listed(
        "reviews({page})",
        f"fullDatabaseId author {_ACTOR} state commit {{ oid }} submittedAt lastEditedAt body",
    ),
    "dismissals": Listed(
        "timelineItems({page}, itemTypes: [REVIEW_DISMISSED_EVENT])",
        f"... on ReviewDismissedEvent {{ review {{ fullDatabaseId }} previousReviewState actor {_ACTOR} createdAt }}",
        counted=False,
    ),
    "comments": Listed(
        "comments({page})",
        f"fullDatabaseId id author {_ACTOR} body createdAt createdViaEmail lastEditedAt isMinimized",
    ),
    "labels": Listed("labels({page})", "name"),
    "commits": Listed(
        "commits({page})",
        f"commit {{ {_COMMIT} }}",
    ),
    "checks": Listed(
        "contexts({page})",
        "... on CheckRun { __typename name status conclusion externalId checkSuite { app { databaseId } } }"
        " ... on StatusContext { __typename context state }",
        inside="statusCheckRollup",
    ),
    "retargets": Listed(
        "timelineItems({page}, itemTypes: [BASE_REF_CHANGED_EVENT])",
        f"... on BaseRefChangedEvent {{ createdAt previousRefName currentRefName actor {_ACTOR} }}",
        counted=False,
    ),
}

_PULL = f"""id number title body state isDraft merged mergedBy {_ACTOR} mergeCommit {{ oid }} mergedAt updatedAt
      allCommits: commits {{ totalCount }} author {_ACTOR}
      headRefName headRefOid headRef {{ target {{ oid }} }} headRepository {{ nameWithOwner }}
      baseRefName baseRef {{ target {{ oid }} }}"""

# Of a list of many: how many there are, and the newest.
_SAID = "{ totalCount nodes { fullDatabaseId } }"
_TALK = f"comments(last: 1) {_SAID} reviews(last: 1) {_SAID}"

PULLS = f"""query Pulls($owner: String!, $name: String!, $head: String, $after: String) {{
  repository(owner: $owner, name: $name) {{
    nameWithOwner
    pullRequests(
      first: {PAGE}, after: $after, states: [OPEN], headRefName: $head, orderBy: {{field: UPDATED_AT, direction: DESC}}
    ) {{
      totalCount pageInfo {{ hasNextPage endCursor }}
      nodes {{
        number isDraft updatedAt viewerDidAuthor {_TALK}
        headRefName headRefOid headRepository {{ nameWithOwner }} baseRefName baseRef {{ target {{ oid }} }}
      }}
    }}
  }}
}}"""


RECENT = f"""query Recent($owner: String!, $name: String!) {{
  viewer {{ login }}
  repository(owner: $owner, name: $name) {{
    nameWithOwner
    pullRequests(first: {PAGE}, states: [MERGED], orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
      nodes {{ number mergedBy {_ACTOR} headRefOid baseRefName updatedAt {_TALK} }}
    }}
    refs(refPrefix: "refs/heads/", first: {PAGE}, orderBy: {{field: TAG_COMMIT_DATE, direction: DESC}}) {{
      totalCount nodes {{ name target {{ oid ... on Commit {{ committedDate }} }} }}
    }}
  }}
}}"""

SAID = f"""query Said($owner: String!, $name: String!, $number: Int!, $before: String) {{
  repository(owner: $owner, name: $name) {{
    pullRequest(number: $number) {{
      comments(last: {PAGE}, before: $before) {{
        pageInfo {{ hasPreviousPage startCursor }}
        nodes {{ fullDatabaseId body viewerDidAuthor isMinimized }}
      }}
    }}
  }}
}}"""

SHOWN = """query Shown($node: ID!) {
  node(id: $node) { ... on IssueComment { viewerDidAuthor isMinimized } }
}"""

MINIMISE = """mutation Minimise($node: ID!) {
  minimizeComment(input: {subjectId: $node, classifier: OUTDATED}) { minimizedComment { isMinimized } }
}"""

MERGED = f"""query Merged($owner: String!, $name: String!, $number: Int!) {{
  viewer {{ databaseId }}
  repository(owner: $owner, name: $name) {{
    pullRequest(number: $number) {{ merged mergedBy {_ACTOR} mergeCommit {{ oid message }} }}
  }}
}}"""


def pull(parts: Collection[str]) -> str:
    """The query for a pull request with these lists; each has a variable of its name for the place to go on from."""
    variables = "".join(f", ${part}: String" for part in parts)
    lists = "\n      ".join(_listed(part) for part in parts)
    return f"""query Pull($owner: String!, $name: String!, $number: Int!{variables}) {{
  viewer {{ login }}
  repository(owner: $owner, name: $name) {{
    databaseId nameWithOwner
    pullRequest(number: $number) {{
      {_PULL}
      {lists}
    }}
  }}
}}"""


def _listed(part: str) -> str:
    row = LISTS[part]
    field = row.field.replace("{page}", f"first: {PAGE}, after: ${part}")
    rows = f"{field} {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ {row.rows} }} }}"
    return f"{part}: {row.inside} {{ rows: {rows} }}" if row.inside else f"{part}: {rows}"


def commits(names: Collection[str]) -> str:
    """The query for commits; `names` are those of variables with an id each, and each is under its name."""
    return _each("Commits", names, "GitObjectID!", "object(oid: ${name})", f"... on Commit {{ {_COMMIT} }}")


def stated(names: Collection[str]) -> str:
    """The same for pull requests, by variables with a number each."""
    return _each("Stated", names, "Int!", "pullRequest(number: ${name})", "number state merged body")


def branches(names: Collection[str]) -> str:
    """The same for branches, by variables with a full ref each."""
    return _each("Branches", names, "String!", "ref(qualifiedName: ${name})", "target { oid }")


def _each(title: str, names: Collection[str], kind: str, field: str, wanted: str) -> str:
    variables = "".join(f", ${name}: {kind}" for name in names)
    rows = "\n    ".join(f"{name}: {field.replace('{name}', name)} {{ {wanted} }}" for name in names)
    return f"""query {title}($owner: String!, $name: String!{variables}) {{
  repository(owner: $owner, name: $name) {{
    nameWithOwner
    {rows}
  }}
}}"""


def people(users: Collection[str], teams: Collection[str], *, in_repo: bool) -> str:
    """The query for accounts, what they may do in a repository, and members of teams, those of child teams among them.

    `users` are names of variables with a login each, `teams` of variables with a slug; of a team `t` the organisation
    stands in `t_of`, and the place to go on from in `t_after`. Everything is under the name of its variable.
    """
    variables = [f"${user}: String!" for user in users]
    variables += [f"${team}: String!, ${team}_of: String!, ${team}_after: String" for team in teams]
    rows = [f"{user}: user(login: ${user}) {{ databaseId login }}" for user in users]
    rows += [
        f"{team}: organization(login: ${team}_of) {{ team(slug: ${team}) {{ members(first: {PAGE},"
        f" after: ${team}_after, membership: ALL) {_MEMBERS} }} }}"
        for team in teams
    ]
    if in_repo:
        variables += ["$owner: String!", "$name: String!"]
        may = " ".join(
            f"{user}: collaborators(login: ${user}, first: 1) {{ edges {{ permission node {{ databaseId }} }} }}"
            for user in users
        )
        rows.append(f"repository(owner: $owner, name: $name) {{ nameWithOwner {may} }}")
    return f"query People({', '.join(variables)}) {{\n  " + "\n  ".join(rows) + "\n}"
