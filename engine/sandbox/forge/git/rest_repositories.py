"""REST of repositories and their forks."""

from typing import Any

from engine.sandbox.forge.answer import (
    Answer,
    Call,
    ForgeError,
    Route,
    invalid,
    missing,
    paged,
    text,
)
from engine.sandbox.forge.git import asked, pushes, repositories, shapes, web
from engine.sandbox.forge.git.bare import EMPTY_TREE, bare
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access
from engine.sandbox.forge.people.accounts import by_login

_METHODS = ("merge", "squash", "rebase")
_ALLOW = {"merge": "allow_merge_commit", "squash": "allow_squash_merge", "rebase": "allow_rebase_merge"}


def get_repository(call: Call) -> Answer:
    """One."""
    return Answer(_full(call, call.repo))


def update_repository(call: Call) -> Answer:
    """Change what the body names."""
    columns: dict[str, Any] = {}
    for field in ("name", "description", "default_branch"):
        if call.body.get(field) is not None:
            columns[field] = text(call, field, "Repository")
    for field in ("private", "archived"):
        if field in call.body:
            columns[field] = int(_flag(call, field))
    if "visibility" in call.body:
        columns["private"] = int(_hidden(call))
    methods = call.repo["merge_methods"].split()
    wanted = [name for name in _METHODS if _flag(call, _ALLOW[name], name in methods)]
    if not wanted:
        raise invalid(
            "Repository", "merge_commit_allowed", "custom", "Sorry, you need to allow at least one merge method"
        )
    row = repositories.change(call.forge, call.repo, **columns, merge_methods=" ".join(wanted))
    return Answer(_full(call, row))


def delete_repository(call: Call) -> Answer:
    """Nobody finds it any more."""
    repositories.delete(call.forge, call.repo)
    return Answer(status=204)


def create_in_organization(call: Call) -> Answer:
    """Of an organisation, by one of its members."""
    owner = by_login(call.forge, call.path["org"])
    if owner is None or owner["kind"] != "Organization":
        raise missing()
    if call.viewer.kind == "installation":
        sql, who = "SELECT 1 FROM installations WHERE account = ? AND id = ?", call.viewer.installation
    else:
        sql, who = "SELECT 1 FROM members WHERE organization = ? AND account = ?", call.viewer.account
    if not call.forge.kept.value(sql, owner["id"], who):
        raise ForgeError(403, "You need to be a member of the organization to create a repository.")
    return _create(call, owner)


def create_own(call: Call) -> Answer:
    """Of whoever asks."""
    owner = call.forge.account(call.viewer.account)
    assert owner is not None  # signed in
    return _create(call, owner)


def list_of_organization(call: Call) -> Answer:
    """Those of an organisation that the viewer may see."""
    return _listed(call, call.path["org"], "Organization")


def list_of_user(call: Call) -> Answer:
    """Those of a person."""
    return _listed(call, call.path["username"], "")


def list_own(call: Call) -> Answer:
    """Every one that the viewer may see, but public ones that are nobody's business of theirs."""
    sql = "SELECT id FROM repositories WHERE NOT deleted ORDER BY id"
    rows = [call.forge.repository_of(row["id"]) for row in call.forge.kept.rows(sql)]
    found = [(row, access.permission(call.forge, call.viewer.account, {**row, "private": 1})) for row in rows if row]
    found = [(row, level) for row, level in found if level != "none"]
    return paged(call, found, lambda each: _own(call, *each))


def list_forks(call: Call) -> Answer:
    """Newest first; those that the viewer may see."""
    order = "id" if call.query.get("sort") == "oldest" else "id DESC"
    sql = f"SELECT id FROM repositories WHERE fork_of = ? AND NOT deleted ORDER BY {order}"  # noqa: S608 - one of two words
    rows = [call.forge.repository_of(row["id"]) for row in call.forge.kept.rows(sql, call.repo["id"])]
    return paged(call, _seen(call, rows), lambda row: shapes.minimal_repository(call.forge, call.urls, row))


def create_fork(call: Call) -> Answer:
    """For whoever asks, or an organisation of theirs; the one that is there already, where there is one."""
    owner = call.forge.account(call.viewer.account)
    organization = text(call, "organization", "Fork")
    if organization is not None:
        owner = by_login(call.forge, organization)
        sql = "SELECT role FROM members WHERE organization = ? AND account = ?"
        if owner is None or not call.forge.kept.value(sql, owner["id"], call.viewer.account):
            raise ForgeError(403, "You don't have permission to create repositories in this organization.")
    assert owner is not None  # signed in
    sender = call.viewer.account
    assert sender is not None
    only = _flag(call, "default_branch_only")
    name = text(call, "name", "Fork") or ""
    made = repositories.fork(call.forge, call.repo, owner["id"], sender, name=name, only_default=only)
    row = call.forge.repository_of(made)
    assert row is not None
    return Answer(_full(call, row), 202)


