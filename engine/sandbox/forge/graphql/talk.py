"""What people write: bodies with their edits, comments, reviews, and what all of those have in common."""

from collections.abc import Mapping

from engine.sandbox.forge.graphql.commits import commit_in, repository_of
from engine.sandbox.forge.graphql.nodes import Args, Node, unknown
from engine.sandbox.forge.graphql.pages import PAGE, Page, page
from engine.sandbox.forge.graphql.people import Resolver, Table, column, constant, identity, path_of
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import rights
from engine.sandbox.forge.tracker.shapes.parts import association

OPINIONS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")


def item_kind(row: Row) -> str:
    """A row of `work.rows`: what it is."""
    return "Issue" if row["pull"] is None else "PullRequest"


def granted(node: Node) -> Node:
    """The issue or pull request, if an App that asks may read such.

    Raises:
        ForgeError: 403.
    """
    node.ask.granted(_GRANTS[node.kind])
    return node


_GRANTS = {"Issue": "issues:read", "PullRequest": "pull_requests:read"}


def item_of(name: str) -> Resolver:
    """The issue or pull request whose id is in a column."""

    def resolve(node: Node, _: Args) -> Node:
        found = node.one("items", name, item_kind)
        if found is None:
            raise unknown("an issue or pull request")
        return found

    return resolve


def item_url(node: Node, _: Args | None = None) -> str:
    """Its page."""
    place = "issues" if node.kind == "Issue" else "pull"
    return node.ask.urls.page(*repository_of(node).row["full_name"].split("/"), place, node.row["number"])


def by_viewer(node: Node, _: Args | None = None) -> bool:
    """Did the viewer write it?"""
    return node.row["author"] is not None and node.row["author"] == node.ask.viewer.account


def writer(node: Node, repository: Node) -> bool:
    """Its author, or whoever has write access."""
    ask = node.ask
    return by_viewer(node) or rights.has(ask.forge, ask.viewer, repository.row, "write", rights.EITHER)


def _edits(node: Node) -> list[Node]:
    """All versions, oldest first; none where nothing was edited."""
    kind = "Issue" if node.kind == "PullRequest" else node.kind
    sql = f"""SELECT *, subject AS parent FROM edits
      WHERE kind = '{kind}' AND subject IN (SELECT value FROM json_each(?)) ORDER BY id"""  # noqa: S608 - a type's name
    return node.many("edits", "UserContentEdit", sql)


def _latest(node: Node) -> Node | None:
    edits = _edits(node)
    return edits[-1] if edits else None


def _editor(node: Node, _: Args) -> Node | None:
    latest = _latest(node)
    return None if latest is None else latest.actor("editor")


def _last_edited(node: Node, _: Args) -> str | None:
    latest = _latest(node)
    return None if latest is None else latest.row["at"]


def _versions(node: Node, args: Args) -> Page:
    return page(_edits(node)[::-1], args)


def _association(repository: Resolver) -> Resolver:
    def resolve(node: Node, args: Args) -> str:
        place = repository(node, args)
        return node.ask.once(
            ("association", place.key, node.row["author"]),
            lambda: association(node.ask.forge, place.row, node.row["author"]),
        )

    return resolve


def written(
    repository: Resolver, url: Resolver, created: str = "created_at", updated: str = "updated_at"
) -> Mapping[str, Resolver]:
    """The fields of everything that somebody wrote: interface Comment, and who may change it."""
    return {
        "author": lambda node, _: node.actor("author"),
        "authorAssociation": _association(repository),
        "body": lambda node, _: node.row["body"] or "",
        "bodyText": lambda node, _: node.row["body"] or "",
        "createdAt": column(created),
        "createdViaEmail": constant(False),
        "databaseId": column("id"),
        "editor": _editor,
        "fullDatabaseId": lambda node, _: str(node.row["id"]),
        "id": lambda node, args: identity(node.kind)(node, args),
        "includesCreatedEdit": lambda node, _: bool(_edits(node)),
        "lastEditedAt": _last_edited,
        "publishedAt": column(created),
        "repository": repository,
        "resourcePath": path_of(url),
        "updatedAt": column(updated),
        "url": url,
        f"userContentEdits({PAGE})": _versions,
        "viewerCanUpdate": lambda node, args: writer(node, repository(node, args)),
        "viewerDidAuthor": by_viewer,
    }


def _folded(may: Resolver) -> Mapping[str, Resolver]:
    return {
        "isMinimized": lambda node, _: node.row.get("minimized") is not None,
        "minimizedReason": lambda node, _: (node.row.get("minimized") or "").lower() or None,
        "viewerCanMinimize": may,
        "viewerCanDelete": may,
    }


def _repository_by(item: Resolver) -> Resolver:
    return lambda node, args: repository_of(item(node, args))


def _may(item: Resolver) -> Resolver:
    return lambda node, args: writer(node, repository_of(item(node, args)))


def _anchored(item: Resolver, anchor: str) -> Resolver:
    return lambda node, args: f"{item_url(item(node, args))}#{anchor}{node.key}"


_ISSUE, _PULL = item_of("issue"), item_of("pull")


def _pull_of_comment(node: Node, args: Args) -> Node | None:
    found: Node = _ISSUE(node, args)
    return found if found.kind == "PullRequest" else None


