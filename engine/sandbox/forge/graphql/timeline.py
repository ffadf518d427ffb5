"""What happened to an issue or pull request, in order: comments, reviews and commits among the events."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from engine.sandbox.forge.graphql import commits, talk
from engine.sandbox.forge.graphql.nodes import Args, Ask, Node
from engine.sandbox.forge.graphql.pages import Page, page
from engine.sandbox.forge.graphql.people import Resolver, Table, column, constant, kind_of, path_of, team_of
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.kept import Row

# What the timeline keeps → GraphQL's type.
EVENTS = {
    "assigned": "AssignedEvent",
    "automatic_base_change_succeeded": "AutomaticBaseChangeSucceededEvent",
    "base_ref_changed": "BaseRefChangedEvent",
    "base_ref_deleted": "BaseRefDeletedEvent",
    "closed": "ClosedEvent",
    "comment_deleted": "CommentDeletedEvent",
    "commented": "IssueComment",
    "committed": "PullRequestCommit",
    "convert_to_draft": "ConvertToDraftEvent",
    "head_ref_deleted": "HeadRefDeletedEvent",
    "head_ref_force_pushed": "HeadRefForcePushedEvent",
    "head_ref_restored": "HeadRefRestoredEvent",
    "labeled": "LabeledEvent",
    "locked": "LockedEvent",
    "merged": "MergedEvent",
    "ready_for_review": "ReadyForReviewEvent",
    "renamed": "RenamedTitleEvent",
    "reopened": "ReopenedEvent",
    "review_dismissed": "ReviewDismissedEvent",
    "review_request_removed": "ReviewRequestRemovedEvent",
    "review_requested": "ReviewRequestedEvent",
    "reviewed": "PullRequestReview",
    "unassigned": "UnassignedEvent",
    "unlabeled": "UnlabeledEvent",
    "unlocked": "UnlockedEvent",
}
_OWN = {"IssueComment": ("comments", "comment"), "PullRequestReview": ("reviews", "review")}


def item_type(kind: str) -> str:
    """What `itemTypes` calls a type: LabeledEvent is LABELED_EVENT."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind).upper()


def event_row(row: Row) -> Row:
    """A row of `timeline` with what is in its JSON."""
    return {**json.loads(row["data_json"]), **row}


def _read(ask: Ask, peers: Sequence[Node]) -> dict[Any, list[Node]]:
    """The whole timelines of all peers, by their key."""
    sql = """SELECT t.*, i.repository FROM timeline t JOIN issues i ON i.id = t.issue
      WHERE t.issue IN (SELECT value FROM json_each(?)) ORDER BY t.id"""
    found = ask.forge.kept.rows(sql, json.dumps([peer.key for peer in peers]))
    rows = [event_row(row) for row in found if row["event"] in EVENTS]
    own = {
        kind: ask.rows(table, [row[name] for row in rows if EVENTS[row["event"]] == kind], lambda _, kind=kind: kind)  # type: ignore[misc]
        for kind, (table, name) in _OWN.items()
    }
    events = iter(ask.group(event_parts(row) for row in rows if EVENTS[row["event"]] not in _OWN))
    below: dict[Any, list[Node]] = {peer.key: [] for peer in peers}
    for row in rows:
        kind = EVENTS[row["event"]]
        made = own[kind][row[_OWN[kind][1]]] if kind in _OWN else next(events)
        if made is not None and (kind != "PullRequestReview" or talk.visible_review(made)):
            below[row["issue"]].append(made)
    return below


def event_parts(row: Row) -> tuple[str, Any, Row]:
    """What the node of an event is made of; a commit is known by its id, for it may be in several rows."""
    kind = EVENTS[row["event"]]
    if kind != "PullRequestCommit":
        return kind, row["id"], row
    return kind, row["commit_sha"], {**row, "oid": row["commit_sha"], "pull": row["issue"]}


def timeline(node: Node, args: Args) -> Page:
    """`timelineItems`: of the wanted types, oldest first."""
    found: list[Node] = node.batch("timeline", _read)[node.key]
    if args.get("itemTypes") is not None:
        found = [each for each in found if item_type(each.kind) in args["itemTypes"]]
    if args.get("since") is not None:
        found = [each for each in found if _when(each) >= args["since"]]
    return page(found[args.get("skip") or 0 :], args)


def _when(node: Node) -> str:
    return str(node.row.get("at") or node.row.get("submitted_at") or node.row.get("created_at") or "")


_ITEM = talk.item_of("issue")


def _url(node: Node, args: Args) -> str:
    return f"{talk.item_url(_ITEM(node, args))}#event-{node.key}"


