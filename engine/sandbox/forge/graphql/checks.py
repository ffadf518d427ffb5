"""What was reported on a commit: check runs, statuses, and both rolled up."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.sandbox.forge.graphql import commits
from engine.sandbox.forge.graphql.nodes import Args, Ask, Node
from engine.sandbox.forge.graphql.pages import PAGE, Page, page
from engine.sandbox.forge.graphql.people import Resolver, Table, column, identity, path_of
from engine.sandbox.forge.ids import node_id

_FAILED = frozenset({"failure", "timed_out", "cancelled", "action_required", "startup_failure", "stale"})
_STRONGEST = ("ERROR", "FAILURE", "EXPECTED", "PENDING", "SUCCESS")  # the leftmost that is there is the rollup's


def on_commits(kind: str, sql: str) -> Callable[[Node], list[Node]]:
    """Rows that belong to a commit: `sql` selects them for (repositories), (commits) as JSON; read for all peers."""

    def read(ask: Ask, peers: Sequence[Node]) -> dict[tuple[int, str], list[Node]]:
        places, shas = ({peer.row[name] for peer in peers} for name in ("repository", "oid"))
        found = ask.forge.kept.rows(sql, json.dumps(sorted(places)), json.dumps(sorted(shas)))
        below: dict[tuple[int, str], list[Node]] = {(peer.row["repository"], peer.row["oid"]): [] for peer in peers}
        kept = [row for row in found if (row["repository"], row["oid"]) in below]
        for made in ask.group((kind, row["id"], row) for row in kept):
            below[made.row["repository"], made.row["oid"]].append(made)
        return below

    def resolve(node: Node) -> list[Node]:
        found: list[Node] = node.batch(sql, read)[node.row["repository"], node.row["oid"]]
        return found

    return resolve


_RUNS = on_commits(
    "CheckRun",
    """SELECT *, head_sha AS oid FROM check_runs WHERE repository IN (SELECT value FROM json_each(?))
      AND head_sha IN (SELECT value FROM json_each(?)) ORDER BY id""",
)
_SUITES = on_commits(
    "CheckSuite",
    """SELECT *, head_sha AS oid FROM check_suites WHERE repository IN (SELECT value FROM json_each(?))
      AND head_sha IN (SELECT value FROM json_each(?)) ORDER BY id""",
)
_STATUSES = on_commits(
    "StatusContext",
    """SELECT *, sha AS oid FROM statuses WHERE repository IN (SELECT value FROM json_each(?))
      AND sha IN (SELECT value FROM json_each(?)) ORDER BY id""",
)


def _latest(found: Sequence[Node], *names: str) -> list[Node]:
    """The newest row of each name, in the order of the first."""
    newest: dict[tuple[Any, ...], Node] = {}
    for node in found:
        newest[tuple(node.row[name] for name in names)] = node
    return list(newest.values())


def _runs(node: Node) -> list[Node]:
    return _latest(_RUNS(node), "app", "name")


def _statuses(node: Node) -> list[Node]:
    return _latest(_STATUSES(node), "context")


def _said(node: Node) -> str:
    """A check run's or a status's word for the rollup."""
    if node.kind == "StatusContext":
        return str(node.row["state"]).upper()
    if node.row["status"] != "completed":
        return "PENDING"
    return "FAILURE" if node.row["conclusion"] in _FAILED else "SUCCESS"


def _rolled(found: Sequence[Node]) -> str:
    said = {_said(node) for node in found}
    return next((word for word in _STRONGEST if word in said), "PENDING")


def rollup(node: Node, _: Args) -> Node | None:
    """Of a commit; None where nothing was reported."""
    found = [*_runs(node), *_statuses(node)]
    if not found:
        return None
    return node.ask.alone("StatusCheckRollup", node.key, {**node.row, "commit": node, "contexts": found})


def status(node: Node, _: Args) -> Node | None:
    """Of a commit, without check runs; None where no status was reported."""
    found = _statuses(node)
    row = {**node.row, "commit": node, "contexts": found}
    return node.ask.alone("Status", node.key, row) if found else None


def _context(node: Node, args: Args) -> Node | None:
    return next((each for each in node.row["contexts"] if each.row["context"] == args["name"]), None)


_SUITE_FILTER: Mapping[str, Any] = {
    "appId": lambda row, wanted: row["app"] == wanted,
}
_RUN_FILTER: Mapping[str, Any] = {
    "appId": lambda row, wanted: row["app"] == wanted,
    "checkName": lambda row, wanted: row["name"] == wanted,
    "conclusions": lambda row, wanted: (row["conclusion"] or "").upper() in wanted,
    "status": lambda row, wanted: row["status"].upper() == wanted,
    "statuses": lambda row, wanted: row["status"].upper() in wanted,
}


def _filtered(found: Sequence[Node], args: Args, filters: Mapping[str, Any]) -> list[Node]:
    wanted = {name: value for name, value in (args.get("filterBy") or {}).items() if value is not None}
    return [node for node in found if all(filters[name](node.row, value) for name, value in wanted.items())]


def _suites(node: Node, args: Args) -> Page:
    return page(_filtered(_SUITES(node), args, _SUITE_FILTER), args)


def _runs_of_suite(node: Node) -> list[Node]:
    sql = """SELECT *, suite AS parent, head_sha AS oid FROM check_runs
      WHERE suite IN (SELECT value FROM json_each(?)) ORDER BY id"""
    return node.many("runs", "CheckRun", sql)


def _suite_runs(node: Node, args: Args) -> Page:
    every = (args.get("filterBy") or {}).get("checkType") == "ALL"
    found = _runs_of_suite(node) if every else _latest(_runs_of_suite(node), "name")
    return page(_filtered(found, args, {**_RUN_FILTER, "checkType": lambda *_: True}), args)


def _suite_status(node: Node, _: Args) -> str:
    found = {run.row["status"] for run in _latest(_runs_of_suite(node), "name")}
    if not found:
        return "QUEUED"
    return "COMPLETED" if found == {"completed"} else "QUEUED" if found == {"queued"} else "IN_PROGRESS"


def _suite_conclusion(node: Node, args: Args) -> str | None:
    if _suite_status(node, args) != "COMPLETED":
        return None
    found = [run.row["conclusion"] for run in _latest(_runs_of_suite(node), "name")]
    order = ("action_required", "startup_failure", "timed_out", "cancelled", "failure", "stale", "success", "neutral")
    return next((word for word in order if word in found), "skipped").upper()


def upper(name: str) -> Resolver:
    """A word in a column, as GraphQL's enums write it."""
    return lambda node, _: (node.row[name] or "").upper() or None


