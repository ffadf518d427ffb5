"""Each path of a change on its own: may it be touched, does this source own it, does it lie where it has a meaning."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

from engine.core.expressions.globs import glob
from engine.core.resources.changes import refuse
from engine.core.resources.locate import DOCUMENT, PROSE, TFVARS, Id, locate
from engine.core.resources.services import Services
from engine.core.resources.tree import Contents, Directory, Edit, Entry
from engine.core.rules.model import Source
from engine.errors import Errors, Place
from engine.names import closest, either, listing
from engine.printable import in_line

_NOTHING = Directory({})


class Paths:
    """Judges paths: one that is refused spoils the resource it belongs to."""

    def __init__(self, contents: Contents, services: Services, source: Source, errors: Errors) -> None:
        self._refused: set[str] = set()
        self._changes: Sequence[Edit] = contents.changes
        self._directories: Mapping[str, Directory] = contents.directories
        self._services, self._source, self._errors = services, source, errors
        self._owns: dict[str, list[Callable[[str], bool]]] = {}
        for pattern in source.owns:
            self._owns.setdefault(_directory(pattern), []).append(glob(pattern))
        self._deepest = max(map(len, self._owns), default=0)

    @cached_property
    def _owned(self) -> str:
        return listing(self._source.owns)

    def judge(self) -> None:
        """Refuse what a pull request may not touch, whatever it says."""
        for change in self._changes:
            refused = self._errors.watch()
            if change.new is not None:
                self._written(change.path, change.new)
            for path in (change.old_path, change.path if change.new is None else None):
                if path is not None:
                    self._removed(path)
            if refused:
                self._refused.update(path for path in (change.path, change.old_path) if path is not None)

    def is_refused(self, change: Edit) -> bool:
        """Does a change touch a path that `judge` has refused?"""
        return change.path in self._refused or change.old_path in self._refused

    def owned(self, path: str) -> None:
        """Refuse a path that belongs to another source."""
        above = ("", *(path[: at + 1] for at, character in enumerate(path[: self._deepest]) if character == "/"))
        if not any(owns(path) for directory in above for owns in self._owns.get(directory, ())):
            shown = in_line(path)
            self._errors.add("ENG317", Place(shown), repo=self._source.repo, path=shown, owns=self._owned)

    def _written(self, path: str, entry: Entry) -> None:
        problem = refuse(path, entry)
        if problem is not None:
            self._errors.extend([problem])
            return
        self.owned(path)
        if not path.endswith(PROSE):
            self._placed(path)

    def _removed(self, path: str) -> None:
        """A removal adds nothing, so below a service everything may go; elsewhere lie workflows and code owners."""
        problem = refuse(path, None) if locate(path, self._services) is None else None
        if problem is not None:
            self._errors.extend([problem])
        self.owned(path)

    def _placed(self, path: str) -> None:
        """Refuse configuration that no resource could have."""
        place = Place(path)
        location = locate(path, self._services)
        if location is None:
            above = reversed(path.split("/")[:-1])
            hint = next(
                filter(None, (closest(name, _as_written(self._services.variables, name)) for name in above)), ""
            )
            self._errors.add("ENG310", place, hint=hint, path=path, known=either(self._services.variables))
        elif location.id is None:
            self._errors.add("ENG311", place, path=path, expected=f"{location.directory}/<name>/")
        elif location.is_flat and path.endswith(TFVARS):
            name = path.removesuffix(TFVARS)
            if "." in name.rpartition("/")[2]:
                reason = "a name with a dot needs a directory of its own"
                self._errors.add("ENG307", place, hint=f"move it to {name}/", path=path, reason=reason)
        elif location.is_flat and not self._has_tfvars(location.id):
            expected = f"{location.directory}/{self._flat_name(location.id)}{DOCUMENT}"
            self._errors.add("ENG312", place, path=path, expected=expected)

    def _flat_name(self, resource: Id) -> str:
        """What the document of a flat resource is called, where its name says of which."""
        stems = [
            name.removesuffix(TFVARS) for name in self._directories.get(resource.directory, ()) if name.endswith(TFVARS)
        ]
        stem = max((stem for stem in stems if resource.name.startswith((f"{stem}-", f"{stem}_"))), key=len, default="")
        return f"{stem}.{resource.name[len(stem) + 1 :]}" if stem else "<name>"

    def _has_tfvars(self, resource: Id) -> bool:
        """Is there a flat .tfvars, or was there one that this change removes (what it leaves is reported with it)?"""
        name = f"{resource.name}{TFVARS}"
        beside = self._directories.get(resource.directory, _NOTHING)
        if name in beside and not beside.is_directory(name):
            return True
        return any((c.old_path or c.path) == f"{resource.directory}/{name}" for c in self._changes if c.old)


def _as_written(services: Iterable[str], name: str) -> list[str]:
    """Services in the letters in which somebody writes the names of directories."""
    spelt = str.upper if name.isupper() else str.capitalize if name.istitle() else str.lower
    return [spelt(one) for one in services]


def _directory(pattern: str) -> str:
    """The directory that a glob names before any wildcard: it matches nothing elsewhere."""
    literal = pattern.partition("*")[0].partition("?")[0]
    return literal[: literal.rfind("/") + 1]
