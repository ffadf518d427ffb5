"""REST of what is said about commits: check suites and runs, statuses, deployments."""

from collections.abc import Callable
from typing import Any

from engine.sandbox.forge.answer import Answer, Call, ForgeError, Route, missing, number, paged
from engine.sandbox.forge.checks import deployments, environments, runs, shapes, statuses, suites
from engine.sandbox.forge.checks.given import commit_at
from engine.sandbox.forge.git import shapes as git_shapes
from engine.sandbox.forge.kept import Row


def _create_run(call: Call) -> Answer:
    return _run(call, runs.create_run(call.forge, call.viewer, call.repo, call.body), 201)


def _get_run(call: Call) -> Answer:
    return _run(call, _named_run(call))


def _update_run(call: Call) -> Answer:
    return _run(call, runs.update_run(call.forge, call.viewer, _named_run(call), call.body))


def _run(call: Call, row: Row, status: int = 200) -> Answer:
    return Answer(shapes.run(call.forge, call.urls, row), status)


def _named_run(call: Call) -> Row:
    return runs.by_number(call.forge, call.repo, number(call.path["check_run_id"], 0))


def _annotations(call: Call) -> Answer:
    run = _named_run(call)
    found = runs.annotations(call.forge, run)
    return paged(call, found, lambda row: shapes.annotation(call.urls, call.repo, run["head_sha"], row))


def _rerequest_run(call: Call) -> Answer:
    runs.rerequest(call.forge, call.viewer, _named_run(call))
    return Answer({}, 201)


def _runs_of_commit(call: Call) -> Answer:
    sha = commit_at(call.forge, call.repo, call.path["ref"])
    app = number(call.query.get("app_id"), 0)
    return _runs(call, [run for run in runs.of_commit(call.forge, call.repo, sha) if app in (0, run["app"])])


def _runs_of_suite(call: Call) -> Answer:
    return _runs(call, suites.runs_of(call.forge, _named_suite(call)))


def _runs(call: Call, found: list[Row]) -> Answer:
    """Newest first, as `filter`, `status` and `check_name` want them."""
    query = call.query
    for name, choices in (("filter", ("latest", "all")), ("status", runs.STATUSES)):
        if query.get(name) not in (None, *choices):
            raise ForgeError(422, "Validation Failed")
    if query.get("filter") != "all":
        found = suites.latest(found)
    wanted = {"status": query.get("status"), "name": query.get("check_name")}
    shown = [run for run in reversed(found) if all(value in (None, run[name]) for name, value in wanted.items())]
    return paged(call, shown, lambda row: shapes.run(call.forge, call.urls, row), "check_runs")


def _create_suite(call: Call) -> Answer:
    suite, new = runs.create_suite(call.forge, call.viewer, call.repo, call.body)
    return Answer(shapes.suite(call.forge, call.urls, suite), 201 if new else 200)


def _get_suite(call: Call) -> Answer:
    return Answer(shapes.suite(call.forge, call.urls, _named_suite(call)))


def _named_suite(call: Call) -> Row:
    found = suites.by_number(call.forge, call.repo, number(call.path["check_suite_id"], 0))
    if found is None:
        raise missing()
    return found


def _rerequest_suite(call: Call) -> Answer:
    runs.rerequest_suite(call.forge, call.viewer, _named_suite(call))
    return Answer({}, 201)


def _suites(call: Call) -> Answer:
    sha = commit_at(call.forge, call.repo, call.path["ref"])
    found = suites.of_commit(call.forge, call.repo, sha, number(call.query.get("app_id"), 0))
    name = call.query.get("check_name")
    if name is not None:
        found = [row for row in found if name in {run["name"] for run in suites.runs_of(call.forge, row)}]
    return paged(call, found, lambda row: shapes.suite(call.forge, call.urls, row), "check_suites")


def _create_status(call: Call) -> Answer:
    row = statuses.create(call.forge, call.viewer, call.repo, call.path["sha"], call.body)
    return Answer(shapes.status(call.forge, call.urls, row), 201)


def _statuses(call: Call) -> Answer:
    found = statuses.of_commit(call.forge, call.repo, commit_at(call.forge, call.repo, call.path["ref"]))
    return paged(call, found, lambda row: shapes.status(call.forge, call.urls, row))


def _combined(call: Call) -> Answer:
    sha = commit_at(call.forge, call.repo, call.path["ref"], status=404)
    newest = statuses.latest(statuses.of_commit(call.forge, call.repo, sha))
    shown = paged(call, newest, lambda row: shapes.simple_status(call.forge, call.urls, row), "statuses")
    url = call.urls.repo(call.repo["full_name"], "commits", sha)
    more = {
        "state": statuses.combined(newest),
        "sha": sha,
        "repository": git_shapes.minimal_repository(call.forge, call.urls, call.repo),
        "commit_url": url,
        "url": f"{url}/status",
    }
    return shown._replace(body={**shown.body, **more})


