"""Fetches what discovery looks at and no more: two or three git processes for a range, however many its files."""

import re
from collections.abc import Mapping

from engine.adapters.git.repository import Object, Range, Repository
from engine.core.resources.locate import TFVARS, blobs_wanted, directories_missing, directories_wanted
from engine.core.resources.services import Services
from engine.core.resources.tree import Contents, Directory
from engine.errors import failure

_PLAIN = re.compile(r"[A-Za-z0-9._-]+")  # one line of cat-file's input


def of_range(repository: Repository, found: Range, services: Services) -> Contents:
    """The contents behind a range of commits."""
    trees = {**found.trees, "": f"{found.head}^{{tree}}"}
    wanted = {path: trees[path] for path in directories_wanted(found.changes, services) if path in trees}
    early = [
        *(c.old.id for c in found.changes if c.old and (c.old_path or c.path).endswith(TFVARS)),
        *(c.new.id for c in found.changes if c.new and c.new.is_file and c.path.endswith(TFVARS)),
        *_likely(found, trees),
    ]
    objects = repository.objects([*wanted.values(), *early])
    id_bytes = len(found.head) // 2
    directories = {
        path: Directory.parse(_there(one, wanted[path]).data, id_bytes)
        for path, one in zip(wanted, objects, strict=False)
    }
    blobs = {one.id: one.data for one in objects[len(wanted) :] if one is not None and one.kind == "blob"}
    return _complete(repository, Contents(found.changes, directories, blobs), services)


def of_everything(repository: Repository, head: str, services: Services, found: Range | None = None) -> Contents:
    """The contents of a whole commit, and with `found` what a range changed in it."""
    changes = found.changes if found else ()
    return _complete(repository, Contents(changes, repository.tree(head), {}, everything=True), services)


def _likely(found: Range, trees: Mapping[str, str]) -> list[str]:
    """Documents that probably belong to a changed .tfvars: asking early saves a process. Only in small directories."""
    names = []
    for change in found.changes:
        directory, _, file = change.path.rpartition("/")
        stem = file.removesuffix(TFVARS)
        if change.new and stem != file and _PLAIN.fullmatch(stem) and directory.rpartition("/")[2] == stem:
            names.append(f"{trees[directory]}:{stem}.json")
    return names


def _complete(repository: Repository, contents: Contents, services: Services) -> Contents:
    unseen = directories_missing(contents, services)
    if unseen:
        trees = zip(unseen.items(), repository.objects(list(unseen.values())), strict=True)
        found = {path: Directory.parse(_there(one, name).data, len(name) // 2) for (path, name), one in trees}
        contents = contents._replace(directories={**contents.directories, **found})
    missing = blobs_wanted(contents, services) - contents.blobs.keys()
    return contents._replace(blobs={**contents.blobs, **repository.blobs(missing)}) if missing else contents


def _there(one: Object | None, name: str) -> Object:
    if one is None:
        raise failure("ENG355", id=name)
    return one
