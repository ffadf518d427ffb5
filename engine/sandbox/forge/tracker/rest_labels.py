"""REST of labels."""

from engine.sandbox.forge.answer import Answer, Call, Route, invalid, missing, paged
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import asked, labels, rights, shapes


def _list(call: Call) -> Answer:
    found = call.forge.kept.rows("SELECT * FROM labels WHERE repository = ? ORDER BY name", call.repo["id"])
    return paged(call, found, lambda row: shapes.label(call.forge, call.urls, row))


def _named(call: Call) -> Row:
    found = labels.find(call.forge, call.repo["id"], call.path["name"])
    if found is None:
        raise missing()
    return found


def _get(call: Call) -> Answer:
    return Answer(shapes.label(call.forge, call.urls, _named(call)))


def _create(call: Call) -> Answer:
    name, color, description = _fields(call, "name")
    if name is None:
        raise invalid("Label", "name", "missing_field")
    labels.create(call.forge, call.viewer, call.repo, name, color, description)
    return Answer(shapes.label(call.forge, call.urls, labels.find(call.forge, call.repo["id"], name) or {}), 201)


def _edit(call: Call) -> Answer:
    row = _named(call)
    name, color, description = _fields(call, "new_name")
    labels.edit(call.forge, call.viewer, call.repo, row, name=name, color=color, description=description)
    found = call.forge.kept.row("SELECT * FROM labels WHERE id = ?", row["id"])
    return Answer(shapes.label(call.forge, call.urls, found or row))


def _delete(call: Call) -> Answer:
    labels.delete(call.forge, call.viewer, call.repo, _named(call))
    return Answer(status=204)


def _fields(call: Call, name: str) -> tuple[str | None, str | None, str | None]:
    said = call.body
    color = asked.optional(said.get("color"), "Label", "color")
    return (
        asked.optional(said.get(name), "Label", "name"),
        None if color is None else color.removeprefix("#"),
        asked.optional(said.get("description"), "Label", "description"),
    )


def _worn(call: Call) -> Answer:
    found = labels.worn(call.forge, asked.issue(call)["id"])
    return paged(call, found, lambda row: shapes.label(call.forge, call.urls, row))


def _wearing(call: Call, issue: Row) -> Answer:
    return Answer([shapes.label(call.forge, call.urls, row) for row in labels.worn(call.forge, issue["id"])])


def _names(call: Call) -> list[str]:
    """A bare list, or an object with `labels`: GitHub's text allows both."""
    body = call.body if isinstance(call.body, list) else call.body.get("labels")
    return asked.names(body, "Issue", "labels")


def _add(call: Call) -> Answer:
    issue = asked.issue(call)
    names = _names(call)
    if not names:
        raise invalid("Issue", "labels", "missing_field")
    labels.add_labels(call.forge, call.viewer, call.repo, issue, names)
    return _wearing(call, issue)


def _set(call: Call) -> Answer:
    issue = asked.issue(call)
    labels.set_labels(call.forge, call.viewer, call.repo, issue, _names(call))
    return _wearing(call, issue)


def _remove_all(call: Call) -> Answer:
    labels.set_labels(call.forge, call.viewer, call.repo, asked.issue(call), [])
    return Answer(status=204)


def _remove(call: Call) -> Answer:
    issue = asked.issue(call)
    labels.remove_label(call.forge, call.viewer, call.repo, issue, call.path["name"])
    return _wearing(call, issue)


_R = "/repos/{owner}/{repo}"
_L = f"{_R}/issues/{{issue_number}}/labels"
ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_R}/labels", _list, grant=rights.READ_EITHER),
    Route("POST", f"{_R}/labels", _create, "write", rights.EITHER),
    Route("GET", f"{_R}/labels/{{name}}", _get, grant=rights.READ_EITHER, slashes="name"),
    Route("PATCH", f"{_R}/labels/{{name}}", _edit, "write", rights.EITHER, slashes="name"),
    Route("DELETE", f"{_R}/labels/{{name}}", _delete, "write", rights.EITHER, slashes="name"),
    Route("GET", _L, _worn, grant=rights.READ_EITHER),
    Route("POST", _L, _add, "triage", rights.EITHER, lists=True),
    Route("PUT", _L, _set, "triage", rights.EITHER, lists=True),
    Route("DELETE", _L, _remove_all, "triage", rights.EITHER),
    Route("DELETE", f"{_L}/{{name}}", _remove, "triage", rights.EITHER, slashes="name"),
)
