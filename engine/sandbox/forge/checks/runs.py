"""Check runs: an App reports on a commit. Only the App that made a run may change it, and no person may make one."""

from typing import Any

from engine.sandbox.forge.answer import ForgeError, Viewer, dump, invalid, missing
from engine.sandbox.forge.checks import shapes, suites
from engine.sandbox.forge.checks.given import Given, commit_of
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row

STATUSES = ("queued", "in_progress", "completed")  # `waiting`, `requested` and `pending` are for GitHub Actions alone
CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out")
LEVELS = ("notice", "warning", "failure")
MOST_ANNOTATIONS, MOST_ACTIONS = 50, 3
TEXT_LIMIT, MESSAGE_LIMIT, TITLE_LIMIT = 65535, 64 * 1024, 255


def create_run(forge: Forge, viewer: Viewer, repository: Row, body: Any) -> Row:
    """Make a run as the App that asks.

    Raises:
        ForgeError: 403, it is no App; 422, what GitHub would not take.
    """
    app = _app(viewer)
    given = Given("CheckRun", body)
    name = given.text("name", required=True, limit=TITLE_LIMIT)
    sha = commit_of(forge, repository, given.text("head_sha", required=True))
    now = forge.now()
    columns = {"status": "queued", "started_at": now, "external_id": "", **_columns(given, now)}
    branch = suites.branch_at(forge, repository, sha)
    with forge.kept.change():
        suite, _ = suites.ensure(forge, repository, app, sha, branch)
        number = forge.kept.insert(
            "check_runs",
            suite=suite["id"],
            repository=repository["id"],
            app=app,
            head_sha=sha,
            name=name,
            created_at=now,
            **columns,
            **_output(given, new=True),
        )
        _annotate(forge, number, given)
        _tell(forge, viewer, number, ["created"] + ["completed"] * (columns["status"] == "completed"))
    return _row(forge, number)


def update_run(forge: Forge, viewer: Viewer, run: Row, body: Any) -> Row:
    """Change a run, and add annotations to those it has.

    Raises:
        ForgeError: 403, it is another App's or the one who asks is no App; 422, what GitHub would not take.
    """
    if _app(viewer) != run["app"]:
        made = "check run can only be modified by the GitHub App that created it."
        raise ForgeError(403, f"Invalid app_id `{run['app']}` - {made}")
    given = Given("CheckRun", body)
    columns = _columns(given, forge.now())
    if "name" in given:
        columns["name"] = given.text("name", required=True, limit=TITLE_LIMIT)
    columns |= _output(given, new=False)
    with forge.kept.change():
        if columns:
            forge.kept.update("check_runs", run["id"], **columns)
        _annotate(forge, run["id"], given)
        ended = columns.get("status") == "completed" and run["status"] != "completed"
        _tell(forge, viewer, run["id"], ["completed"] * ended)
    return _row(forge, run["id"])


def rerequest(forge: Forge, viewer: Viewer, run: Row) -> None:
    """Ask the App to try again: the suite is `queued` again, the run stays as it is until the App changes it."""
    with forge.kept.change():
        suites.rerequest(forge, _suite(forge, run))
        _event(forge, viewer, run["id"], "rerequested")


def rerequest_suite(forge: Forge, viewer: Viewer, suite: Row) -> None:
    """Ask the App to try everything of a suite again."""
    with forge.kept.change():
        suites.rerequest(forge, suite)
        _suite_event(forge, viewer, suite["id"], "rerequested")


def create_suite(forge: Forge, viewer: Viewer, repository: Row, body: Any) -> tuple[Row, bool]:
    """The suite of the App that asks, and whether it is new.

    Raises:
        ForgeError: 403, it is no App; 422, no such commit.
    """
    app = _app(viewer)
    sha = commit_of(forge, repository, Given("CheckSuite", body).text("head_sha", required=True))
    branch = suites.branch_at(forge, repository, sha)
    with forge.kept.change():
        suite, new = suites.ensure(forge, repository, app, sha, branch)
        if new:
            _suite_event(forge, viewer, suite["id"], "requested")
    return suite, new


def by_number(forge: Forge, repository: Row, number: int) -> Row:
    """A run of this repository.

    Raises:
        ForgeError: 404.
    """
    suites.expire(forge, repository["id"])
    run = forge.kept.row("SELECT * FROM check_runs WHERE id = ? AND repository = ?", number, repository["id"])
    if run is None:
        raise missing()
    return run


def of_commit(forge: Forge, repository: Row, sha: str) -> list[Row]:
    """Every run at a commit, oldest first."""
    suites.expire(forge, repository["id"])
    sql = "SELECT * FROM check_runs WHERE repository = ? AND head_sha = ? ORDER BY id"
    return forge.kept.rows(sql, repository["id"], sha)


