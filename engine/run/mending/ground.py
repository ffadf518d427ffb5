"""A resource as a branch has it, found by its state key."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.adapters.git.repository import Repository
    from engine.adapters.terraform.workspace import Job
    from engine.core.rules.model import Rules


def jobs(
    git: "Repository", commits: Sequence[str], key: str, rules: "Rules", repo: str, module: str
) -> "list[tuple[str, Job]]":
    """What Terraform is given for it, as each of these commits has it that has it at all.

    Raises:
        EngineError: git cannot tell; the module cannot be read.
    """
    from engine.adapters.git import contents
    from engine.core.resources import services, sources
    from engine.core.resources.discover import discover
    from engine.run import given
    from engine.run.module import read_module

    known = services.read(read_module(module))
    source = sources.choose(rules, repo, None)
    found = []
    for commit in dict.fromkeys(commits):
        whole = discover(contents.of_everything(git, commit, known), known, rules, source)
        found += [(commit, given.job(one, rules)) for one in whole.resources if one.state_key == key]
    return found
