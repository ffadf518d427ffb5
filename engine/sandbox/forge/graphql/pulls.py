"""Issues and pull requests."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from engine.sandbox.forge.git import protection
from engine.sandbox.forge.git.bare import Commit as GitCommit
from engine.sandbox.forge.graphql import commits, refs, repository, talk
from engine.sandbox.forge.graphql.checks import rollup
from engine.sandbox.forge.graphql.nodes import Args, Ask, Node
from engine.sandbox.forge.graphql.pages import PAGE, Page, page
from engine.sandbox.forge.graphql.people import Resolver, Table, column, constant, flag, kind_of, path_of, team_of
from engine.sandbox.forge.graphql.timeline import timeline
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.tracker import rights, trial

_MERGEABLE = {True: "MERGEABLE", False: "CONFLICTING", None: "UNKNOWN"}


def _between(node: Node) -> Sequence[GitCommit]:
    """The pull request's commits, newest first: one git for all peers with the same base."""

    def read(ask: Ask, peers: Sequence[Node]) -> dict[Any, Sequence[GitCommit]]:
        ends: dict[tuple[int, str], dict[str, None]] = {}
        for peer in peers:
            ends.setdefault((peer.row["repository"], peer.row["base_sha"]), {})[peer.row["head_sha"]] = None
        found = {
            (at, base): commits.objects_of(ask, at).between(base, heads, limit=commits.MOST_COMMITS)
            for (at, base), heads in ends.items()
        }
        return {peer.key: found[peer.row["repository"], peer.row["base_sha"]][peer.row["head_sha"]] for peer in peers}

    found: Sequence[GitCommit] = node.batch("between", read)[node.key]
    return found


def _commits(node: Node, args: Args) -> Page:
    """Oldest first. Those of all peers are each others' peers, so that their checks are read at once."""

    def read(ask: Ask, peers: Sequence[Node]) -> dict[tuple[Any, str], Node]:
        rows = [
            (
                "PullRequestCommit",
                commit.sha,
                {"repository": peer.row["repository"], "oid": commit.sha, "pull": peer.key},
            )
            for peer in peers
            for commit in reversed(_between(peer))
        ]
        return {(made.row["pull"], made.row["oid"]): made for made in ask.group(rows)}

    made = node.batch("commits", read)
    return page([made[node.key, commit.sha] for commit in reversed(_between(node))], args)


def pull_commit(pull: Node, sha: str) -> Node | None:
    """One of its commits."""
    if all(commit.sha != sha for commit in _between(pull)):
        return None
    row = {"repository": pull.row["repository"], "oid": sha, "pull": pull.key}
    return pull.ask.alone("PullRequestCommit", sha, row)


def _files(node: Node, args: Args) -> Page:
    """What it changes since it left its base."""
    store, head = commits.objects(node), node.row["head_sha"]
    changed = store.changed(trial.fork_point(store, node.row["base_sha"], head), head, patches=False)
    return page(node.ask.group(("PullRequestChangedFile", each.path, each._asdict()) for each in changed), args)


_CHANGES = {
    "added": "ADDED",
    "removed": "DELETED",
    "modified": "MODIFIED",
    "renamed": "RENAMED",
    "copied": "COPIED",
    "changed": "CHANGED",
}


def _mergeable(node: Node) -> tuple[bool | None, str]:
    return node.ask.once(("mergeable", node.key), lambda: trial.mergeable(node.ask.forge, node.row))


def _head_repository(node: Node, _: Args) -> Node | None:
    return node.ask.repository(node.row["head_repository"])


def _ref(place: str, name: str) -> Resolver:
    def read(ask: Ask, peers: Sequence[Node]) -> dict[Any, Node]:
        found: dict[Any, Node] = {}
        for number in dict.fromkeys(peer.row[place] for peer in peers):
            where = ask.repository(number)
            if where is not None:
                there = refs.refs_below(ask, number, "refs/heads/")
                wanted = {f"refs/heads/{peer.row[name]}" for peer in peers if peer.row[place] == number}
                for ref in refs.ref_nodes(where, [(full, there[full]) for full in sorted(wanted & there.keys())]):
                    found[number, ref.row["name"]] = ref
        return found

    return lambda node, _: node.batch(f"ref {name}", read).get((node.row[place], f"refs/heads/{node.row[name]}"))


def _labels(node: Node, args: Args) -> Page:
    sql = """SELECT l.*, i.issue AS parent FROM issue_labels i JOIN labels l ON l.id = i.label
      WHERE i.issue IN (SELECT value FROM json_each(?)) ORDER BY l.name"""
    return page(repository.ordered_labels(node.many("labels", "Label", sql), args), args)


def _assignees(node: Node, args: Args) -> Page:
    sql = """SELECT a.*, s.issue AS parent FROM assignees s JOIN accounts a ON a.id = s.account
      WHERE NOT a.deleted AND s.issue IN (SELECT value FROM json_each(?)) ORDER BY s.rowid"""
    return page(node.many("assignees", kind_of, sql), args)


def _participants(node: Node, args: Args) -> Page:
    sql = """WITH wanted AS (SELECT value FROM json_each(?))
      SELECT DISTINCT a.*, x.issue AS parent FROM accounts a JOIN (
        SELECT id AS issue, author AS account FROM issues WHERE id IN wanted
        UNION SELECT issue, author FROM comments WHERE issue IN wanted
        UNION SELECT pull, author FROM reviews WHERE state <> 'PENDING' AND pull IN wanted) x ON x.account = a.id
      WHERE NOT a.deleted AND a.kind = 'User' ORDER BY a.id"""
    return page(node.many("participants", kind_of, sql), args)