def _label(node: Node, _: Args) -> Node:
    """The label as it is; one that the repository has no more, as it was."""
    said = node.row["label"]
    sql = "SELECT id FROM labels WHERE repository = ? AND name = ?"
    found = node.ask.once(
        ("label", node.row["repository"], said["name"]),
        lambda: node.ask.forge.kept.value(sql, node.row["repository"], said["name"]),
    )
    there = node.ask.row("labels", found, lambda _: "Label")
    gone = {"id": 0, "description": None, "repository": node.row["repository"], **said}
    return there or node.ask.alone("Label", 0, gone)


def _reviewer(node: Node, _: Args) -> Node | None:
    if node.row.get("team") is not None:
        return team_of(node.ask, node.row["team"])
    return _account(node, "reviewer")


def _account(node: Node, name: str) -> Node | None:
    found = node.ask.row("accounts", node.row.get(name), kind_of)
    return None if found is None or found.row["deleted"] else found


def _review(node: Node, _: Args) -> Node | None:
    said = node.row["dismissed_review"]["review_id"]
    return talk.visible_review(node.ask.row("reviews", said, lambda _: "PullRequestReview"))


def _said(*names: str) -> Resolver:
    def resolve(node: Node, _: Args) -> Any:
        value: Any = node.row
        for name in names:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    return resolve


_EVENT: Mapping[str, Resolver] = {
    "actor": lambda node, _: node.actor("actor"),
    "createdAt": column("at"),
    "id": lambda node, _: node_id("TimelineEvent", node.key),
}
_OF_PULL: Mapping[str, Resolver] = {**_EVENT, "pullRequest": _ITEM}
_LOCATED: Mapping[str, Resolver] = {"resourcePath": path_of(_url), "url": _url}
_ASSIGNED: Mapping[str, Resolver] = {
    **_EVENT,
    "assignable": _ITEM,
    "assignee": lambda node, _: _account(node, "assignee"),
}
_LABELED: Mapping[str, Resolver] = {**_EVENT, "label": _label, "labelable": _ITEM}
_REQUESTED: Mapping[str, Resolver] = {**_OF_PULL, "requestedReviewer": _reviewer}

TABLE: Table = {
    "AssignedEvent": _ASSIGNED,
    "AutomaticBaseChangeSucceededEvent": {**_OF_PULL, "newBase": _said("base", "to"), "oldBase": _said("base", "from")},
    "BaseRefChangedEvent": {
        **_OF_PULL,
        "currentRefName": _said("base", "to"),
        "databaseId": column("id"),
        "previousRefName": _said("base", "from"),
    },
    "BaseRefDeletedEvent": {**_OF_PULL, "baseRefName": lambda node, _: _ITEM(node, {}).row["base_ref"]},
    "ClosedEvent": {
        **_EVENT,
        **_LOCATED,
        "closable": _ITEM,
        "stateReason": lambda node, _: (node.row.get("state_reason") or "").upper() or None,
    },
    "CommentDeletedEvent": {**_EVENT, "databaseId": column("id"), "deletedCommentAuthor": constant(None)},
    "ConvertToDraftEvent": {**_OF_PULL, **_LOCATED},
    "HeadRefDeletedEvent": {
        **_OF_PULL,
        "headRefName": lambda node, _: _ITEM(node, {}).row["head_ref"],
    },
    "HeadRefForcePushedEvent": {
        **_OF_PULL,
        "afterCommit": commits.commit_in("commit_sha"),
        "beforeCommit": commits.commit_in("before"),
    },
    "HeadRefRestoredEvent": _OF_PULL,
    "LabeledEvent": _LABELED,
    "LockedEvent": {**_EVENT, "lockReason": constant(None), "lockable": _ITEM},
    "MergedEvent": {
        **_OF_PULL,
        **_LOCATED,
        "commit": commits.commit_in("commit_sha"),
        "mergeRefName": lambda node, _: _ITEM(node, {}).row["base_ref"],
    },
    "ReadyForReviewEvent": {**_OF_PULL, **_LOCATED},
    "RenamedTitleEvent": {
        **_EVENT,
        "currentTitle": _said("rename", "to"),
        "previousTitle": _said("rename", "from"),
        "subject": _ITEM,
    },
    "ReopenedEvent": {**_EVENT, "closable": _ITEM},
    "ReviewDismissedEvent": {
        **_OF_PULL,
        **_LOCATED,
        "databaseId": column("id"),
        "dismissalMessage": _said("dismissed_review", "dismissal_message"),
        "previousReviewState": lambda node, _: node.row["dismissed_review"]["state"].upper(),
        "review": _review,
    },
    "ReviewRequestRemovedEvent": _REQUESTED,
    "ReviewRequestedEvent": _REQUESTED,
    "UnassignedEvent": _ASSIGNED,
    "UnlabeledEvent": _LABELED,
    "UnlockedEvent": {**_EVENT, "lockable": _ITEM},
}
