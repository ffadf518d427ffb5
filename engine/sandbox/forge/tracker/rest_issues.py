"""REST of issues, comments and the timeline."""

from engine.sandbox.forge.answer import Answer, Call, Route, invalid, missing, paged, text
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import asked, comments, issues, labels, rights, rows, shapes, states, timeline

_SORTS = {"updated": "i.updated_at", "comments": "comments"}


def _list(call: Call) -> Answer:
    where, values = asked.state(call)
    where = f"i.repository = ? AND {where}"
    found: list[object] = [call.repo["id"], *values]
    if call.query.get("creator"):
        where += " AND i.author = (SELECT id FROM accounts WHERE lower(login) = lower(?) AND NOT deleted)"
        found.append(call.query["creator"])
    who = call.query.get("assignee", "")
    if who:
        where += _ASSIGNED.get(who, _ASSIGNED[""])
        found += [] if who in _ASSIGNED else [who]
    for name in filter(None, call.query.get("labels", "").split(",")):
        where += """ AND EXISTS (SELECT 1 FROM issue_labels w JOIN labels l ON l.id = w.label
          WHERE w.issue = i.id AND l.name = ?)"""
        found.append(name)
    if when := asked.since(call):
        where += " AND i.updated_at >= ?"
        found.append(when)
    order = f"{_SORTS.get(call.query.get('sort', ''), 'i.created_at')} {asked.direction(call, 'DESC')}"
    listed = rows.items(call.forge, where, found, f"{order}, i.id {asked.direction(call, 'DESC')}")
    return paged(call, listed, lambda row: shapes.issue(call.forge, call.urls, row))


_ASSIGNED = {
    "none": " AND NOT EXISTS (SELECT 1 FROM assignees s WHERE s.issue = i.id)",
    "*": " AND EXISTS (SELECT 1 FROM assignees s WHERE s.issue = i.id)",
    "": """ AND EXISTS (SELECT 1 FROM assignees s JOIN accounts a ON a.id = s.account
      WHERE s.issue = i.id AND lower(a.login) = lower(?) AND NOT a.deleted)""",
}


def _shown(call: Call, issue: int, status: int = 200) -> Answer:
    return Answer(shapes.issue(call.forge, call.urls, rows.item(call.forge, issue)), status)


def _get(call: Call) -> Answer:
    return _shown(call, asked.issue(call)["id"])


def _create(call: Call) -> Answer:
    said = call.body
    title = said.get("title")
    number = issues.create(
        call.forge,
        call.viewer,
        call.repo,
        str(title) if type(title) is int else title,
        text(call, "body", "Issue"),
        asked.names(said.get("labels"), "Issue", "labels"),
        asked.names(said.get("assignees"), "Issue", "assignees"),
    )
    return _shown(call, number, 201)


def _edit(call: Call) -> Answer:
    """A pull request's title, body and state may be changed by this too."""
    forge, viewer, repository, said = call.forge, call.viewer, call.repo, call.body
    issue = asked.issue(call)
    if said.get("state") not in (None, "open", "closed"):
        raise invalid("Issue", "state")
    with forge.kept.change():
        issues.edit(forge, viewer, repository, issue, {key: said[key] for key in ("title", "body") if key in said})
        if rights.has(forge, viewer, repository, "triage", rights.shared(issue)):
            if "labels" in said:
                names = asked.names(said["labels"], "Issue", "labels")
                labels.set_labels(forge, viewer, repository, issue, names)
            if "assignees" in said:
                names = asked.names(said["assignees"], "Issue", "assignees")
                issues.set_assignees(forge, viewer, repository, issue, names)
    if said.get("state") == "closed":
        reason = said.get("state_reason")
        states.close(forge, viewer, repository, issue, reason if reason in ("not_planned", "duplicate") else None)
    elif said.get("state") == "open":
        states.reopen(forge, viewer, repository, issue)
    return _shown(call, issue["id"])


def _lock(call: Call) -> Answer:
    issues.set_locked(call.forge, call.viewer, call.repo, asked.issue(call), locked=True)
    return Answer(status=204)


def _unlock(call: Call) -> Answer:
    issues.set_locked(call.forge, call.viewer, call.repo, asked.issue(call), locked=False)
    return Answer(status=204)


def _assign(call: Call) -> Answer:
    issue = asked.issue(call)
    have = [row["login"] for row in call.forge.kept.rows(_LOGINS, issue["id"])]
    more = asked.names(call.body.get("assignees"), "Issue", "assignees")
    issues.set_assignees(call.forge, call.viewer, call.repo, issue, [*have, *more])
    return _shown(call, issue["id"], 201)


def _unassign(call: Call) -> Answer:
    issue = asked.issue(call)
    gone = {name.lower() for name in asked.names(call.body.get("assignees"), "Issue", "assignees")}
    have = [row["login"] for row in call.forge.kept.rows(_LOGINS, issue["id"]) if row["login"].lower() not in gone]
    issues.set_assignees(call.forge, call.viewer, call.repo, issue, have)
    return _shown(call, issue["id"])