def merge_upstream(call: Call) -> Answer:
    """Move a fork's branch forward to that of the repository it is of."""
    branch = text(call, "branch", "Fork", required=True) or ""
    parent = call.forge.repository_of(call.repo["fork_of"])
    if parent is None or not access.sees(call.forge, call.viewer, parent):
        raise ForgeError(422, "This repository is not a fork.")
    ref = f"refs/heads/{branch}"
    store, wanted = asked.store(call), bare(call.forge, parent["id"]).refs(ref).get(ref)
    before = store.refs(ref).get(ref)
    if wanted is None or before is None:
        raise ForgeError(422, "The branch was not found.")
    said = {"message": "This branch is not behind the upstream.", "merge_type": "none"}
    if not store.is_ancestor(wanted, before):
        if not store.is_ancestor(before, wanted):
            raise ForgeError(409, "There are merge conflicts")
        pushes.move(call.forge, call.repo, call.viewer, ref, before, wanted)
        name = f"{parent['owner_login']}:{branch}"
        said = {
            "message": f"Successfully fetched and fast-forwarded from upstream {name}.",
            "merge_type": "fast-forward",
        }
    return Answer({**said, "base_branch": f"{parent['owner_login']}:{branch}"})


def _create(call: Call, owner: Row) -> Answer:
    name = text(call, "name", "Repository", required=True) or ""
    private = _flag(call, "private", _hidden(call))
    made = repositories.create_repository(
        call.forge, owner["id"], name, private=private, description=text(call, "description", "Repository")
    )
    row = call.forge.repository_of(made)
    account = call.forge.account(call.viewer.account)
    assert row is not None
    assert account is not None
    if call.viewer.account != owner["id"]:
        call.forge.kept.insert("collaborators", repository=made, account=account["id"], permission="admin")
    if _flag(call, "auto_init"):
        store = bare(call.forge, made)
        tree = store.with_file(EMPTY_TREE, "README.md", f"# {name}".encode())
        first = web.write(call.forge, store, tree, (), "Initial commit", web.person(account, call.forge.now()))
        ref = f"refs/heads/{row['default_branch']}"
        store.update(ref, first, None)
        pushes.moved(call.forge, row, call.viewer.account, ref, None, first, app=call.viewer.app)
    return Answer(_full(call, row), 201, {"Location": call.urls.repo(row["full_name"])})


def _listed(call: Call, login: str, kind: str) -> Answer:
    owner = by_login(call.forge, login)
    if owner is None or (kind and owner["kind"] != kind):
        raise missing()
    sql = "SELECT id FROM repositories WHERE owner = ? AND NOT deleted ORDER BY id"
    rows = [call.forge.repository_of(row["id"]) for row in call.forge.kept.rows(sql, owner["id"])]
    return paged(
        call, _seen(call, rows), lambda row: shapes.minimal_repository(call.forge, call.urls, row, _level(call, row))
    )


def _seen(call: Call, rows: list[Row | None]) -> list[Row]:
    return [row for row in rows if row is not None and access.sees(call.forge, call.viewer, row)]


def _own(call: Call, row: Row, level: str) -> dict[str, Any]:
    return shapes.repository(call.forge, call.urls, row) | {"permissions": access.flags(level)}


def _full(call: Call, row: Row) -> dict[str, Any]:
    return shapes.full_repository(call.forge, call.urls, row, _level(call, row))


def _level(call: Call, row: Row) -> str:
    if call.viewer.kind != "installation":
        return access.permission(call.forge, call.viewer.account, row)
    return (call.viewer.grants or {}).get("contents", "read")


def _hidden(call: Call) -> bool:
    """What `visibility` says. A word that nobody knows must not make a repository public."""
    if call.body.get("visibility", "public") not in ("private", "public"):
        raise invalid("Repository", "visibility")
    return bool(call.body.get("visibility") == "private")


def _flag(call: Call, field: str, otherwise: bool = False) -> bool:
    value = call.body.get(field, otherwise)
    if not isinstance(value, bool):
        raise invalid("Repository", field)
    return value


_R = "/repos/{owner}/{repo}"
_CREATE = "administration:write"
ROUTES: tuple[Route, ...] = (
    Route("GET", _R, get_repository),
    Route("PATCH", _R, update_repository, "admin", _CREATE),
    Route("DELETE", _R, delete_repository, "admin", _CREATE),
    Route("GET", "/orgs/{org}/repos", list_of_organization),
    Route("POST", "/orgs/{org}/repos", create_in_organization, grant=_CREATE, who="signed-in"),
    Route("GET", "/user/repos", list_own, who="user"),
    Route("POST", "/user/repos", create_own, who="user"),
    Route("GET", "/users/{username}/repos", list_of_user),
    Route("GET", f"{_R}/forks", list_forks),
    Route("POST", f"{_R}/forks", create_fork, who="user"),
    Route("POST", f"{_R}/merge-upstream", merge_upstream, "write", "contents:write"),
)
