"""What follows when a ref has moved, whoever moved it; and the only way in which the forge's own parts move one."""

from collections.abc import Mapping
from typing import Any

from engine.sandbox.forge.answer import ForgeError, Viewer
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import protection, storage
from engine.sandbox.forge.git.bare import Bare, Commit, bare
from engine.sandbox.forge.git.names import ABSENT
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people.accounts import by_email, no_reply
from engine.sandbox.forge.tracker import pulls

MOST_COMMITS = 2048  # in one `push`, as GitHub has it
_TYPES = {"refs/heads/": "branch", "refs/tags/": "tag"}
_LISTS = {"A": "added", "D": "removed"}


def move(forge: Forge, repository: Row, viewer: Viewer, ref: str, before: str | None, after: str | None) -> None:
    """Move a ref as this viewer, if the rules allow it and nobody else has moved it.

    Raises:
        ForgeError: 422, a rule is in the way, the name is none, or it is no longer at `before`.
    """
    refused = protection.refusal(forge, repository, viewer.account, viewer.app, ref, before, after)
    if refused is not None:
        raise violation(422, refused)
    begun = begin(forge, repository, viewer, ref, before, after)
    if not bare(forge, repository["id"]).update(ref, after, before):
        end(forge, begun)
        raise ForgeError(422, "Reference cannot be updated")
    moved(forge, repository, viewer.account, ref, before, after, app=viewer.app, begun=begun)


def begin(forge: Forge, repository: Row, viewer: Viewer, ref: str, before: str | None, after: str | None) -> int:
    """The ref is about to move. If we are killed before `moved` has told of it, `recover` does; a number for both."""
    return forge.kept.insert(
        "moves",
        repository=repository["id"],
        ref=ref,
        before=before,
        after=after,
        actor=viewer.account,
        app=viewer.app,
    )


def end(forge: Forge, begun: int | None) -> None:
    """It has not moved, or all is told of it."""
    forge.kept.run("DELETE FROM moves WHERE id = ?", begun)


def recover(forge: Forge) -> None:
    """After a restart: refs that have moved, and of which not all was told; and half of what was not done goes."""
    for row in forge.kept.rows("SELECT id FROM repositories"):
        storage.tidy(forge.git_dir(row["id"]))
    for row in forge.kept.rows("SELECT * FROM moves ORDER BY id"):
        repository = forge.repository_of(row["repository"])
        ref, before, after, actor, app = (row[name] for name in ("ref", "before", "after", "actor", "app"))
        if repository is not None and row["told"]:
            pulls.branch_moved(forge, repository, ref, before, after, actor, app)
        elif repository is not None and bare(forge, repository["id"]).refs(ref).get(ref) == after:
            moved(forge, repository, actor, ref, before, after, app=app, begun=row["id"])
        end(forge, row["id"])


def violation(status: int, refused: str) -> ForgeError:
    """GitHub's answer to what a rule forbids."""
    return ForgeError(status, "\n\n".join(["Repository rule violations found", *refused.split("\n"), ""]))


def moved(
    forge: Forge,
    repository: Row,
    actor: int | None,
    ref: str,
    before: str | None,
    after: str | None,
    *,
    kind: str = "",
    app: int | None = None,
    begun: int | None = None,
) -> None:
    """A ref has moved: it goes into the activity list (as `kind`, where git cannot tell), webhooks tell of it, and pull
    requests with it as head or base follow. Not inside of a change: git is asked first. `begun` is what `begin` gave.
    """
    store = bare(forge, repository["id"])
    forced = bool(before and after and not _reaches(store, before, after))
    body = _push(forge, repository, store, actor, ref, before, after, forced=forced)
    now, head = forge.now(), _first(repository, store, ref, before)
    if head is not None:
        storage.set_head(store.path, head)
    with forge.kept.change():
        if ref.startswith("refs/heads/"):
            forge.kept.insert(
                "activity",
                repository=repository["id"],
                ref=ref,
                before=before or ABSENT,
                after=after or ABSENT,
                actor=actor,
                kind=kind or _kind(before, after, forced=forced),
                at=now,
            )
        forge.kept.update("repositories", repository["id"], pushed_at=now, updated_at=now)
        if head is not None:
            forge.kept.update("repositories", repository["id"], default_branch=head)
        _created_or_deleted(forge, repository, actor, ref, before, after)
        forge.emit("push", None, repository["id"], actor, body)
        forge.kept.run("UPDATE moves SET told = 1 WHERE id = ?", begun)
    pulls.branch_moved(forge, repository, ref, before, after, actor, app)
    end(forge, begun)


def _first(repository: Row, store: Bare, ref: str, before: str | None) -> str | None:
    """The branch's name, if it is the first of all and so becomes the default branch."""
    if before is not None or not ref.startswith("refs/heads/"):
        return None
    name = ref.removeprefix("refs/heads/")
    return name if name != repository["default_branch"] and list(store.refs()) == [ref] else None