_LOGINS = "SELECT a.login FROM assignees s JOIN accounts a ON a.id = s.account WHERE s.issue = ? ORDER BY s.rowid"


def _comments(call: Call) -> Answer:
    issue = asked.issue(call)
    sql = "SELECT * FROM comments WHERE issue = ? AND updated_at >= ? ORDER BY id"
    found = call.forge.kept.rows(sql, issue["id"], asked.since(call))
    return paged(call, found, lambda row: shapes.comment(call.forge, call.urls, row))


def _all_comments(call: Call) -> Answer:
    order = "c.updated_at" if call.query.get("sort") == "updated" else "c.id"
    sql = f"""SELECT c.* FROM comments c JOIN issues i ON i.id = c.issue WHERE i.repository = ? AND c.updated_at >= ?
      ORDER BY {order} {asked.direction(call, "ASC")}"""  # noqa: S608 - words of ours
    found = call.forge.kept.rows(sql, call.repo["id"], asked.since(call))
    return paged(call, found, lambda row: shapes.comment(call.forge, call.urls, row))


def _shown_comment(call: Call, number: object, status: int = 200) -> Answer:
    row = comments.comment_of(call.forge, call.repo["id"], number)
    return Answer(shapes.comment(call.forge, call.urls, row), status)


def _comment(call: Call) -> Answer:
    body = call.body.get("body")
    return _shown_comment(call, comments.comment(call.forge, call.viewer, call.repo, asked.issue(call), body), 201)


def _get_comment(call: Call) -> Answer:
    row = comments.comment_of(call.forge, call.repo["id"], call.path["comment_id"])
    asked.readable(call, rows.item(call.forge, row["issue"]))
    return _shown_comment(call, row["id"])


def _edit_comment(call: Call) -> Answer:
    row = comments.comment_of(call.forge, call.repo["id"], call.path["comment_id"])
    comments.edit_comment(call.forge, call.viewer, call.repo, row, call.body.get("body"))
    return _shown_comment(call, row["id"])


def _delete_comment(call: Call) -> Answer:
    row = comments.comment_of(call.forge, call.repo["id"], call.path["comment_id"])
    comments.delete_comment(call.forge, call.viewer, call.repo, row)
    return Answer(status=204)


def _timeline(call: Call) -> Answer:
    found = timeline.of(call.forge, asked.issue(call)["id"])
    return paged(call, found, lambda row: shapes.timeline_event(call.forge, call.urls, row))


def _events(call: Call) -> Answer:
    found = timeline.events_of(call.forge, asked.issue(call)["id"])
    return paged(call, found, lambda row: shapes.issue_event(call.forge, call.urls, row))


def _all_events(call: Call) -> Answer:
    return paged(call, timeline.events_in(call.forge, call.repo["id"]), lambda row: _whole_event(call, row))


def _event(call: Call) -> Answer:
    for row in timeline.events_in(call.forge, call.repo["id"]):
        if str(row["id"]) == call.path["event_id"]:
            return Answer(_whole_event(call, row))
    raise missing()


def _whole_event(call: Call, row: Row) -> dict[str, object]:
    issue = shapes.issue(call.forge, call.urls, rows.item(call.forge, row["issue"]))
    return {**shapes.issue_event(call.forge, call.urls, row), "issue": issue}


_R = "/repos/{owner}/{repo}"
_I = f"{_R}/issues/{{issue_number}}"
_C = f"{_R}/issues/comments"
ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_R}/issues", _list, grant=rights.READ_ISSUES),
    Route("POST", f"{_R}/issues", _create, grant=rights.ISSUES),
    Route("GET", f"{_R}/issues/events", _all_events, grant=rights.READ_ISSUES),
    Route("GET", f"{_R}/issues/events/{{event_id}}", _event, grant=rights.READ_ISSUES),
    Route("GET", _C, _all_comments, grant=rights.READ_ISSUES),
    Route("GET", f"{_C}/{{comment_id}}", _get_comment, grant=rights.READ_EITHER),
    Route("PATCH", f"{_C}/{{comment_id}}", _edit_comment, grant=rights.EITHER),
    Route("DELETE", f"{_C}/{{comment_id}}", _delete_comment, grant=rights.EITHER),
    Route("GET", _I, _get, grant=rights.READ_EITHER),
    Route("PATCH", _I, _edit, grant=rights.EITHER),
    Route("PUT", f"{_I}/lock", _lock, "write", rights.EITHER),
    Route("DELETE", f"{_I}/lock", _unlock, "write", rights.EITHER),
    Route("POST", f"{_I}/assignees", _assign, "triage", rights.EITHER),
    Route("DELETE", f"{_I}/assignees", _unassign, "triage", rights.EITHER),
    Route("GET", f"{_I}/comments", _comments, grant=rights.READ_EITHER),
    Route("POST", f"{_I}/comments", _comment, grant=rights.EITHER),
    Route("GET", f"{_I}/timeline", _timeline, grant=rights.READ_EITHER),
    Route("GET", f"{_I}/events", _events, grant=rights.READ_EITHER),
)
