"""Anything by its id or its address, and what a query costs."""

from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

from engine.sandbox.forge.clock import moment
from engine.sandbox.forge.git.names import SHA
from engine.sandbox.forge.graphql import commits, refs, talk
from engine.sandbox.forge.graphql.checks import rollup, status
from engine.sandbox.forge.graphql.nodes import Args, Ask, Node, QueryError, unknown
from engine.sandbox.forge.graphql.people import Table, account_by, column, constant, kind_of, repository_named, team_of
from engine.sandbox.forge.graphql.pulls import pull_commit
from engine.sandbox.forge.graphql.timeline import EVENTS, event_parts, event_row
from engine.sandbox.forge.ids import read_node_id

MOST_IDS = 100


def _number(key: str) -> int | None:
    return int(key) if key.isascii() and key.isdigit() and len(key) < 18 else None


def _account(ask: Ask, key: str) -> Node | None:
    found = ask.row("accounts", _number(key), kind_of)
    return None if found is None or found.row["deleted"] else found


def _item(ask: Ask, key: str) -> Node | None:
    found = _seen(ask.row("items", _number(key), talk.item_kind))
    return None if found is None else talk.granted(found)


def _seen(node: Node | None) -> Node | None:
    """The node, if the viewer sees the repository that its row names."""
    return node if node is not None and node.ask.repository(node.row["repository"]) else None


def _of_repository(table: str, kind: str, grant: str = "metadata:read") -> Callable[[Ask, str], Node | None]:
    def resolve(ask: Ask, key: str) -> Node | None:
        found = _seen(ask.row(table, _number(key), lambda _: kind))
        if found is not None:
            ask.granted(grant)
        return found

    return resolve


def _below(table: str, kind: str, parent: str, above: Callable[[Ask, str], Node | None]) -> Callable[..., Node | None]:
    """A row that belongs to another one: the viewer must see that."""

    def resolve(ask: Ask, key: str) -> Node | None:
        node = ask.row(table, _number(key), lambda _: kind)
        return node if node is not None and above(ask, str(node.row[parent])) else None

    return resolve


def _review(ask: Ask, key: str) -> Node | None:
    return talk.visible_review(_of_repository("reviews", "PullRequestReview", "pull_requests:read")(ask, key))


def _edit(ask: Ask, key: str) -> Node | None:
    node = ask.row("edits", _number(key), lambda _: "UserContentEdit")
    above = {"Issue": _item, "IssueComment": _comment, "PullRequestReview": _review}
    return node if node is not None and above[node.row["kind"]](ask, str(node.row["subject"])) else None


def _event(ask: Ask, key: str) -> Node | None:
    found = ask.forge.kept.row(
        "SELECT t.*, i.repository FROM timeline t JOIN issues i ON i.id = t.issue WHERE t.id = ?", _number(key)
    )
    if found is None or found["event"] not in EVENTS:
        return None
    return ask.alone(*event_parts(event_row(found))) if _item(ask, str(found["issue"])) else None


def _object(ask: Ask, key: str) -> Node | None:
    number, _, sha = key.partition(":")
    place = ask.repository(_number(number))
    if place is None or not SHA.match(sha):
        return None
    ask.granted("contents:read")
    return commits.git_object(place, {"oid": sha})


def _of_commit(read: Callable[[Node, Args], Node | None], grant: str) -> Callable[[Ask, str], Node | None]:
    def resolve(ask: Ask, key: str) -> Node | None:
        commit = _object(ask, key)
        if commit is None or commit.kind != "Commit":
            return None
        ask.granted(grant)
        return read(commit, {})

    return resolve


def _ref(ask: Ask, key: str) -> Node | None:
    number, _, name = key.partition(":")
    place = ask.repository(_number(number))
    if place is None:
        return None
    ask.granted("contents:read")
    return refs.ref_named(place, name)


def _comparison(ask: Ask, key: str) -> Node | None:
    number, _, ends = key.partition(":")
    found = [_object(ask, f"{number}:{sha}") for sha in ends.split("...")]
    if len(found) != 2 or any(each is None or each.kind != "Commit" for each in found):
        return None
    base, head = (each.row["oid"] for each in found if each is not None)
    return refs.comparison(ask, int(number), base, head)


def _pull_commit(ask: Ask, key: str) -> Node | None:
    number, _, sha = key.partition(":")
    pull = _item(ask, number)
    return pull_commit(pull, sha) if pull is not None and pull.kind == "PullRequest" else None


