"""Fetches what discovery looks at and no more: a few questions to one git process, however many files changed."""

from collections.abc import Mapping

from engine.adapters.git.repository import Merge, Range, Repository
from engine.core.resources.locate import blobs_wanted, directories_missing, directories_wanted
from engine.core.resources.services import Services
from engine.core.resources.survey import Cache, Survey, Whole
from engine.core.resources.tree import Contents, Directory
from engine.core.rules.model import Rules


def of_range(repository: Repository, found: Range | Merge, services: Services) -> Contents:
    """The contents behind a range of commits, or behind a merge."""
    wanted = directories_wanted(found.changes, services) & found.directories.keys()
    contents = Contents(found.changes, {path: found.directories[path] for path in wanted}, {})
    return _complete(repository, contents, services)


def of_everything(repository: Repository, head: str, services: Services, found: Range | None = None) -> Contents:
    """The contents of a whole commit, and with `found` what a range changed in it."""
    changes = found.changes if found else ()
    return _complete(repository, Contents(changes, repository.tree(head), {}, everything=True), services)


def survey(repository: Repository, tree: str, services: Services, rules: Rules, cache: Cache) -> Survey:
    """A whole tree, as far as order is concerned; of what the cache knows nothing is read.

    Raises:
        EngineError: it cannot be read.
    """
    found: list[Whole] = []

    def wanted(directories: Mapping[str, Directory]) -> set[str]:
        found.append(Whole(directories, services, cache))
        return found[0].wanted

    blobs = repository.whole(tree, wanted)
    return found[0].survey(blobs.read, rules)


def _complete(repository: Repository, contents: Contents, services: Services) -> Contents:
    if unseen := directories_missing(contents, services):
        seen = repository.directories(unseen.values())
        more = {path: seen[name] for path, name in unseen.items()}
        contents = contents._replace(directories={**contents.directories, **more})
    blobs = repository.blobs(blobs_wanted(contents, services))
    return contents._replace(blobs=blobs.read, oversized=blobs.oversized)