def _create_deployment(call: Call) -> Answer:
    made = deployments.create_deployment(call.forge, call.viewer, call.repo, call.body)
    if isinstance(made, str):
        return Answer({"message": made}, 202)
    return Answer(shapes.deployment(call.forge, call.urls, made), 201)


def _deployments(call: Call) -> Answer:
    found = deployments.listed(call.forge, call.repo, call.query)
    return paged(call, found, lambda row: shapes.deployment(call.forge, call.urls, row))


def _named_deployment(call: Call) -> Row:
    return deployments.by_number(call.forge, call.repo, number(call.path["deployment_id"], 0))


def _get_deployment(call: Call) -> Answer:
    return Answer(shapes.deployment(call.forge, call.urls, _named_deployment(call)))


def _delete_deployment(call: Call) -> Answer:
    deployments.delete(call.forge, call.repo, _named_deployment(call))
    return Answer(None, 204)


def _create_deployment_status(call: Call) -> Answer:
    above = _named_deployment(call)
    row = deployments.create_status(call.forge, call.viewer, above, call.body)
    return Answer(shapes.deployment_status(call.forge, call.urls, row, above), 201)


def _deployment_statuses(call: Call) -> Answer:
    above = _named_deployment(call)
    found = deployments.statuses_of(call.forge, above)
    return paged(call, found, lambda row: shapes.deployment_status(call.forge, call.urls, row, above))


def _get_deployment_status(call: Call) -> Answer:
    above, wanted = _named_deployment(call), number(call.path["status_id"], 0)
    for row in deployments.statuses_of(call.forge, above):
        if row["id"] == wanted:
            return Answer(shapes.deployment_status(call.forge, call.urls, row, above))
    raise missing()


_R = "/repos/{owner}/{repo}"
_RUN, _SUITE = f"{_R}/check-runs/{{check_run_id}}", f"{_R}/check-suites/{{check_suite_id}}"
_DEPLOYMENT = f"{_R}/deployments/{{deployment_id}}"


def _at(below: str, handle: Callable[[Call], Answer], grant: str) -> Route:
    """Of a commit, whose branch may have slashes in its name."""
    return Route("GET", f"{_R}/commits/{{ref}}/{below}", handle, grant=grant, slashes="ref")


_READ: dict[str, Any] = {"grant": "checks:read"}
# People are told that only Apps may, whatever they may do in the repository.
_APP: dict[str, Any] = {"access": "read", "grant": "checks:write"}
_DEPLOY: dict[str, Any] = {"access": "write", "grant": "deployments:write"}
ROUTES = (
    Route("POST", f"{_R}/check-runs", _create_run, **_APP),
    Route("GET", _RUN, _get_run, **_READ),
    Route("PATCH", _RUN, _update_run, **_APP),
    Route("GET", f"{_RUN}/annotations", _annotations, **_READ),
    Route("POST", f"{_RUN}/rerequest", _rerequest_run, "write", "checks:write"),
    Route("POST", f"{_R}/check-suites", _create_suite, **_APP),
    Route("GET", _SUITE, _get_suite, **_READ),
    Route("GET", f"{_SUITE}/check-runs", _runs_of_suite, **_READ),
    Route("POST", f"{_SUITE}/rerequest", _rerequest_suite, "write", "checks:write"),
    _at("check-runs", _runs_of_commit, "checks:read"),
    _at("check-suites", _suites, "checks:read"),
    _at("status", _combined, "statuses:read"),
    _at("statuses", _statuses, "statuses:read"),
    Route("POST", f"{_R}/statuses/{{sha}}", _create_status, "write", "statuses:write"),
    Route("GET", f"{_R}/deployments", _deployments, grant="deployments:read"),
    Route("POST", f"{_R}/deployments", _create_deployment, **_DEPLOY),
    Route("GET", _DEPLOYMENT, _get_deployment, grant="deployments:read"),
    Route("DELETE", _DEPLOYMENT, _delete_deployment, **_DEPLOY),
    Route("GET", f"{_DEPLOYMENT}/statuses", _deployment_statuses, grant="deployments:read"),
    Route("POST", f"{_DEPLOYMENT}/statuses", _create_deployment_status, **_DEPLOY),
    Route("GET", f"{_DEPLOYMENT}/statuses/{{status_id}}", _get_deployment_status, grant="deployments:read"),
    *environments.ROUTES,
)
