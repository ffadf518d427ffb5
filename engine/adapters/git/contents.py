"""Fetches what discovery looks at and no more: a few questions to one git process, however many files changed."""

from engine.adapters.git.repository import Merge, Range, Repository
from engine.core.resources.locate import blobs_wanted, directories_missing, directories_wanted
from engine.core.resources.services import Services
from engine.core.resources.tree import Contents


def of_range(repository: Repository, found: Range | Merge, services: Services) -> Contents:
    """The contents behind a range of commits, or behind a merge."""
    wanted = directories_wanted(found.changes, services) & found.directories.keys()
    contents = Contents(found.changes, {path: found.directories[path] for path in wanted}, {})
    return _complete(repository, contents, services)


def of_everything(repository: Repository, head: str, services: Services, found: Range | None = None) -> Contents:
    """The contents of a whole commit, and with `found` what a range changed in it."""
    changes = found.changes if found else ()
    return _complete(repository, Contents(changes, repository.tree(head), {}, everything=True), services)


def _complete(repository: Repository, contents: Contents, services: Services) -> Contents:
    if unseen := directories_missing(contents, services):
        seen = repository.directories(unseen.values())
        more = {path: seen[name] for path, name in unseen.items()}
        contents = contents._replace(directories={**contents.directories, **more})
    blobs = repository.blobs(blobs_wanted(contents, services))
    return contents._replace(blobs=blobs.read, oversized=blobs.oversized)