def _app(node: Node, _: Args) -> Node | None:
    return node.one("apps", "app", lambda _: "App")


def _suite(node: Node, _: Args) -> Node | None:
    return node.one("check_suites", "suite", lambda _: "CheckSuite")


def _run_url(node: Node, _: Args) -> str:
    return commits.page_url(node, "runs", node.key)


def _suite_url(node: Node, _: Args) -> str:
    return commits.page_url(node, "commit", node.row["head_sha"], "checks") + f"?check_suite_id={node.key}"


def _annotations(node: Node, args: Args) -> Page:
    sql = "SELECT *, run AS parent FROM annotations WHERE run IN (SELECT value FROM json_each(?)) ORDER BY id"
    return page(node.many("annotations", "CheckAnnotation", sql), args)


def _annotated(node: Node, _: Args) -> str:
    return str(node.row["path"])


def _span(node: Node, _: Args) -> Node:
    return node.ask.alone("CheckAnnotationSpan", node.key, node.row)


def _position(which: str) -> Any:
    return lambda node, _: node.ask.alone(
        "CheckAnnotationPosition",
        node.key,
        {"line": node.row[f"{which}_line"], "column": node.row[f"{which}_column"]},
    )


def _count(kind: str) -> Any:
    return lambda found, _: sum(node.kind == kind for node in found.items)


TABLE: Table = {
    "Commit": {
        f"checkSuites({PAGE}, filterBy)": _suites,
        "status": status,
        "statusCheckRollup": rollup,
    },
    "CheckSuite": {
        "app": _app,
        f"checkRuns({PAGE}, filterBy)": _suite_runs,
        "commit": commits.commit_in("head_sha"),
        "conclusion": _suite_conclusion,
        "createdAt": column("created_at"),
        "databaseId": column("id"),
        "id": identity("CheckSuite"),
        "repository": commits.repository_of,
        "resourcePath": path_of(_suite_url),
        "status": _suite_status,
        "updatedAt": column("updated_at"),
        "url": _suite_url,
    },
    "CheckRun": {
        f"annotations({PAGE})": _annotations,
        "checkSuite": _suite,
        "completedAt": column("completed_at"),
        "conclusion": upper("conclusion"),
        "databaseId": column("id"),
        "detailsUrl": column("details_url"),
        "externalId": column("external_id"),
        "id": identity("CheckRun"),
        "name": column("name"),
        "permalink": _run_url,
        "repository": commits.repository_of,
        "resourcePath": path_of(_run_url),
        "startedAt": column("started_at"),
        "status": upper("status"),
        "summary": column("summary"),
        "text": column("text"),
        "title": column("title"),
        "url": _run_url,
    },
    "CheckAnnotation": {
        "annotationLevel": upper("level"),
        "databaseId": column("id"),
        "location": _span,
        "message": column("message"),
        "path": _annotated,
        "rawDetails": column("raw_details"),
        "title": column("title"),
    },
    "CheckAnnotationSpan": {"start": _position("start"), "end": _position("end")},
    "CheckAnnotationPosition": {"column": column("column"), "line": column("line")},
    "StatusContext": {
        "commit": commits.commit_in("sha"),
        "context": column("context"),
        "createdAt": column("created_at"),
        "creator": lambda node, _: node.actor("creator"),
        "description": column("description"),
        "id": identity("StatusContext"),
        "state": upper("state"),
        "targetUrl": column("target_url"),
    },
    "Status": {
        "commit": column("commit"),
        "context(name)": _context,
        "contexts": column("contexts"),
        "id": lambda node, _: node_id("Status", node.key),
        "state": lambda node, _: _rolled(node.row["contexts"]),
    },
    "StatusCheckRollup": {
        "commit": column("commit"),
        f"contexts({PAGE})": lambda node, args: page(node.row["contexts"], args),
        "id": lambda node, _: node_id("StatusCheckRollup", node.key),
        "state": lambda node, _: _rolled(node.row["contexts"]),
    },
    "StatusCheckRollupContextConnection": {
        "checkRunCount": _count("CheckRun"),
        "statusContextCount": _count("StatusContext"),
    },
}
