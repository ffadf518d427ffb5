"""Repositories: what they are, what is in them, who works there."""

from collections.abc import Callable, Sequence
from typing import Any

from engine.sandbox.forge.graphql import commits, refs, talk
from engine.sandbox.forge.graphql.nodes import Args, Ask, Node, QueryError, unknown
from engine.sandbox.forge.graphql.pages import PAGE, Edge, Page, page
from engine.sandbox.forge.graphql.people import (
    Table,
    column,
    constant,
    flag,
    identity,
    kind_of,
    path_of,
    repository_named,
)
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access
from engine.sandbox.forge.tracker import rows
from engine.sandbox.forge.tracker.shapes.issues import DEFAULT_LABELS

_PULLS = f"{PAGE}, baseRefName, headRefName, labels, orderBy, states"
_ISSUE_FIELDS: dict[str, Callable[[Row], Any]] = {
    "COMMENTS": lambda row: row["comments"],
    "CREATED_AT": lambda row: row["id"],
    "UPDATED_AT": lambda row: (row["updated_at"], row["id"]),
}


def state(row: Row) -> str:
    """A pull request that is merged is not closed."""
    return "MERGED" if row["merged"] else str(row["state"]).upper()


def items(ask: Ask, where: str, values: Sequence[object], args: Args) -> Page:
    """Issues or pull requests: those for which `where` (SQL of ours) holds and that the arguments want."""
    found = [row for row in rows.items(ask.forge, where, values) if ask.repository(row["repository"])]
    for name, named in (("states", state), ("baseRefName", _column("base_ref")), ("headRefName", _column("head_ref"))):
        wanted = args.get(name)
        if wanted is not None:
            found = [row for row in found if named(row) in (wanted if name == "states" else (wanted,))]
    if args.get("labels") is not None:
        found = [row for row in found if row["id"] in _wearing(ask, args["labels"])]
    order = args.get("orderBy")
    if order is not None:
        found.sort(key=_ISSUE_FIELDS[order["field"]], reverse=order["direction"] == "DESC")
    nodes = [ask.keep("items", node) for node in ask.group((talk.item_kind(row), row["id"], row) for row in found)]
    return page(nodes, args)


def _column(name: str) -> Callable[[Row], Any]:
    return lambda row: row[name]


def _wearing(ask: Ask, names: Sequence[str]) -> set[int]:
    import json

    sql = """SELECT i.issue FROM issue_labels i JOIN labels l ON l.id = i.label
      WHERE l.name IN (SELECT value FROM json_each(?))"""
    key = ("wearing", tuple(names))
    return ask.once(key, lambda: {row["issue"] for row in ask.forge.kept.rows(sql, json.dumps(list(names)))})


def _pulls(node: Node, args: Args) -> Page:
    return items(node.ask, "i.repository = ? AND p.id IS NOT NULL", (node.key,), args)


def _issues(node: Node, args: Args) -> Page:
    return items(node.ask, "i.repository = ? AND p.id IS NULL", (node.key,), args)


def _numbered(what: str, *kinds: str) -> Callable[[Node, Args], Node]:
    def resolve(node: Node, args: Args) -> Node:
        sql = "SELECT id FROM issues WHERE repository = ? AND number = ?"
        found = node.ask.forge.kept.value(sql, node.key, args["number"])
        item = node.ask.row("items", found, talk.item_kind)
        if item is None or item.kind not in kinds:
            raise unknown(f"{what} with the number of {args['number']}")
        return talk.granted(item)

    return resolve


def _owner(node: Node, _: Args) -> Node:
    found = node.one("accounts", "owner", kind_of)
    if found is None:
        raise unknown("an owner")
    return found


def _url(node: Node, _: Args) -> str:
    return node.ask.urls.page(*node.row["full_name"].split("/"))


def _parent(node: Node, _: Args) -> Node | None:
    return node.ask.repository(node.row["fork_of"])


def _labels(node: Node, args: Args) -> Page:
    sql = """SELECT l.*, l.repository AS parent FROM labels l
      WHERE l.repository IN (SELECT value FROM json_each(?)) ORDER BY l.id"""
    query = (args.get("query") or "").lower()
    found = [each for each in node.many("labels", "Label", sql) if query in each.row["name"].lower()]
    return page(ordered_labels(found, args), args)


def ordered_labels(found: list[Node], args: Args) -> list[Node]:
    """Labels in the order that is asked for, else as they come."""
    order = args.get("orderBy")
    if order is None:
        return found
    fields: dict[str, Callable[[Node], Any]] = {
        "CREATED_AT": lambda each: each.key,
        "NAME": lambda each: each.row["name"].lower(),
    }
    return sorted(found, key=fields[order["field"]], reverse=order["direction"] == "DESC")


def _label(node: Node, args: Args) -> Node | None:
    sql = "SELECT id FROM labels WHERE repository = ? AND name = ?"
    return node.ask.row("labels", node.ask.forge.kept.value(sql, node.key, args["name"]), lambda _: "Label")


def _label_url(node: Node, _: Args) -> str:
    return commits.page_url(node, "labels", node.row["name"])


