"""The pull request that takes something back: files as they were, on the branch as it is; judged as any other."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.canonical import digest
from engine.core.report import rollback as told
from engine.errors import failure
from engine.run.kept import rollbacks

if TYPE_CHECKING:
    from engine.adapters.github.port import Forge
    from engine.adapters.storage.port import Store

PREFIX = "rollback/"
_DIGITS = 12


class Where(NamedTuple):
    """Where it is opened, and for whom."""

    repo: str
    branch: str  # that it goes to
    tip: str  # its commit
    asker: tuple[str, int] | None  # login and id
    run: str


def opened(forge: "Forge", store: "Store", rows: "Sequence[Mapping[str, Any]]", where: Where) -> dict[str, Any]:
    """Its number, and whether it was opened now.

    What is open already for the same way back is not opened again, wherever the branch has come to since.

    Raises:
        EngineError: ENG836, some of it cannot be taken back, or the branch is as it was already; GitHub does not do it.
    """
    for row in rows:
        if row["problem"]:
            problem = row["problem"]
            raise failure("ENG836", reason=f"{problem['code']} {problem['message']}", hint=problem["hint"])
    files = {path: blob for row in rows for path, blob in row["files"].items()}
    if not files:
        reason = "the branch has it as it was already" if rows else "nothing of it was ever applied"
        raise failure("ENG836", reason=reason, hint="comment `/engine apply` on what was merged last")
    goals = {row["state_key"]: row["good"]["commit"] for row in rows}
    each = sorted([row["state_key"], row["undone"]["number"], row["good"]["commit"]] for row in rows)
    about = PREFIX + digest(each).removeprefix("sha256:")[:_DIGITS]
    for one in forge.pulls(where.repo):
        if one.is_mine and one.head.repo == where.repo and one.head.ref.startswith(f"{about}-"):
            rollbacks.keep(store, where.repo, one.number, where.run, goals)
            return {"number": one.number, "created": False}
    name = f"{about}-{where.tip[:_DIGITS]}"
    forge.branch(where.repo, name, where.tip, files, told.message(rows, where.asker))
    said = told.opening(rows, where.asker[0] if where.asker else "", where.branch)
    number = forge.open_pull(where.repo, name, where.branch, said.title, said.body)
    rollbacks.keep(store, where.repo, number, where.run, goals)
    return {"number": number, "created": True}
