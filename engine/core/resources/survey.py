"""A whole source at one commit, as far as order is concerned: each resource by its path, whoever changes it.

Nothing is judged here: what cannot be read is there, says nothing, and was refused when it came or will be when it is
touched. What a resource says depends on its bytes alone, so it is remembered by the ids of its blobs.
"""

from collections.abc import Iterable, Mapping, MutableMapping
from typing import NamedTuple, TypeAlias

from engine.core.resources import tfvars
from engine.core.resources.locate import TFVARS, Id, candidates, layout
from engine.core.resources.model import Resource
from engine.core.resources.references import Said, said
from engine.core.resources.services import Services
from engine.core.resources.tree import Contents, Directory
from engine.core.resources.values import fit
from engine.core.rules.model import Rules
from engine.errors import EngineError, failure

MOST = 50_000  # resources of one source

Key: TypeAlias = tuple[str, str, tuple[tuple[str, str], ...]]  # the module, the service, names and blobs of the files
Cache: TypeAlias = MutableMapping[Key, Said | None]


class Part(NamedTuple):
    """One resource of a source."""

    path: str  # as `Resource.path`
    tfvars: str
    state_key: str  # empty where it cannot be read
    said: Said | None  # None: it cannot be read

    @property
    def environment(self) -> str:
        """The environment that it says, whether it is declared or not."""
        return self.said.environment if self.said else ""


class Survey(NamedTuple):
    """All resources of a source by path, in order."""

    parts: Mapping[str, Part]

    def at(self, path: str) -> Part | None:
        """The resource that somebody means; of a flat one the ending may be left out."""
        path = path.rstrip("/")
        return self.parts.get(path) or self.parts.get(path + TFVARS)


class _Row(NamedTuple):
    id: Id
    path: str
    tfvars: str
    files: Mapping[str, str]  # path → blob
    key: Key | None  # None: it cannot be read


class Whole:
    """All directories of a commit. First ask which blobs it wants, then hand them over."""

    def __init__(self, directories: Mapping[str, Directory], services: Services, cache: Cache) -> None:
        """Raises EngineError: ENG363, there are too many resources."""
        self._services, self._cache = services, cache
        contents = Contents((), directories, {}, everything=True)
        found = candidates(contents, services)
        if len(found) > MOST:
            raise failure("ENG363", limit=MOST, what="resources")
        self._rows = [row for one in found if (row := self._row(one, directories))]

    def _row(self, resource: Id, directories: Mapping[str, Directory]) -> _Row | None:
        here = layout(resource, directories, self._services)
        if not here.tfvars:
            return None
        files = {path: entry.id for path, entry in {**here.tfvars, **here.documents}.items() if entry.is_file}
        first = next(iter(here.tfvars))
        is_one = len(here.tfvars) == 1 and not here.is_twice and first in files
        names = tuple(sorted((path.rpartition("/")[2], blob) for path, blob in files.items()))
        key = (self._services.digest, resource.service.lower(), names) if is_one else None
        return _Row(resource, here.path, first, files, key)

    @property
    def wanted(self) -> set[str]:
        """Ids of the blobs of what is not known yet."""
        new = [row for row in self._rows if row.key is not None and row.key not in self._cache]
        return {blob for row in new for blob in row.files.values()}

    def survey(self, blobs: Mapping[str, bytes], rules: Rules) -> Survey:
        """What is there; a blob that is missing is one that nobody reads."""
        return Survey({row.path: self._part(row, blobs, rules) for row in self._rows})

    def _part(self, row: _Row, blobs: Mapping[str, bytes], rules: Rules) -> Part:
        if row.key is not None and row.key not in self._cache:
            self._cache[row.key] = self._read(row, blobs)
        found = self._cache[row.key] if row.key is not None else None
        return Part(row.path, row.tfvars, _state_key(row.id, found, rules), found)

    def _read(self, row: _Row, blobs: Mapping[str, bytes]) -> Said | None:
        if row.files[row.tfvars] not in blobs:
            return None
        try:
            file = tfvars.read(blobs[row.files[row.tfvars]], row.tfvars)
            beside = {path.rpartition("/")[2]: blobs[blob] for path, blob in row.files.items() if blob in blobs}
            fitted = fit(file, row.id.service, self._services, beside)
        except EngineError:
            return None
        return said(row.id.service, fitted.variables, fitted.waits_for, file.lines, self._services)


def with_resources(survey: Survey, resources: Iterable[Resource], services: Services) -> Survey:
    """The same, with what discovery has read itself."""
    own = {
        one.path: Part(one.path, one.tfvars, one.state_key, of_resource(one, services))
        for one in resources
        if one.change != "deleted"
    }
    return Survey({**survey.parts, **own})


def of_resource(resource: Resource, services: Services) -> Said:
    """What a resource says that discovery has read."""
    return said(resource.service, resource.variables, resource.waits_for, resource.lines, services)


def _state_key(resource: Id, found: Said | None, rules: Rules) -> str:
    return resource.state_key(rules.environments.get(found.environment, rules.otherwise).branch) if found else ""