def _kind(before: str | None, after: str | None, *, forced: bool) -> str:
    if before is None:
        return "branch_creation"
    return "branch_deletion" if after is None else "force_push" if forced else "push"


def _created_or_deleted(
    forge: Forge, repository: Row, actor: int | None, ref: str, before: str | None, after: str | None
) -> None:
    prefix = next((prefix for prefix in _TYPES if ref.startswith(prefix)), None)
    if prefix is None or (before and after):
        return
    body = {"ref": ref.removeprefix(prefix), "ref_type": _TYPES[prefix], "pusher_type": "user"}
    if after is not None:
        body |= {"master_branch": repository["default_branch"], "description": repository["description"]}
    forge.emit("delete" if after is None else "create", None, repository["id"], actor, body)


def _push(
    forge: Forge,
    repository: Row,
    store: Bare,
    actor: int | None,
    ref: str,
    before: str | None,
    after: str | None,
    *,
    forced: bool,
) -> dict[str, Any]:
    url = forge.urls.page(repository["owner_login"], repository["name"])
    own = _own(store, ref, after)
    fresh = _fresh(repository, store, own, before, after)
    files = _files(store, fresh)
    shown = [_commit(forge, url, commit, files[commit.sha]) | {"distinct": commit.sha in own} for commit in fresh]
    tip = store.commit(after) if after else None
    head = None
    if tip is not None:
        head = next((commit for commit in shown if commit["id"] == tip.sha), None)
        head = head or _commit(forge, url, tip, _files(store, [tip])[tip.sha])
    spans = f"{before[:12]}...{after[:12]}" if before and after else (after or before or "")[:12]
    return {
        "ref": ref,
        "before": before or ABSENT,
        "after": after or ABSENT,
        "created": before is None,
        "deleted": after is None,
        "forced": forced,
        "base_ref": None,
        "compare": f"{url}/compare/{spans}",
        "commits": shown,
        "head_commit": head,
        "pusher": _pusher(forge, actor),
    }


def _own(store: Bare, ref: str, after: str | None) -> frozenset[str]:
    """Those of the commits that it reaches now which no other branch reaches."""
    if after is None or store.commit(after) is None:  # an annotated tag is no commit
        return frozenset()
    others = (f"--exclude={ref.removeprefix('refs/heads/')}", "--branches")
    return frozenset(store.git("rev-list", f"-n{MOST_COMMITS}", after, "--not", *others).stdout.decode().split())


def _fresh(repository: Row, store: Bare, own: frozenset[str], before: str | None, after: str | None) -> list[Commit]:
    """The commits that came with it, oldest first; of a new ref those that no other branch has."""
    if after is None or store.commit(after) is None:
        return []
    if before is not None and store.commit(before) is not None:
        return store.log(after, before, limit=MOST_COMMITS)[::-1]
    default = store.resolve(f"refs/heads/{repository['default_branch']}") if own else None
    base = None if default == after else default
    return [commit for commit in store.log(after, base, limit=MOST_COMMITS) if commit.sha in own][::-1] if own else []


def _files(store: Bare, commits: list[Commit]) -> dict[str, dict[str, list[str]]]:
    """What each commit added, removed and modified against its first parent."""
    found: dict[str, dict[str, list[str]]] = {c.sha: {"added": [], "removed": [], "modified": []} for c in commits}
    lines = "".join(" ".join((commit.sha, *commit.parents[:1])) + "\n" for commit in commits)
    how = ("diff-tree", "--stdin", "-r", "-z", "--root", "--name-status", "--no-renames", "--no-ext-diff")
    said = store.git(*how, stdin=lines.encode()).stdout.decode(errors="replace") if commits else ""
    fields, lists = iter(said.split("\0")[:-1]), None
    for field in fields:
        if len(field) == 40:
            lists = found[field]
        elif lists is not None:
            lists[_LISTS.get(field, "modified")].append(next(fields))
    return found


def _commit(forge: Forge, url: str, commit: Commit, files: Mapping[str, list[str]]) -> dict[str, Any]:
    people = {}
    for role, person in (("author", commit.author), ("committer", commit.committer)):
        linked = by_email(forge, person.email)
        people[role] = {"name": person.name, "email": person.email, "date": person.date}
        people[role] |= {} if linked is None else {"username": linked["login"]}
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "distinct": False,
        "message": commit.message,
        "timestamp": commit.committer.date,
        "url": f"{url}/commit/{commit.sha}",
        **people,
        **files,
    }


def _pusher(forge: Forge, actor: int | None) -> dict[str, Any]:
    account = forge.account(actor)
    if account is None:
        return {"name": "ghost", "email": None}
    return {"name": account["login"], "email": account["email"] or no_reply(account)}


def _reaches(store: Bare, before: str, after: str) -> bool:
    """Is it a step forward? Tags that are objects are compared by what they name."""
    one, other = store.commit(before), store.commit(after)
    return one is not None and other is not None and store.is_ancestor(before, after)