def _collaborators(node: Node, args: Args) -> Page:
    """Everybody with access that was given: outsiders, members, teams, owners."""
    ask = node.ask
    if not ask.may(node.row, "write"):
        raise QueryError("FORBIDDEN", "You do not have permission to view repository collaborators.")
    direct = {
        row["account"] for row in ask.forge.kept.rows("SELECT * FROM collaborators WHERE repository = ?", node.key)
    }
    members = {
        row["account"]
        for row in ask.forge.kept.rows("SELECT account FROM members WHERE organization = ?", node.row["owner"])
    }
    login = args.get("login")
    wanted = {"ALL": lambda _: True, "DIRECT": direct.__contains__, "OUTSIDE": (direct - members).__contains__}
    chosen = wanted[args.get("affiliation", "ALL")]
    found: list[tuple[str, int, Row]] = []
    for row in ask.forge.kept.rows("SELECT * FROM accounts WHERE kind = 'User' AND NOT deleted ORDER BY id"):
        level = access.permission(ask.forge, row["id"], node.row)
        given = row["id"] in direct or row["id"] in members or level != _given_to_all(node)
        if given and level != "none" and chosen(row["id"]) and (login is None or login.lower() == row["login"].lower()):
            found.append(("User", row["id"], {**row, "permission": level}))
    return page(ask.group(found), args)


def _given_to_all(node: Node) -> str:
    return "none" if node.row["private"] else "read"


def _permission(edge: Edge, _: Args) -> str:
    return str(edge.page.items[edge.at].row["permission"]).upper()


def _viewer_permission(node: Node, _: Args) -> str | None:
    level = node.ask.level(node.row)
    return None if level in (None, "none") else str(level).upper()


def _allows(method: str) -> Callable[[Node, Args], bool]:
    return lambda node, _: method in node.row["merge_methods"].split()


def _default_branch(node: Node, _: Args) -> Node | None:
    return refs.ref_named(node, node.row["default_branch"])


def _is_empty(node: Node, _: Args) -> bool:
    return not commits.objects_of(node.ask, node.row["id"]).refs()


def _forks(node: Node, _: Args) -> int:
    return int(node.ask.forge.kept.value("SELECT count(*) FROM repositories WHERE fork_of = ?", node.key))


def _associated(node: Node, args: Args) -> Page:
    """Pull requests that brought the commit (its timeline has it, or it is their merge), seen by the viewer."""
    where = """p.repository = ? AND (p.head_sha = ? OR (p.merged AND p.merge_commit_sha = ?) OR EXISTS
      (SELECT 1 FROM timeline t WHERE t.issue = i.id AND t.event = 'committed' AND t.commit_sha = ?))"""
    return items(node.ask, where, (node.row["repository"], *[node.row["oid"]] * 3), args)


# Of these there are none here; what is asked of them is answered with null above.
_NONE: Table = {
    "BranchProtectionRule": dict.fromkeys(("id", "pattern"), constant(None)),
    "MergeQueue": dict.fromkeys(("id", "url"), constant(None)),
    "MergeQueueEntry": dict.fromkeys(("enqueuedAt", "id", "position", "state"), constant(None)),
}
TABLE: Table = {
    **_NONE,
    "Query": {
        "repository(followRenames, name, owner)": lambda ask, args: repository_named(ask, args["owner"], args["name"]),
    },
    "Repository": {
        "archivedAt": lambda node, _: node.row["updated_at"] if node.row["archived"] else None,
        f"collaborators({PAGE}, affiliation, login)": _collaborators,
        "createdAt": column("created_at"),
        "databaseId": column("id"),
        "defaultBranchRef": _default_branch,
        "description": column("description"),
        "forkCount": _forks,
        "id": identity("Repository"),
        "isArchived": flag("archived"),
        "isDisabled": constant(False),
        "isEmpty": _is_empty,
        "isFork": lambda node, _: node.row["fork_of"] is not None,
        "isInOrganization": lambda node, _: _owner(node, {}).kind == "Organization",
        "isLocked": constant(False),
        "isPrivate": flag("private"),
        "issue(number)": _numbered("an Issue", "Issue"),
        "issueOrPullRequest(number)": _numbered("an issue or pull request", "Issue", "PullRequest"),
        f"issues({PAGE}, labels, orderBy, states)": _issues,
        "label(name)": _label,
        f"labels({PAGE}, orderBy, query)": _labels,
        "mergeCommitAllowed": _allows("merge"),
        "mergeQueue(branch)": constant(None),
        "name": column("name"),
        "nameWithOwner": column("full_name"),
        "object(expression, oid)": commits.git_object,
        "owner": _owner,
        "parent": _parent,
        "pullRequest(number)": _numbered("a PullRequest", "PullRequest"),
        f"pullRequests({_PULLS})": _pulls,
        "pushedAt": column("pushed_at"),
        "rebaseMergeAllowed": _allows("rebase"),
        "ref(qualifiedName)": lambda node, args: refs.ref_named(node, args["qualifiedName"]),
        f"refs({PAGE}, direction, orderBy, query, refPrefix)": refs.refs,
        "resourcePath": path_of(_url),
        "squashMergeAllowed": _allows("squash"),
        "updatedAt": column("updated_at"),
        "url": _url,
        "viewerCanAdminister": lambda node, _: node.ask.level(node.row) == "admin",
        "viewerPermission": _viewer_permission,
        "visibility": lambda node, _: "PRIVATE" if node.row["private"] else "PUBLIC",
    },
    "RepositoryCollaboratorEdge": {"permission": _permission},
    "Label": {
        "color": column("color"),
        "description": column("description"),
        "id": identity("Label"),
        "isDefault": lambda node, _: node.row["name"].lower() in DEFAULT_LABELS,
        "name": column("name"),
        f"pullRequests({_PULLS})": lambda node, args: _pulls(
            commits.repository_of(node), {**args, "labels": [node.row["name"]]}
        ),
        "repository": commits.repository_of,
        "resourcePath": path_of(_label_url),
        "url": _label_url,
    },
    "Ref": {
        f"associatedPullRequests({_PULLS})": lambda node, args: items(
            node.ask,
            "p.head_repository = ? AND 'refs/heads/' || p.head_ref = ?",
            (node.row["repository"], node.row["name"]),
            args,
        ),
    },
    "Commit": {f"associatedPullRequests({PAGE})": _associated},
}
