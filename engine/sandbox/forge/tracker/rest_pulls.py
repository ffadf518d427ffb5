"""REST of pull requests."""

from engine.sandbox.forge.answer import Answer, Call, Route, invalid, missing, paged, text
from engine.sandbox.forge.git import asked as git_asked
from engine.sandbox.forge.git import shapes as git_shapes
from engine.sandbox.forge.git.bare import Bare, Commit, bare
from engine.sandbox.forge.git.rest_commits import difference
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people.shapes import simple_user, team
from engine.sandbox.forge.tracker import asked, merging, pulls, reviewers, rights, rows, shapes, states, trial

FILES = 3000
_SORTS = {"updated": "i.updated_at", "popularity": "comments"}


def _list(call: Call) -> Answer:
    where, values = asked.state(call)
    where = f"p.repository = ? AND {where}"
    found: list[object] = [call.repo["id"], *values]
    owner, _, branch = call.query.get("head", "").rpartition(":")
    if owner and branch:  # without an owner GitHub lists as if nothing had been asked
        where += f" AND {rows.HEAD}"
        found += [owner, branch]
    if call.query.get("base"):
        where += " AND p.base_ref = ?"
        found.append(call.query["base"])
    sort = call.query.get("sort", "created")
    way = asked.direction(call, "DESC" if sort == "created" else "ASC")
    order = f"{_SORTS.get(sort, 'i.created_at')} {way}, i.id {way}"
    listed = rows.items(call.forge, f"p.id IS NOT NULL AND {where}", found, order)
    return paged(call, listed, lambda row: shapes.pull_simple(call.forge, call.urls, row))


def _shown(call: Call, pull: int, status: int = 200) -> Answer:
    row = trial.refresh(call.forge, rows.item(call.forge, pull))
    return Answer(shapes.pull(call.forge, call.urls, row), status)


def _get(call: Call) -> Answer:
    row = asked.pull(call)
    if git_asked.wants(call, "diff", "patch"):
        store = bare(call.forge, call.repo["id"])
        start = trial.fork_point(store, row["base_sha"], row["head_sha"])
        return difference(call, store, start, row["head_sha"], _in(store, row))
    found = _shown(call, row["id"])
    pulls.mergeable(call.forge, row)  # whoever looks next is told
    return found


def _create(call: Call) -> Answer:
    said = call.body
    for name in ("head", "base"):
        if not text(call, name, "PullRequest", required=True):
            raise invalid("PullRequest", name)
    for name in ("draft", "maintainer_can_modify"):
        if not isinstance(said.get(name, False), bool):
            raise invalid("PullRequest", name)
    issue = said.get("issue")
    if issue is not None and (not isinstance(issue, int) or isinstance(issue, bool)):
        raise invalid("PullRequest", "issue")
    number = pulls.open_pull(
        call.forge,
        call.viewer,
        call.repo,
        said["head"],
        said["base"],
        said.get("title"),
        said.get("body"),
        said.get("draft", False),
        head_repo=asked.optional(said.get("head_repo"), "PullRequest", "head_repo"),
        issue=issue,
        maintainer_can_modify=said.get("maintainer_can_modify", True),
    )
    return _shown(call, number, 201)


def _edit(call: Call) -> Answer:
    row = asked.pull(call)
    pulls.edit(call.forge, call.viewer, call.repo, row, call.body)
    return _shown(call, row["id"])


def _files(call: Call) -> Answer:
    row = asked.pull(call)
    store = bare(call.forge, call.repo["id"])
    start = trial.fork_point(store, row["base_sha"], row["head_sha"])
    found = store.changed(start, row["head_sha"])[:FILES]
    return paged(call, found, lambda each: git_shapes.diff_entry(call.urls, call.repo, row["head_sha"], each))


def _commits(call: Call) -> Answer:
    row = asked.pull(call)
    found = _in(bare(call.forge, call.repo["id"]), row)
    return paged(call, found, lambda each: git_shapes.commit(call.forge, call.urls, call.repo, each))


def _in(store: Bare, row: Row) -> list[Commit]:
    return store.log(row["head_sha"], row["base_sha"], limit=states.COMMITS)[::-1]


def _is_merged(call: Call) -> Answer:
    if not asked.pull(call)["merged"]:
        raise missing()
    return Answer(status=204)


def _merge(call: Call) -> Answer:
    said = call.body
    method, wanted, title, message = (
        asked.optional(said.get(key), "PullRequest", key)
        for key in ("merge_method", "sha", "commit_title", "commit_message")
    )
    sha = merging.merge(
        call.forge,
        call.viewer,
        asked.pull(call),
        method=method or "merge",
        sha=wanted,
        title=title,
        message=message,
    )
    return Answer({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def _update_branch(call: Call) -> Answer:
    row = asked.pull(call)
    expected = asked.optional(call.body.get("expected_head_sha"), "PullRequest", "expected_head_sha")
    merging.update_branch(call.forge, call.viewer, row, expected_head_sha=expected)
    url = call.urls.page(call.repo["owner_login"], call.repo["name"], "pull", row["number"])
    return Answer({"message": "Updating pull request branch.", "url": url}, 202)


def _requested(call: Call) -> Answer:
    people, teams = reviewers.asked(call.forge, asked.pull(call)["id"])
    return Answer(
        {
            "users": [simple_user(call.urls, row) for row in people if not row["deleted"]],
            "teams": [team(call.forge, call.urls, row) for row in teams],
        }
    )


def _ask(call: Call) -> Answer:
    return _reviewers(call, reviewers.request, 201)


def _withdraw(call: Call) -> Answer:
    return _reviewers(call, reviewers.withdraw, 200)


def _reviewers(call: Call, change: reviewers.Change, status: int) -> Answer:
    row, said = asked.pull(call), call.body
    people, teams = (asked.names(said.get(key), "PullRequest", key) for key in ("reviewers", "team_reviewers"))
    change(call.forge, call.viewer, call.repo, row, people, teams)
    return Answer(shapes.pull_simple(call.forge, call.urls, rows.item(call.forge, row["id"])), status)


_R = "/repos/{owner}/{repo}/pulls"
_P = f"{_R}/{{pull_number}}"
_READ = "pull_requests:read"
ROUTES: tuple[Route, ...] = (
    Route("GET", _R, _list, grant=_READ),
    Route("POST", _R, _create, grant=rights.PULLS),
    Route("GET", _P, _get, grant=_READ),
    Route("PATCH", _P, _edit, grant=rights.PULLS),
    Route("GET", f"{_P}/files", _files, grant=_READ),
    Route("GET", f"{_P}/commits", _commits, grant=_READ),
    Route("GET", f"{_P}/merge", _is_merged, grant="contents:read"),
    Route("PUT", f"{_P}/merge", _merge, "write", merging.CONTENTS),
    Route("PUT", f"{_P}/update-branch", _update_branch, grant=rights.PULLS),
    Route("GET", f"{_P}/requested_reviewers", _requested, grant=_READ),
    Route("POST", f"{_P}/requested_reviewers", _ask, "triage", rights.PULLS),
    Route("DELETE", f"{_P}/requested_reviewers", _withdraw, "triage", rights.PULLS),
)
