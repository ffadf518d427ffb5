"""Merging a pull request, and bringing its branch up to date: real merges, and refs that move from where they were.

Git makes the commit beforehand. Then, in one change of the rows, everything is looked at again and the base moves by
compare-and-swap: whoever pushes or merges at the same time comes before us, and we refuse, or after us. What is about
to move is written down first, so that a merge is not lost when the forge is killed between git and the rows.
"""

import json
import secrets
from collections.abc import Callable
from typing import NamedTuple

from engine.sandbox.forge.answer import ForgeError, Viewer, dump, invalid
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import protection, pushes, web
from engine.sandbox.forge.git.bare import Bare, Commit, bare
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access
from engine.sandbox.forge.tracker import closing, messages, rights, rows, states, trial

CONTENTS = "contents:write"
_NAMES = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}
_BEGUN = "merging:"


class Wanted(NamedTuple):
    """One merge that somebody asked for."""

    forge: Forge
    repository: Row
    pull: Row
    store: Bare
    asked_by: Row
    base: str
    title: str | None
    message: str | None


def merge(
    forge: Forge,
    viewer: Viewer,
    pull: Row,
    *,
    method: str = "merge",
    sha: str | None = None,
    title: str | None = None,
    message: str | None = None,
) -> str:
    """Merge it; the commit that its base is at then. `method` is merge, squash or rebase; `sha` what the head must be.

    Raises:
        ForgeError: 403; 405, it cannot be merged (yet), or its base moved; 409, its head is another; 422.
    """
    repository = _repository(forge, pull)
    access.demand(forge, viewer, repository, "write", CONTENTS)
    rights.writable(repository)
    if method not in _NAMES:
        raise invalid("PullRequest", "merge_method")
    pull = rows.item(forge, pull["id"])
    _allowed(forge, viewer, repository, pull, method, sha)
    asked_by = forge.account(viewer.account)
    base = states.tip(forge, repository["id"], pull["base_ref"])
    if asked_by is None or base is None:
        raise _not_mergeable()
    wanted = Wanted(forge, repository, pull, bare(forge, repository["id"]), asked_by, base, title, message)
    made = _METHODS[method](wanted)
    begun = f"{_BEGUN}{pull['id']}:{made}:{secrets.token_hex(4)}"
    forge.set_setting(begun, dump({"actor": viewer.account, "app": viewer.app, "before": base}))
    moved = told = False
    try:
        with forge.kept.change():
            now = rows.item(forge, pull["id"])
            _allowed(forge, viewer, repository, now, method, pull["head_sha"])
            _still_head(forge, now)
            moved = now["base_ref"] == pull["base_ref"] and wanted.store.update(
                f"refs/heads/{pull['base_ref']}", made, base
            )
            if not moved:
                raise ForgeError(405, "Base branch was modified. Review and try the merge again.")
            _mark(forge, repository, now, made, base, viewer.account, viewer.app)
        _tell(forge, repository, pull, made, base, viewer.account, viewer.app)
        told = True
    finally:
        if told or not moved:
            forge.kept.run("DELETE FROM settings WHERE name = ?", begun)
    return made


def recover(forge: Forge) -> None:
    """After a restart: merges whose commit is on the base, and of which the rows do not tell yet, are finished."""
    for row in forge.kept.rows("SELECT * FROM settings WHERE name LIKE ?", f"{_BEGUN}%"):
        _, number, sha, _ = row["name"].split(":")
        begun = json.loads(row["value"])
        pull = rows.item(forge, int(number))
        repository = forge.repository_of(pull["repository"])
        base = states.tip(forge, pull["repository"], pull["base_ref"])
        if repository is not None and base is not None and bare(forge, repository["id"]).is_ancestor(sha, base):
            by = (begun["before"], begun["actor"], begun["app"])
            if not pull["merged"]:
                with forge.kept.change():
                    _mark(forge, repository, pull, sha, *by)
            told = "SELECT 1 FROM activity WHERE repository = ? AND after = ?"
            if not forge.kept.row(told, repository["id"], sha):
                _tell(forge, repository, pull, sha, *by)
        forge.kept.run("DELETE FROM settings WHERE name = ?", row["name"])


def update_branch(forge: Forge, viewer: Viewer, pull: Row, *, expected_head_sha: str | None = None) -> str:
    """Merge the base into the head branch; the head's new commit.

    Raises:
        ForgeError: 403; 422, another head than expected, nothing new on the base, or they conflict.
    """
    repository = _repository(forge, pull)
    rights.demand(forge, viewer, repository, None, "read", rights.PULLS)
    pull = rows.item(forge, pull["id"])
    source = forge.repository_of(pull["head_repository"])
    if pull["state"] != "open" or source is None or source["deleted"]:
        raise ForgeError(422, "The pull request has no branch that could be updated.")
    _may_update(forge, viewer, repository, source, pull)
    head = states.tip(forge, source["id"], pull["head_ref"])
    base = states.tip(forge, repository["id"], pull["base_ref"])
    if expected_head_sha is not None and expected_head_sha != head:
        raise ForgeError(422, "expected head sha didn’t match current head ref.")
    store = bare(forge, repository["id"])
    account = forge.account(viewer.account)
    if head is None or base is None or account is None or store.is_ancestor(base, head):
        raise ForgeError(422, "There are no new commits on the base branch.")
    tree = store.merge_tree(head, base)
    if tree is None:
        raise ForgeError(422, "merge conflict between base and head")
    said = f"Merge branch '{pull['base_ref']}' into {pull['head_ref']}"
    made = web.write(forge, store, tree, (head, base), said, web.person(account, forge.now()))
    ref = f"refs/heads/{pull['head_ref']}"
    why = protection.refusal(forge, source, viewer.account, viewer.app, ref, head, made)
    if why is not None:
        raise pushes.violation(403, why)
    begun = pushes.begin(forge, source, viewer, ref, head, made)
    if not bare(forge, source["id"]).update(ref, made, head):
        pushes.end(forge, begun)
        raise ForgeError(422, "expected head sha didn’t match current head ref.")
    pushes.moved(forge, source, viewer.account, ref, head, made, app=viewer.app, begun=begun)
    return made


