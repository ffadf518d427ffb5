"""REST of branches and refs."""

from collections.abc import Mapping

from engine.sandbox.forge.answer import Answer, Call, ForgeError, Route, invalid, missing, paged, text
from engine.sandbox.forge.git import asked, protection, pushes, shapes
from engine.sandbox.forge.git.bare import Bare
from engine.sandbox.forge.git.names import SHA, is_branch, is_ref
from engine.sandbox.forge.people import access


def list_branches(call: Call) -> Answer:
    """By name; `protected`: those with a rule, or without."""
    wanted = {"true": True, "false": False}.get(call.query.get("protected", ""))
    rows = [
        (name, sha, _protected(call, name))
        for name, sha in ((ref.removeprefix("refs/heads/"), sha) for ref, sha in asked.store(call).refs().items())
    ]
    rows = [row for row in rows if wanted is None or row[2] == wanted]
    return paged(call, rows, lambda row: shapes.branch(call.urls, call.repo, row[0], row[1], protected=row[2]))


def get_branch(call: Call) -> Answer:
    """One, with its newest commit."""
    name, store = call.path["branch"], asked.store(call)
    tip = store.refs(f"refs/heads/{name}").get(f"refs/heads/{name}") if is_branch(name) else None
    commit = None if tip is None else store.commit(tip)
    if commit is None:
        raise missing("Branch not found")
    protected = _protected(call, name)
    return Answer(shapes.full_branch(call.forge, call.urls, call.repo, name, commit, protected=protected))


def get_protection(call: Call) -> Answer:
    """Of a branch alone there is none here: rulesets protect. Whoever may not see one is told nothing at all."""
    level = access.permission(call.forge, call.viewer.account, call.repo)
    if call.viewer.kind == "user" and not access.at_least(level, "admin"):
        raise missing()
    get_branch(call)
    raise missing("Branch not protected")


def get_ref(call: Call) -> Answer:
    """One by its whole name, without `refs/`."""
    name = f"refs/{call.path['ref']}"
    sha = asked.filled(call).refs(name).get(name) if is_ref(name) else None
    if sha is None:
        raise missing()
    return Answer(_shape(call, name, sha, asked.store(call).kinds([sha])))


def list_refs(call: Call) -> Answer:
    """Those whose names begin so."""
    store = asked.filled(call)
    found = store.refs(f"refs/{call.path['ref']}")
    kinds = store.kinds(found.values())
    return Answer([_shape(call, name, sha, kinds) for name, sha in found.items()])


def create_ref(call: Call) -> Answer:
    """A new one."""
    name = text(call, "ref", "Reference", required=True) or ""
    sha = text(call, "sha", "Reference", required=True) or ""
    store = asked.filled(call)
    if not name.startswith("refs/") or name.count("/") < 2:
        raise ForgeError(422, "Reference name must start with 'refs/' and have at least two slashes")
    _writable(name)
    _there(store, name, sha)
    if name in store.refs(name):
        raise ForgeError(422, "Reference already exists")
    pushes.move(call.forge, call.repo, call.viewer, name, None, sha)
    where = shapes.ref(call.urls, call.repo, name, sha, store.kinds([sha])[sha])
    return Answer(where, 201, {"Location": where["url"]})


def update_ref(call: Call) -> Answer:
    """Move one forward, or anywhere with `force`."""
    name = f"refs/{call.path['ref']}"
    sha = text(call, "sha", "Reference", required=True) or ""
    force = call.body.get("force", False)
    if not isinstance(force, bool):
        raise invalid("Reference", "force")
    store = asked.filled(call)
    _writable(name)
    before = store.refs(name).get(name)
    if before is None:
        raise ForgeError(422, "Reference does not exist")
    _there(store, name, sha)
    if before != sha:
        if not force and not (store.commit(before) and store.commit(sha) and store.is_ancestor(before, sha)):
            raise ForgeError(422, "Update is not a fast forward")
        pushes.move(call.forge, call.repo, call.viewer, name, before, sha)
    return Answer(_shape(call, name, sha, store.kinds([sha])))


def delete_ref(call: Call) -> Answer:
    """Take one away."""
    name = f"refs/{call.path['ref']}"
    before = asked.filled(call).refs(name).get(name)
    if before is None:
        raise ForgeError(422, "Reference does not exist")
    _writable(name)
    if name == f"refs/heads/{call.repo['default_branch']}":
        raise ForgeError(422, "Cannot delete the default branch")
    pushes.move(call.forge, call.repo, call.viewer, name, before, None)
    return Answer(status=204)


def _protected(call: Call, name: str) -> bool:
    return bool(protection.rules_of(call.forge, call.repo, name))


def _writable(name: str) -> None:
    branch = name.removeprefix("refs/heads/").removeprefix("refs/tags/")
    if not is_ref(name) or (branch != name and not is_branch(branch)):
        raise ForgeError(422, f"{name} is not a valid ref name.")
    if name.startswith("refs/pull/"):
        raise ForgeError(422, "Reference cannot be updated")


def _there(store: Bare, name: str, sha: str) -> None:
    kind = store.kinds([sha]).get(sha)
    if not SHA.match(sha) or kind is None or (name.startswith("refs/heads/") and kind != "commit"):
        raise ForgeError(422, "Object does not exist")


def _shape(call: Call, name: str, sha: str, kinds: Mapping[str, str]) -> dict[str, object]:
    return shapes.ref(call.urls, call.repo, name, sha, kinds[sha])


_R = "/repos/{owner}/{repo}"
ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_R}/branches", list_branches, grant="contents:read"),
    Route("GET", f"{_R}/branches/{{branch}}", get_branch, grant="contents:read", slashes="branch"),
    Route("GET", f"{_R}/branches/{{branch}}/protection", get_protection, grant="administration:read", slashes="branch"),
    Route("GET", f"{_R}/git/ref/{{ref}}", get_ref, grant="contents:read", slashes="ref"),
    Route("GET", f"{_R}/git/matching-refs/{{ref}}", list_refs, grant="contents:read", slashes="ref"),
    Route("POST", f"{_R}/git/refs", create_ref, "write", "contents:write"),
    Route("PATCH", f"{_R}/git/refs/{{ref}}", update_ref, "write", "contents:write", slashes="ref"),
    Route("DELETE", f"{_R}/git/refs/{{ref}}", delete_ref, "write", "contents:write", slashes="ref"),
)