def comments(node: Node, args: Args) -> Page:
    """Of an issue or pull request, oldest first."""
    sql = """SELECT *, issue AS parent FROM comments
      WHERE issue IN (SELECT value FROM json_each(?)) ORDER BY id"""
    found = node.many("comments", "IssueComment", sql)
    order = args.get("orderBy")
    if order is not None:
        found = sorted(found, key=lambda each: each.row["updated_at"], reverse=order["direction"] == "DESC")
    return page(found, args)


def _all_reviews(node: Node) -> list[Node]:
    """Those that the viewer sees: a pending one is its author's alone."""
    sql = """SELECT r.*, r.pull AS parent, i.repository FROM reviews r JOIN issues i ON i.id = r.pull
      WHERE r.pull IN (SELECT value FROM json_each(?)) ORDER BY r.id"""
    found = node.many("reviews", "PullRequestReview", sql)
    return [review for review in found if review.row["state"] != "PENDING" or by_viewer(review)]


def reviews(node: Node, args: Args) -> Page:
    """In the order in which they were begun."""
    found, states, author = _all_reviews(node), args.get("states"), args.get("author")
    if states is not None:
        found = [review for review in found if review.row["state"] in states]
    if author is not None:
        found = [r for r in found if (who := r.actor("author")) and who.row["login"].lower() == author.lower()]
    return page(found, args)


def _latest_by_author(found: list[Node]) -> list[Node]:
    """The last of each author."""
    return sorted({review.row["author"]: review for review in found}.values(), key=lambda review: int(str(review.key)))


def latest_reviews(node: Node, args: Args) -> Page:
    """The last one of each author, whatever it says."""
    return page(_latest_by_author([each for each in _all_reviews(node) if each.row["state"] != "PENDING"]), args)


def latest_opinionated(node: Node, args: Args) -> Page:
    """The last approval, request for changes or dismissed one of each author; a mere comment cancels none."""
    found = [review for review in _all_reviews(node) if review.row["state"] in OPINIONS]
    if args.get("writersOnly"):
        found = [review for review in found if _can_push(review, {})]
    return page(_latest_by_author(found), args)


def _can_push(node: Node, _: Args) -> bool:
    from engine.sandbox.forge.people import access

    place, who = repository_of(node), node.row["author"]
    level = node.ask.once(("level", place.key, who), lambda: access.permission(node.ask.forge, who, place.row))
    return access.at_least(level, "write")


def _line_comments(node: Node, args: Args) -> Page:
    sql = """SELECT c.*, c.review AS parent, i.repository FROM review_comments c JOIN issues i ON i.id = c.pull
      WHERE c.review IN (SELECT value FROM json_each(?)) ORDER BY c.id"""
    return page(node.many("comments", "PullRequestReviewComment", sql), args)


def _review_of(node: Node, _: Args) -> Node | None:
    return visible_review(node.one("reviews", "review", lambda _: "PullRequestReview"))


def visible_review(node: Node | None) -> Node | None:
    """The review, unless it is somebody else's pending one."""
    return None if node is None or (node.row["state"] == "PENDING" and not by_viewer(node)) else node


def _outdated(node: Node, _: Args) -> bool:
    return bool(_PULL(node, {}).row["head_sha"] != node.row["commit_sha"])


_COMMENT_URL = _anchored(_ISSUE, "issuecomment-")
_REVIEW_URL = _anchored(_PULL, "pullrequestreview-")
_LINE_URL = _anchored(_PULL, "discussion_r")

TABLE: Table = {
    "IssueComment": {
        **written(_repository_by(_ISSUE), _COMMENT_URL),
        **_folded(_may(_ISSUE)),
        "issue": _ISSUE,
        "pullRequest": _pull_of_comment,
    },
    "PullRequestReview": {
        **written(_repository_by(_PULL), _REVIEW_URL),
        **_folded(_may(_PULL)),
        "authorCanPushToRepository": _can_push,
        f"comments({PAGE})": _line_comments,
        "commit": commit_in("commit_sha"),
        "createdAt": lambda node, _: _begun(node),
        "publishedAt": column("submitted_at"),
        "pullRequest": _PULL,
        "state": column("state"),
        "submittedAt": column("submitted_at"),
        "updatedAt": lambda node, _: node.row["updated_at"] or _begun(node),
    },
    "PullRequestReviewComment": {
        **written(_repository_by(_PULL), _LINE_URL),
        **_folded(_may(_PULL)),
        "commit": commit_in("commit_sha"),
        "diffHunk": column("diff_hunk"),
        "line": column("line"),
        "originalCommit": commit_in("commit_sha"),
        "originalLine": column("line"),
        "outdated": _outdated,
        "path": column("path"),
        "pullRequest": _PULL,
        "pullRequestReview": _review_of,
        "replyTo": lambda node, _: node.one("review_comments", "reply_to", lambda _: "PullRequestReviewComment"),
    },
    "UserContentEdit": {
        "createdAt": column("at"),
        "deletedAt": constant(None),
        "deletedBy": constant(None),
        "diff": column("body"),
        "editedAt": column("at"),
        "editor": lambda node, _: node.actor("editor"),
        "id": identity("UserContentEdit"),
        "updatedAt": column("at"),
    },
}


def _begun(node: Node) -> str:
    return str(node.row["submitted_at"] or node.row["updated_at"] or node.ask.forge.now())