_comment = _below("comments", "IssueComment", "issue", _item)
_deployment = _of_repository("deployments", "Deployment", "deployments:read")
_NODES: Mapping[str, Callable[[Ask, str], Node | None]] = {
    "User": _account,
    "Bot": _account,
    "Organization": _account,
    "Mannequin": _account,
    "Team": lambda ask, key: team_of(ask, _number(key)),
    "App": lambda ask, key: ask.row("apps", _number(key), lambda _: "App"),
    "Repository": lambda ask, key: ask.repository(_number(key)),
    "Issue": _item,
    "PullRequest": _item,
    "IssueComment": _comment,
    "PullRequestReview": _review,
    "PullRequestReviewComment": _below("review_comments", "PullRequestReviewComment", "review", _review),
    "Label": _of_repository("labels", "Label"),
    "CheckSuite": _of_repository("check_suites", "CheckSuite", "checks:read"),
    "CheckRun": _of_repository("check_runs", "CheckRun", "checks:read"),
    "StatusContext": _of_repository("statuses", "StatusContext", "statuses:read"),
    "Deployment": _deployment,
    "DeploymentStatus": _below("deployment_statuses", "DeploymentStatus", "deployment", _deployment),
    "Ref": _ref,
    "Commit": _object,
    "Tree": _object,
    "Blob": _object,
    "Tag": _object,
    "Comparison": _comparison,
    "PullRequestCommit": _pull_commit,
    "ReviewRequest": _below("review_requests", "ReviewRequest", "pull", _item),
    "Status": _of_commit(status, "statuses:read"),
    "StatusCheckRollup": _of_commit(rollup, "checks:read"),
    "UserContentEdit": _edit,
    "TimelineEvent": _event,
}


def node_of(ask: Ask, text: str, *kinds: str) -> Node:
    """The object of this id.

    Raises:
        QueryError: there is none (for this viewer), or it is of none of the `kinds`.
    """
    read = read_node_id(text)
    found = _NODES[read[0]](ask, read[1]) if read is not None and read[0] in _NODES else None
    if found is None or (kinds and found.kind not in kinds):
        what = f"{kinds[0]} node" if len(kinds) == 1 else "node"
        raise unknown(f"a {what} with the global id of '{text}'")
    return found


def _node(ask: Ask, args: Args) -> Node:
    return node_of(ask, args["id"])


def _nodes(ask: Ask, args: Args) -> list[Node | Exception]:
    """One by one: those that are not there are null, each with its error."""
    ids = args["ids"]
    if len(ids) > MOST_IDS:
        said = f"You may not provide more than {MOST_IDS} node ids; you provided {len(ids)}."
        raise QueryError("ARGUMENT_LIMIT", said)
    found: list[Node | Exception] = []
    for text in ids:
        try:
            found.append(node_of(ask, text))
        except QueryError as refused:
            found.append(refused)  # graphql-core puts it at its place in the list
    return found


def _resource(ask: Ask, args: Args) -> Node | None:
    """What a page of this forge is about."""
    text = args["url"]
    if not text.startswith(("/", f"{ask.urls.base}/")):
        return None
    parts = [unquote(part) for part in urlsplit(text.removeprefix(ask.urls.base)).path.strip("/").split("/")]
    try:
        return _page(ask, parts)
    except QueryError:
        raise unknown(f"a resource with the URL of '{text}'") from None


def _page(ask: Ask, parts: list[str]) -> Node | None:
    match parts:
        case [login]:
            return account_by(ask, login, "User", "Organization")
        case [owner, name]:
            return repository_named(ask, owner, name)
        case [owner, name, "pull" | "issues", number]:
            sql = "SELECT id FROM issues WHERE repository = ? AND number = ?"
            place = repository_named(ask, owner, name)
            return _item(ask, str(ask.forge.kept.value(sql, place.key, _number(number))))
        case [owner, name, "commit", sha]:
            place = repository_named(ask, owner, name)
            return commits.git_object(place, {"oid": sha}) if SHA.match(sha) else None
    return None


def _rate_limit(ask: Ask, _: Args) -> Node:
    state = ask.forge.limits.state(ask.viewer.payer, "graphql")
    row = {**state, "resetAt": moment(state["reset"]), **ask.cost}
    return ask.alone("RateLimit", 0, row)


TABLE: Table = {
    "Query": {
        "id": constant("Q_c2FuZGJveA"),
        "node(id)": _node,
        "nodes(ids)": _nodes,
        "rateLimit(dryRun)": _rate_limit,
        "relay": lambda ask, _: ask,
        "resource(url)": _resource,
    },
    "RateLimit": {name: column(name) for name in ("cost", "limit", "nodeCount", "remaining", "resetAt", "used")},
}
