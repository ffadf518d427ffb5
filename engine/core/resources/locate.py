"""Where a path belongs: the service, the name and the form of its resource, and what else lies in that resource."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from engine.core.resources.changes import bad_name
from engine.core.resources.services import Services
from engine.core.resources.tree import DIRECTORY, Contents, Directory, Edit, Entry

TFVARS, DOCUMENT, PROSE = ".tfvars", ".json", ".md"
MOST_DOCUMENTS = 500  # of one resource
_NOTHING = Directory({})


class Id(NamedTuple):
    """A resource, whatever its form."""

    directory: str  # of the service, with what lies above it: `team/S3`
    service: str  # as it is written: `S3`
    name: str

    def state_key(self, branch: str) -> str:
        """`team/S3/dev/data-lake/terraform.tfstate`."""
        return f"{self.directory}/{branch}/{self.name}/terraform.tfstate"


class Location(NamedTuple):
    """A path split at its service: the nearest directory above it for which the controller has a file."""

    directory: str
    service: str
    rest: tuple[str, ...]  # below it

    @property
    def is_flat(self) -> bool:
        """Does it lie directly in the service's directory?"""
        return len(self.rest) == 1

    @property
    def id(self) -> Id | None:
        """The resource it belongs to; None for a path deeper than `<Service>/<name>/<file>`.

        A flat resource's name has no dot, so whose document `a.b.json` is never depends on what lies beside it.
        """
        if len(self.rest) > 2:
            return None
        return Id(self.directory, self.service, self.rest[0].partition(".")[0] if self.is_flat else self.rest[0])


class Layout(NamedTuple):
    """What a resource consists of at the head; `path` names it: `S3/data-lake`, or `S3/data-lake.tfvars`."""

    id: Id
    path: str
    tfvars: Mapping[str, Entry]  # by path
    documents: Mapping[str, Entry]
    others: Mapping[str, Entry]  # what does not belong there
    is_twice: bool = False  # a file and a directory of that name


def locate(path: str, services: Services) -> Location | None:
    """Split a file's path; None when no directory above it is a service."""
    return _locate(path, services.names)


@lru_cache(maxsize=20_000)  # both paths of all files of a change: looked up more than once, in order
def _locate(path: str, services: frozenset[str]) -> Location | None:
    parts = path.split("/")
    for end in range(len(parts) - 1, 0, -1):
        if parts[end - 1].lower() in services:
            return Location("/".join(parts[:end]), parts[end - 1], tuple(parts[end:]))
    return None


def layout(resource: Id, directories: Mapping[str, Directory], services: Services) -> Layout:
    """The files of a resource. All maps are empty when it is not there."""
    beside = directories.get(resource.directory, _NOTHING)
    stem = f"{resource.directory}/{resource.name}"
    flat = f"{resource.name}{TFVARS}"
    is_file = flat in beside and not beside.is_directory(flat)
    is_directory = beside.is_directory(resource.name)
    if is_directory and not is_file:
        return _nested(resource, stem, directories.get(stem, _NOTHING), services)
    documents = {f"{resource.directory}/{name}": beside[name] for name in _flat_documents(resource.name, beside)}
    tfvars = {f"{stem}{TFVARS}": beside[flat]} if is_file else {}
    return Layout(resource, f"{stem}{TFVARS}", tfvars, documents, {}, is_file and is_directory)


def _nested(resource: Id, path: str, inside: Directory, services: Services) -> Layout:
    found: dict[str, dict[str, Entry]] = {TFVARS: {}, DOCUMENT: {}, "": {}}
    for name, entry in inside.items():
        if entry.mode == DIRECTORY:
            if name.lower() not in services.variables:  # else it holds resources of its own
                found[""][f"{path}/{name}"] = entry
        elif not name.endswith(PROSE):
            kind = next((end for end in (TFVARS, DOCUMENT) if name.endswith(end)), "")
            found[kind][f"{path}/{name}"] = entry
    return Layout(resource, path, found[TFVARS], found[DOCUMENT], found[""])


def _flat_documents(name: str, beside: Directory) -> Iterator[str]:
    names = beside.ordered
    prefix = f"{name}."
    for file in names[bisect_left(names, prefix) :]:
        if not file.startswith(prefix):
            break
        if file.endswith(DOCUMENT):
            yield file


def candidates(contents: Contents, services: Services) -> dict[Id, list[Edit]]:
    """The resources that a change touches, in order, each with the changes that touch it; or all of them."""
    found: dict[Id, list[Edit]] = {}
    for change in contents.changes:
        for path in (change.path, change.old_path):
            resource = _configured(path, services) if path is not None else None
            if resource is None:
                continue
            touching = found.setdefault(resource, [])
            if not touching or touching[-1] is not change:  # renamed within its resource
                touching.append(change)
    if contents.everything:
        for above, directory in contents.directories.items():
            for name in directory:
                resource = _configured(f"{above}/{name}" if above else name, services)
                if resource is not None and not directory.is_directory(name):
                    found.setdefault(resource, [])
    return dict(sorted(found.items()))


def _configured(path: str, services: Services) -> Id | None:
    """The resource that a path configures; a name that cannot be used was refused with its path, and names nothing."""
    location = locate(path, services) if path.endswith((TFVARS, DOCUMENT)) and not bad_name(path) else None
    return location.id if location else None


def directories_wanted(changes: tuple[Edit, ...], services: Services) -> set[str]:
    """The directories that discovery will look into: of each touched resource, and all above it."""
    wanted = {""}
    for change in changes:
        for path in (change.path, change.old_path):
            location = locate(path, services) if path is not None else None
            if path is None or location is None:
                continue
            above = path.rpartition("/")[0] if len(location.rest) <= 2 else location.directory
            while above and above not in wanted:
                wanted.add(above)
                above = above.rpartition("/")[0]
    return wanted


def directories_missing(contents: Contents, services: Services) -> dict[str, str]:
    """Directories (path → id) that did not change themselves: the change touched the other form of their resource."""
    missing: dict[str, str] = {}
    for resource in candidates(contents, services):
        stem, beside = f"{resource.directory}/{resource.name}", contents.directories.get(resource.directory, _NOTHING)
        if stem not in contents.directories and beside.is_directory(resource.name):
            missing[stem] = beside[resource.name].id
    return missing


def blobs_wanted(contents: Contents, services: Services) -> set[str]:
    """The ids of the blobs that discovery will read."""
    wanted: set[str] = set()
    for resource, changes in candidates(contents, services).items():
        found = layout(resource, contents.directories, services)
        documents = found.documents.values() if len(found.documents) <= MOST_DOCUMENTS else ()  # else it is refused
        wanted.update(e.id for e in (*found.tfvars.values(), *documents) if e.is_file)
        former = (c.old for c in changes if c.old and (c.old_path or c.path).endswith(TFVARS))
        wanted.update(old.id for old in former if old.is_file)
    return wanted
