"""What a merge commit really is, by git: its message, and the trees of the resources that it has changed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from engine.run.context import Context


class Landed(NamedTuple):
    """A commit on a branch."""

    message: str
    before: str  # its first parent: where the branch was
    trees: Mapping[str, str]  # resource path → digest


def look(ctx: "Context", repo: str, sha: str) -> Landed:
    """The commit `sha` of a repository.

    Raises:
        EngineError: it cannot be had, or cannot be believed.
    """
    from engine.adapters.git import contents
    from engine.adapters.git.repository import Repository
    from engine.core.resources import services, sources
    from engine.core.resources.discover import discover
    from engine.run.module import read_module

    assert ctx.ports.forge is not None
    repository = Repository(ctx.ports.forge.repository(repo, sha), path=ctx.settings.path, cancel=ctx.work.cancel)
    try:
        known = services.read(read_module(ctx.controller.module))
        found = contents.of_range(repository, repository.landed(sha), known)
        # What may be changed was for the gates to say; here is only looked at what was.
        rows = ctx.document.facts.get("resources", {"resources": ()})["resources"]
        gone = [row["path"] for row in rows if row["change"] == "deleted"]
        moved = [row["path"] for row in rows if row["change"] == "moved"]
        source = sources.choose(ctx.rules, repo, None)
        changed = discover(found, known, ctx.rules, source, allow_destroy=gone, allow_move=moved)
        return Landed(
            repository.message(sha), repository.resolve(f"{sha}^1"), {one.path: one.tree for one in changed.resources}
        )
    finally:
        repository.close()