def annotations(forge: Forge, run: Row) -> list[Row]:
    """What a run says about lines of files, in the order in which it said so."""
    return forge.kept.rows("SELECT * FROM annotations WHERE run = ? ORDER BY id", run["id"])


def _app(viewer: Viewer) -> int:
    if viewer.kind != "installation" or viewer.app is None:
        raise ForgeError(403, "You must authenticate via a GitHub App.")
    return viewer.app


def _columns(given: Given, now: str) -> dict[str, Any]:
    """How it stands. A conclusion is an end, an end needs a conclusion, and any other status has none."""
    columns: dict[str, Any] = {
        name: value
        for name, value in (
            ("details_url", given.url("details_url")),
            ("external_id", given.text("external_id")),
            ("started_at", given.time("started_at")),
        )
        if value is not None
    }
    status, conclusion = given.choice("status", STATUSES), given.choice("conclusion", CONCLUSIONS)
    ended = given.time("completed_at")
    if conclusion is None and (status == "completed" or ended is not None):
        raise ForgeError(422, 'Invalid request.\n\n"conclusion" wasn\'t supplied.')
    if conclusion is not None:
        columns |= {"status": "completed", "conclusion": conclusion, "completed_at": ended or now}
    elif status is not None:
        columns |= {"status": status, "conclusion": None, "completed_at": None}
    if "actions" in given:
        columns["actions_json"] = dump(given.items("actions", MOST_ACTIONS, _action))
    return columns


def _action(given: Given) -> dict[str, Any]:
    limits = {"label": 20, "description": 40, "identifier": 20}
    return {name: given.text(name, required=True, limit=limit) for name, limit in limits.items()}


def _output(given: Given, *, new: bool) -> dict[str, Any]:
    if "output" not in given:
        return {}
    output = Given("CheckRun", given.body["output"])
    found = {
        "title": output.text("title", required=new, limit=TITLE_LIMIT),
        "summary": output.text("summary", limit=TEXT_LIMIT),
        "text": output.text("text", limit=TEXT_LIMIT),
    }
    if found["summary"] is None:
        raise invalid("CheckRun", "summary", "missing_field")
    return {name: value for name, value in found.items() if value is not None}


def _annotate(forge: Forge, run: int, given: Given) -> None:
    if "output" in given:
        output = Given("CheckRun", given.body["output"])
        for columns in output.items("annotations", MOST_ANNOTATIONS, _annotation):
            forge.kept.insert("annotations", run=run, **columns)


def _annotation(given: Given) -> dict[str, Any]:
    start, end = given.whole("start_line", required=True) or 0, given.whole("end_line", required=True) or 0
    columns = {name: given.whole(name) for name in ("start_column", "end_column")}
    if start > end or (start != end and any(value is not None for value in columns.values())):
        raise invalid("CheckRun", "annotations")
    return {
        "path": given.text("path", required=True),
        "start_line": start,
        "end_line": end,
        **columns,
        "level": given.choice("annotation_level", LEVELS, required=True),
        "message": given.text("message", required=True, limit=MESSAGE_LIMIT),
        "title": given.text("title", limit=TITLE_LIMIT),
        "raw_details": given.text("raw_details", limit=MESSAGE_LIMIT),
    }


def _tell(forge: Forge, viewer: Viewer, run: int, actions: list[str]) -> None:
    """Webhooks of what has happened to a run; and of its suite, once all of it has ended."""
    suite = _suite(forge, _row(forge, run))
    forge.kept.update("check_suites", suite["id"], rerequested_at=None, updated_at=forge.now())
    for action in actions:
        _event(forge, viewer, run, action)
    suite = _suite(forge, _row(forge, run))
    if "completed" in actions and suites.state(suite, suites.runs_of(forge, suite))[0] == "completed":
        _suite_event(forge, viewer, suite["id"], "completed")


def _event(forge: Forge, viewer: Viewer, number: int, action: str, **more: Any) -> None:
    run = _row(forge, number)
    body = {"check_run": shapes.told_run(forge, forge.urls, run), **more}
    forge.emit("check_run", action, run["repository"], viewer.account, body)


def _suite_event(forge: Forge, viewer: Viewer, number: int, action: str) -> None:
    suite = forge.kept.row("SELECT * FROM check_suites WHERE id = ?", number) or {}
    body = {"check_suite": shapes.told_suite(forge, forge.urls, suite)}
    forge.emit("check_suite", action, suite["repository"], viewer.account, body)


def _row(forge: Forge, number: int) -> Row:
    return forge.kept.row("SELECT * FROM check_runs WHERE id = ?", number) or {}


def _suite(forge: Forge, run: Row) -> Row:
    return forge.kept.row("SELECT * FROM check_suites WHERE id = ?", run["suite"]) or {}