def _requests(node: Node, args: Args) -> Page:
    sql = """SELECT q.rowid AS id, q.*, q.pull AS parent FROM review_requests q
      WHERE q.pull IN (SELECT value FROM json_each(?)) ORDER BY q.rowid"""
    return page(node.many("requests", "ReviewRequest", sql), args)


def _requested(node: Node, _: Args) -> Node | None:
    return team_of(node.ask, node.row["team"]) if node.row["team"] is not None else node.actor("account")


def _merge_commit(*, merged: bool) -> Resolver:
    resolve = commits.commit_in("merge_commit_sha")
    return lambda node, args: resolve(node, args) if bool(node.row["merged"]) is merged else None


def _rollup(node: Node, args: Args) -> Node | None:
    commit: Node = commits.commit_in("head_sha")(node, args)
    return rollup(commit, args)


def _may_triage(*, or_author: bool) -> Resolver:
    def resolve(node: Node, _: Args) -> bool:
        place = commits.repository_of(node).row
        if or_author and talk.by_viewer(node):
            return True
        return rights.has(node.ask.forge, node.ask.viewer, place, "triage", rights.shared(node.row))

    return resolve


def _measured(name: str) -> Resolver:
    return lambda node, _: json.loads(trial.refresh(node.ask.forge, node.row)["measured_json"] or "{}").get(name, 0)


def _commit_url(node: Node, _: Args) -> str:
    return commits.page_url(node, "pull", talk.item_of("pull")(node, {}).row["number"], "commits", node.row["oid"])


_ITEM: Mapping[str, Resolver] = {
    **talk.written(commits.repository_of, talk.item_url),
    "activeLockReason": constant(None),
    f"assignees({PAGE})": _assignees,
    "closed": lambda node, _: node.row["state"] == "closed",
    "closedAt": column("closed_at"),
    f"comments({PAGE}, orderBy)": talk.comments,
    f"labels({PAGE}, orderBy)": _labels,
    "locked": flag("locked"),
    "number": column("number"),
    f"participants({PAGE})": _participants,
    f"timelineItems({PAGE}, itemTypes, since, skip)": timeline,
    "title": column("title"),
    "viewerCanClose": _may_triage(or_author=True),
    "viewerCanLabel": _may_triage(or_author=False),
    "viewerCanReopen": _may_triage(or_author=True),
}

TABLE: Table = {
    "Issue": {
        **_ITEM,
        "state": lambda node, _: node.row["state"].upper(),
        "stateReason": lambda node, _: (node.row["state_reason"] or "").upper() or None,
    },
    "PullRequest": {
        **_ITEM,
        "additions": _measured("additions"),
        "baseRef": _ref("repository", "base_ref"),
        "baseRefName": column("base_ref"),
        "baseRefOid": column("base_sha"),
        "baseRepository": commits.repository_of,
        "changedFiles": _measured("changed_files"),
        f"commits({PAGE})": _commits,
        "deletions": _measured("deletions"),
        f"files({PAGE})": _files,
        "headRef": _ref("head_repository", "head_ref"),
        "headRefName": column("head_ref"),
        "headRefOid": column("head_sha"),
        "headRepository": _head_repository,
        "headRepositoryOwner": lambda node, _: (
            None if (there := _head_repository(node, {})) is None else there.one("accounts", "owner", kind_of)
        ),
        "isCrossRepository": lambda node, _: node.row["head_repository"] != node.row["repository"],
        "isDraft": flag("draft"),
        "isInMergeQueue": constant(False),
        "isMergeQueueEnabled": constant(False),
        f"latestOpinionatedReviews({PAGE}, writersOnly)": talk.latest_opinionated,
        f"latestReviews({PAGE})": talk.latest_reviews,
        "maintainerCanModify": flag("maintainer_can_modify"),
        "mergeCommit": _merge_commit(merged=True),
        "mergeQueue": constant(None),
        "mergeQueueEntry": constant(None),
        "mergeStateStatus": lambda node, _: _mergeable(node)[1].upper(),
        "mergeable": lambda node, _: _MERGEABLE[_mergeable(node)[0]],
        "merged": flag("merged"),
        "mergedAt": column("merged_at"),
        "mergedBy": lambda node, _: node.actor("merged_by"),
        "permalink": lambda node, _: talk.item_url(node),
        "potentialMergeCommit": _merge_commit(merged=False),
        "reviewDecision": lambda node, _: protection.decision(
            node.ask.forge, commits.repository_of(node).row, node.row
        ),
        f"reviewRequests({PAGE})": _requests,
        f"reviews({PAGE}, author, states)": talk.reviews,
        "state": lambda node, _: repository.state(node.row),
        "statusCheckRollup": _rollup,
        "totalCommentsCount": lambda node, _: node.row["comments"] + node.row["review_comments"],
    },
    "PullRequestCommit": {
        "commit": commits.commit_in("oid"),
        "id": lambda node, _: node_id("PullRequestCommit", f"{node.row['pull']}:{node.row['oid']}"),
        "pullRequest": talk.item_of("pull"),
        "resourcePath": path_of(_commit_url),
        "url": _commit_url,
    },
    "PullRequestChangedFile": {
        "additions": column("additions"),
        "changeType": lambda node, _: _CHANGES[node.row["status"]],
        "deletions": column("deletions"),
        "path": column("path"),
    },
    "ReviewRequest": {
        "asCodeOwner": constant(False),
        "databaseId": column("id"),
        "id": lambda node, _: node_id("ReviewRequest", node.key),
        "pullRequest": talk.item_of("pull"),
        "requestedReviewer": _requested,
    },
}
