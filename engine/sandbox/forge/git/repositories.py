"""Repositories made, forked, renamed and deleted."""

import os
from typing import Any

from engine.sandbox.forge.answer import ForgeError, invalid
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import bare as git
from engine.sandbox.forge.git import storage
from engine.sandbox.forge.git.names import is_branch, is_repository
from engine.sandbox.forge.kept import Row


def create_repository(
    forge: Forge,
    owner_id: int,
    name: str,
    *,
    private: bool = True,
    kind: str = "source",
    default_branch: str = "main",
    fork_of: int | None = None,
    description: str | None = None,
) -> int:
    """A new, empty repository, or a fork with the branches and tags of the repository `fork_of`; its id.

    Raises:
        ForgeError: 422, a name that is none or is taken.
    """
    if not is_repository(name) or not is_branch(default_branch):
        raise invalid("Repository", "name", "custom", "name is invalid")
    now = forge.now()
    with forge.kept.change():
        _free(forge, owner_id, name)
        made = forge.kept.insert(
            "repositories",
            owner=owner_id,
            name=name,
            kind=kind,
            description=description,
            private=int(private),
            default_branch=default_branch,
            fork_of=fork_of,
            created_at=now,
            updated_at=now,
        )
        folder = forge.git_dir(made)
        objects = os.path.join(folder if fork_of is None else forge.git_dir(fork_of), "objects")
        storage.make(folder, objects, default_branch)
    return made


def fork(forge: Forge, parent: Row, owner_id: int, sender: int, *, name: str = "", only_default: bool = False) -> int:
    """The fork that this owner has of `parent`, made where there is none; its id.

    Raises:
        ForgeError: 403, of one's own repository; 422, the name is taken.
    """
    from engine.sandbox.forge.git import shapes

    if owner_id == parent["owner"]:
        raise ForgeError(403, "You cannot fork your own repository.")
    there = forge.kept.value(
        "SELECT id FROM repositories WHERE owner = ? AND fork_of = ? AND NOT deleted", owner_id, parent["id"]
    )
    if there is not None:
        return int(there)
    made = create_repository(
        forge,
        owner_id,
        name or parent["name"],
        private=bool(parent["private"]),
        default_branch=parent["default_branch"],
        fork_of=parent["id"],
        description=parent["description"],
    )
    default = f"refs/heads/{parent['default_branch']}"
    refs = git.bare(forge, parent["id"]).refs("refs/heads/") | git.bare(forge, parent["id"]).refs("refs/tags/")
    git.bare(forge, made).move({ref: (None, sha) for ref, sha in refs.items() if not only_default or ref == default})
    with forge.kept.change():
        forge.kept.update("repositories", made, pushed_at=parent["pushed_at"])
        forkee = shapes.repository(forge, forge.urls, _row(forge, made))
        del forkee["has_discussions"]  # this webhook alone is described without it
        forge.emit("fork", None, parent["id"], sender, {"forkee": forkee})
    return made


def change(forge: Forge, repository: Row, **columns: Any) -> Row:
    """Rename it, describe it, archive it, …; the row as it is then.

    Raises:
        ForgeError: 422, a name that is none or is taken, a default branch that is not there.
    """
    name = str(columns.get("name", repository["name"]))
    branch: str | None = columns.get("default_branch")
    if not is_repository(name):
        raise invalid("Repository", "name", "custom", "name is invalid")
    if branch is not None and f"refs/heads/{branch}" not in git.bare(forge, repository["id"]).refs():
        raise invalid("Repository", "default_branch", "invalid", f"The branch {branch} was not found.")
    with forge.kept.change():
        if name.lower() != repository["name"].lower():
            _free(forge, repository["owner"], name)
        forge.kept.update("repositories", repository["id"], **columns, updated_at=forge.now())
    if branch is not None:
        storage.set_head(forge.git_dir(repository["id"]), branch)
    return _row(forge, repository["id"])


def delete(forge: Forge, repository: Row) -> None:
    """Nobody finds it any more. Pull requests from it stay, without their repository; its objects stay, too, since
    other repositories of its network may need them.
    """
    with forge.kept.change():
        forge.kept.update("repositories", repository["id"], deleted=1, updated_at=forge.now())
        forge.kept.run("UPDATE pulls SET head_repository = NULL WHERE head_repository = ?", repository["id"])
        forge.kept.run("UPDATE repositories SET fork_of = NULL WHERE fork_of = ?", repository["id"])


def _free(forge: Forge, owner: int, name: str) -> None:
    sql = "SELECT 1 FROM repositories WHERE owner = ? AND lower(name) = lower(?) AND NOT deleted"
    if forge.kept.value(sql, owner, name):
        raise invalid("Repository", "name", "custom", "name already exists on this account")


def _row(forge: Forge, number: int) -> Row:
    found = forge.repository_of(number)
    assert found is not None
    return found