def _mark(forge: Forge, repository: Row, pull: Row, made: str, before: str, actor: int | None, app: int | None) -> None:
    forge.kept.update("pulls", pull["id"], base_sha=before)  # as it was merged; later moves of the base are not its own
    states.merged(forge, pull["id"], actor, app, made)
    closing.by_pull(forge, repository, pull, actor, app)


def _tell(forge: Forge, repository: Row, pull: Row, made: str, before: str, actor: int | None, app: int | None) -> None:
    ref = f"refs/heads/{pull['base_ref']}"
    pushes.moved(forge, repository, actor, ref, before, made, kind="pr_merge", app=app)


def _allowed(forge: Forge, viewer: Viewer, repository: Row, pull: Row, method: str, sha: str | None) -> None:
    if pull["state"] != "open":
        raise _not_mergeable()
    if pull["draft"]:
        raise ForgeError(405, "Pull Request is still a draft")
    if sha is not None and sha != pull["head_sha"]:
        raise _head_moved()
    if method not in protection.methods(forge, repository, pull["base_ref"]):
        raise ForgeError(405, f"{_NAMES[method]} are not allowed on this repository.")
    unmet = protection.unmet(forge, pull, viewer)
    if unmet:
        raise pushes.violation(405, "\n".join(unmet))


def _still_head(forge: Forge, pull: Row) -> None:
    """Whoever pushed has been told so before the rows know it: git knows."""
    gone = pull["head_repository"] is None
    if not gone and states.tip(forge, pull["head_repository"], pull["head_ref"]) != pull["head_sha"]:
        raise _head_moved()


def _merged(wanted: Wanted) -> str:
    store, head = wanted.store, wanted.pull["head_sha"]
    tree = store.merge_tree(wanted.base, head)
    if tree is None:
        raise _not_mergeable()
    title, message = messages.merge(wanted.pull)
    author = web.person(wanted.asked_by, wanted.forge.now())
    text = messages.whole(_or(wanted.title, title), _or(wanted.message, message))
    return web.write(wanted.forge, store, tree, (wanted.base, head), text, author)


def _squashed(wanted: Wanted) -> str:
    forge, store, head = wanted.forge, wanted.store, wanted.pull["head_sha"]
    tree = store.merge_tree(wanted.base, head)
    if tree is None:
        raise _not_mergeable()
    opened_by = forge.account(wanted.pull["author"])
    author = web.person(wanted.asked_by if opened_by is None else opened_by, forge.now())
    title, message = messages.squash(forge, wanted.pull, _commits(wanted), author)
    text = messages.whole(_or(wanted.title, title), _or(wanted.message, message))
    return web.write(forge, store, tree, (wanted.base,), text, author)


def _rebased(wanted: Wanted) -> str:
    committer = web.person(wanted.asked_by, wanted.forge.now())
    made = trial.rebased(wanted.store, wanted.base, wanted.pull["head_sha"], committer)
    if made is None:
        raise ForgeError(405, "This branch can't be rebased")
    return made


_METHODS: dict[str, Callable[[Wanted], str]] = {"merge": _merged, "squash": _squashed, "rebase": _rebased}


def _commits(wanted: Wanted) -> list[Commit]:
    return wanted.store.log(wanted.pull["head_sha"], wanted.base, limit=states.COMMITS)[::-1]


def _or(said: str | None, otherwise: str) -> str:
    return otherwise if said is None else said


def _may_update(forge: Forge, viewer: Viewer, repository: Row, source: Row, pull: Row) -> None:
    """Whoever writes to the head's repository; to a fork's also the base's writers, where its owner lets them."""
    lent = pull["maintainer_can_modify"] and rights.has(forge, viewer, repository, "write", rights.PULLS)
    if not lent and not rights.has(forge, viewer, source, "write", rights.PULLS):
        raise ForgeError(403, "Resource not accessible by personal access token")


def _repository(forge: Forge, pull: Row) -> Row:
    found = forge.repository_of(pull["repository"])
    if found is None or found["deleted"]:
        raise _not_mergeable()
    return found


def _not_mergeable() -> ForgeError:
    return ForgeError(405, "Pull Request is not mergeable")


def _head_moved() -> ForgeError:
    return ForgeError(409, "Head branch was modified. Review and try the merge again.")
